"""`qingling init`, `roles` and `edition`: what an operator does before the registry can be worked with."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.engine import URL

from app.cli.connection import migrate, migrating, registry_of
from app.holding.hold import HOW_TO_RELEASE
from app.infrastructure.owner import owner_transaction
from app.infrastructure.settings import SettingsRefused, load_settings, with_generated_keys
from app.reference.edition_loading import change_edition
from app.reference.initialise import Initialisation, initialise
from app.regulation.edition_check import check_edition
from app.tables.roles import roles_sql

edition = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)
_FAULTY = 3


def init(
    go_live: Annotated[
        datetime, typer.Option("--go-live", formats=["%Y-%m-%d"], help="启用日期,此日起销号必须四级签字")
    ],
    edition_file: Annotated[
        Path | None, typer.Option("--edition", exists=True, dir_okay=False, help="规则版本文件;默认随程序提供的版本")
    ] = None,
    area_file: Annotated[
        Path | None, typer.Option("--area", exists=True, dir_okay=False, help="属地文件;默认鄂尔多斯市")
    ] = None,
    *,
    movable_clock: Annotated[bool, typer.Option("--movable-clock", help="时钟可调整(仅演示和测试)")] = False,
) -> None:
    """Sets the registry up, once; area, go-live and clock cannot be changed afterwards."""
    settings = with_generated_keys(load_settings())
    wanted = Initialisation(
        text_of(area_file or settings.area),
        text_of(edition_file or settings.edition),
        go_live.date(),
        is_demo=movable_clock,
        movable_clock=movable_clock,
    )
    migrate(settings)
    with registry_of(settings) as addresses:
        asyncio.run(_initialise(migrating(addresses), wanted))
    _out.print(f"已启用,启用日期 {go_live.date().isoformat()}。{HOW_TO_RELEASE}", markup=False)


def text_of(file: Path) -> str:
    """A file's UTF-8 text, a byte order mark dropped; SettingsRefused naming the first byte that is not UTF-8."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise SettingsRefused(
            f"{file.name} 不是 UTF-8 文本（第 {fault.start + 1} 字节起无法识别），请用 UTF-8 编码另存后重试。"
        ) from None


def migrate_database() -> None:
    """Migrates; a running registry keeps answering meanwhile."""
    migrate(with_generated_keys(load_settings()), progress=lambda message: _out.print(f"· {message}", markup=False))
    _out.print("数据库结构已是本程序的版本。", markup=False)


async def _initialise(url: URL, wanted: Initialisation) -> None:
    async with owner_transaction(url, label="qingling init") as context:
        await initialise(context, wanted)


def roles(
    *,
    sql: Annotated[bool, typer.Option("--sql", help="输出 SQL(默认)")] = True,
    production: Annotated[bool, typer.Option("--production", help="加上连接数上限")] = False,
) -> None:
    """Prints the roles' one source; a DBA sets the passwords, which are never printed here."""
    if sql:
        typer.echo(roles_sql({}, production=production), nl=False)


@edition.command(name="check", help="核对规则版本文件,一次列出全部错误(键、原因、办法)。")
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="规则版本文件(TOML)")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """Exit code 0 without faults, 3 with."""
    findings = check_edition(text_of(file))
    if as_json:
        rows = [{"path": one.path, "reason": one.reason, "remedy": one.remedy, "line": one.line} for one in findings]
        typer.echo(json.dumps({"file": file.name, "findings": rows}, ensure_ascii=False, indent=2))
    else:
        for one in findings:
            where = f"第 {one.line} 行 " if one.line else ""
            _out.print(f"{where}{one.path}:{one.reason};{one.remedy}", markup=False)
        _out.print(f"{file.name}:{len(findings)} 处错误" if findings else f"{file.name}:没有错误", markup=False)
    raise typer.Exit(_FAULTY if findings else 0)


@edition.command(name="load", help="加载规则版本;同一内容重复加载不产生新版本。")
def load(
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="规则版本文件(TOML)")] = None,
) -> None:
    """Loads an edition as the owner; it takes effect from its own day."""
    settings = load_settings()
    text = text_of(file or settings.edition)
    with registry_of(settings) as addresses:
        edition_id, is_new = asyncio.run(_load(migrating(addresses), text))
    told = HOW_TO_RELEASE if is_new else ""
    _out.print(f"规则版本已加载(编号 {edition_id})。{told}", markup=False)


async def _load(url: URL, text: str) -> tuple[int, bool]:
    async with owner_transaction(url, label="qingling edition load") as context:
        return await change_edition(context, text)
