"""`qingling audit …`: seal now, list the signed heads, show or replace the key that signs them."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.engine import URL

from app.audit.leaves import instant
from app.audit.sealing import Head, heads
from app.audit.signing_key import key_id_of
from app.cli import audit_verify
from app.cli.connection import registry_of
from app.cli.worker import working_login
from app.infrastructure.database import Database
from app.infrastructure.settings import Settings, load_settings
from app.jobs.seal import Sealed
from app.jobs.seal import seal as seal_once
from app.jobs.work import Work, replace_key, signer_of

audit = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)


@audit.callback()
def group() -> None:
    """审计:封存、树头、签名密钥(格式见 docs/audit-format.md)。"""


audit.command(name="verify", help="核验审计链、审计树和树头;退出码 0 无误,1 有不符。")(audit_verify.verify_trail)


@audit.command(name="seal", help="立即封存:为新记录编号、计算审计树、签署树头。")
def seal() -> None:
    """One run of the sealing job."""
    settings = load_settings()
    with registry_of(settings) as addresses:
        sealed = asyncio.run(_seal(settings, working_login(addresses)))
    if sealed.head is None:
        _out.print("没有新的记录需要封存。", markup=False)
    else:
        _out.print(f"新封存 {sealed.leaves} 条记录。", markup=False)
        _print(sealed.head)


@audit.command(name="heads", help="列出已签署的树头,最新的在前。")
def list_heads(limit: Annotated[int, typer.Option("--limit", min=1, max=10000, help="条数")] = 20) -> None:
    """The newest heads."""
    settings = load_settings()
    with registry_of(settings) as addresses:
        found = asyncio.run(_heads(settings, working_login(addresses), limit))
    for head in found:
        _print(head)
    if not found:
        _out.print("尚未封存;请执行 qingling audit seal 或启动 qingling worker。", markup=False)


@audit.command(name="key", help="显示签名公钥;--replace 换用新密钥,旧公钥仍保留在公布的清单中。")
def key(*, replace: Annotated[bool, typer.Option("--replace", help="生成新密钥,旧的不再使用")] = False) -> None:
    """The public key that others should note outside this registry."""
    settings = load_settings()
    signer = replace_key(settings) if replace else signer_of(settings)
    _out.print(f"算法      {signer.algorithm}", markup=False)
    _out.print(f"公钥      {signer.public_key.hex()}", markup=False)
    _out.print(f"密钥编号  {key_id_of(signer.public_key)}", markup=False)
    if replace:
        _out.print("正在运行的作业进程下次封存时即用新密钥;请把新的密钥编号另行告知核验单位。", markup=False)


async def _seal(settings: Settings, url: URL) -> Sealed:
    database = Database.at(url, pool_size=1)
    try:
        return await seal_once(Work(database, settings), signer_of(settings))
    finally:
        await database.close()


async def _heads(settings: Settings, url: URL, limit: int) -> list[Head]:
    database = Database.at(url, pool_size=1)
    try:
        async with Work(database, settings).transaction("audit heads") as context:
            return await heads(context, limit=limit)
    finally:
        await database.close()


def _print(head: Head) -> None:
    _out.print(
        f"大小 {head.size}  {instant(head.sealed_at)}  sha256 {head.root_sha256.hex()}  sm3 {head.root_sm3.hex()}",
        markup=False,
    )
