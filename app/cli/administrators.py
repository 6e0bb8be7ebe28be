"""`qingling administrators appoint`: the first three, once; from then on they appoint everybody else."""

import asyncio
import json
import sys
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from sqlalchemy.engine import URL

from app.cli.connection import migrating, registry_of
from app.infrastructure.fields import IdentityNumber
from app.infrastructure.owner import owner_transaction
from app.infrastructure.security import hash_initial_password, person_digest
from app.infrastructure.settings import Settings, SettingsRefused, load_settings, with_generated_keys
from app.personnel.first_administrators import FIRST_POSTS, FirstHolder, appoint_first
from app.personnel.schemas import NewAccount
from app.regulation.vocabulary import PostKind

administrators = typer.Typer(no_args_is_help=True)
_IDENTITY = TypeAdapter[str](IdentityNumber)
_out = Console(highlight=False, soft_wrap=True)


@administrators.callback()
def group() -> None:
    """首任管理员:系统管理员、安全管理员、审计管理员(三员分立)。"""


@administrators.command(name="appoint", help="任命首任三员(只能一次);此后的任职由他们提出和确认。")
def appoint(
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
    given = _read() if stdin else {kind.value: _ask(title) for kind, title in FIRST_POSTS.items()}
    with registry_of(settings) as addresses:
        asyncio.run(_appoint(settings, given, migrating(addresses)))
    _out.print("三名首任管理员已任命,可以登录开设账号、提出任职。", markup=False)


def _read() -> dict[str, Any]:
    try:
        given = json.load(sys.stdin)
    except ValueError:
        raise SettingsRefused("标准输入不是 JSON，请按 --help 所列的格式提供三名管理员。") from None
    if not isinstance(given, dict) or set(given) != {kind.value for kind in FIRST_POSTS}:
        raise SettingsRefused("须恰好提供系统、安全、审计三名管理员，请按 --help 所列的格式提供。")
    return given


def _ask(title: str) -> dict[str, str]:
    _out.print(f"{title}:", markup=False)
    return {
        "login_name": typer.prompt("  登录名"),
        "name": typer.prompt("  姓名"),
        "identity_number": typer.prompt("  身份证号码(不显示,不保存原文)", hide_input=True),
        "password": typer.prompt("  初始口令(至少 12 位)", hide_input=True, confirmation_prompt="  再输一次"),
    }


async def _appoint(settings: Settings, given: dict[str, Any], url: URL) -> None:
    holders = {kind: await _holder(settings, kind, given[kind.value]) for kind in FIRST_POSTS}
    if len({holder.identity_digest for holder in holders.values()}) < len(holders):
        raise SettingsRefused("三名管理员须是三名不同的自然人，请核对身份证号码。")
    async with owner_transaction(url, label="qingling administrators appoint") as context:
        await appoint_first(context, holders)


async def _holder(settings: Settings, kind: PostKind, given: Any) -> FirstHolder:  # noqa: ANN401 - what stdin holds
    try:
        account = NewAccount.model_validate(
            {"login_name": given["login_name"], "password": given["password"], "person_id": 1}
        )
        number, name = _IDENTITY.validate_python(given["identity_number"]), str(given["name"]).strip()
    except (ValidationError, KeyError, TypeError):
        raise SettingsRefused(
            f"{kind.label}的资料不完整或不合格：登录名须为 3 至 64 位字母、数字，身份证号码须有效，口令至少 12 位。"
        ) from None
    password_hash = await hash_initial_password(account.password.get_secret_value(), account.login_name)
    return FirstHolder(account.login_name, name, person_digest(settings.identity_key_bytes(), number), password_hash)
