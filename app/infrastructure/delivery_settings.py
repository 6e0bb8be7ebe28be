"""What an operator may set about sending messages out, by QINGLING_… variables: `settings.delivery`."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from app.infrastructure.settings_group import SettingsGroup

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class DeliverySettings(SettingsGroup):
    """Mail server, webhooks, the folder of an SMS gateway, and whom anything may be sent to."""

    smtp_host: str | None = None
    """None: no mail is sent."""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 465
    smtp_security: Literal["tls", "starttls", "none"] = "tls"
    """`none` is taken for a server on this machine only."""
    smtp_ca_file: Path | None = None
    """PEM certificates that vouch for the mail server, beside the machine's own."""
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: Annotated[str, Field(pattern=r"^[^\s@<>]+@[^\s@<>]+$", max_length=200)] | None = None
    delivery_webhook_key: SecretStr | None = None
    """Each webhook's secret is derived from it; kept in the data folder when absent."""
    delivery_publication_url: Annotated[str, Field(pattern=r"^https?://[^\s@]+$", max_length=500)] | None = None
    """Where exposures are published, signed; none: they wait."""
    delivery_sms_folder: Path | None = None
    """Where an SMS gateway takes its messages from, a file each; none: no text messages."""
    delivery_allow: Annotated[str, Field(max_length=4000)] = ""
    """Addresses, @domains and hosts that alone are sent to, comma between; empty: everybody, and nobody in a demo."""
    delivery_ledger_folder: Path | None = None
    """Where what was sent is noted outside the database; in the data folder when absent."""
    delivery_timeout: Annotated[int, Field(ge=1, le=120)] = 30
    """Seconds a gateway is given to answer."""

    @model_validator(mode="after")
    def _mail_is_whole_and_protected(self) -> Self:
        if self.smtp_host is not None and self.smtp_from is None:
            raise PydanticCustomError(
                "mail_incomplete", "设置了 QINGLING_SMTP_HOST，还须设置 QINGLING_SMTP_FROM，请补齐。"
            )
        if self.smtp_host is not None and self.smtp_security == "none" and self.smtp_host not in _LOOPBACK:
            raise PydanticCustomError(
                "mail_unprotected",
                "QINGLING_SMTP_SECURITY 只有对本机的邮件服务器才可以是 none，请改为 tls 或 starttls。",
            )
        return self

    @property
    def allowed(self) -> frozenset[str]:
        """The entries of `delivery_allow`, in lower case."""
        return frozenset(word.strip().lower() for word in self.delivery_allow.split(",") if word.strip())
