"""工作日历: announced year by year; past the last announced one every day counts as its weekday, provisionally."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import insert, select

from app.audit.record import Subject, record
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, FieldError, InvalidInput, NotPermitted, RuleNotMet
from app.infrastructure.fields import BusinessDate, CleanLine
from app.reference.rulebook import announced_calendar
from app.regulation.permissions import Permission, has_permission
from app.tables.rules import CalendarDay, CalendarYear

_FEWEST_HOLIDAYS = 7
"""A State Council notice names far more; fewer is a list cut short."""
_SATURDAY = 5


class AnnouncedYear(BaseModel):
    """一年的节假日安排, as the State Council's notice gives it."""

    model_config = ConfigDict(extra="forbid")
    source: CleanLine = Field(description="通知的名称和文号")
    holidays: list[BusinessDate] = Field(min_length=_FEWEST_HOLIDAYS, max_length=120, description="放假的日期")
    make_up_days: list[BusinessDate] = Field(default_factory=list, max_length=60, description="调休上班的周末")


async def year_of(context: Context, year: int) -> dict[str, Any]:
    """Every day of a year, and whether it is announced or only supposed."""
    if not has_permission(Permission.CALENDAR_READ, context.actor):
        raise NotPermitted
    source = select(CalendarYear.source).where(CalendarYear.year == year)
    announced = (await context.session.execute(source)).scalar_one_or_none()
    calendar = await announced_calendar(context)
    warning = None if announced else f"{year}年节假日安排尚未导入,暂按周末推算;据此计算的期限为暂定,导入后重新计算。"
    return {
        "year": year,
        "is_announced": announced is not None,
        "source": announced,
        "warning": warning,
        "days": [{"day": day, "is_working_day": calendar.is_working(day)} for day in _days_of(year)],
    }


async def announce(context: Context, year: int, sent: AnnouncedYear) -> Answer:
    """Imports a year's notice, once and in order; open provisional deadlines are recomputed by the calendar job."""
    if not has_permission(Permission.CALENDAR_IMPORT, context.actor):
        raise NotPermitted
    await _refuse_out_of_order(context, year)
    holidays, make_up = set(sent.holidays), set(sent.make_up_days)
    _refuse_contradictions(year, holidays, make_up)
    await context.session.execute(insert(CalendarYear).values(year=year, source=sent.source))
    rows = [{"day": day, "year": year, "is_working_day": _is_worked(day, holidays, make_up)} for day in _days_of(year)]
    await context.session.execute(insert(CalendarDay), rows)
    worked = sum(bool(row["is_working_day"]) for row in rows)
    particulars = {"source": sent.source, "working_days": worked, "days": len(rows)}
    await record(context, "calendar:year:announced", Subject("calendar", year), particulars)
    body = {"year": year, **particulars, "note": "在办隐患的暂定期限由日历任务按新日历重新计算。"}
    return Answer(body, location=f"/api/v1/calendar?year={year}")


async def _refuse_out_of_order(context: Context, year: int) -> None:
    announced = set((await context.session.execute(select(CalendarYear.year))).scalars())
    if year in announced:
        raise Conflict("calendar_year_announced", f"{year}年的节假日安排已经导入,不得重复导入或者修改。")
    following = max(announced, default=year - 1) + 1
    if year != following:
        raise RuleNotMet(
            "calendar_year_out_of_order",
            f"节假日安排须逐年导入,下一个应导入{following}年。",
            remedy=f"请先导入{following}年的安排。",
        )


def _refuse_contradictions(year: int, holidays: set[date], make_up: set[date]) -> None:
    elsewhere = sorted(day for day in holidays | make_up if day.year != year)
    weekdays = sorted(day for day in make_up if day.weekday() < _SATURDAY)
    both = sorted(holidays & make_up)
    checks = (
        ("/holidays", "day_of_another_year", elsewhere, f"日期不在{year}年"),
        ("/make_up_days", "make_up_on_a_weekday", weekdays, "调休上班日应为周末"),
        ("/make_up_days", "holiday_and_make_up", both, "同一日期不能既放假又调休上班"),
    )
    fields = tuple(
        FieldError(pointer, code, f"{reason}:{'、'.join(day.isoformat() for day in days)},请对照通知核对。")
        for pointer, code, days, reason in checks
        if days
    )
    if fields:
        raise InvalidInput("calendar_contradicts_itself", "节假日安排有误。", fields=fields)


def _is_worked(day: date, holidays: set[date], make_up: set[date]) -> bool:
    return day in make_up or (day.weekday() < _SATURDAY and day not in holidays)


def _days_of(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days))
