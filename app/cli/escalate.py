"""`qingling escalate`: one night by hand, for today or another date; what it did as a line, or as JSON."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from sqlalchemy.engine import URL

from app.cli.connection import registry_of
from app.cli.worker import working_login
from app.escalation import rehearsal
from app.escalation.rehearsal import rehearsed
from app.escalation.run import COMPLETED, STOPPED, Ran
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import InvalidParameter
from app.infrastructure.settings import SettingsRefused, load_settings
from app.jobs.escalate import whole_night
from app.regulation.vocabulary import RoleClass

_NAME: Final = "qingling escalate"
_AS_COMMAND: Final = SystemPrincipal(RoleClass.JOB, _NAME)
_EXIT: Final = {COMPLETED: 0, STOPPED: 2}
_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)
_LABELS: Final = {
    "letters_deemed_served": "视为送达",
    "episodes_ended": "结束升级周期",
    "episodes_turned_overdue": "由缓慢转为逾期",
    "episodes_opened": "开始升级周期",
    "rungs_raised": "升档",
    "reminders_raised": "到期提示",
    "items_dropped": "从草稿撤下",
    "letters_dropped": "撤销草稿",
    "letters_drafted": "起草公文",
    "closing_papers_drafted": "起草销号摘牌文书",
    "letters_issued": "依常设授权签发",
    "dispatch_held": "超过每夜件数、暂停发文",
    "failures": "未能处理",
}


def escalate(
    as_of: Annotated[str | None, typer.Option("--as-of", help="为哪一天(YYYY-MM-DD);默认今天")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False,
    rehearse: Annotated[bool, typer.Option("--rehearse", help="只演练:说明会做什么,不写入升档")] = False,
    edition: Annotated[Path | None, typer.Option("--edition", help="按这个规则版本文件演练(不加载)")] = None,
) -> None:
    """One run; exit code 2 where it stopped before raising anything, 1 where records failed."""
    day = _day(as_of)
    if edition is not None and not rehearse:
        raise SettingsRefused("--edition 只用于演练,请同时使用 --rehearse。")
    text = None if edition is None else edition.read_text(encoding="utf-8")
    with registry_of(load_settings()) as addresses:
        if rehearse:
            shown = asyncio.run(rehearse_at(working_login(addresses), day, text))
            _out.print(json.dumps(shown, ensure_ascii=False, indent=None if as_json else 2), markup=False)
            return
        ran = asyncio.run(escalate_at(working_login(addresses), day))
    if as_json:
        _out.print(json.dumps(ran.as_json(), ensure_ascii=False), markup=False)
    else:
        _tell(ran)
    raise typer.Exit(_EXIT.get(ran.outcome, 1))


async def escalate_at(url: URL | str, day: date | None) -> Ran:
    """The run, through the job login at that address."""
    database = Database.at(url, pool_size=2)
    try:
        return await whole_night(lambda: database.transaction(_AS_COMMAND, request_id=_NAME), day)
    finally:
        await database.close()


async def rehearse_at(url: URL | str, day: date | None, edition: str | None) -> dict[str, Any]:
    """What the night would do, through the job login at that address; kept as shown."""
    database = Database.at(url, pool_size=1)
    try:
        async with database.transaction(_AS_COMMAND, request_id=_NAME) as context:
            wanted = await rehearsed(context, day, edition)
            shown = await rehearsal.rehearse(context, wanted)
            await rehearsal.keep(context, wanted, shown)
            return shown
    finally:
        await database.close()


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        message = f"--as-of 应为日期 YYYY-MM-DD,现为“{text}”。"
        raise InvalidParameter.of_field("/as_of", "date_malformed", message, where="query") from None


def _tell(ran: Ran) -> None:
    if ran.stopped_because is not None:
        _err.print(ran.stopped_because, style="red", markup=False)
        return
    _out.print(f"{ran.business_date.isoformat()}({ran.edition}):{told_of(ran) or '没有到期事项'}。", markup=False)


def told_of(ran: Ran) -> str:
    """What a run did, in words; empty where nothing was due."""
    return "、".join(f"{_LABELS.get(name, name)} {count}" for name, count in ran.counts.items())
