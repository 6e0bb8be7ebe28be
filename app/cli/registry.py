"""`qingling init`, `roles` and `edition`: what an operator does before the registry can be worked with."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.engine import URL

from app.cli.connection import migrate, registry_of
from app.infrastructure.owner import owner_transaction
from app.infrastructure.settings import SettingsRefused, load_settings, with_generated_keys
from app.reference.edition_loading import load_edition_text
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
    edition_file: Annotated[Path | None, typer.Option("--edition", exists=True, dir_okay=False)] = None,
    area_file: Annotated[Path | None, typer.Option("--area", exists=True, dir_okay=False)] = None,
    *,
    movable_clock: Annotated[bool, typer.Option("--movable-clock", help="时钟可调整(仅演示和测试)")] = False,
) -> None:
    """Sets the registry up, once; area, go-live and clock cannot be changed afterwards."""
    settings = with_generated_keys(load_settings())
    wanted = Initialisation(
        (area_file or settings.area).read_text(encoding="utf-8"),
        (edition_file or settings.edition).read_text(encoding="utf-8"),
        go_live.date(),
        is_demo=movable_clock,
        movable_clock=movable_clock,
    )
    migrate(settings)
    with registry_of(settings) as addresses:
        asyncio.run(_initialise(_migrating(addresses.migrate), wanted))
    _out.print(f"已启用,启用日期 {go_live.date().isoformat()}。", markup=False)


def migrate_database() -> None:
    """Migrates; a running registry keeps answering meanwhile."""
    migrate(with_generated_keys(load_settings()), progress=lambda message: _out.print(f"· {message}", markup=False))
    _out.print("数据库结构已是本程序的版本。", markup=False)


def _migrating(url: URL | None) -> URL:
    if url is None:
        raise SettingsRefused("这条命令需要迁移登录，请设置 QINGLING_MIGRATION_DATABASE_URL。")
    return url


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
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Exit code 0 without faults, 3 with."""
    findings = check_edition(file.read_text(encoding="utf-8"))
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
def load(file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False)] = None) -> None:
    """Loads an edition as the owner; it takes effect from its own day."""
    settings = load_settings()
    text = (file or settings.edition).read_text(encoding="utf-8")
    with registry_of(settings) as addresses:
        edition_id = asyncio.run(_load(_migrating(addresses.migrate), text))
    _out.print(f"规则版本已加载(编号 {edition_id})。", markup=False)


async def _load(url: URL, text: str) -> int:
    async with owner_transaction(url, label="qingling edition load") as context:
        return await load_edition_text(context, text)
