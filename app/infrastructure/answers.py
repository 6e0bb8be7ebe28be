"""What a service tells its caller, before it is HTTP: a body, its entity tag, where it stands, whether it is secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON body with what the response's headers say of it."""

    body: Mapping[str, Any]
    version: int | None = None
    location: str | None = None
    was_tried_only: bool = False
    """A dry run: nothing happened, so no idempotency key is consumed."""
    is_secret: bool = False
    """Holds a secret: a replay is told `already_done`, never the secret again."""

    @property
    def etag(self) -> str | None:
        """The strong entity tag of a versioned thing."""
        return None if self.version is None else f'"{self.version}"'


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON's own
    """Dates, instants and identifiers as JSON writes them, however deep they stand."""
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
