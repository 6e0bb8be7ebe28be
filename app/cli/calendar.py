"""`qingling calendar recount`: open provisional deadlines under the newest announced calendar."""

import asyncio

import typer
from rich.console import Console
from sqlalchemy.engine import URL

from app.cli.connection import registry_of
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.settings import SettingsRefused, load_settings
from app.regulation.vocabulary import RoleClass
from app.supervision.provisional import Recounted, recount_provisional_deadlines

calendar = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)
_JOB = SystemPrincipal(RoleClass.JOB, "qingling calendar recount")


@calendar.callback()
def of_calendar() -> None:
    """A group of one command keeps its name."""


@calendar.command(name="recount", help="导入一年的节假日安排后,重新计算在办隐患的暂定期限。")
def recount() -> None:
    """Counts provisional deadlines again, as the job login; a second run changes nothing."""
    with registry_of(load_settings()) as addresses:
        if addresses.job is None:
            raise SettingsRefused("这条命令需要任务登录,请设置 QINGLING_JOB_DATABASE_URL。")
        moved = asyncio.run(recount_at(addresses.job))
    for one in moved:
        _out.print(f"隐患 {one.hazard_id}:{one.before.isoformat()} → {one.after.isoformat()}", markup=False)
    _out.print(f"重新计算了 {len(moved)} 项暂定期限。", markup=False)


async def recount_at(url: URL | str) -> list[Recounted]:
    """What was counted again, through the job login at that address."""
    database = Database.at(url, pool_size=1)
    try:
        async with database.transaction(_JOB, request_id="qingling calendar recount") as context:
            return await recount_provisional_deadlines(context)
    finally:
        await database.close()
