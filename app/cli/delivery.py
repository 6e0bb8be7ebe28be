"""`qingling delivery …`: what stands in the outbox, pausing and releasing in a person's name, addresses."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final, Literal, TypeVar

import typer
from rich.console import Console
from sqlalchemy import text

from app.audit.record import Subject, record
from app.cli.connection import registry_of
from app.delivery.channels import webhook_secret
from app.delivery.oversight.pauses import order_pause, release_all
from app.infrastructure.answers import plain
from app.infrastructure.context import Context
from app.infrastructure.errors import InvalidInput
from app.infrastructure.owner import owner_transaction
from app.infrastructure.settings import SettingsRefused, load_settings
from app.jobs.dispatch import webhook_key_of
from app.regulation.vocabulary import DeliveryChannel, DeliveryStatus, HoldReason

_T = TypeVar("_T")
app = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)
_By = Annotated[str, typer.Option("--by", help="由谁决定:该人员的登录名")]
_PAUSE_REASONS: Final = {"ordered": "人工暂停", "restored": "数据库恢复或者主备切换"}

_STANDS: Final = text("SELECT channel, status, count(*) AS count FROM delivery GROUP BY 1, 2 ORDER BY 1, 2")
_PAUSES: Final = text(
    "SELECT reason, note, paused_at AS since FROM delivery_pause WHERE released_at IS NULL ORDER BY id"
)
_HOLDS: Final = text("SELECT reason, note, held_at AS since FROM dispatch_hold WHERE released_at IS NULL ORDER BY id")
_ACT_AS: Final = text(
    """
    SELECT id, set_config('app.account', id::text, true) FROM account
     WHERE login_name = :login AND NOT is_service AND disabled_at IS NULL
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
    SELECT id, :channel, :address FROM enterprise WHERE code = :code RETURNING id, CAST(public_id AS text) AS name
    """
)


@app.callback()
def group() -> None:
    """发送:待发送的情况、暂停和解除、企业的接收地址。"""


@app.command(name="status", help="各渠道各状态的条数,未解除的暂停发送,未解除的暂停发文。")
def status(*, as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False) -> None:
    """What stands in the outbox, and what keeps it from leaving."""

    async def look(context: Context) -> dict[str, Any]:
        asked = {"deliveries": _STANDS, "pauses": _PAUSES, "dispatch_holds": _HOLDS}
        return {
            name: plain([dict(row) for row in (await context.session.execute(one)).mappings()])
            for name, one in asked.items()
        }

    found = _as_owner("status", look)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for line in _told(found):
        _out.print(line, markup=False)


def _told(found: dict[str, list[dict[str, Any]]]) -> Sequence[str]:
    """As a person reads it, in three parts."""
    stands = [
        f"  {DeliveryChannel(one['channel']).label}  {DeliveryStatus(one['status']).label}  {one['count']} 条"
        for one in found["deliveries"]
    ]
    pauses = [_stopped(_PAUSE_REASONS[one["reason"]], one) for one in found["pauses"]]
    holds = [_stopped(HoldReason(one["reason"]).label, one) for one in found["dispatch_holds"]]
    remedies = ["  核对后解除:qingling delivery release --by 登录名"] if pauses else []
    rehearse = ["  演练并查看结果后解除:POST /api/v1/dispatch-holds/{id}/release"] if holds else []
    return (
        *("发送情况:", *(stands or ["  还没有任何待发送或者已发送的信息"])),
        *("暂停发送:", *(pauses or ["  没有"]), *remedies),
        *("暂停发文:", *(holds or ["  没有"]), *rehearse),
    )


def _stopped(reason: str, one: dict[str, Any]) -> str:
    note = f":{one['note']}" if one["note"] else ""
    return f"  {reason}{note}(自 {one['since']})"


@app.command(name="pause", help="暂停一切发送,直到解除;已经发出的不受影响。")
def pause(by: _By, note: Annotated[str, typer.Option("--note", help="原因")]) -> None:
    """The kill switch: what is out already stays out."""

    async def order(context: Context) -> object:
        return await order_pause(await _acting_as(context, by), note)

    done = _as_owner("pause", order)
    _out.print("已暂停发送。" if done else "发送已处于暂停状态。", markup=False)


@app.command(name="release", help="解除暂停发送;恢复数据库之后,须先核对哪些信息已经发出。")
def release(by: _By) -> None:
    """Every open pause ends, in that person's name."""

    async def order(context: Context) -> int:
        return await release_all(await _acting_as(context, by))

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
        made = (await context.session.execute(_NEW_ADDRESS, sent)).one_or_none()
        if made is None:
            message = f"没有统一社会信用代码为 {code} 的企业,请核对后重试。"
            raise InvalidInput.of_field("/code", "enterprise_unknown", message)
        await record(context, "delivery:address:set", Subject("delivery_address", made.id), {"channel": channel})
        return str(made.name)

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


async def _acting_as(context: Context, login: str) -> Context:
    """The same transaction in that person's name; InvalidInput where nobody signs in so."""
    found = (await context.session.execute(_ACT_AS, {"login": login})).one_or_none()
    if found is None:
        message = f"没有登录名为 {login} 的在用人员账号,请核对 --by。"
        raise InvalidInput.of_field("/by", "login_unknown", message)
    return replace(context, actor=replace(context.actor, account_id=found.id))
