"""`qingling demo-clock …`: the demo's clock, shown and moved on; each night it passes is run as if it had come.

Only a registry that its own data call a demo, with a movable clock, is moved; and never backwards.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Final

import typer
from rich.console import Console
from sqlalchemy import Integer, cast, func, select, update
from sqlalchemy.engine import URL

from app.cli.connection import Addresses, migrating, registry_of
from app.cli.escalate import told_of
from app.cli.worker import working_login
from app.escalation.run import STOPPED
from app.infrastructure.context import Context
from app.infrastructure.database import Database
from app.infrastructure.owner import owner_transaction
from app.infrastructure.settings import Settings, SettingsRefused, load_settings
from app.jobs import dispatch, escalate
from app.jobs.work import Work
from app.reference.initialise import seconds_until
from app.regulation.deadlines import SHANGHAI, business_date
from app.regulation.vocabulary import Rung
from app.tables.escalation import RaisedRung
from app.tables.rules import ClockSetting, RegistrySetting

app = typer.Typer(no_args_is_help=True)
STARTING_HOUR: Final = time(9, tzinfo=SHANGHAI)
_NIGHT: Final = time(0, 30, tzinfo=SHANGHAI)
"""When the nightly job is rung."""
_FIRST_DAY: Final = date(2025, 1, 1)
"""The sample ledger ends the day before."""
_FARTHEST: Final = timedelta(days=400)
_LABEL: Final = "qingling demo-clock"
_WEEKDAYS: Final = "一二三四五六日"
_out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class NightPassed:
    """One night that the clock went over, as it is told."""

    on: date
    words: str
    stopped_because: str | None

    def __str__(self) -> str:
        """The line of progress."""
        return f"{self.on.isoformat()} 周{_WEEKDAYS[self.on.weekday()]}:{self.stopped_because or self.words}"


def starting_day(text: str | None) -> date | None:
    """The day a demo's clock is to start on; SettingsRefused for what is none, or lies within the sample ledger."""
    if text is None:
        return None
    day = _date(text, "--clock")
    if day < _FIRST_DAY:
        raise SettingsRefused(f"--clock 不能早于 {_FIRST_DAY.isoformat()}:样例台账记到 2024 年底。请另选日期。")
    return day


def starting_instant(day: date) -> datetime:
    """Nine o'clock of that day in Asia/Shanghai."""
    return datetime.combine(day, STARTING_HOUR)


async def refuse_another_day(context: Context, begins_on: date | None) -> None:
    """A demo that has begun keeps its clock; SettingsRefused where it is asked to start on another day."""
    today = business_date(context.now)
    if begins_on is None or begins_on == today:
        return
    remedy = (
        "请用 --fresh 从头开始" if begins_on < today else "请不带 --clock 启动,再用 qingling demo-clock advance 拨动"
    )
    raise SettingsRefused(f"演示已经开始,时钟现为 {today.isoformat()},不能改为 {begins_on.isoformat()}。{remedy}。")


@app.callback()
def group() -> None:
    """演示时钟:只用于演示,只向后拨,逐夜运行升档作业。"""


@app.command(name="show", help="演示时钟现在的时间。")
def show() -> None:
    """The instant, in Asia/Shanghai."""
    with registry_of(load_settings()) as addresses:
        now = asyncio.run(_now(migrating(addresses)))
    _out.print(f"演示时钟:{now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}(北京时间)。", markup=False)


@app.command(name="advance", help="向后拨若干天,或者拨到某一天:经过的每一夜依次运行升档作业,并发送到收件箱。")
def advance(
    days: Annotated[int | None, typer.Option("--days", min=1, max=_FARTHEST.days, help="拨几天")] = None,
    to: Annotated[str | None, typer.Option("--to", help="拨到哪一天(YYYY-MM-DD)")] = None,
) -> None:
    """One line for every night; exit code 2 where a night stopped, with the clock left on its day."""
    if (days is None) == (to is None):
        raise SettingsRefused("请写明拨几天(--days)或者拨到哪一天(--to),二者填一项。")
    settings = load_settings()
    wanted = _date(to, "--to") if to is not None else None
    with registry_of(settings) as addresses:
        stopped = asyncio.run(_advance(settings, addresses, wanted or timedelta(days=days or 0)))
    if stopped:
        raise typer.Exit(2)


async def _advance(settings: Settings, addresses: Addresses, wanted: date | timedelta) -> bool:
    async for night in nights_passed(settings, addresses, wanted):
        _out.print(str(night), markup=False)
        if night.stopped_because is not None:
            return True
    now = await _now(migrating(addresses))
    _out.print(f"演示时钟现为 {now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}。此前的登录已经过期,请重新登录。", markup=False)
    return False


async def nights_passed(
    settings: Settings, addresses: Addresses, wanted: date | timedelta
) -> AsyncIterator[NightPassed]:
    """Moves the clock to a day, or by so many, night by night; the hour of the day stays.

    Raises SettingsRefused for a registry that is no demo, for a day that is not after today or too far away; a night
    that stopped is the last.
    """
    owner = migrating(addresses)
    began = await _now(owner)
    today = business_date(began)
    last = today + wanted if isinstance(wanted, timedelta) else wanted
    _refuse_day(today, last)
    database = Database.at(working_login(addresses), pool_size=2)
    try:
        for number in range(1, (last - today).days + 1):
            on = today + timedelta(days=number)
            await _move(owner, datetime.combine(on, _NIGHT))
            night = await _night(Work(database, settings), on)
            yield night
            if night.stopped_because is not None:
                return
    finally:
        await database.close()
    await _move(owner, began + timedelta(days=(last - today).days))


async def _night(work: Work, on: date) -> NightPassed:
    """The nightly job for that date and the dispatcher after it, as the schedule rings them."""
    ran = await escalate.whole_night(partial(work.transaction, escalate.NAME), on)
    if ran.outcome == STOPPED:
        return NightPassed(on, "", ran.stopped_because)
    async with work.transaction(escalate.NAME) as context:
        rungs = await _rungs(context, ran.run_id)
    sent = await dispatch.ring(work)
    told = (
        told_of(ran),
        rungs,
        f"送入收件箱 {sent['sent']}" if sent["sent"] else "",
        "发文暂停中" if sent["paused"] else "",
    )
    return NightPassed(on, ";".join(one for one in told if one) or "没有到期事项", None)


async def _rungs(context: Context, run_id: int) -> str:
    wanted = select(RaisedRung.rung, func.count()).where(RaisedRung.run_id == run_id)
    rows = await context.session.execute(
        wanted.group_by(RaisedRung.rung, RaisedRung.rung_order).order_by(RaisedRung.rung_order)
    )
    return "、".join(f"{Rung(rung).label} {count}" for rung, count in rows)


async def _now(owner: URL) -> datetime:
    """The demo's time; SettingsRefused where the registry is none, or not a demo."""
    async with owner_transaction(owner, label=_LABEL) as context:
        marked = select(RegistrySetting.is_demo, ClockSetting.is_movable).join(ClockSetting, ClockSetting.id == 1)
        row = (await context.session.execute(marked)).one_or_none()
        if row is None:
            raise SettingsRefused("这里还没有演示数据,请先执行 qingling demo。")
        if not (row.is_demo and row.is_movable):
            raise SettingsRefused("这是正式的登记系统,时钟不能拨动;演示时钟只用于 qingling demo 建立的演示数据。")
        return context.now


def _refuse_day(today: date, last: date) -> None:
    if last <= today:
        raise SettingsRefused(f"演示时钟只能向后拨:现为 {today.isoformat()},不能拨到 {last.isoformat()}。")
    if last - today > _FARTHEST:
        raise SettingsRefused(f"一次至多拨 {_FARTHEST.days} 天,请分几次拨到 {last.isoformat()}。")


async def _move(owner: URL, instant: datetime) -> None:
    """Sets the clock on; one that shows a later time already is left alone."""
    ahead = cast(seconds_until(instant), Integer)
    moved = (
        update(ClockSetting)
        .where(ClockSetting.id == 1, ClockSetting.is_movable, ClockSetting.fixed_at.is_(None), ahead > 0)
        .values(offset_seconds=ClockSetting.offset_seconds + ahead)
    )
    async with owner_transaction(owner, label=_LABEL) as context:
        await context.session.execute(moved)


def _date(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsRefused(f"{option} 应为日期 YYYY-MM-DD,现为“{text}”,请改正。") from None
