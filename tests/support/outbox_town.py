"""A registry with letters that were issued, for the outbox to find, and what stands in the outbox afterwards.

Letters are written by the superuser past the walls; the outbox itself is written by the job through them.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg

from app.delivery.channels import Channel, Inbox
from app.delivery.dispatching import Dispatcher
from app.delivery.ledger import SentLedger
from app.infrastructure.database import Database
from app.infrastructure.settings import Settings
from app.jobs.work import Work
from app.regulation.vocabulary import DeliveryChannel
from tests.support.cluster import TestDatabase, libpq_address

_LETTERS: Final = """
    INSERT INTO letter (kind, status, issuer_organisation_id, signatory_post_kind, addressee_enterprise_id, title, body,
        edition_id, business_date, drafted_by_account_id, issued_at, issued_by_account_id, issued_by_appointment_id,
        office_code, year, serial, content_sha256)
    SELECT %(kind)s, 'issued', (SELECT id FROM organisation WHERE code = 'safety_office@dongsheng'), 'office_head',
        CASE WHEN %(kind)s <> 'exposure_notice' THEN (SELECT id FROM enterprise ORDER BY id LIMIT 1) END,
        '关于整改逾期的函', '{}', (SELECT max(id) FROM edition), (registry_now() AT TIME ZONE 'Asia/Shanghai')::date,
        (SELECT min(id) FROM account), registry_now(), (SELECT min(id) FROM account),
        (SELECT min(id) FROM appointment), '东安办函', 2026, n + (SELECT count(*) FROM letter), sha256('示例')
    FROM generate_series(1, %(count)s) AS n
"""


@dataclass
class OutboxTown:
    """One database with issued letters."""

    database: TestDatabase
    folder: Path

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """As superuser, past the walls."""
        with psycopg.connect(libpq_address(self.database.superuser_url)) as connection:
            connection.execute("SET session_replication_role = replica")
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def issue(self, count: int = 1, kind: str = "notice_letter") -> None:
        """So many letters, issued just now."""
        with psycopg.connect(libpq_address(self.database.superuser_url)) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(_LETTERS.encode(), {"count": count, "kind": kind})

    def wants(self, channel: str, address: str) -> None:
        """The enterprise is told by this way as well."""
        self.ask(
            "INSERT INTO delivery_address (enterprise_id, channel, address) SELECT min(id), %s, %s FROM enterprise",
            channel,
            address,
        )

    def wait(self, seconds: int = 4000) -> None:
        """The registry's clock goes on."""
        self.ask("UPDATE clock_setting SET offset_seconds = offset_seconds + %s", seconds)

    def statuses(self) -> Counter[tuple[str, str]]:
        """How many stand where, by channel."""
        return Counter(
            {(a, b): c for a, b, c in self.ask("SELECT channel, status, count(*) FROM delivery GROUP BY 1, 2")}
        )

    def dispatch(
        self, channels: Mapping[DeliveryChannel, Channel] | None = None, *, allowed: str = "127.0.0.1", **more: Any
    ) -> Counter[str]:
        """One ringing of the dispatcher, as the job login."""
        ways = {DeliveryChannel.INBOX: Inbox(), **(channels or {})}
        made = Dispatcher(ways, frozenset(allowed.split(",")) - {""}, SentLedger(self.folder / "ledger"), **more)

        async def ring() -> Counter[str]:
            database = Database.at(self.database.job_url, pool_size=2)
            try:
                return await made.run(partial(Work(database, Settings(data_dir=self.folder)).transaction, "dispatch"))
            finally:
                await database.close()

        return asyncio.run(ring())
