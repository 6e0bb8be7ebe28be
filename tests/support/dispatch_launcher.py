"""Runs the dispatcher in children that die where they are told to: `python -m tests.support.dispatch_launcher`.

Each line of standard input is one run; its answer is the child's exit code. A fault planted by name shows that a test
would see it.
"""

import asyncio
import itertools
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from app.delivery.channels import SENT, Fuse, Message, Outcome, SignedWebhook
from app.delivery.dispatching import Dispatcher
from app.delivery.ledger import SentLedger
from app.delivery.outbox import Claimed, record
from app.infrastructure.clock import machine_seconds
from app.infrastructure.context import Transactions
from app.infrastructure.database import Database
from app.infrastructure.settings import Settings
from app.jobs.work import Work
from app.regulation.vocabulary import DeliveryChannel, DeliveryStatus
from tests.support.failpoints import Failpoints


class MarksBeforeItSends(Dispatcher):
    """The fault: a death in between loses the message."""

    async def _through(
        self, transactions: Transactions, pair: tuple[Claimed, Message], fuse: Fuse
    ) -> Sequence[DeliveryStatus]:
        async with transactions() as context:
            statuses = await record(context, [(pair[0], Outcome(SENT, "early"))])
        await self._send(pair[1], fuse)
        return statuses


class SendsUnderNewIds(Dispatcher):
    """The fault: who knows an id takes the message again."""

    async def _send_outside(self, message: Message) -> Outcome:
        new = replace(message, message_id=secrets.token_hex(8), payload={**message.payload})
        return await super()._send_outside(new)


FAULTS: dict[str, type[Dispatcher]] = {
    "": Dispatcher,
    "mark before send": MarksBeforeItSends,
    "send before mark without id": SendsUnderNewIds,
}


def _pointed(points: Failpoints, send: Callable[..., Any], last: int | None) -> Callable[..., Any]:
    """`last`: it dies before that one is sent."""
    begun = itertools.count(1)

    async def pointed(channel: SignedWebhook, message: Message) -> Outcome:
        if next(begun) == last:
            points.fuse = 1
        points.reach("before send")
        outcome: Outcome = await send(channel, message)
        points.reach("after send")
        return outcome

    return pointed


async def _run(order: Mapping[str, Any]) -> None:
    webhook = SignedWebhook(b"k" * 32, order["timeout"], machine_seconds)
    ways = {DeliveryChannel.WEBHOOK: webhook, DeliveryChannel.PUBLICATION: webhook}
    made = FAULTS[order["fault"]](
        ways, frozenset({"127.0.0.1"}), SentLedger(Path(order["ledger"])), order["publication_url"]
    )
    database = Database.at(order["job_url"], pool_size=2)
    try:
        await made.run(partial(Work(database, Settings(data_dir=Path(order["ledger"]))).transaction, "dispatch"))
    finally:
        await database.close()


def _child(order: Mapping[str, Any]) -> None:
    # What it logs is no answer to an order.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    points = Failpoints(os.open(os.devnull, os.O_WRONLY), order["fuse"])
    points.install()
    setattr(SignedWebhook, "send", _pointed(points, SignedWebhook.send, order["last"]))  # noqa: B010 - a test's own point
    asyncio.run(_run(order))


def _obey() -> Mapping[str, Any] | None:
    """The order, in the child that has it to run; None when standard input has ended."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            order: Mapping[str, Any] = json.loads(line)
            return order
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()
    return None


if __name__ == "__main__" and (ordered := _obey()) is not None:
    _child(ordered)
