"""Holds the documents of acts and the hazards themselves against the digests in the acts' events."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, ColumnElement, and_, any_, literal, select
from sqlalchemy.orm import aliased

from app.audit_check.faults import Fault, FaultKind
from app.audit_check.rows.events import Event, Scope, acts_among
from app.audit_documents.binding import digest, document_as_told, hazard_as_told
from app.audit_documents.columns import DOCUMENTS
from app.infrastructure.context import Context
from app.tables.base import Base
from app.tables.hazards import Hazard
from app.tables.history import HazardTransition

Named = tuple[str, int]
"""A document: its table and id."""
Windows = Callable[[Context, str, Scope], AsyncIterator[Mapping[str, int | None]]]

_LABEL: Final = "文书"


async def bound_faults(context: Context, events: Sequence[Event]) -> list[Fault]:
    """Documents and hazards that are not, or no longer, what the event of their act says."""
    acts = [event for event in acts_among(events) if event.row["hazard_id"] is not None]
    if not acts:
        return []
    documents, hazards = await _documents(context, acts), await _hazards(context, acts)
    faults: list[Fault] = []
    for event in acts:
        faults += _document_faults(event, documents.get(_transition(event), {}))
        faults += _hazard_faults(event, hazards)
    return faults


def _particulars(event: Event) -> Mapping[str, Any]:
    said = event.said.get("particulars")
    return said if isinstance(said, dict) else {}


def _transition(event: Event) -> int:
    said = _particulars(event).get("transition")
    return said if isinstance(said, int) else 0


async def _documents(context: Context, acts: Sequence[Event]) -> dict[int, dict[Named, str | None]]:
    """Transition → what its rows are today, in every table of documents: an act's own table is not the only one."""
    hazards, transitions = _any_of(_hazards_of(acts)), _any_of(_transition(event) for event in acts)
    found: dict[int, dict[Named, str | None]] = {}
    for table in DOCUMENTS:
        columns = Base.metadata.tables[table].c
        # By the hazard, which has an index; the act narrows what that finds.
        rows = select(columns.transition_id, document_as_told(table)).where(
            columns.hazard_id == hazards, columns.transition_id == transitions
        )
        for transition_id, told in await context.session.execute(rows):
            found.setdefault(transition_id, {})[table, told[0]] = _digest(table, told)
    return found


async def _hazards(context: Context, acts: Sequence[Event]) -> dict[int, tuple[int, str | None]]:
    """Hazard → its version, and what it is today."""
    rows = select(Hazard.id, Hazard.version, hazard_as_told()).where(Hazard.id == _any_of(_hazards_of(acts)))
    return {
        hazard_id: (version, _digest(Hazard.__tablename__, told))
        for hazard_id, version, told in await context.session.execute(rows)
    }


def _hazards_of(acts: Sequence[Event]) -> set[int]:
    return {event.row["hazard_id"] for event in acts}


def _any_of(ids: Iterable[int]) -> ColumnElement[Any]:
    """One parameter however many they are."""
    return any_(literal(sorted(ids), ARRAY(BigInteger)))


def _digest(table: str, told: Sequence[Any]) -> str | None:
    try:
        return digest(table, told)
    except ValueError:
        # No act writes a value without a canonical form: whoever did is to be found, not to stop the search.
        return None


def _document_faults(event: Event, there: Mapping[Named, str | None]) -> Iterator[Fault]:
    said = _said_documents(event)
    if said is None:
        yield Fault(FaultKind.DOCUMENT_UNTOLD, event.where, {"missing": "documents"})
        return
    for (table, row_id), sha256 in said.items():
        facts = {"table": table, "id": row_id}
        if (table, row_id) not in there:
            yield Fault(FaultKind.DOCUMENT_MISSING, event.where, facts)
        elif there[table, row_id] != sha256:
            yield Fault(FaultKind.DOCUMENT_DIFFERS, event.where, facts)
    for table, row_id in there.keys() - said.keys():
        yield Fault(FaultKind.DOCUMENT_UNTOLD, f"{_LABEL} {table} {row_id}", {"hazard": event.row["hazard_id"]})


def _said_documents(event: Event) -> dict[Named, str] | None:
    """What the event binds; None where it does not say so in the words of the format."""
    said = _particulars(event).get("documents")
    try:
        return {(one["table"], one["id"]): one["sha256"] for one in said} if isinstance(said, list) else None
    except (KeyError, TypeError):
        return None


def _hazard_faults(event: Event, hazards: Mapping[int, tuple[int, str | None]]) -> Iterator[Fault]:
    """Only the newest act tells what the hazard is today."""
    said, hazard_id = _particulars(event), event.row["hazard_id"]
    version, sha256 = hazards.get(hazard_id, (None, None))
    if version is not None and version == said.get("version") and sha256 != said.get("hazard_sha256"):
        yield Fault(FaultKind.HAZARD_DIFFERS, f"隐患 {hazard_id}", {"hazard": hazard_id, "event": event.where})


async def actless_faults(context: Context, scope: Scope, windows: Windows) -> AsyncIterator[Fault]:
    """Documents that name an act which is not there, or is another hazard's: no event is ever asked about them."""
    act = aliased(HazardTransition)
    for table in DOCUMENTS:
        columns = Base.metadata.tables[table].c
        own = and_(act.id == columns.transition_id, act.hazard_id == columns.hazard_id, act.restates.is_(None))
        orphans = select(columns.id, columns.hazard_id).where(
            columns.transition_id.is_not(None), ~select(act.id).where(own).exists()
        )
        async for window in windows(context, table, scope):
            within = columns.hazard_id == window["hazard"] if window["hazard"] else None
            if within is None:
                within = columns.id.between(window["first"], window["last"])
            for row in await context.session.execute(orphans.where(within)):
                yield Fault(FaultKind.DOCUMENT_UNTOLD, f"{_LABEL} {table} {row.id}", {"hazard": row.hazard_id})
