"""`qingling posts check`: the sign-off chains that distinct persons in post cannot fill."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console

from app.cli.connection import Addresses, open_database, registry_of
from app.infrastructure.database import SystemPrincipal
from app.infrastructure.settings import load_settings
from app.reference.posts_check import Gap, PostsReport, as_json, report_on_posts
from app.regulation.vocabulary import RoleClass

posts = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)
_COMMAND = SystemPrincipal(RoleClass.ADMINISTRATOR, "qingling posts check")
_GAPS = 3


@posts.callback()
def of_posts() -> None:
    """A group of one command keeps its name."""


@posts.command(name="check", help="核查每条签字链能否由互不相同的在任人员签满;有空缺时退出码为 3。")
def check(*, as_json_text: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False) -> None:
    """Exit code 0 where every chain can be filled, 3 where one cannot."""
    with registry_of(load_settings()) as addresses:
        report = asyncio.run(_report(addresses))
    if as_json_text:
        typer.echo(json.dumps(as_json(report), ensure_ascii=False, indent=2))
    else:
        _print(report)
    raise typer.Exit(_GAPS if report.gaps else 0)


async def _report(addresses: Addresses) -> PostsReport:
    async with (
        open_database(addresses) as database,
        database.transaction(_COMMAND, request_id="qingling posts check") as context,
    ):
        return await report_on_posts(context)


def _print(report: PostsReport) -> None:
    for gap in report.gaps:
        _print_gap(gap)
    for name in report.unconfirmed:
        _out.print(f"机构未确认,不能进入签字链:{name}", markup=False)
    _out.print(f"共核查 {report.chains_checked} 条(签字链×监管部门),{len(report.gaps)} 条签不满。", markup=False)


def _print_gap(gap: Gap) -> None:
    filled = f"须 {gap.levels_needed} 人,现可签 {gap.persons_available} 人"
    _out.print(f"{gap.unit} {gap.department} “{gap.chain_name}”:{filled}({'、'.join(gap.sectors)})", markup=False)
    for level in gap.levels:
        where = level.organisation or level.party
        _out.print(f"  第 {level.level} 级 {where} {level.post}:{level.reason}。{level.remedy}", markup=False)
