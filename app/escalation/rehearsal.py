"""演练: what a night would end, open, raise and draft, by the very selections of the run; nothing of it is written.

It sees what the caller sees: an office its territory, the command everything. Kept beside it are only date, edition and
the result as it was shown.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import RowMapping, insert, select, text

from app.escalation.drafts.addressing import Desk, Party, by_heading
from app.escalation.drafts.letter_text import worded
from app.escalation.night.batches import Night
from app.escalation.night.climb import TERM_RUNGS
from app.escalation.night.history import with_queries
from app.escalation.night.subjects import Decided, Known, aggregates_due, duties_due, letters_due
from app.escalation.places import places_on
from app.escalation.run import business_date_of, values
from app.infrastructure.context import Context
from app.infrastructure.errors import FieldError, InvalidInput, TemporarilyUnavailable
from app.reference.rulebook import announced_calendar, rule_book_on
from app.regulation.edition import Edition, load_edition
from app.regulation.edition_check import check_edition
from app.regulation.ladder import CalendarMissingError, refuse_unannounced
from app.regulation.vocabulary import LetterKind
from app.tables.escalation import EscalationRehearsal
from app.tables.letters import Letter
from app.tables.rules import Edition as LoadedEdition

_WINDOW: Final = 1000
_SHOWN: Final = 500
"""Lines of each list that are kept; the counts are of all."""

_TERMS: Final = text(
    with_queries(
        TERM_RUNGS,
        """
        SELECT hazard_id, 'ends' AS what, ended_as AS word, ended_on AS day, NULL::bigint AS days FROM ending
         WHERE ended_on IS NOT NULL
         UNION ALL SELECT hazard_id, 'opens', cause, counts_from, ordinal FROM opening
         UNION ALL SELECT hazard_id, 'raises', rung, NULL, days FROM raising
         UNION ALL SELECT hazard_id, 'reminds', NULL, due_on, days_before FROM reminding
        """,
    )
)
_HAZARDS: Final = text(
    """
    SELECT h.id FROM hazard h WHERE h.id > :last AND h.state IN ('reported', 'listed', 'rectified', 'closed')
     ORDER BY h.id LIMIT :window
    """
)
_LETTERS: Final = text(
    "SELECT id FROM letter WHERE status IN ('draft', 'issued') AND id > :last ORDER BY id LIMIT :window"
)
_LINES: Final = text(
    """
    SELECT h.id AS hazard_id, h.public_id, h.ledger_number, h.unit_id, h.lead_organisation_id, h.listing_office_id,
           h.enterprise_id, h.responsible_organisation_id, n.name AS enterprise_name
      FROM hazard h LEFT JOIN enterprise n ON n.id = h.enterprise_id
     WHERE h.id = ANY (CAST(:ids AS bigint[]))
    """
)
_SHOWN_AS: Final = "shown_as"
"""In a row of a rung: its line in the list, which is told its addressee when its letter is found."""
_NOBODY: Final[Mapping[str, Any]] = dict.fromkeys(
    ("hazard_id", "public_id", "ledger_number", "unit_id", "lead_organisation_id", "listing_office_id", "enterprise_id",
     "responsible_organisation_id", "late_id", "of_unit_id", "of_enterprise_id", "duty", "level_post",
     "issuer_organisation_id", "signatory_post_kind")
)  # fmt: skip


@dataclass
class _Seen:
    """What the night would do, so far."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    raised: list[Mapping[str, Any]] = field(default_factory=list)
    """Rows of rungs, as drafting groups them."""

    def add(self, what: str, line: dict[str, Any]) -> None:
        """Counts one, and keeps it while there is room."""
        self.counts[what] += 1
        if len(self.lists[what]) < _SHOWN:
            self.lists[what].append(line)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is rehearsed: a date under an edition, loaded or not."""

    on: date
    edition: Edition
    edition_id: int | None
    sha256: str


async def rehearsed(context: Context, as_of: date | None, text_of_edition: str | None = None) -> Wanted:
    """Today or another date, under the edition in force then or under a file's text; InvalidInput for a faulty one."""
    on = await business_date_of(context, as_of)
    if text_of_edition is not None:
        faults = check_edition(text_of_edition)
        if faults:
            fields = tuple(
                FieldError(f"/{one.path}", "edition_fault", f"{one.reason};{one.remedy}", "edition_toml")
                for one in faults
            )
            raise InvalidInput("edition_invalid", f"规则版本有 {len(faults)} 处错误。", fields=fields)
        digest = hashlib.sha256(text_of_edition.encode()).hexdigest()
        return Wanted(on, load_edition(text_of_edition), None, digest)
    book = await rule_book_on(context, on)
    digest_of = select(LoadedEdition.content_sha256).where(LoadedEdition.id == book.edition_id)
    return Wanted(on, book.edition, book.edition_id, (await context.session.execute(digest_of)).scalar_one().hex())


async def rehearse(context: Context, wanted: Wanted) -> dict[str, Any]:
    """The result; TemporarilyUnavailable where the night's year has no announced holidays."""
    calendar = await announced_calendar(context)
    try:
        refuse_unannounced(wanted.on, calendar)
    except CalendarMissingError as error:
        raise TemporarilyUnavailable("calendar_year_missing", f"{error}。") from None
    bound = await values(context, wanted.on, wanted.edition)
    night = Night(wanted.on, 0, wanted.edition_id or 0, wanted.edition, bound)
    known = Known(night, await places_on(context, wanted.on), calendar)
    seen = _Seen()
    async for ids in _windows(context, _HAZARDS):
        await _terms(context, night, ids, seen)
        await _decided(context, await duties_due(context, known, ids), seen)
    async for ids in _windows(context, _LETTERS):
        await _decided(context, await letters_due(context, known, ids), seen)
    await _decided(context, await aggregates_due(context, known), seen)
    return _result(wanted, Desk(night, known.places, calendar), seen)


async def keep(context: Context, wanted: Wanted, result: Mapping[str, Any]) -> RowMapping:
    """Keeps the result as it was shown; its id and instant."""
    row = {
        "business_date": wanted.on,
        "edition_id": wanted.edition_id,
        "edition_sha256": wanted.sha256,
        "result": dict(result),
        "account_id": context.actor.account_id,
    }
    kept = insert(EscalationRehearsal).values(row)
    told = kept.returning(EscalationRehearsal.id, EscalationRehearsal.public_id, EscalationRehearsal.recorded_at)
    return (await context.session.execute(told)).mappings().one()


async def _windows(context: Context, statement: Any) -> Any:  # noqa: ANN401 - a text clause; an iterator of lists
    last = 0
    while True:
        ids = list((await context.session.execute(statement, {"last": last, "window": _WINDOW})).scalars())
        if not ids:
            return
        last = ids[-1]
        yield ids


async def _terms(context: Context, night: Night, ids: Sequence[int], seen: _Seen) -> None:
    rows = (await context.session.execute(_TERMS, {**night.values, "ids": list(ids)})).mappings().all()
    lines = await _lines(context, {row["hazard_id"] for row in rows})
    for row in rows:
        line = lines[row["hazard_id"]]
        told = {"kind": "term", "word": row["word"], "day": row["day"], "days": row["days"]}
        shown = {**_named(line), **{name: value for name, value in told.items() if value is not None}}
        seen.add(row["what"], shown)
        if row["what"] == "raises":
            seen.raised.append({**_NOBODY, **line, "kind": "term", "rung": row["word"], _SHOWN_AS: shown})


async def _decided(context: Context, decided: Sequence[Decided], seen: _Seen) -> None:
    lines = await _lines(context, {one.columns["hazard_id"] for one in decided if one.columns.get("hazard_id")})
    letters = await _letters(context, {one.columns["letter_id"] for one in decided if one.columns.get("letter_id")})
    for one in decided:
        line = lines.get(one.columns.get("hazard_id", 0), {})
        told = {**_named(line), "kind": one.columns["kind"], **_duty(one)}
        if one.due.ending is not None:
            seen.add("ends", {**told, "word": one.due.ending.ended_as, "day": one.due.ending.ended_on})
        if one.due.opening is not None:
            seen.add("opens", {**told, "word": one.due.opening.cause, "day": one.due.opening.counts_from})
        if one.due.raising is not None:
            shown = {**told, "word": one.due.raising.rung.value, "days": one.due.raising.days}
            seen.add("raises", shown)
            about = letters.get(one.columns.get("letter_id", 0), {})
            raised = {"rung": one.due.raising.rung, _SHOWN_AS: shown}
            seen.raised.append({**_NOBODY, **line, **about, **_subject(one), **raised})


def _duty(one: Decided) -> dict[str, Any]:
    return {"duty": one.columns["duty"]} if "duty" in one.columns else {}


def _subject(one: Decided) -> dict[str, Any]:
    columns = one.columns
    return {
        "kind": columns["kind"],
        "duty": columns.get("duty"),
        "late_id": columns.get("organisation_id"),
        "of_unit_id": columns.get("unit_id"),
        "of_enterprise_id": columns.get("enterprise_id"),
    }


async def _lines(context: Context, ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    found = (await context.session.execute(_LINES, {"ids": sorted(ids)})).mappings()
    return {row["hazard_id"]: dict(row) for row in found}


async def _letters(context: Context, ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    columns = (Letter.id, Letter.issuer_organisation_id, Letter.signatory_post_kind)
    found = (await context.session.execute(select(*columns).where(Letter.id.in_(sorted(ids))))).mappings()
    return {row["id"]: {name: value for name, value in row.items() if name != "id"} for row in found}


def _named(line: Mapping[str, Any]) -> dict[str, Any]:
    if not line:
        return {}
    return {
        "hazard": str(line["public_id"]),
        "ledger_number": line["ledger_number"],
        "enterprise": line["enterprise_name"],
    }


def _result(wanted: Wanted, desk: Desk, seen: _Seen) -> dict[str, Any]:
    letters = _letters_of(desk, seen)
    limit = wanted.edition.ladder.max_letters_per_night
    return {
        "business_date": wanted.on.isoformat(),
        "edition": wanted.edition.name,
        "counts": {
            **{what: seen.counts[what] for what in ("ends", "opens", "raises", "reminds")},
            "letters": len(letters),
        },
        "would_be_held": len(letters) > limit,
        "max_letters_per_night": limit,
        "ends": _plain(seen.lists["ends"]),
        "opens": _plain(seen.lists["opens"]),
        "raises": _plain(seen.lists["raises"]),
        "reminds": _plain(seen.lists["reminds"]),
        "letters": letters[:_SHOWN],
    }


def _letters_of(desk: Desk, seen: _Seen) -> list[dict[str, Any]]:
    """The drafts there would be, numbered; each rung's line is told whose it is in."""
    drafts: dict[tuple[LetterKind, int, Party], dict[str, Any]] = {}
    for heading, rows in by_heading(seen.raised, desk).items():
        draft = drafts.setdefault(
            (heading.kind, heading.issuer_id, heading.addressee),
            {
                "draft": len(drafts) + 1,
                "kind": heading.kind.value,
                "label": heading.kind.label,
                "title": worded(heading.kind, heading.about, desk.night.on, heading.basis).title,
                "issuer": desk.places.bodies[heading.issuer_id].name,
                "signatory": heading.post.label,
                "addressee": _name_of(desk, heading.addressee),
                "items": 0,
            },
        )
        draft["items"] += len(rows)
        for row in rows:
            row[_SHOWN_AS].update({"addressee": draft["addressee"], "draft": draft["draft"]})
    return list(drafts.values())


def _name_of(desk: Desk, party: Party) -> str:
    if party.organisation_id is not None:
        return desk.places.bodies[party.organisation_id].name
    enterprise_id = party.enterprise_id
    own = (one.name for one in desk.places.bodies.values() if enterprise_id and one.enterprise_id == enterprise_id)
    return next(own, "")


def _plain(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value.isoformat() if isinstance(value, date) else value for name, value in line.items()}
        for line in lines
    ]
