"""发文字号: 机关代字〔年〕n号, drawn gap-free in the issuing transaction; found however its brackets were typed."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from app.infrastructure.context import Context
from app.infrastructure.errors import InvalidParameter, NotPermitted
from app.letters.queries import is_looked_after
from app.letters.schemas import SeriesFilter
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import LetterStatus, RoleClass
from app.tables.letters import Letter, LetterSeries

_BRACKETS: Final = str.maketrans(dict.fromkeys("([{【〔［｛", "〔") | dict.fromkeys(")]}】〕］｝", "〕"))
_NUMBER: Final = re.compile(r"(?P<code>[^〔〕]{1,40})〔(?P<year>[0-9]{4})〕第?0*(?P<serial>[0-9]{1,9})号?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number by its parts."""

    office_code: str
    year: int
    serial: int

    def __str__(self) -> str:
        return written(self.office_code, self.year, self.serial)


def written(office_code: str, year: int, serial: int) -> str:
    """As it is printed (GB/T 9704-2012, 7.2.5): whole year in hexagonal brackets, no 第, no leading zero."""
    return f"{office_code}〔{year}〕{serial}号"


def number_in(typed: str) -> Number | None:
    """The number that somebody typed with whatever brackets, widths and blanks; None where it is none."""
    plain = "".join(unicodedata.normalize("NFKC", typed).split()).translate(_BRACKETS)
    found = _NUMBER.fullmatch(plain)
    return Number(found["code"], int(found["year"]), int(found["serial"])) if found else None


def asked_number(typed: str) -> Number:
    """The same of a filter; InvalidParameter where it is none."""
    found = number_in(typed)
    if found is None:
        message = "发文字号须形如 东安办函〔2026〕1号,括号用〔〕、[]、()、【】均可。"
        raise InvalidParameter.of_field("/number", "number_malformed", message, where="query")
    return found


async def draw(context: Context, office_code: str, year: int) -> int:
    """The next serial: whoever draws from the same series waits for this transaction, and takes it where this ends."""
    first = insert(LetterSeries).values(office_code=office_code, year=year, last_serial=1)
    drawn = first.on_conflict_do_update(
        index_elements=[LetterSeries.office_code, LetterSeries.year],
        set_={"last_serial": LetterSeries.last_serial + 1},
    ).returning(LetterSeries.last_serial)
    return int((await context.session.execute(drawn)).scalar_one())


async def series(context: Context, wanted: SeriesFilter) -> dict[str, Any]:
    """Every series whose issuer the actor looks after: how far it is, and which numbers were voided and why."""
    actor = context.actor
    if not has_permission(Permission.LETTER_READ, actor) or actor.role_class is RoleClass.ENTERPRISE:
        raise NotPermitted
    statement = _series().where(is_looked_after(actor))
    if wanted.year is not None:
        statement = statement.where(Letter.year == wanted.year)
    if wanted.office_code is not None:
        statement = statement.where(Letter.office_code == wanted.office_code)
    rows = (await context.session.execute(statement)).mappings().all()
    return {"items": [{**row, "has_gap": row["last_serial"] != row["numbers"]} for row in rows]}


def _series() -> Select[Any, *tuple[Any, ...]]:
    voided = func.jsonb_build_object(
        *("id", Letter.public_id, "serial", Letter.serial, "reason", Letter.ended_reason),
        *("voided_at", Letter.ended_at),
    )
    voids = func.jsonb_agg(aggregate_order_by(voided, Letter.serial)).filter(Letter.status == LetterStatus.VOIDED.value)
    return (
        select(
            Letter.office_code,
            Letter.year,
            func.max(Letter.serial).label("last_serial"),
            func.count().label("numbers"),
            func.coalesce(voids, func.jsonb_build_array()).label("voided"),
        )
        .where(Letter.serial.is_not(None))
        .group_by(Letter.office_code, Letter.year)
        .order_by(Letter.year.desc(), Letter.office_code)
    )
