"""`qingling ledger`: takes a paper ledger in, and has it attested by two persons.

Exit codes: 0 all rows taken in (or known before) · 3 some rows refused, the others taken in · 2 the file or the command
refused, nothing changed · 1 the program failed, nothing changed.
"""

import asyncio
import json
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from app.cli.connection import open_database, registry_of
from app.documents.confirming import Confirmation
from app.exchange.ledger_attestation import attest, batch_view
from app.exchange.ledger_import import known_names, take_in
from app.exchange.ledger_rows import understand_ledger
from app.exchange.placing.report import ImportReport
from app.holding.hold import HOW_TO_RELEASE
from app.infrastructure.answers import Answer
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import NotPermitted, RegistryError, Unauthenticated
from app.infrastructure.settings import Settings, load_settings, with_generated_keys
from app.infrastructure.workbook import read_workbook
from app.regulation.deadlines import business_date
from app.regulation.permissions import PERMISSIONS, Permission
from app.regulation.vocabulary import RoleClass
from app.sign_in.dependencies import acting, desk_at
from app.sign_in.schemas import SignIn
from app.sign_in.service import Desk, choose_appointment, sign_in, sign_out

app = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)
_REFUSED, _ROWS_REFUSED = 2, 3
_EXIT_CODES = (
    "退出码:0 全部登记或此前已登记;3 有行没有导入,其余已登记;2 文件或命令不被受理;1 程序出错(后两种没有任何改动)。"
)
_ADDRESS = "qingling ledger attest"
"""Where a command signs in from: this machine's terminal."""
_IMPORT = SystemPrincipal(RoleClass.IMPORT, "历史台账补录(命令行)")

Progress = Callable[[str], None]
Result = TypeVar("Result")


def _request_id() -> str:
    return str(uuid.uuid4())


async def import_file(
    database: Database, path: Path, *, dry_run: bool = False, sheet: str | None = None, progress: Progress
) -> ImportReport:
    """Imports a workbook in one transaction; raises what `read_workbook`, `understand_ledger`, `take_in` raise."""
    request_id = _request_id()
    progress("读取工作簿")
    async with database.transaction(_IMPORT, request_id=request_id) as context:
        known, on = await known_names(context), business_date(context.now)
    workbook = await asyncio.to_thread(read_workbook, path)
    progress("核对各行")
    ledger = await asyncio.to_thread(understand_ledger, workbook, known, imported_on=on, sheet=sheet)
    progress(f"{'试导入' if dry_run else '登记'} {len(ledger.rows)} 行")
    async with database.transaction(_IMPORT, request_id=request_id) as context:
        return await take_in(context, ledger, dry_run=dry_run)


@dataclass(frozen=True, slots=True)
class Attestor:
    """Who confirms, in their own account; `ask_again` gives the password for the step-up once the batch was shown."""

    login: str
    password: SecretStr
    ask_again: Callable[[dict[str, Any]], SecretStr]
    ask_code: Callable[[], str] | None = None
    """Gives the code of an account that has a second factor: one to sign in, the next one to confirm."""


async def attest_batch(desk: Desk, batch: int, attestor: Attestor) -> dict[str, Any]:
    """Signs the person in, shows the batch, confirms it by step-up, signs out; the batch as it then stands."""
    answer, has_second_factor = await _signed_in(desk, attestor)
    token = answer.body["token"]
    try:
        await _choose_office(desk, answer)
        async with acting(desk, token) as context:
            view = await batch_view(context, batch)
        password = attestor.ask_again(view)
        code = attestor.ask_code() if has_second_factor and attestor.ask_code else None
        sent = Confirmation(password=password, code=code, document_sha256=view["document_sha256"])
        async with acting(desk, token) as context:
            return await attest(context, batch, sent)
    finally:
        async with acting(desk, token) as context:
            await sign_out(context)


async def _signed_in(desk: Desk, attestor: Attestor) -> tuple[Answer, bool]:
    """The sign-in, and whether it took a code; NotPermitted for one that is not complete."""
    signing_in = SignIn(login_name=attestor.login, password=attestor.password)
    has_second_factor = False
    try:
        answer = await sign_in(desk, signing_in)
    except Unauthenticated as refusal:
        if refusal.code != "second_factor_required" or attestor.ask_code is None:
            raise
        has_second_factor = True
        answer = await sign_in(desk, signing_in.model_copy(update={"code": attestor.ask_code()}))
    if answer.body["pending"]:
        raise NotPermitted(
            "sign_in_incomplete",
            "登录尚未完成:须先修改口令或者绑定动态口令。",
            remedy="请先通过系统登录办理,再来核对确认。",
        )
    return answer, has_second_factor


async def _choose_office(desk: Desk, answer: Answer) -> None:
    """Of several posts the one that attests."""
    held = [one for one in answer.body["appointments"] if one["post_kind"] in PERMISSIONS[Permission.LEDGER_ATTEST]]
    if held and held[0]["id"] != answer.body["appointment_id"]:
        async with acting(desk, answer.body["token"]) as context:
            await choose_appointment(context, held[0]["id"], desk.rules)


@app.command(
    name="import", help=f"导入历史台账(xlsx、xls、et、ods):在办的登记为挂牌督办,已销号的等待两人核对确认。{_EXIT_CODES}"
)
def import_ledger(
    file: Annotated[Path, typer.Argument(help="台账工作簿")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只核对,不留下任何数据")] = False,
    sheet: Annotated[str | None, typer.Option("--sheet", help="台账所在的工作表;只有一个像台账时可不写")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="在标准输出打印 JSON")] = False,
) -> None:
    """Imports a ledger and reports every row's class and every finding."""

    async def run(database: Database, _settings: Settings) -> ImportReport:
        with _progress() as progress:
            return await import_file(database, file, dry_run=dry_run, sheet=sheet, progress=progress)

    report = _with_database(run)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        _print_report(report, dry_run=dry_run)
    raise typer.Exit(_ROWS_REFUSED if report.rows["refused"] else 0)


@app.command(
    name="attest",
    help="核对确认一个批次:两人各在自己的账号中办理一次,第二人确认后历史销号才登记。退出码:0 已确认;2 不被受理。",
)
def attest_ledger(
    batch: Annotated[int, typer.Argument(min=1, help="批次编号,导入时给出")],
    login: Annotated[str, typer.Option("--login", help="本人的登录名")],
    *,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="从标准输入读口令(一行)")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="在标准输出打印 JSON")] = False,
) -> None:
    """One person's confirmation; the password is asked to sign in and again over the batch's document."""
    password = SecretStr(sys.stdin.readline().rstrip("\n") if password_stdin else _asked("口令"))

    def ask_again(view: dict[str, Any]) -> SecretStr:
        _print_batch(view, to=_err)
        return password if password_stdin else SecretStr(_asked("核对无误,再次输入口令以确认"))

    async def run(database: Database, settings: Settings) -> dict[str, Any]:
        desk = desk_at(database, settings, address=_ADDRESS, request_id=_request_id())
        ask_code = None if password_stdin else _asked_code
        return await attest_batch(desk, batch, Attestor(login, password, ask_again, ask_code))

    view = _with_database(run)
    if as_json:
        typer.echo(json.dumps({name: view[name] for name in view if name != "report"}, ensure_ascii=False, indent=2))
    elif view["attested_at"]:
        _out.print(f"批次 {batch} 已由两人核对确认,{view['closed']} 项历史销号已登记。", markup=False)
    else:
        _out.print(f"批次 {batch} 已由您确认,还须另一名自然人确认。", markup=False)


def _asked(prompt: str) -> str:
    answer: str = typer.prompt(prompt, hide_input=True, err=True)
    return answer


def _asked_code() -> str:
    return _asked("动态口令(与上一次不同)")


def _with_database(run: Callable[[Database, Settings], Awaitable[Result]]) -> Result:
    settings = with_generated_keys(load_settings())

    async def open_and_run() -> Result:
        async with open_database(addresses) as database:
            return await run(database, settings)

    try:
        with registry_of(settings) as addresses:
            return asyncio.run(open_and_run())
    except RegistryError as refusal:
        _err.print(f"{refusal.message}{refusal.remedy or ''}", style="red", markup=False)
        raise typer.Exit(_REFUSED) from None


@contextmanager
def _progress() -> Iterator[Progress]:
    """What is being done, on a terminal only; a script's stderr stays empty."""
    if not _err.is_terminal:
        yield lambda _message: None
        return
    with _err.status("") as status:
        yield lambda message: status.update(f"{message}…")


def _print_report(report: ImportReport, *, dry_run: bool) -> None:
    totals, rows = report.totals, report.rows
    rate = f"{totals['rate']}%" if totals["rate"] else "—"
    _out.print(
        f"发现 {totals['found']} 项,销号 {totals['closed']} 项,在办 {totals['open']} 项,整改率 {rate}", markup=False
    )
    for title, name in (("旗区", "by_district"), ("行业领域", "by_sector")):
        table = Table(title, "发现", "销号")
        for label, tally in totals[name].items():
            table.add_row(label, str(tally["found"]), str(tally["closed"]))
        _out.print(table)
    for finding in report.findings:
        remedy = finding.get("remedy", "")
        _out.print(f"· {finding['message']}{remedy}", markup=False)
    _out.print(
        f"行:导入 {rows['imported']},修复后导入 {rows['repaired']},跳过 {rows['skipped']},未导入 {rows['refused']}",
        markup=False,
    )
    _out.print(_what_next(report, dry_run=dry_run), markup=False)


def _what_next(report: ImportReport, *, dry_run: bool) -> str:
    if dry_run:
        return "试导入完毕,没有留下任何数据。"
    if report.batch is None:
        return "没有可以登记的行。"
    attest_it = (
        f"批次 {report.batch}:已销号的行须两人分别核对确认:qingling ledger attest {report.batch} --login 登录名。"
    )
    return attest_it + HOW_TO_RELEASE if report.rows["imported"] or report.rows["repaired"] else attest_it


def _print_batch(view: dict[str, Any], *, to: Console) -> None:
    to.print(
        f"批次 {view['batch']}:文件 {view['file_name']}(SHA-256 {view['file_sha256']}),"
        f"登记 {view['found']} 项,其中已销号 {view['closed']} 项;"
        f"文书 SHA-256 {view['document_sha256']};已有 {len(view['confirmations'])} 人确认。",
        markup=False,
    )
