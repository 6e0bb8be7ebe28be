"""`qingling audit verify`: recomputes the trail, whole, since a head, or of one hazard; exit code 1 for faults."""

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from sqlalchemy.engine import URL

from app.audit_check.outside import NOTHING_HELD, Held, read_held
from app.audit_check.verification import Asked, Report, hazard_named, verify
from app.cli.connection import registry_of
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import InvalidParameter
from app.infrastructure.settings import load_settings
from app.regulation.vocabulary import RoleClass

_AUDITOR: Final = SystemPrincipal(RoleClass.AUDITOR, "qingling audit verify")
# One snapshot for the whole look, however long it takes; nothing can be written in it.
_ONE_LOOK: Final = {
    "options": "-c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on"
    " -c statement_timeout=10min -c idle_in_transaction_session_timeout=10min"
}
_TELL_EVERY: Final = 2.0
_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


class _Told:
    """Says on stderr how far the work is, every few seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, what: str, done: int) -> None:
        if time.monotonic() - self._last >= _TELL_EVERY:
            self._last = time.monotonic()
            _err.print(f"已核验{what} {done} 条……", markup=False)


def verify_trail(
    since: Annotated[str | None, typer.Option("--since", help="只核验其后的记录:树头大小,或所持树头文件的路径")] = None,
    hazard: Annotated[str | None, typer.Option("--hazard", help="只核验一条隐患:id 或台账编号")] = None,
    heads: Annotated[
        Path | None, typer.Option("--heads", help="外部持有的树头:文件或目录;截尾和整体改写须据此发现")
    ] = None,
    *,
    evidence: Annotated[bool, typer.Option("--evidence", help="同时核对证据文件的哈希")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """Exit code 0 without faults, 1 with; 2 for a question that cannot be asked."""
    settings = load_settings()
    held = read_held(heads) if heads else NOTHING_HELD
    size, held = _beginning(since, held)
    folder = settings.data_dir / "evidence" if evidence else None
    with registry_of(settings) as addresses:
        asked = Asked(since=size, held=held, evidence=folder)
        report = asyncio.run(_verify(addresses.app, asked, hazard))
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        _print(report, held, is_partial=bool(size or hazard))
    raise typer.Exit(0 if report.is_clean else 1)


def _beginning(since: str | None, held: Held) -> tuple[int, Held]:
    """The size to begin at; of a file, its head is held against the registry too."""
    if since is None:
        return 0, held
    if since.isdecimal():
        return int(since), held
    path = Path(since)
    if not path.is_file():
        raise InvalidParameter("since_unknown", f"--since 须为树头大小或树头文件的路径,没有找到 {since}。")
    read = read_held(path)
    if not read.heads:
        raise InvalidParameter("since_unreadable", f"{path.name} 不是有效的树头文件,格式见 docs/audit-format.md。")
    merged = {**held.heads}
    for size, some in read.heads.items():
        merged[size] = (*merged.get(size, ()), *some)
    return max(read.heads), Held(merged, (*held.faults, *read.faults))


async def _verify(url: URL, asked: Asked, reference: str | None) -> Report:
    database = Database.at(url.update_query_dict(_ONE_LOOK), pool_size=1, read_only=True)
    try:
        async with database.transaction(_AUDITOR, request_id="audit verify") as context:
            hazard_id = None if reference is None else await hazard_named(context, reference)
            if reference is not None and hazard_id is None:
                raise InvalidParameter("hazard_unknown", f"没有隐患 {reference},请核对 id 或台账编号。")
            wanted = Asked(asked.since, hazard_id, asked.held, asked.evidence)
            return await verify(context, wanted, progress=_Told())
    finally:
        await database.close()


def _print(report: Report, held: Held, *, is_partial: bool) -> None:
    _out.print(
        f"核验审计记录 {report.events} 条、位置 {report.positions} 个、树头 {report.heads} 个"
        + (f"、证据文件 {report.files} 个" if report.files else "")
        + f";最新树头大小 {report.newest_head or '(未核)'}。",
        markup=False,
    )
    for fault in report.faults:
        _out.print(f"[{fault.kind.value}] {fault.where}:{fault.meaning}。{fault.remedy}", markup=False)
    if report.fault_count:
        _out.print(f"发现 {report.fault_count} 处不符。", markup=False)
        return
    _out.print("没有发现不符。" + ("(只核验了所要求的部分)" if is_partial else ""), markup=False)
    if not held.heads:
        _out.print(
            "未与外部持有的树头比对:截去尾部、以密钥整体改写的历史只有这样才能发现,请用 --heads 指定。", markup=False
        )
