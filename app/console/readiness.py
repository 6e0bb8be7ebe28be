"""Whether the registry behind this process can be worked with: faults make it unready, warnings do not."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import cache

from sqlalchemy import func, select, text

from app.audit.publishing import delays
from app.delivery.alarms import delivery_alarms
from app.escalation.queries import night_delays
from app.infrastructure.context import Context
from app.infrastructure.migrations import head_revision
from app.reference.posts_check import report_on_posts
from app.regulation.deadlines import business_date
from app.tables import rules

Findings = tuple[list[str], list[str]]
"""Faults and warnings."""


class OneLook:
    """One look at a time, shared by whoever asks meanwhile: anybody may ask, as often as they like, uncounted."""

    def __init__(self) -> None:
        self._running: asyncio.Future[Findings] | None = None

    async def at(self, look: Callable[[], Awaitable[Findings]]) -> Findings:
        """What the running look finds, or a new one."""
        if self._running is None or self._running.done():
            self._running = asyncio.ensure_future(look())
        # Whoever leaves takes nothing from those who wait on.
        return await asyncio.shield(self._running)


@cache
def _wanted_revision() -> str:
    return head_revision()


async def findings(context: Context, destinations: Iterable[str] = ()) -> Findings:
    """Faults and warnings, in Chinese sentences; `destinations`: where heads of the trail are to be handed."""
    session = context.session
    revision = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    setting = (await session.execute(select(rules.RegistrySetting))).scalar_one_or_none()
    today = business_date(context.now)
    in_force = select(func.count()).select_from(rules.Edition).where(rules.Edition.in_force_from <= today)
    editions = (await session.execute(in_force)).scalar_one()
    newest_year = (await session.execute(select(func.max(rules.CalendarYear.year)))).scalar_one() or 0
    movable = (await session.execute(select(rules.ClockSetting.is_movable))).scalar_one_or_none()
    faults = {
        "数据库结构不是本程序的版本,请执行 qingling migrate": revision != _wanted_revision(),
        "尚未初始化,请执行 qingling init": setting is None,
        "没有生效的规则版本": editions == 0,
        "没有时钟设置,请执行 qingling init": movable is None,
        "时钟可以调整,但这不是演示或测试": bool(movable) and setting is not None and not setting.is_demo,
    }
    warnings = {
        f"{newest_year + 1} 年的节假日安排尚未导入,跨年的期限按周末估算": setting is not None
        and newest_year <= today.year,
        "演示环境:时钟可以调整": bool(movable) and setting is not None and setting.is_demo,
    }
    told = [words for words, holds in warnings.items() if holds]
    standing = [words for words, holds in faults.items() if holds]
    if standing:
        return standing, told
    late = [*await delays(context, destinations), *await night_delays(context), *await delivery_alarms(context)]
    return standing, [*told, *await _gaps(context), *late]


async def _gaps(context: Context) -> list[str]:
    gaps = (await report_on_posts(context)).gaps
    return [f"有 {len(gaps)} 处签字链签不满,请执行 qingling posts check"] if gaps else []
