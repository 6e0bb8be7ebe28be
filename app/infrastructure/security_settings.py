"""What an operator may set about identity and trust, by QINGLING_… variables: `settings.security`."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from app.infrastructure.settings_group import SettingsGroup

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


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
    sign_on_issuer: str | None = None
    """The OpenID Connect provider's issuer, exactly as its discovery document names it; none: no single sign-on."""
    sign_on_client_id: str | None = None
    sign_on_client_secret: SecretStr | None = None
    sign_on_redirect_url: str | None = None
    """This system's `…/api/v1/session/sign-on/callback` as browsers reach it and the provider knows it."""
    sign_on_second_factor_values: Annotated[str, Field(max_length=500)] = ""
    """Words of the token's `amr` or its `acr`, that prove a second factor, comma between; none: ours is asked."""
    sign_on_ca_file: Path | None = None
    """PEM certificates that vouch for the provider, beside the machine's own."""
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
    access_event_months: Annotated[int, Field(ge=6, le=600)] = 36
    """How many months refusals and sensitive reads are kept; 等保三级 (GB/T 22239-2019, 8.1.4.3) asks for six."""
    audit_key: SecretStr | None = None
    """Signs the heads of the audit trail, 64 hexadecimal digits; kept in the data folder when absent."""
    heads_folder: Path | None = None
    """Where heads are left for others to keep: best a medium this machine can add to and not change."""
    heads_webhook_url: Annotated[str, Field(pattern=r"^https?://[^\s@]+$", max_length=500)] | None = None
    """Where heads are posted to, signed."""

    @model_validator(mode="after")
    def _sign_on_is_whole(self) -> Self:
        given = (self.sign_on_issuer, self.sign_on_client_id, self.sign_on_redirect_url)
        if any(given) and not all(given):
            raise PydanticCustomError(
                "sign_on_incomplete",
                "单点登录须同时设置 QINGLING_SIGN_ON_ISSUER、QINGLING_SIGN_ON_CLIENT_ID 和 "
                "QINGLING_SIGN_ON_REDIRECT_URL，请补齐。",
            )
        for url in (self.sign_on_issuer, self.sign_on_redirect_url):
            if url is not None and not _is_protected(url):
                raise PydanticCustomError(
                    "sign_on_unprotected", "单点登录的签发方和回调地址须是 https 地址（仅本机测试可用 http），请改正。"
                )
        return self

    @property
    def sign_on_second_factors(self) -> frozenset[str]:
        """What a provider may say that spares an account with a second factor its code at the sign-in."""
        return frozenset(word.strip() for word in self.sign_on_second_factor_values.split(",") if word.strip())

    @property
    def head_destinations(self) -> tuple[str, ...]:
        """Where heads of the audit trail are to be handed: folder, webhook."""
        places = {"folder": self.heads_folder, "webhook": self.heads_webhook_url}
        return tuple(name for name, place in places.items() if place is not None)


def _is_protected(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )
