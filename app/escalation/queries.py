"""What is asked of the night's records: the runs, and whether the last good one is too long ago."""

from datetime import timedelta
from typing import Final

from sqlalchemy import func, select

from app.infrastructure.context import Context
from app.regulation.deadlines import SHANGHAI
from app.tables.escalation import DispatchHold, EscalationRun
from app.tables.rules import RegistrySetting

GOOD: Final = ("completed", "with_failures")
"""Outcomes of a run that went through every record; what failed is told of by itself."""
LATE_AFTER: Final = timedelta(hours=26)


async def night_delays(context: Context) -> list[str]:
    """What readiness warns of: no good run for 26 hours, records that failed in it, letters that wait for a release."""
    newest = (
        select(EscalationRun.ended_at, EscalationRun.outcome)
        .where(EscalationRun.outcome.in_(GOOD))
        .order_by(EscalationRun.ended_at.desc())
        .limit(1)
    )
    run = (await context.session.execute(newest)).one_or_none()
    begun = (await context.session.execute(select(RegistrySetting.initialised_at))).scalar_one()
    held = select(func.count()).select_from(DispatchHold).where(DispatchHold.released_at.is_(None))
    holds = (await context.session.execute(held)).scalar_one()
    last = begun if run is None else run.ended_at
    warnings = {
        f"升档作业已超过 26 小时没有完成(上一次:{'从未' if run is None else last.astimezone(SHANGHAI).isoformat()}),"
        "请检查作业进程,或执行 qingling escalate": context.now - last > LATE_AFTER,
        "上一次升档作业有未能处理的记录,请查看运行记录": run is not None and run.outcome != "completed",
        "发文处于暂停状态,请演练后解除": holds > 0,
    }
    return [words for words, applies in warnings.items() if applies]
