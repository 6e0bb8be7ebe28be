"""What an operator may set about identity and trust, by QINGLING_… variables: `settings.security`."""

from typing import Annotated, Literal

from pydantic import Field

from app.infrastructure.settings_group import SettingsGroup


class SecuritySettings(SettingsGroup):
    """Passwords as 等保三级 (GB/T 22239, 8.1.4.1) has them: complex, changed regularly, beside a second factor."""

    second_factor: Literal["required", "optional"] = "required"
    """Whether officials and administrators must have one; the demo alone does without."""
    password_min_length: Annotated[int, Field(ge=8, le=64)] = 12
    """In characters."""
    password_classes: Annotated[int, Field(ge=1, le=4)] = 3
    """Of lower case, upper case, digits, and all others: how many a password must use."""
    password_max_age_days: Annotated[int, Field(ge=0, le=3650)] = 90
    """After how many days a password must be changed at the next sign-in; 0: never for its age alone."""
    password_history: Annotated[int, Field(ge=0, le=24)] = 5
    """How many of the account's earlier passwords may not come back."""
