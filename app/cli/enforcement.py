"""`qingling enforcement`: takes a workbook of penalties in, and lists the enterprises near the limits.

Exit codes: 0 done, or nothing at fault · 3 cells at fault, nothing recorded · 2 the file or command refused · 1 the
program failed, nothing recorded.
"""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from app.cli.connection import Addresses, open_database, registry_of
from app.enforcement.counters import described, warned_among
from app.enforcement.importing import CELLS_AT_FAULT, ImportReport, take_in
from app.infrastructure.context import Context
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import InvalidInput, RegistryError
from app.infrastructure.settings import load_settings, with_generated_keys
from app.infrastructure.workbook import read_workbook
from app.reference.rulebook import rule_book
from app.regulation.vocabulary import RoleClass

app = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)
_REFUSED, _CELLS_AT_FAULT = 2, 3
_CLERK = SystemPrincipal(RoleClass.IMPORT, "行政处罚导入(命令行)")
_STATUS = {"reached": "已达到", "warned": "提醒"}
_EXIT_CODES = "退出码:0 已登记或核对无误;3 有单元格须改正,没有登记任何一行;2 文件或命令不被受理;1 程序出错。"

AsJson = Annotated[bool, typer.Option("--json", help="在标准输出打印 JSON")]
Result = TypeVar("Result")


@app.command(name="import", help=f"导入行政处罚工作簿(xlsx、xls、et、ods):全部登记或者一行也不登记。{_EXIT_CODES}")
def import_penalties(
    file: Annotated[Path, typer.Argument(help="行政处罚工作簿")],
    *,
    check: Annotated[bool, typer.Option("--check", help="只核对,不留下任何数据")] = False,
    as_json: AsJson = False,
) -> None:
    """Imports penalties; with `--check` tells every cell at fault."""
    try:
        workbook = read_workbook(file)
        report = _in_registry(lambda context: take_in(context, workbook, dry_run=check))
    except InvalidInput as refusal:
        _print_cells(refusal)
        raise typer.Exit(_CELLS_AT_FAULT if refusal.code == CELLS_AT_FAULT else _REFUSED) from None
    except RegistryError as refusal:
        _err.print(f"{refusal.message}{refusal.remedy or ''}", style="red", markup=False)
        raise typer.Exit(_REFUSED) from None
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        _print_report(report)
    raise typer.Exit(_CELLS_AT_FAULT if report.faults else 0)


@app.command(
    name="warnings", help="列出执法次数达到提醒次数的企业(安全生产法第一百一十三条、煤矿安全生产条例第七十条)。"
)
def list_warnings(*, as_json: AsJson = False) -> None:
    """Lists every enterprise at or beyond the warning."""

    async def run(context: Context) -> list[dict[str, Any]]:
        return await described(context, await warned_among(context, await rule_book(context)))

    try:
        found = _in_registry(run)
    except RegistryError as refusal:
        _err.print(f"{refusal.message}{refusal.remedy or ''}", style="red", markup=False)
        raise typer.Exit(_REFUSED) from None
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _print_warned(found)


def _in_registry(run: Callable[[Context], Awaitable[Result]]) -> Result:
    settings = with_generated_keys(load_settings())

    async def open_and_run(addresses: Addresses) -> Result:
        async with open_database(addresses) as database:
            return await _one_transaction(database, run)

    with registry_of(settings) as addresses:
        return asyncio.run(open_and_run(addresses))


async def _one_transaction(database: Database, run: Callable[[Context], Awaitable[Result]]) -> Result:
    async with database.transaction(_CLERK, request_id=str(uuid.uuid4())) as context:
        return await run(context)


def _print_cells(refusal: InvalidInput) -> None:
    _err.print(f"{refusal.message}{refusal.remedy or ''}", style="red", markup=False)
    for one in refusal.fields:
        _err.print(f"· {one.message}", markup=False)


def _print_report(report: ImportReport) -> None:
    for one in report.faults:
        _out.print(f"· {one.message}", markup=False)
    verb = "登记" if report.is_recorded else "可以登记"
    _out.print(f"{verb} {report.new} 项,此前已登记 {report.known} 项,须改正 {len(report.faults)} 处。", markup=False)
    if not report.is_recorded:
        _out.print("核对完毕,没有留下任何数据。", markup=False)
    if report.warned:
        _print_warned(report.warned)


def _print_warned(found: list[dict[str, Any]]) -> None:
    if not found:
        _out.print("没有企业达到提醒次数。", markup=False)
        return
    for one in found:
        for counter in one["counters"]:
            number, status = f"{counter['count']}/{counter['limit']}", _STATUS[counter["status"]]
            _out.print(
                f"{one['enterprise']['name']}:{counter['label']},现 {number},{status};"
                f"在办重大隐患 {one['open_majors']} 项。依据:{counter['basis']}",
                markup=False,
            )
