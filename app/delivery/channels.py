"""The ways a message goes: one interface, and what each way knows about whether it arrived."""

import base64
import hashlib
import hmac
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from app.infrastructure.security import canonical_json
from app.regulation.vocabulary import AttemptOutcome, DeliveryChannel

if TYPE_CHECKING:
    import httpx

Clock = Callable[[], int]
"""Seconds since 1970 by this machine's clock: what receivers hold a message's age against."""

_SERVERS_OWN: Final = 500


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it goes out; `number` is the claim's."""

    delivery_id: int
    message_id: str
    number: int
    channel: DeliveryChannel
    subject: str
    text: str
    payload: Mapping[str, Any]
    address: str | None = None
    """Looked up for this sending; None for the inbox, and where the party has none any more."""
    secret_of: str = ""
    """Names the webhook whose secret signs it."""
    is_exposure: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one sending; `is_final`: trying again is of no use."""

    outcome: AttemptOutcome
    code: str
    is_final: bool = field(default=False, kw_only=True)


SENT: Final = AttemptOutcome.SENT
REFUSED: Final = AttemptOutcome.REFUSED
UNCERTAIN: Final = AttemptOutcome.UNCERTAIN


class Channel(Protocol):
    """A way out. `send` never raises for what a gateway does: it says what is known about the message."""

    async def send(self, message: Message) -> Outcome:
        """REFUSED only where the gateway surely has nothing; UNCERTAIN where it may have taken it."""
        ...


class Inbox:
    """In-app: the row is the message, so nothing can be lost."""

    async def send(self, message: Message) -> Outcome:
        """Always there."""
        return Outcome(SENT, f"inbox:{message.number}")


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """Standard Webhooks: the stable id in `webhook-id`, each receiver's own secret derived from one key."""

    key: bytes
    timeout: float
    clock: Clock

    async def send(self, message: Message) -> Outcome:
        """Posts it once; redirects are not followed, proxies of the environment not used."""
        import httpx  # noqa: PLC0415 - the API has the outbox too, and sends nothing

        # Nothing had left when these are raised: the connection did not stand yet.
        nothing_left = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
        body = canonical_json(dict(message.payload)).decode()
        headers = self._signed(message, body)
        careful: dict[str, Any] = {"follow_redirects": False, "trust_env": False, "verify": _trusted()}
        try:
            async with httpx.AsyncClient(timeout=self.timeout, **careful) as client:
                answer = await client.post(str(message.address), content=body, headers=headers)
        except (*nothing_left, httpx.InvalidURL) as error:
            return Outcome(REFUSED, type(error).__name__)
        except httpx.TransportError as error:
            return Outcome(UNCERTAIN, type(error).__name__)
        return _told_by(answer)

    def _signed(self, message: Message, body: str) -> dict[str, str]:
        from standardwebhooks import Webhook  # noqa: PLC0415 - as above

        at = datetime.fromtimestamp(self.clock(), UTC)
        return {
            "content-type": "application/json",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(webhook_secret(self.key, message.secret_of)).sign(
                message.message_id, at, body
            ),
        }


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: the machine's certificates cost more than a message."""
    return ssl.create_default_context()


def webhook_secret(key: bytes, name: str) -> str:
    """The secret a receiver checks signatures with, as Standard Webhooks writes it."""
    return f"whsec_{base64.b64encode(hmac.digest(key, f'webhook:{name}'.encode(), 'sha256')).decode()}"


def _told_by(answer: "httpx.Response") -> Outcome:
    code = f"http:{answer.status_code}"
    if answer.is_success:
        return Outcome(SENT, code)
    # A server that fails may have taken the message before.
    is_unclear = answer.status_code >= _SERVERS_OWN
    return Outcome(UNCERTAIN if is_unclear else REFUSED, code)


@dataclass(frozen=True, slots=True)
class SmsFolder:
    """A file for each text message, whole by its renaming; the gateway's own program takes them away."""

    folder: Path

    async def send(self, message: Message) -> Outcome:
        """Writes `<message id>.json`: the same message again is the same file."""
        content = {"message_id": message.message_id, "phone": message.address, "text": message.text}
        draft = self.folder / f".{message.message_id}.{os.getpid()}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(canonical_json(content) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / f"{message.message_id}.json")
        except OSError as error:
            return Outcome(REFUSED, f"errno:{error.errno}")
        return Outcome(SENT, "file")


@dataclass(frozen=True, slots=True)
class Fuse:
    """Who may be sent to: in a demo or under a movable clock nobody outside, unless the operator allows it."""

    allowed: frozenset[str]
    is_production: bool

    def lets(self, message: Message) -> bool:
        """Whether the message may leave; the inbox and the folder of text messages are no outside."""
        if message.channel in {DeliveryChannel.INBOX, DeliveryChannel.SMS_FILE}:
            return True
        if not self.allowed:
            return self.is_production
        address = (message.address or "").lower()
        is_mail = message.channel is DeliveryChannel.EMAIL
        wider = f"@{address.rpartition('@')[2]}" if is_mail else _host_of(address)
        return bool({address, wider} & self.allowed)


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def fingerprint(text: str) -> str:
    """A short name of a text that must not stand somewhere itself."""
    return hashlib.sha256(text.encode()).hexdigest()
