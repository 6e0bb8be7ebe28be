"""Sends what waits in the outbox: issued letters, raised reminders. At least once; exposures at most once."""

from collections import Counter
from functools import partial
from typing import Final

from app.delivery.dispatching import dispatcher_of
from app.infrastructure.clock import machine_seconds
from app.infrastructure.settings import Settings, generated_key
from app.jobs.work import Work

NAME: Final = "dispatch"


async def run(work: Work) -> str:
    """The job; what went where, in a line."""
    counts = await ring(work)
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count) or "nothing due"


async def ring(work: Work) -> Counter[str]:
    """One ringing of the dispatcher: how many went to which status."""
    settings = work.settings
    dispatcher = dispatcher_of(settings.delivery, settings.data_dir, webhook_key_of(settings), machine_seconds)
    return await dispatcher.run(partial(work.transaction, NAME))


def webhook_key_of(settings: Settings) -> bytes:
    """What webhooks' secrets are derived from: QINGLING_DELIVERY_WEBHOOK_KEY, else one kept in the data folder."""
    given = settings.delivery.delivery_webhook_key
    text = generated_key(settings.data_dir, "webhook.key") if given is None else given.get_secret_value()
    return text.encode()
