"""`qingling statistics`: the clearance figures as a table of the terminal, or as the API's JSON."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from app.cli.connection import Addresses, registry_of
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import InvalidParameter
from app.infrastructure.problem_details import invalid_input
from app.infrastructure.settings import SettingsRefused, load_settings
from app.regulation.metrics import DEFINITIONS
from app.regulation.vocabulary import RoleClass
from app.statistics.question import Dimension, FiguresAsked
from app.statistics.service import clearance

_COLUMNS = (
    "found",
    "closed",
    "open",
    "overdue_open",
    "clearance_rate",
    "on_time_closing_rate",
    "dynamic_clearance_rate",
)
_HEADINGS = {
    Dimension.UNIT: "属地单元",
    Dimension.SECTOR: "行业领域",
    Dimension.CHANNEL: "发现渠道",
    Dimension.LEVEL: "隐患等级",
    Dimension.SUPERVISION: "督办层级",
    Dimension.MONTH: "发现月份",
}
_DASH = "—"


def statistics(
    as_of: Annotated[str | None, typer.Option("--as-of", help="统计日,如 2024-12-31;默认今天")] = None,
    known_at: Annotated[str | None, typer.Option("--known-at", help="只计此刻以前已经记录的,带时区的时刻")] = None,
    by: Annotated[str | None, typer.Option("--by", help="分组:unit,sector,channel,level,supervision,month")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="属地单元代码,含下级")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """Exit code 0; 2 for a refusal, in one sentence; 1 is a fault of ours."""
    wanted = _asked(as_of=as_of, known_at=known_at, by=by, unit=unit)
    with registry_of(load_settings()) as addresses:
        answer = asyncio.run(_answer(addresses, wanted))
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        _print(answer)


def _asked(**given: str | None) -> FiguresAsked:
    """InvalidParameter, in one Chinese sentence, for a word the question does not know."""
    try:
        return FiguresAsked.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = invalid_input([{**one, "loc": ("query", *one["loc"])} for one in error.errors()]).fields[0]
        raise InvalidParameter(message=f"--{first.pointer.strip('/').replace('_', '-')}:{first.message}") from None


async def _answer(addresses: Addresses, wanted: FiguresAsked) -> dict[str, Any]:
    if addresses.report is None:
        raise SettingsRefused("这条命令需要报表登录，请设置 QINGLING_REPORT_DATABASE_URL。")
    database = Database.at(addresses.report, pool_size=1, read_only=True)
    try:
        report = SystemPrincipal(RoleClass.REPORT, "qingling statistics")
        async with database.transaction(report, request_id="qingling statistics") as context:
            return await clearance(context, wanted)
    finally:
        await database.close()


def _print(answer: dict[str, Any]) -> None:
    console = Console(highlight=False)
    unit = answer["scope"]["unit"]
    known_at = datetime.fromisoformat(answer["known_at"])
    console.print(
        f"{unit['name'] if unit else '全部'}重大事故隐患清零情况,截至 {answer['as_of']} 24:00(北京时间),"
        f"按 {known_at:%Y-%m-%d %H:%M:%S%z} 已知,规则版本 {answer['edition']['name']}"
        f"({answer['edition']['sha256'][:12]})",
        markup=False,
    )
    console.print(_lines(answer) if answer["lines"] else _every_figure(answer["figures"]))


def _every_figure(figures: dict[str, Any]) -> Table:
    table = Table("指标", "数值", "分子", "分母", "其中历史台账", "定义")
    for key, one in figures.items():
        denominator = _DASH if one["denominator"] is None else str(one["denominator"])
        version = f"{one['definition']} v{one['version']}"
        legacy = _shown(one["of_which_legacy"], key)
        table.add_row(one["name"], _shown(one, key), str(one["numerator"]), denominator, legacy, version)
    return table


def _lines(answer: dict[str, Any]) -> Table:
    headings = " · ".join(_HEADINGS[Dimension(name)] for name in answer["by"])
    table = Table(headings, *(DEFINITIONS[key].name for key in _COLUMNS))
    for line in answer["lines"]:
        label = " · ".join(line["label"].values())
        table.add_row(label, *(_shown(line["figures"][key], key) for key in _COLUMNS))
    table.add_section()
    table.add_row("合计", *(_shown(answer["figures"][key], key) for key in _COLUMNS))
    return table


def _shown(one: dict[str, Any], key: str) -> str:
    """The value with its sign; a dash for 0/0."""
    if one["value"] is None:
        return _DASH
    return f"{one['value']}%" if key.endswith(("_rate", "_share", "_original")) else str(one["value"])
