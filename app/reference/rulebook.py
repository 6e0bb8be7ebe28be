"""The rules a decision is taken under: the edition in force and the calendar, read from the database, parsed once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from app.infrastructure.context import Context
from app.infrastructure.driver import NamedRow, Statement, read_together
from app.infrastructure.errors import InvalidParameter, TemporarilyUnavailable
from app.regulation.deadlines import Calendar, business_date
from app.regulation.edition import Edition, load_edition
from app.tables import rules


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The edition in force and the calendar on the day of the act (Asia/Shanghai)."""

    edition_id: int
    edition: Edition
    today: date


_KNOWN: dict[bytes, Edition] = {}
"""By the hash of its text: an edition never changes once loaded, so its text is fetched and parsed once a process."""

_IN_FORCE = """
    SELECT id, content_sha256 FROM edition WHERE in_force_from <= %(today)s ORDER BY id DESC LIMIT 1
"""


async def rule_book(context: Context) -> RuleBook:
    """The newest loaded edition whose `in_force_from` has come; refuses to decide anything without one."""
    role = context.actor.role_class.value
    (rows,) = await read_together(context.session, role, edition_statement(context))
    return await rule_book_of(context, rows)


async def rule_book_on(context: Context, day: date) -> RuleBook:
    """As `rule_book`, of another day: the newest edition whose `in_force_from` had come by then."""
    statement = Statement(_IN_FORCE, {"today": day})
    (rows,) = await read_together(context.session, context.actor.role_class.value, statement)
    book = await rule_book_of(context, rows)
    return RuleBook(book.edition_id, book.edition, day)


def edition_statement(context: Context) -> Statement:
    """The read of which edition is in force, for `rule_book_of`: it may go with others in one round trip."""
    return Statement(_IN_FORCE, {"today": business_date(context.now)})


async def rule_book_of(context: Context, rows: Sequence[NamedRow]) -> RuleBook:
    """The rule book under the edition that the read found; TemporarilyUnavailable where there is none."""
    if not rows:
        raise _none_in_force()
    edition = await _edition(context, rows[0].content_sha256)
    return RuleBook(rows[0].id, edition, business_date(context.now))


async def edition_named(context: Context, sha256: str | None) -> Edition:
    """The edition that a statement found in force, by its hash; TemporarilyUnavailable where there was none."""
    if sha256 is None:
        raise _none_in_force()
    return await _edition(context, bytes.fromhex(sha256))


def known_edition(sha256: str | None) -> Edition | None:
    """The same, if this process has read it before."""
    return None if sha256 is None else _KNOWN.get(bytes.fromhex(sha256))


def _none_in_force() -> TemporarilyUnavailable:
    return TemporarilyUnavailable("no_edition_in_force", "系统尚未加载生效的规则版本,请管理员执行 qingling init。")


async def _edition(context: Context, sha256: bytes) -> Edition:
    if sha256 not in _KNOWN:
        content = select(rules.Edition.content).where(rules.Edition.content_sha256 == sha256)
        _KNOWN[sha256] = load_edition((await context.session.execute(content)).scalar_one())
    return _KNOWN[sha256]


async def refuse_unknown_sector(context: Context, sector: str | None) -> None:
    """InvalidParameter for a filter `sector` that no loaded edition knows; an earlier one's still has its hazards."""
    if sector is None:
        return
    loaded = (await context.session.execute(select(rules.Edition.content_sha256))).scalars().all()
    editions = [await _edition(context, sha256) for sha256 in loaded]
    if not any(sector == known.code for edition in editions for known in edition.sectors):
        message = "没有这个行业领域,请从现行规则版本(/api/v1/edition)的 sectors 中选取代码。"
        raise InvalidParameter.of_field("/sector", "sector_unknown", message, where="query")


async def announced_calendar(context: Context) -> Calendar:
    """The announced days; a day of any later year counts as its weekday says, provisionally."""
    newest_year = (await context.session.execute(select(func.max(rules.CalendarYear.year)))).scalar_one()
    if newest_year is None:
        raise TemporarilyUnavailable("no_calendar", "系统尚未加载工作日历,请管理员执行 qingling init。")
    days = await context.session.execute(select(rules.CalendarDay.day, rules.CalendarDay.is_working_day))
    return Calendar({row.day: row.is_working_day for row in days}, date(newest_year, 12, 31))
