"""Which passwords are taken: as 等保三级 (GB/T 22239-2019, 8.1.4.1 a) asks, every unmet rule named at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from app.infrastructure.errors import FieldError
from app.infrastructure.security_settings import SecuritySettings

_CLASSES: Final[tuple[Callable[[str], bool], ...]] = (
    lambda c: c.isascii() and c.islower(),
    lambda c: c.isascii() and c.isupper(),
    lambda c: c.isascii() and c.isdigit(),
    lambda c: not (c.isascii() and c.isalnum()),
)
_FEWEST_CHARACTERS: Final = 6
"""Fewer different ones are a key held down."""


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What an operator asks of a password; the settings say what each means."""

    min_length: int = 12
    classes: int = 3
    max_age_days: int = 90
    history: int = 5

    @classmethod
    def configured(cls, security: SecuritySettings) -> Self:
        """As the operator set it."""
        return cls(
            security.password_min_length,
            security.password_classes,
            security.password_max_age_days,
            security.password_history,
        )

    def faults(self, password: str, login_name: str, pointer: str) -> list[FieldError]:
        """Every rule the password does not meet, with the remedy, as errors of the field at `pointer`."""
        used = sum(any(map(is_of_class, password)) for is_of_class in _CLASSES)
        rules = (
            (len(password) < self.min_length, "password_too_short", f"口令至少 {self.min_length} 位,请加长。"),
            (
                used < self.classes,
                "password_too_few_classes",
                f"口令须含小写字母、大写字母、数字、其他字符四类中的至少 {self.classes} 类,现有 {used} 类,请补足。",
            ),
            (
                login_name.lower() in password.lower(),
                "password_contains_login",
                "口令不得包含登录名,请改用与登录名无关的内容。",
            ),
            (
                len(set(password)) < _FEWEST_CHARACTERS,
                "password_too_simple",
                f"口令中不同的字符不得少于 {_FEWEST_CHARACTERS} 个,请勿重复同一字符。",
            ),
        )
        return [FieldError(pointer, code, message) for is_unmet, code, message in rules if is_unmet]
