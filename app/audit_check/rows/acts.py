"""Holds what events tell against the rows they tell of, and asks of each such row whether an event tells it."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from sqlalchemy import TextClause, func, select, text

from app.audit_check.faults import Fault, FaultKind
from app.audit_check.rows.documents import actless_faults, bound_faults
from app.audit_check.rows.events import Event, Row, Scope, acts_among
from app.infrastructure.context import Context
from app.tables.base import Base
from app.tables.hazards import Hazard

WINDOW: Final = 20_000
"""Ids a statement looks at: each stays far below the login's time limit."""

_TRANSITIONS: Final = text(
    "SELECT id, hazard_id, version, act, account_id, person_id, appointment_id, transaction_id::text AS transaction_id,"
    " restates FROM hazard_transition WHERE id = ANY (:ids)"
)
_SIGNATURES: Final = text(
    "SELECT id, hazard_id, round_id, level, kind, content_sha256, signed_at, account_id, person_id, appointment_id,"
    " transition_id, step_up_id, opinion FROM signature WHERE id = ANY (:ids)"
)
_WITHDRAWALS: Final = text(
    "SELECT signature_id AS id, account_id FROM signature_withdrawal WHERE signature_id = ANY (:ids)"
)
_EVIDENCE: Final = text(
    "SELECT DISTINCT hazard_id, encode(sha256, 'hex') AS sha256 FROM evidence WHERE hazard_id = ANY (:ids)"
)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a chunk's events tell, and the rows they name."""

    transitions: Mapping[int, Row]
    signatures: Mapping[int, Row]
    withdrawals: Mapping[int, Row]
    evidence: frozenset[tuple[int, str]]


async def told_faults(context: Context, events: Sequence[Event]) -> list[Fault]:
    """Events whose act, signature, withdrawal or evidence is not there, or is another than they say."""
    acts = acts_among(events)
    said = [_particulars(event) for event in acts]
    added = [event for event in events if event.row["event"] == "hazard:evidence:added"]
    told = _Told(
        await _by_id(context, _TRANSITIONS, [one.get("transition") for one in said]),
        await _by_id(context, _SIGNATURES, [one.get("signature", {}).get("id") for one in said]),
        await _by_id(context, _WITHDRAWALS, [one.get("withdrawn_signature") for one in said]),
        await _evidence_of(context, [event.row["hazard_id"] for event in added]),
    )
    faults = [fault for event in acts for fault in _act_faults(event, told)]
    faults += [
        Fault(FaultKind.EVIDENCE_UNTOLD, event.where, {"missing": "evidence"})
        for event in added
        if (event.row["hazard_id"], _particulars(event).get("sha256")) not in told.evidence
    ]
    return faults + await bound_faults(context, events)


async def _by_id(context: Context, statement: TextClause, ids: Sequence[object]) -> Mapping[int, Row]:
    wanted = [one for one in ids if isinstance(one, int)]
    if not wanted:
        return {}
    return {row["id"]: row for row in (await context.session.execute(statement, {"ids": wanted})).mappings()}


async def _evidence_of(context: Context, hazards: Sequence[int | None]) -> frozenset[tuple[int, str]]:
    wanted = sorted({one for one in hazards if one is not None})
    if not wanted:
        return frozenset()
    rows = await context.session.execute(_EVIDENCE, {"ids": wanted})
    return frozenset((row.hazard_id, row.sha256) for row in rows)


def _particulars(event: Event) -> Mapping[str, Any]:
    said = event.said.get("particulars")
    return said if isinstance(said, dict) else {}


def _act_faults(event: Event, told: _Told) -> Iterator[Fault]:
    said, row = _particulars(event), event.row
    act = told.transitions.get(said.get("transition", 0))
    named = row["event"].split(":")[1]
    expected = (row["hazard_id"], said.get("version"), named, row["account_id"], row["transaction_id"], None)
    names = ("hazard_id", "version", "act", "account_id", "transaction_id", "restates")
    if act is None or tuple(act[name] for name in names) != expected:
        yield Fault(FaultKind.EVENT_WITHOUT_ACT, event.where, {"transition": said.get("transition")})
        return
    if named == "sign":
        yield from _signature_faults(event, act, told)
    if named == "withdraw_signature":
        withdrawn = told.withdrawals.get(said.get("withdrawn_signature", 0))
        if withdrawn is None or withdrawn["account_id"] != row["account_id"]:
            yield Fault(FaultKind.WITHDRAWAL_DIFFERS, event.where, {"signature": said.get("withdrawn_signature")})


def _signature_faults(event: Event, act: Row, told: _Told) -> Iterator[Fault]:
    said = _particulars(event).get("signature", {})
    row = told.signatures.get(said.get("id", 0))
    if row is None:
        yield Fault(FaultKind.SIGNATURE_MISSING, event.where, {"signature": said.get("id")})
        return
    kept = {
        "id": row["id"],
        "round": row["round_id"],
        "level": row["level"],
        "content_sha256": row["content_sha256"].hex(),
        "opinion_sha256": hashlib.sha256(row["opinion"].encode()).hexdigest() if row["opinion"] is not None else None,
        "step_up": row["step_up_id"],
        "signed_at": row["signed_at"].astimezone(UTC).isoformat(timespec="microseconds"),
    }
    differing = [name for name, value in kept.items() if said.get(name) != value]
    who = ("hazard_id", "account_id", "person_id", "appointment_id")
    # On paper the registrar acts for the person who signed.
    differing += [name for name in who[: 2 if row["kind"] == "paper" else 4] if row[name] != act[name]]
    differing += ["transition_id"] if row["transition_id"] != act["id"] else []
    if differing:
        yield Fault(FaultKind.SIGNATURE_DIFFERS, event.where, {"signature": row["id"], "columns": differing})


@dataclass(frozen=True, slots=True)
class _Question:
    """A question asked of every row of a table; each row of the answer is a fault."""

    kind: FaultKind
    table: str
    label: str
    statement: TextClause


_QUESTIONS: Final = (
    _Question(
        FaultKind.ACT_WITHOUT_EVENT,
        "hazard_transition",
        "办理记录",
        text(
            """
            SELECT x.id, x.hazard_id FROM hazard_transition x
             WHERE (x.id BETWEEN :first AND :last OR x.hazard_id = :hazard) AND (
                   x.restates IS NULL AND (SELECT count(*) FROM audit_event e
                     WHERE e.hazard_id = x.hazard_id AND e.transaction_id = x.transaction_id
                       AND e.event = 'hazard\\:' || x.act || '\\:recorded'
                       AND position(convert_to('"transition"\\:' || x.id || ',', 'UTF8') IN e.payload) > 0) <> 1
                OR x.restates IS NOT NULL AND NOT EXISTS (SELECT FROM hazard_transition c
                     WHERE c.hazard_id = x.hazard_id AND c.transaction_id = x.transaction_id
                       AND c.act = 'correct' AND c.restates IS NULL))
            """
        ),
    ),
    _Question(
        FaultKind.SIGNATURE_DIFFERS,
        "signature",
        "签字",
        text(
            """
            SELECT x.id, x.hazard_id FROM signature x
             WHERE (x.id BETWEEN :first AND :last OR x.hazard_id = :hazard) AND (
                   NOT EXISTS (SELECT FROM signing_round r
                     WHERE r.id = x.round_id AND r.content_sha256 = x.content_sha256)
                OR NOT EXISTS (SELECT FROM hazard_transition t JOIN audit_event e
                       ON e.hazard_id = t.hazard_id AND e.transaction_id = t.transaction_id
                     WHERE t.id = x.transition_id AND t.hazard_id = x.hazard_id
                       AND e.event = 'hazard\\:sign\\:recorded' AND position(convert_to(
                           '"id"\\:' || x.id || ',"level"\\:' || x.level || ',"opinion_sha256"\\:', 'UTF8')
                           IN e.payload) > 0))
            """
        ),
    ),
    _Question(
        FaultKind.WITHDRAWAL_DIFFERS,
        "signature_withdrawal",
        "撤回签字",
        text(
            """
            SELECT x.id, x.hazard_id FROM signature_withdrawal x
             WHERE (x.id BETWEEN :first AND :last OR x.hazard_id = :hazard)
               AND NOT EXISTS (SELECT FROM audit_event e
                     WHERE e.hazard_id = x.hazard_id AND e.event = 'hazard\\:withdraw_signature\\:recorded'
                       AND position(convert_to('"withdrawn_signature"\\:' || x.signature_id || '}', 'UTF8')
                           IN e.payload) > 0)
            """
        ),
    ),
    _Question(
        FaultKind.EVIDENCE_UNTOLD,
        "evidence",
        "证据",
        text(
            """
            SELECT x.id, x.hazard_id FROM evidence x
             WHERE (x.id BETWEEN :first AND :last OR x.hazard_id = :hazard)
               AND NOT EXISTS (SELECT FROM audit_event e
                     WHERE e.hazard_id = x.hazard_id AND e.event = 'hazard\\:evidence\\:added'
                       AND position(convert_to('"sha256"\\:"' || encode(x.sha256, 'hex') || '"', 'UTF8')
                           IN e.payload) > 0)
            """
        ),
    ),
    _Question(
        FaultKind.CONTENT_ALTERED,
        "signing_round",
        "签字轮次",
        text(
            """
            SELECT x.id, x.hazard_id FROM signing_round x
             WHERE (x.id BETWEEN :first AND :last OR x.hazard_id = :hazard)
               AND sha256(convert_to(x.content, 'UTF8')) <> x.content_sha256
            """
        ),
    ),
    _Question(
        FaultKind.HAZARD_DIFFERS,
        "hazard",
        "隐患",
        # A recounted provisional deadline moves the hazard's alone: a job's doing, told by an event of its own.
        text(
            """
            SELECT x.id, x.id AS hazard_id FROM hazard x
             WHERE (x.id BETWEEN :first AND :last OR x.id = :hazard)
               AND NOT EXISTS (SELECT FROM hazard_transition t
                     WHERE t.hazard_id = x.id AND t.restates IS NULL AND t.version = x.version
                       AND t.to_state = x.state AND t.cycle = x.cycle
                       AND (t.unit_id, t.sector, t.channel, t.level, t.supervision_tier, t.lead_organisation_id,
                            t.listing_office_id, t.enterprise_id, t.original_deadline, t.found_on, t.is_legacy)
                           IS NOT DISTINCT FROM
                           (x.unit_id, x.sector, x.channel, x.level, x.supervision_tier, x.lead_organisation_id,
                            x.listing_office_id, x.enterprise_id, x.original_deadline, x.found_on, x.is_legacy)
                       AND (t.current_deadline IS NOT DISTINCT FROM x.current_deadline
                            OR EXISTS (SELECT FROM audit_event e WHERE e.hazard_id = x.id
                                 AND e.event = 'hazard\\:deadline\\:recounted')))
            """
        ),
    ),
    _Question(
        FaultKind.SEAL_MISSING,
        "hazard",
        "隐患",
        text(
            """
            SELECT x.id, x.id AS hazard_id FROM hazard x
             WHERE (x.id BETWEEN :first AND :last OR x.id = :hazard) AND x.state = 'closed'
               AND NOT EXISTS (SELECT FROM sealed_closing s WHERE s.hazard_id = x.id AND s.cycle = x.cycle)
               AND NOT (x.is_legacy AND x.cycle = 1
                        AND EXISTS (SELECT FROM legacy_record r WHERE r.hazard_id = x.id))
            """
        ),
    ),
)

_SEALS: Final = text(
    """
    SELECT c.id, c.hazard_id, c.content_sha256, c.seal_sha256, r.content_sha256 AS round_sha256, r.level_count,
           'content ' || encode(c.content_sha256, 'hex') || string_agg(
               format(E'\nlevel %s person %s appointment %s at %s', s.level, s.person_id, s.appointment_id,
                   to_char(s.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS.US"Z"')), ''
               ORDER BY s.level) AS text,
           count(s.id) AS signed,
           count(u.id) FILTER (WHERE u.level = s.level AND u.person_id = s.person_id) AS used,
           (SELECT count(*) FROM sealed_closing_signature y WHERE y.sealed_closing_id = c.id) AS listed
      FROM sealed_closing c
      LEFT JOIN signing_round r ON r.id = c.round_id AND r.hazard_id = c.hazard_id AND r.cycle = c.cycle
      LEFT JOIN signature s ON s.round_id = c.round_id
           AND NOT EXISTS (SELECT FROM signature_withdrawal w WHERE w.signature_id = s.id)
      LEFT JOIN sealed_closing_signature u ON u.sealed_closing_id = c.id AND u.signature_id = s.id
     WHERE c.id BETWEEN :first AND :last OR c.hazard_id = :hazard GROUP BY c.id, r.id
    """
)


async def untold_faults(context: Context, scope: Scope) -> AsyncIterator[Fault]:
    """Rows that no event tells, hazards that are not what their history says, seals that do not hold."""
    for question in _QUESTIONS:
        async for window in windows(context, question.table, scope):
            for row in await context.session.execute(question.statement, window):
                facts = {"hazard": row.hazard_id}
                yield Fault(question.kind, f"{question.label} {row.id}", facts)
    async for window in windows(context, "sealed_closing", scope):
        for seal in (await context.session.execute(_SEALS, window)).mappings():
            if not _holds(seal):
                yield Fault(FaultKind.SEAL_DIFFERS, f"销号记录 {seal['id']}", {"hazard": seal["hazard_id"]})
    async for fault in actless_faults(context, scope, windows):
        yield fault


def _holds(seal: Row) -> bool:
    counts = {seal["signed"], seal["used"], seal["listed"], seal["level_count"]}
    return (
        len(counts) == 1
        and seal["content_sha256"] == seal["round_sha256"]
        and hashlib.sha256((seal["text"] or "").encode()).digest() == seal["seal_sha256"]
    )


async def windows(context: Context, table: str, scope: Scope) -> AsyncIterator[dict[str, int | None]]:
    """The table's ids in parts; of one hazard it is one part."""
    if scope.hazard_id is not None:
        yield {"hazard": scope.hazard_id, "first": 0, "last": -1}
        return
    ids = Base.metadata.tables[table].c.id
    bounds = (await context.session.execute(select(func.min(ids).label("first"), func.max(ids).label("last")))).one()
    if bounds.first is None:
        return
    for first in range(bounds.first, bounds.last + 1, WINDOW):
        yield {"hazard": None, "first": first, "last": first + WINDOW - 1}


async def hazard_named(context: Context, reference: str) -> int | None:
    """The hazard of a public id or a ledger number."""
    by_number = select(Hazard.id).where(Hazard.ledger_number == reference)
    found: int | None = (await context.session.execute(by_number)).scalar_one_or_none()
    if found is not None or len(reference) != len("00000000-0000-0000-0000-000000000000"):
        return found
    by_id = select(Hazard.id).where(Hazard.public_id == reference)
    return (await context.session.execute(by_id)).scalar_one_or_none()
