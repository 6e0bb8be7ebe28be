"""`qingling posts check|separation`: chains that cannot be filled, and persons who could sign where they must not."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console

from app.cli.connection import Addresses, open_database, registry_of
from app.infrastructure.database import SystemPrincipal
from app.infrastructure.settings import load_settings
from app.reference.posts_check import Gap, PostsReport, as_json, report_on_posts
from app.regulation.vocabulary import PostKind, RoleClass
from app.separation.report import Separation, report_on_separation
from app.separation.report import as_json as separation_as_json

posts = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)
_COMMAND = SystemPrincipal(RoleClass.ADMINISTRATOR, "qingling posts check")
_WATCHER = SystemPrincipal(RoleClass.AUDITOR, "qingling posts separation")
_GAPS = 3


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


@posts.command(
    name="separation", help="职责分离核查:谁能在同一签字链签两级、谁既整改又签字、谁兼任两类;有发现时退出码为 3。"
)
def separation(*, as_json_text: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False) -> None:
    """Exit code 0 where duties are apart, 3 where they are not."""
    with registry_of(load_settings()) as addresses:
        report = asyncio.run(_separation(addresses))
    if as_json_text:
        typer.echo(json.dumps(separation_as_json(report), ensure_ascii=False, indent=2))
    else:
        _print_separation(report)
    raise typer.Exit(_GAPS if report.findings else 0)


async def _separation(addresses: Addresses) -> Separation:
    async with (
        open_database(addresses) as database,
        database.transaction(_WATCHER, request_id="qingling posts separation") as context,
    ):
        return await report_on_separation(context)


def _print_separation(report: Separation) -> None:
    for one in report.two_levels:
        levels = "、".join(f"第 {level['level']} 级 {level['organisation']} {level['post']}" for level in one["levels"])
        where = f"{one['unit']} {one['department']} “{one['chain_name']}”"
        _out.print(f"人员 {one['person_id']} 可在同一签字链签两级:{where}:{levels}", markup=False)
    for one in report.signed_and_rectified or ():
        hazard = one["ledger_number"] or one["hazard"]
        _out.print(f"人员 {one['person_id']} 既报告整改完成又签字:{hazard} 第 {one['level']} 级", markup=False)
    for one in report.two_duties:
        posts_held = "、".join(PostKind(one[name]).label for name in ("post_kind", "other_post_kind"))
        _out.print(f"人员 {one['person_id']} 兼任两类岗位:{posts_held}", markup=False)
    _out.print(f"共核查 {report.chains_checked} 条(签字链×监管部门×属地),发现 {report.findings} 处。", markup=False)


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
