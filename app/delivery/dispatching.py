"""One ringing of the dispatcher: enqueue, claim small batches, send outside any transaction, record what became of it.

Whoever dies between claim and record leaves a lease that ends: the message goes again under the same id, an exposure
goes to a person. Nothing is marked before it was sent.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import select

from app.delivery.channels import (
    REFUSED,
    SENT,
    UNCERTAIN,
    Channel,
    Clock,
    Fuse,
    Inbox,
    Message,
    Outcome,
    SignedWebhook,
    SmsFolder,
)
from app.delivery.ledger import SentLedger
from app.delivery.mail import Mail
from app.delivery.messages import compose
from app.delivery.outbox import (
    Claimed,
    claim,
    doubt,
    enqueue_letters,
    enqueue_reminders,
    notice_restores,
    record,
    standstill,
)
from app.infrastructure.context import Context, Transactions
from app.infrastructure.delivery_settings import DeliverySettings
from app.regulation.vocabulary import DeliveryChannel, DeliveryStatus
from app.tables.rules import ClockSetting, RegistrySetting

AT_ONCE: Final = 8
"""Messages of a channel that are out at a time: a slow gateway must not outlast the leases of those that wait."""
OF_INBOX_AT_ONCE: Final = 500
LEASE: Final = 300.0
"""Seconds; well beyond the longest a gateway is given."""
_log = structlog.get_logger("qingling.delivery")


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """What sends: the ways out, who may be sent to, and the ledger outside the database."""

    channels: Mapping[DeliveryChannel, Channel]
    allowed: frozenset[str]
    ledger: SentLedger
    publication_url: str | None = None
    lease: float = LEASE

    async def run(self, transactions: Transactions) -> Counter[str]:
        """Enqueues and sends all that is due; how many went to which status.

        `paused` where nothing may leave, `held` where digests alone may.
        """
        counts: Counter[str] = Counter()
        async with transactions() as context:
            await notice_restores(context)
        counts["enqueued"] = await self._enqueue(transactions)
        async with transactions() as context:
            stands, fuse = await standstill(context), await self._fuse(context)
            for message_id in await doubt(context):
                _log.error("delivery_in_doubt", message_id=message_id)
        if stands.letters:
            counts["paused" if stands.everything else "held"] = 1
        if stands.everything:
            return counts
        for channel in self.channels:
            counts.update(await self._send_all(transactions, channel, fuse))
        return counts

    async def _enqueue(self, transactions: Transactions) -> int:
        total = 0
        while True:
            async with transactions() as context:
                added = await enqueue_letters(context)
            total += added
            if not added:
                break
        after: int | None = 0
        while after is not None:
            async with transactions() as context:
                after = await enqueue_reminders(
                    context, after, with_telephones=DeliveryChannel.SMS_FILE in self.channels
                )
        return total

    async def _fuse(self, context: Context) -> Fuse:
        is_demo = (await context.session.execute(select(RegistrySetting.is_demo))).scalar_one_or_none()
        movable = (await context.session.execute(select(ClockSetting.is_movable))).scalar_one_or_none()
        return Fuse(self.allowed, is_production=is_demo is False and movable is False)

    async def _send_all(self, transactions: Transactions, channel: DeliveryChannel, fuse: Fuse) -> Counter[str]:
        counts: Counter[str] = Counter()
        most = OF_INBOX_AT_ONCE if channel is DeliveryChannel.INBOX else AT_ONCE
        while True:
            async with transactions() as context:
                stands = await standstill(context)
                if stands.everything:
                    return counts
                claimed = await claim(context, channel, most=most, lease=self.lease, digests_alone=stands.letters)
                messages = await compose(context, claimed, publication_url=self.publication_url)
            if not claimed:
                return counts
            if channel is DeliveryChannel.INBOX:
                told = [await self._send(message, fuse) for message in messages]
                counts.update(await self._record(transactions, list(zip(claimed, told, strict=True))))
            else:
                ways = (self._through(transactions, pair, fuse) for pair in zip(claimed, messages, strict=True))
                for recorded in await asyncio.gather(*ways):
                    counts.update(recorded)

    async def _through(
        self, transactions: Transactions, pair: tuple[Claimed, Message], fuse: Fuse
    ) -> Sequence[DeliveryStatus]:
        one, message = pair
        outcome = await self._send(message, fuse)
        return await self._record(transactions, [(one, outcome)])

    async def _record(
        self, transactions: Transactions, told: Sequence[tuple[Claimed, Outcome]]
    ) -> Sequence[DeliveryStatus]:
        async with transactions() as context:
            statuses = await record(context, told)
        for one, outcome in told:
            if outcome.outcome is not SENT:
                _log.warning("delivery_not_sent", message_id=one.message_id, code=outcome.code, attempt=one.attempts)
        for status in statuses:
            if status in {DeliveryStatus.DEAD, DeliveryStatus.IN_DOUBT}:
                _log.error("delivery_alarm", status=status.value)
        return statuses

    async def _send(self, message: Message, fuse: Fuse) -> Outcome:
        refused = _unfit(message, fuse)
        if refused is not None:
            return refused
        if message.channel is DeliveryChannel.INBOX:
            return await self.channels[message.channel].send(message)
        return await self._send_outside(message)

    async def _send_outside(self, message: Message) -> Outcome:
        """Asks the ledger first: a restored database has forgotten what left after its copy was made."""
        name, number = message.message_id, message.number
        if await asyncio.to_thread(self.ledger.was_sent, name):
            return Outcome(SENT, "ledger")
        if message.is_exposure:
            if await asyncio.to_thread(self.ledger.may_be_out, name, number):
                return Outcome(UNCERTAIN, "ledger")
            await asyncio.to_thread(self.ledger.begin, name, number)
        outcome = await self.channels[message.channel].send(message)
        if outcome.outcome is SENT:
            await asyncio.to_thread(self.ledger.sent, name, number)
        elif outcome.outcome is REFUSED and message.is_exposure:
            await asyncio.to_thread(self.ledger.refused, name, number)
        return outcome


def _unfit(message: Message, fuse: Fuse) -> Outcome | None:
    """Why it is not sent at all, now or later."""
    if message.payload["type"] == "reminders.due" and not message.payload["data"]["hazards"]:
        return Outcome(REFUSED, "empty", is_final=True)
    if message.channel is DeliveryChannel.INBOX:
        return None
    if message.address is None:
        return Outcome(REFUSED, "no_address", is_final=True)
    return None if fuse.lets(message) else Outcome(REFUSED, "not_allowed", is_final=True)


def dispatcher_of(settings: DeliverySettings, data_dir: Path, webhook_key: bytes, clock: Clock) -> Dispatcher:
    """The dispatcher that the operator's settings describe; a way that is not set up leaves its messages waiting."""
    webhook = SignedWebhook(webhook_key, float(settings.delivery_timeout), clock)
    channels: dict[DeliveryChannel, Channel] = {DeliveryChannel.INBOX: Inbox(), DeliveryChannel.WEBHOOK: webhook}
    if settings.smtp_host is not None:
        channels[DeliveryChannel.EMAIL] = Mail(settings, clock)
    if settings.delivery_sms_folder is not None:
        channels[DeliveryChannel.SMS_FILE] = SmsFolder(settings.delivery_sms_folder)
    if settings.delivery_publication_url is not None:
        channels[DeliveryChannel.PUBLICATION] = webhook
    ledger = SentLedger(settings.delivery_ledger_folder or data_dir / "delivery")
    return Dispatcher(channels, settings.allowed, ledger, settings.delivery_publication_url)
