"""E-mail by SMTP, sent in a thread: what the server refused is told apart from what it may have taken."""

import asyncio
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final

from app.delivery.channels import REFUSED, SENT, UNCERTAIN, Clock, Message, Outcome
from app.infrastructure.delivery_settings import DeliverySettings

_PERMANENT: Final = 500


@dataclass(frozen=True, slots=True)
class Mail:
    """One server, one sender; `Message-ID` is made from the stable id, so that a repetition can be told."""

    settings: DeliverySettings
    clock: Clock

    async def send(self, message: Message) -> Outcome:
        """Hands it to the server once."""
        return await asyncio.to_thread(self._send, message)

    def _send(self, message: Message) -> Outcome:
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(REFUSED, _code_of(error))
        try:
            return _handed(server, self._written(message))
        finally:
            server.close()

    def _connected(self) -> smtplib.SMTP:
        asked = self.settings
        host, timeout = str(asked.smtp_host), float(asked.delivery_timeout)
        trusted = ssl.create_default_context()
        if asked.smtp_ca_file is not None:
            trusted.load_verify_locations(asked.smtp_ca_file)
        if asked.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, asked.smtp_port, timeout=timeout, context=trusted)
        else:
            server = smtplib.SMTP(host, asked.smtp_port, timeout=timeout)
        try:
            if asked.smtp_security == "starttls":
                server.starttls(context=trusted)
            if asked.smtp_username is not None and asked.smtp_password is not None:
                server.login(asked.smtp_username, asked.smtp_password.get_secret_value())
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server

    def _written(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        sender = str(self.settings.smtp_from)
        mail["From"], mail["To"], mail["Subject"] = sender, str(message.address), message.subject
        mail["Message-ID"] = f"<{message.message_id}@{sender.rpartition('@')[2]}>"
        mail["Date"] = formatdate(self.clock())
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        return mail


def _handed(server: smtplib.SMTP, mail: EmailMessage) -> Outcome:
    """Up to DATA nothing is the server's; from there on only its answer tells."""
    steps: tuple[Callable[[], tuple[int, bytes]], ...] = (
        server.ehlo,
        lambda: server.mail(str(mail["From"])),
        lambda: server.rcpt(str(mail["To"])),
    )
    try:
        for step in steps:
            code, _ = step()
            if code >= 400:  # noqa: PLR2004 - SMTP's own line between yes and no
                return Outcome(REFUSED, f"smtp:{code}", is_final=code >= _PERMANENT)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(REFUSED, _code_of(error))
    try:
        code, _ = server.data(mail.as_bytes())
    except smtplib.SMTPDataError as error:
        return Outcome(REFUSED, f"smtp:{error.smtp_code}")
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(UNCERTAIN, _code_of(error))
    return Outcome(SENT if code < 400 else REFUSED, f"smtp:{code}")  # noqa: PLR2004 - as above


def _code_of(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"smtp:{error.smtp_code}"
    return type(error).__name__
