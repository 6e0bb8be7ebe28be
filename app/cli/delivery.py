"""`qingling delivery …`: what stands in the outbox, pausing and releasing in a person's name, addresses."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

import typer
from rich.console import Console
from sqlalchemy import text

from app.cli.connection import registry_of
from app.delivery.channels import webhook_secret
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound
from app.infrastructure.owner import owner_transaction
from app.infrastructure.settings import SettingsRefused, load_settings
from app.jobs.dispatch import webhook_key_of

_T = TypeVar("_T")
app = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)
_By = Annotated[str, typer.Option("--by", help="由谁决定:该人员的登录名")]

_STANDS: Final = text("SELECT channel, status, count(*) FROM delivery GROUP BY 1, 2 ORDER BY 1, 2")
_PAUSES: Final = text("SELECT reason, note, paused_at FROM delivery_pause WHERE released_at IS NULL ORDER BY id")
_ACT_AS: Final = text(
    """
    SELECT set_config('app.account', id::text, true) FROM account
     WHERE login_name = :login AND NOT is_service AND disabled_at IS NULL
    """
)
_PAUSE: Final = text(
    """
    INSERT INTO delivery_pause (reason, note, paused_by_account_id)
    VALUES ('ordered', :note, CAST(current_setting('app.account') AS bigint))
    ON CONFLICT (reason) WHERE released_at IS NULL DO NOTHING RETURNING id
    """
)
_RELEASE: Final = text(
    """
    UPDATE delivery_pause SET released_at = registry_now(),
           released_by_account_id = CAST(current_setting('app.account') AS bigint)
     WHERE released_at IS NULL RETURNING id
    """
)
_END_ADDRESS: Final = text(
    """
    UPDATE delivery_address a SET ended_at = greatest(registry_now(), a.recorded_at) FROM enterprise e
     WHERE a.enterprise_id = e.id AND e.code = :code AND a.channel = :channel AND a.ended_at IS NULL
    """
)
_NEW_ADDRESS: Final = text(
    """
    INSERT INTO delivery_address (enterprise_id, channel, address)
    SELECT id, :channel, :address FROM enterprise WHERE code = :code RETURNING public_id
    """
)


@app.callback()
def group() -> None:
    """发送:待发送的情况、暂停和解除、企业的接收地址。"""


@app.command(name="status", help="各渠道的发送情况和未解除的暂停。")
def status() -> None:
    """Counts, and open pauses."""

    async def look(context: Context) -> Sequence[Sequence[Any]]:
        stands = [(*row,) for row in await context.session.execute(_STANDS)]
        return [*stands, *((*row,) for row in await context.session.execute(_PAUSES))]

    for row in _as_owner("status", look):
        _out.print("  ".join(str(value) for value in row), markup=False)


@app.command(name="pause", help="暂停一切发送,直到解除。")
def pause(by: _By, note: Annotated[str, typer.Option("--note", help="原因")]) -> None:
    """The kill switch: what is out already stays out."""

    async def order(context: Context) -> object:
        await _act_as(context, by)
        return (await context.session.execute(_PAUSE, {"note": note})).scalar_one_or_none()

    done = _as_owner("pause", order)
    _out.print("已暂停发送。" if done else "发送已处于暂停状态。", markup=False)


@app.command(name="release", help="解除暂停;恢复数据库之后,须先核对哪些信息已经发出。")
def release(by: _By) -> None:
    """Every open pause ends, in that person's name."""

    async def order(context: Context) -> int:
        await _act_as(context, by)
        return len((await context.session.execute(_RELEASE)).all())

    _out.print(f"已解除 {_as_owner('release', order)} 项暂停。", markup=False)


@app.command(name="address", help="设置企业的接收地址(站内收件箱之外);原地址停用。")
def address(
    code: Annotated[str, typer.Argument(help="统一社会信用代码")],
    channel: Annotated[Literal["email", "webhook", "sms_file"], typer.Option("--channel", help="渠道")],
    to: Annotated[str, typer.Option("--to", help="地址;接口推送须是 https 地址")],
) -> None:
    """Prints a webhook's secret: it is derived, and can be shown again by setting the address again."""
    settings = load_settings()
    if channel == "webhook" and not to.startswith("https://"):
        raise SettingsRefused("系统接口推送的地址须以 https:// 开头,请改正。")

    async def order(context: Context) -> str:
        sent = {"code": code, "channel": channel, "address": to}
        await context.session.execute(_END_ADDRESS, {"code": code, "channel": channel})
        name = (await context.session.execute(_NEW_ADDRESS, sent)).scalar_one_or_none()
        if name is None:
            raise NotFound
        return str(name)

    name = _as_owner("address", order)
    _out.print("已设置。", markup=False)
    if channel == "webhook":
        _out.print(f"签名密钥:{webhook_secret(webhook_key_of(settings), name)}", markup=False)


def _as_owner(command: str, work: Callable[[Context], Awaitable[_T]]) -> _T:
    async def run() -> _T:
        async with owner_transaction(migrate, label=f"qingling delivery {command}") as context:
            return await work(context)

    with registry_of(load_settings()) as addresses:
        if addresses.migrate is None:
            raise SettingsRefused("尚未设置 QINGLING_MIGRATION_DATABASE_URL,请填写迁移登录的数据库地址。")
        migrate = addresses.migrate
        return asyncio.run(run())


async def _act_as(context: Context, login: str) -> None:
    if (await context.session.execute(_ACT_AS, {"login": login})).scalar_one_or_none() is None:
        raise NotFound
