"""The sign-off rounds that random histories went through, as facts and as rows entered past the walls."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import psycopg

from app.regulation.indicators import TransitionFact
from app.regulation.indicators_stays import RoundPast, SignedLevel
from app.regulation.vocabulary import Act, Purpose, State
from tests.regulation.builders import CHAIN
from tests.support.cluster import TestDatabase, libpq_address


def rounds_of(rows: Iterable[TransitionFact]) -> list[RoundPast]:
    """Opened by each passed verification; a signature, its withdrawal and the end stand at the database's clock."""
    found: list[RoundPast] = []
    for row in sorted((row for row in rows if row.restates is None), key=lambda row: (row.hazard_id, row.id)):
        if row.act is Act.PASS_VERIFICATION:
            found.append(RoundPast(row.hazard_id, row.cycle, Purpose.CLOSING, row.recorded_at, CHAIN))
        elif found and found[-1].hazard_id == row.hazard_id and found[-1].ended_at is None:
            found[-1] = _after(found[-1], row)
    return found


def _after(past: RoundPast, row: TransitionFact) -> RoundPast:
    valid = [one for one in past.signed if one.withdrawn_at is None]
    match row.act:
        case Act.SIGN:
            signed = (*past.signed, SignedLevel(len(valid) + 1, row.recorded_at))
            return replace(past, signed=signed, ended_at=row.recorded_at if row.to_state is State.CLOSED else None)
        case Act.WITHDRAW_SIGNATURE:
            newest = replace(valid[-1], withdrawn_at=row.recorded_at)
            return replace(past, signed=tuple(newest if one is valid[-1] else one for one in past.signed))
        case Act.REFUSE_SIGNATURE:
            return replace(past, ended_at=row.recorded_at)
        case _:
            return past


_ROUND: Final = (
    "INSERT INTO signing_round (id, hazard_id, cycle, purpose, edition_id, edition_chain_id, level_count, content,"
    " content_sha256, opened_at) OVERRIDING SYSTEM VALUE VALUES (%(id)s, %(hazard)s, %(cycle)s, 'closing', 1, 1, 4,"
    " %(content)s, sha256(convert_to(%(content)s, 'UTF8')), %(at)s)"
)
_LEVEL: Final = (
    "INSERT INTO round_level (hazard_id, round_id, level, party, post_kind, organisation_id, limit_days, limit_unit,"
    " in_person, paper_allowed, refusal_returns_to) VALUES (%(hazard)s, %(id)s, %(level)s, 'lead_department',"
    " %(post)s, 1, 3, 'working', false, false, 'listed')"
)
_SIGNATURE: Final = (
    "INSERT INTO signature (id, hazard_id, round_id, cycle, level, kind, person_id, appointment_id, account_id,"
    " step_up_id, content_sha256, signed_at) OVERRIDING SYSTEM VALUE VALUES (%(signature)s, %(hazard)s, %(id)s,"
    " %(cycle)s, %(level)s, 'electronic', 1, 1, 1, %(signature)s, sha256(convert_to(%(content)s, 'UTF8')), %(at)s)"
)
_WITHDRAWAL: Final = (
    "INSERT INTO signature_withdrawal (hazard_id, signature_id, account_id, reason, withdrawn_at)"
    " VALUES (%(hazard)s, %(signature)s, 1, '重新核对', %(at)s)"
)
_END: Final = (
    "INSERT INTO round_end (hazard_id, round_id, outcome, refused_level, reason, ended_at)"
    " VALUES (%(hazard)s, %(id)s, %(outcome)s, %(level)s, %(reason)s, %(at)s)"
)


def enter_rounds(database: TestDatabase, rounds: Iterable[RoundPast]) -> None:
    """Write the rounds as the superuser, walls and triggers off."""
    with psycopg.connect(libpq_address(database.superuser_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for number, past in enumerate(rounds, start=1):
            named = {"id": number, "hazard": past.hazard_id, "cycle": past.cycle, "content": f"第{number}轮"}
            cursor.execute(_ROUND, {**named, "at": past.opened_at})
            cursor.executemany(_LEVEL, [{**named, "level": n, "post": p.value} for n, p in enumerate(past.posts, 1)])
            _enter_signatures(cursor, past, named)
            if past.ended_at is not None:
                cursor.execute(_END, {**named, **_end(past), "at": past.ended_at})


def _enter_signatures(cursor: psycopg.Cursor[Any], past: RoundPast, named: dict[str, Any]) -> None:
    for place, one in enumerate(past.signed):
        signature = {**named, "signature": named["id"] * 100 + place, "level": one.level}
        cursor.execute(_SIGNATURE, {**signature, "at": one.signed_at})
        if one.withdrawn_at is not None:
            cursor.execute(_WITHDRAWAL, {**signature, "at": one.withdrawn_at})


def _end(past: RoundPast) -> dict[str, Any]:
    is_complete = sum(one.withdrawn_at is None for one in past.signed) == len(past.posts)
    if is_complete:
        return {"outcome": "completed", "level": None, "reason": None}
    return {"outcome": "refused", "level": 1, "reason": "材料不全"}
