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
    rate_sign_in: Annotated[int, Field(ge=1)] = 600
    """Sign-ins one address may try in a minute: an office shares an address, and a wrong password has its own limit."""
    rate_public: Annotated[int, Field(ge=1)] = 1200
    """Requests without a sign-in one address may send in a minute."""
    rate_read: Annotated[int, Field(ge=1)] = 6000
    """Reads one sign-in or key may send in a minute: the city platform pulls page after page."""
    rate_write: Annotated[int, Field(ge=1)] = 600
    """Writes one sign-in or key may send in a minute."""
    rate_heavy: Annotated[int, Field(ge=1)] = 240
    """Figures, imports, exports and case files one sign-in or key may ask for in a minute."""
    rate_address_factor: Annotated[int, Field(ge=1, le=1000)] = 10
    """How many times its reads, writes and figures one address may send: an office shares an address."""
