"""Ledgers taken into a real registry, as the command line does it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from importlib.resources import as_file
from typing import Any, TypeVar

from pydantic import SecretStr
from sqlalchemy import update

from app.cli.demo_city import SAMPLE_PASSWORD
from app.cli.ledger import Attestor, attest_batch, import_file
from app.exchange.ledger import UnderstoodLedger
from app.exchange.ledger_columns import LedgerColumn
from app.exchange.ledger_import import known_names, take_in
from app.exchange.ledger_rows import understand_ledger
from app.exchange.placing.report import ImportReport
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.owner import owner_transaction
from app.infrastructure.workbook import Cell
from app.regulation.deadlines import business_date
from app.regulation.vocabulary import RoleClass
from app.sign_in.dependencies import desk_at
from app.tables.rules import ClockSetting
from tests.exchange.ledgers import SAMPLE, cells, sheet, workbook
from tests.support.cluster import TestDatabase
from tests.support.registry import ordinary_settings

AS_SENT, CLEAN = "ledger-2024-as-sent.xlsx", "ledger-2024.xlsx"
IMPORT = SystemPrincipal(RoleClass.IMPORT, "历史台账补录")
OPEN: Mapping[LedgerColumn, Cell] = {LedgerColumn.CLOSED_ON: None, LedgerColumn.ACCEPTED_ON: None}
Result = TypeVar("Result")


class Killed(Exception):
    """What stands for the end of the process."""


def within(database: TestDatabase, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Runs something against the application's login."""

    async def opened() -> Result:
        pool = Database.at(database.app_url, pool_size=4)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(opened())


def import_sample(database: TestDatabase, name: str = AS_SENT, *, dry_run: bool = False) -> ImportReport:
    """The year's ledger, imported as the command does."""
    with as_file(SAMPLE.joinpath(name)) as path:
        return within(database, lambda pool: import_file(pool, path, dry_run=dry_run, progress=lambda _message: None))


def take(
    database: TestDatabase, *rows: Mapping[LedgerColumn, Cell], dry_run: bool = False, killed: bool = False
) -> ImportReport:
    """A ledger of the ordinary row with these changes, numbered one after another; its file is what it says."""
    return within(database, lambda pool: take_from(pool, *rows, dry_run=dry_run, killed=killed))


async def take_from(
    pool: Database, *rows: Mapping[LedgerColumn, Cell], dry_run: bool = False, killed: bool = False
) -> ImportReport:
    """As `take`, inside a running loop; `killed` ends the transaction before it commits."""
    async with pool.transaction(IMPORT, request_id="test") as context:
        known, on = await known_names(context), business_date(context.now)
    numbered = [{LedgerColumn.LEDGER_NUMBER: f"ZD2024-{place:04}", **row} for place, row in enumerate(rows, 1)]
    ledger = understand_ledger(workbook(sheet(*map(cells, numbered))), known, imported_on=on)
    async with pool.transaction(IMPORT, request_id="test") as context:
        report = await take_in(context, _as_a_file(ledger), dry_run=dry_run)
        if killed:
            raise Killed
    return report


def _as_a_file(ledger: UnderstoodLedger) -> UnderstoodLedger:
    said = "".join(row.content_hash for row in ledger.rows) + repr(ledger.refused)
    return replace(ledger, sha256=sha256(said.encode()).hexdigest())


def attest(database: TestDatabase, batch: int, login: str, password: str = SAMPLE_PASSWORD) -> dict[str, Any]:
    """One person's confirmation, as the command does."""
    secret = SecretStr(password)
    attestor = Attestor(login, secret, lambda _view: secret)

    async def work(pool: Database) -> dict[str, Any]:
        desk = desk_at(pool, ordinary_settings(), address="test", request_id="test")
        return await attest_batch(desk, batch, attestor)

    return within(database, work)


def set_clock(database: TestDatabase, instant: str) -> None:
    """The registry's clock stands at an instant."""

    async def work() -> None:
        async with owner_transaction(database.migrate_url, label="test") as context:
            await context.session.execute(update(ClockSetting).values(fixed_at=datetime.fromisoformat(instant)))

    asyncio.run(work())


def found(report: ImportReport, code: str) -> list[dict[str, Any]]:
    """The findings of a code."""
    return [finding for finding in report.findings if finding["code"] == code]
