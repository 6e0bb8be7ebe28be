"""`qingling account …`: the first administrators, and break-glass on the machine itself: two persons, counted."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from sqlalchemy.engine import URL

from app.cli.connection import Addresses, migrating, open_database, registry_of
from app.infrastructure.context import Context
from app.infrastructure.database import SystemPrincipal
from app.infrastructure.errors import RegistryError
from app.infrastructure.fields import IdentityNumber
from app.infrastructure.owner import owner_transaction
from app.infrastructure.password_policy import PasswordPolicy
from app.infrastructure.security import hash_initial_password, person_digest
from app.infrastructure.settings import Settings, SettingsRefused, load_settings, with_generated_keys
from app.infrastructure.vault import Vault
from app.personnel.first_administrators import FIRST_POSTS, FirstHolder, appoint_first
from app.personnel.schemas import NewAccount
from app.regulation.vocabulary import BreakGlassDeed, PostKind, RoleClass
from app.separation import break_glass
from app.separation.break_glass import Witness

Done = TypeVar("Done")
account = typer.Typer(no_args_is_help=True)
_IDENTITY = TypeAdapter[str](IdentityNumber)
_out = Console(highlight=False, soft_wrap=True)
_WITNESSES = 2
_STDIN = '从标准输入读 JSON:{"reason": "…", "witnesses": [{"login_name", "password", "code"}, {…}]}'


@account.callback()
def group() -> None:
    """账号:首任三员(系统、安全、审计管理员);应急处置(恢复登录、确认任职)。"""


@account.command(name="appoint-administrators", help="任命首任三员(只能一次);此后的任职由他们提出和确认。")
def appoint_administrators(
    *,
    stdin: Annotated[
        bool,
        typer.Option(
            "--stdin",
            help='从标准输入读 JSON:{"system_administrator": {"login_name", "name", "identity_number", "password"}, …}',
        ),
    ] = False,
) -> None:
    """Asks for three persons; identity numbers and passwords are never shown or kept as typed."""
    settings = with_generated_keys(load_settings())
    fewest = settings.security.password_min_length
    given = _read() if stdin else {kind.value: _ask(title, fewest) for kind, title in FIRST_POSTS.items()}
    with registry_of(settings) as addresses:
        asyncio.run(_appoint(settings, given, migrating(addresses)))
    _out.print("三名首任管理员已任命,可以登录开设账号、提出任职。", markup=False)


@account.command(name="restore-access", help="应急恢复登录:两人到场各自验证本人,生成一次性口令;留痕并计数。")
def restore_access(
    login: Annotated[str, typer.Argument(help="要恢复登录的登录名")],
    *,
    stdin: Annotated[bool, typer.Option("--stdin", help=_STDIN)] = False,
) -> None:
    """Where the administrators in post cannot restore it through the API."""
    reason, witnesses = _witnesses(stdin=stdin)

    async def done(context: Context, settings: Settings) -> str:
        policy = PasswordPolicy.configured(settings.security)
        return await break_glass.restore_access(context, login, witnesses, reason, policy)

    password = _break_glass(done)
    _out.print(f"一次性口令(只显示这一次,首次登录须修改):{password}", markup=False)


@account.command(name="confirm-appointment", help="应急确认任职:没有第二名管理员可以确认时,两人到场各自验证本人。")
def confirm_appointment(
    appointment_id: Annotated[int, typer.Argument(help="任职编号", min=1)],
    *,
    stdin: Annotated[bool, typer.Option("--stdin", help=_STDIN)] = False,
) -> None:
    """Where no second administrator is left to confirm what one has proposed."""
    reason, witnesses = _witnesses(stdin=stdin)

    async def done(context: Context, _settings: Settings) -> None:
        await break_glass.confirm_appointment(context, appointment_id, witnesses, reason)

    _break_glass(done)
    _out.print(f"任职 {appointment_id} 已应急确认。", markup=False)


@account.command(name="break-glass", help="列出每一次应急处置。")
def list_break_glass(*, as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False) -> None:
    """Every use there ever was, and how many."""
    with registry_of(load_settings()) as addresses:
        uses = asyncio.run(_uses(addresses))
    if as_json:
        typer.echo(json.dumps({"count": len(uses), "items": uses}, ensure_ascii=False, indent=2))
        return
    for use in uses:
        subject = f"账号 {use['account_id']}" if use["account_id"] else f"任职 {use['appointment_id']}"
        persons = f"人员 {use['first_person_id']}、{use['second_person_id']}"
        deed = BreakGlassDeed(use["deed"]).label
        _out.print(f"{use['recorded_at']} {deed} {subject} {persons}:{use['reason']}", markup=False)
    _out.print(f"应急处置共 {len(uses)} 次。", markup=False)


async def _uses(addresses: Addresses) -> list[dict[str, Any]]:
    principal = SystemPrincipal(RoleClass.AUDITOR, "qingling account break-glass")
    async with (
        open_database(addresses) as database,
        database.transaction(principal, request_id="qingling account break-glass") as context,
    ):
        return await break_glass.everything(context)


def _break_glass(deed: Callable[[Context, Settings], Awaitable[Done]]) -> Done:
    """What two persons do as the owner; what is refused is on record as well."""
    settings = with_generated_keys(load_settings())
    with registry_of(settings) as addresses:
        return asyncio.run(_as_owner(settings, migrating(addresses), deed))


async def _as_owner(settings: Settings, url: URL, deed: Callable[[Context, Settings], Awaitable[Done]]) -> Done:
    label = "qingling account"
    try:
        async with owner_transaction(url, label=label) as context:
            return await deed(replace(context, vault=Vault(settings.identity_key_bytes())), settings)
    except RegistryError as refusal:
        async with owner_transaction(url, label=label) as context:
            await break_glass.keep_refusal(context, refusal.code)
        raise


def _witnesses(*, stdin: bool) -> tuple[str, tuple[Witness, Witness]]:
    given = _read_witnesses() if stdin else _ask_witnesses()
    try:
        reason = str(given["reason"]).strip()
        first, second = (
            Witness(str(one["login_name"]), str(one["password"]), str(one["code"]) if one.get("code") else None)
            for one in given["witnesses"]
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise SettingsRefused("须提供事由和两名到场人员，请按 --help 所列的格式提供。") from None
    if not reason:
        raise SettingsRefused("应急处置须写明事由，请补充。")
    return reason, (first, second)


def _read_witnesses() -> Any:  # noqa: ANN401 - what stdin holds
    try:
        return json.load(sys.stdin)
    except ValueError:
        raise SettingsRefused("标准输入不是 JSON，请按 --help 所列的格式提供。") from None


def _ask_witnesses() -> dict[str, Any]:
    reason = typer.prompt("事由")
    witnesses = []
    for number in range(1, _WITNESSES + 1):
        _out.print(f"第 {number} 名到场人员:", markup=False)
        witnesses.append(
            {
                "login_name": typer.prompt("  登录名"),
                "password": typer.prompt("  口令", hide_input=True),
                "code": typer.prompt("  动态口令(未绑定的直接回车)", default="", hide_input=True, show_default=False),
            }
        )
    return {"reason": reason, "witnesses": witnesses}


def _read() -> dict[str, Any]:
    try:
        given = json.load(sys.stdin)
    except ValueError:
        raise SettingsRefused("标准输入不是 JSON，请按 --help 所列的格式提供三名管理员。") from None
    if not isinstance(given, dict) or set(given) != {kind.value for kind in FIRST_POSTS}:
        raise SettingsRefused("须恰好提供系统、安全、审计三名管理员，请按 --help 所列的格式提供。")
    return given


def _ask(title: str, fewest: int) -> dict[str, str]:
    _out.print(f"{title}:", markup=False)
    return {
        "login_name": typer.prompt("  登录名"),
        "name": typer.prompt("  姓名"),
        "identity_number": typer.prompt("  身份证号码(不显示,不保存原文)", hide_input=True),
        "password": typer.prompt(f"  初始口令(至少 {fewest} 位)", hide_input=True, confirmation_prompt="  再输一次"),
    }


async def _appoint(settings: Settings, given: dict[str, Any], url: URL) -> None:
    holders = {kind: await _holder(settings, kind, given[kind.value]) for kind in FIRST_POSTS}
    if len({holder.identity_digest for holder in holders.values()}) < len(holders):
        raise SettingsRefused("三名管理员须是三名不同的自然人，请核对身份证号码。")
    async with owner_transaction(url, label="qingling account appoint-administrators") as context:
        await appoint_first(context, holders)


async def _holder(settings: Settings, kind: PostKind, given: Any) -> FirstHolder:  # noqa: ANN401 - what stdin holds
    try:
        account = NewAccount.model_validate(
            {"login_name": given["login_name"], "password": given["password"], "person_id": 1}
        )
        number, name = _IDENTITY.validate_python(given["identity_number"]), str(given["name"]).strip()
    except (ValidationError, KeyError, TypeError):
        raise SettingsRefused(
            f"{kind.label}的资料不完整或不合格：登录名须为 3 至 64 位字母、数字，身份证号码须有效，口令须填写。"
        ) from None
    policy = PasswordPolicy.configured(settings.security)
    password_hash = await hash_initial_password(account.password.get_secret_value(), account.login_name, policy)
    return FirstHolder(account.login_name, name, person_digest(settings.identity_key_bytes(), number), password_hash)
