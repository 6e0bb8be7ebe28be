"""The demo starts with a year's ledger: imported once, attested by two sample persons of the city's safety office."""

from collections.abc import Callable
from importlib.resources import as_file, files
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from app.cli.connection import Addresses, open_database
from app.cli.demo_city import SAMPLE_PASSWORD
from app.cli.ledger import Attestor, attest_batch, import_file
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import RuleNotMet
from app.infrastructure.settings import Settings
from app.regulation.vocabulary import RoleClass
from app.sign_in.dependencies import desk_at
from app.sign_in.service import Desk
from app.tables.ledgers import LegacyBatch

SAMPLE_LEDGER = "ledger-2024-as-sent.xlsx"
_ATTESTORS = ("city-clerk1", "city-clerk2")
_DEMO = SystemPrincipal(RoleClass.IMPORT, "演示")


async def take_in_sample_ledger(settings: Settings, addresses: Addresses, *, progress: Callable[[str], None]) -> None:
    """Imports and attests the sample ledger; a second start finds it done, or goes on where the first one was ended."""
    async with open_database(addresses) as database:
        async with database.transaction(_DEMO, request_id="demo-ledger") as context:
            known = select(LegacyBatch.id, LegacyBatch.attested_at).order_by(LegacyBatch.id).limit(1)
            kept = (await context.session.execute(known)).one_or_none()
        if kept is not None and kept.attested_at is not None:
            return
        batch = kept.id if kept is not None else await _import(database, progress)
        await _attest(desk_at(database, settings, address="qingling demo", request_id="demo-ledger"), batch)
        progress("样例台账已导入,并由两名样例人员核对确认")


async def _import(database: Database, progress: Callable[[str], None]) -> int:
    progress("导入 2024 年样例台账")
    with as_file(files("app.sample").joinpath(SAMPLE_LEDGER)) as path:
        report = await import_file(database, path, progress=lambda _message: None)
    if report.batch is None:
        raise ValueError("the sample ledger holds no row to take in")
    return report.batch


async def _attest(desk: Desk, batch: int) -> None:
    password = SecretStr(SAMPLE_PASSWORD)

    def the_same(_view: dict[str, Any]) -> SecretStr:
        return password

    for login in _ATTESTORS:
        try:
            await attest_batch(desk, batch, Attestor(login, password, the_same))
        except RuleNotMet as refusal:
            # The first start was ended between the two confirmations.
            if refusal.code != "two_persons_attested":
                raise
