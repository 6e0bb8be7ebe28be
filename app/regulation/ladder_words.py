"""What the ladder says of itself in Chinese: why an episode opened or ended, why a reminder goes."""

from collections.abc import Mapping
from datetime import date

from app.regulation.vocabulary import EpisodeCause, EpisodeEnd

_ENDINGS = {
    EpisodeEnd.CAUGHT_UP: "已报告进展,不再属于进展缓慢",
    EpisodeEnd.EXTENDED: "延期已获批准",
    EpisodeEnd.CLOSED: "隐患已销号或者排除",
    EpisodeEnd.DONE: "事项已经办理",
    EpisodeEnd.ANSWERED: "已经复函",
    EpisodeEnd.RECEDED: "逾期项数已降到规定以下",
}


def opening(cause: EpisodeCause, counts_from: date, deadline: date | None) -> tuple[str, ...]:
    """Why a term episode opens and from when it counts."""
    if cause is EpisodeCause.OVERDUE and deadline is not None:
        why = f"整改期限 {deadline.isoformat()} 已过而未报告整改完成"
    else:
        why = "整改进展缓慢:规定天数内没有进展报告,或者节点逾期"
    return (why, f"自 {counts_from.isoformat()} 的次日起算")


def opening_of(what: str, counts_from: date, basis: str) -> tuple[str, ...]:
    """Why an episode of another kind opens."""
    return (what, f"自 {counts_from.isoformat()} 的次日起算", f"依据:{basis}")


def ending(on: date, ended_as: EpisodeEnd) -> tuple[str, ...]:
    """Why an episode ends."""
    return (f"{on.isoformat()} {_ENDINGS[ended_as]},本升级周期结束(“{ended_as.label}”)",)


def reminder(deadline: date, days_left: int, basis: Mapping[str, str]) -> tuple[str, ...]:
    """Why a reminder goes to principal and controller."""
    left = f"还有 {days_left} 日" if days_left else "今日到期"
    return (f"整改期限 {deadline.isoformat()},{left}", f"依据:{basis['ladder.reminder_days_before']}")
