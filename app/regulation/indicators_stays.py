"""How long hazards stand in each state and wait at each post: plain functions over acts and sign-off rounds.

An instant counts where it had come by the end of the as-of day and was known; days are calendar days of Asia/Shanghai.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Final

from app.regulation.deadlines import business_date
from app.regulation.definition import OFFICE, Basis, Definition, Direction, Kind
from app.regulation.indicators import (
    Snapshot,
    TransitionFact,
    as_of_instant,
    awaits_declaration,
    awaits_signatures,
    awaits_verification,
    is_found,
    snapshots,
)
from app.regulation.vocabulary import PostKind, Purpose, State


@dataclass(frozen=True, slots=True)
class Stay:
    """A stretch of one hazard in one state: from the act that led into it to the one that led out of it."""

    hazard_id: int
    state: State
    since: datetime
    until: datetime | None
    """None while it still stands there."""


@dataclass(frozen=True, slots=True)
class SignedLevel:
    """A signature of a round: its level, and from when to when it was valid."""

    level: int
    signed_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RoundPast:
    """A sign-off round as it went: the posts of its levels from 1 on, the signatures, the end."""

    hazard_id: int
    cycle: int
    purpose: Purpose
    opened_at: datetime
    posts: tuple[PostKind, ...]
    signed: tuple[SignedLevel, ...] = ()
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which one level's signature was waited for."""

    post: PostKind
    since: datetime
    until: datetime | None
    """None while it is still waited for."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One hazard waiting on the as-of day: for what, for which post, how many days."""

    hazard_id: int
    stage: str
    """`declaration`, `verification` or `signatures`."""
    post: PostKind | None
    """None where no round is open in sight."""
    days: int


# ---- Time in each state


def stays(rows: Iterable[TransitionFact], on: date, known_at: datetime | None = None) -> list[Stay]:
    """Every stretch of one hazard, oldest first; a restating copy stands in its original's place."""
    acts = {row.order: row for row in sorted(rows, key=lambda row: row.id) if _has_come(row, on, known_at)}
    entries: list[TransitionFact] = []
    for row in sorted(acts.values(), key=lambda row: (row.occurred_at, row.order)):
        if not entries or entries[-1].to_state is not row.to_state:
            entries.append(row)
    ends = [after.occurred_at for _, after in pairwise(entries)]
    return [
        Stay(row.hazard_id, row.to_state, row.occurred_at, until)
        for row, until in zip(entries, (*ends, None), strict=False)
    ]


def _has_come(row: TransitionFact, on: date, known_at: datetime | None) -> bool:
    return row.occurred_at <= as_of_instant(on) and (known_at is None or row.recorded_at <= known_at)


def days_between(since: datetime, until: datetime) -> int:
    """Calendar days from one instant's date to the other's."""
    return (business_date(until) - business_date(since)).days


def days_in_states(
    history: Iterable[TransitionFact], on: date, known_at: datetime | None = None
) -> Mapping[State, list[int]]:
    """Days of every stretch that had ended by that day, of the hazards found by then."""
    rows = list(history)
    found = {one.row.hazard_id for one in snapshots(rows, on, known_at) if is_found(one)}
    days: dict[State, list[int]] = {}
    for hazard_id in found:
        for stay in stays((row for row in rows if row.hazard_id == hazard_id), on, known_at):
            if stay.until is not None:
                days.setdefault(stay.state, []).append(days_between(stay.since, stay.until))
    return days


# ---- Time at each post


def turns(past: RoundPast, at: datetime) -> list[Turn]:
    """Whose signature was waited for and when, up to that instant: always the lowest level without a valid one."""
    instants = {past.opened_at, *(one.signed_at for one in past.signed), past.ended_at}
    instants |= {one.withdrawn_at for one in past.signed}
    moments = sorted(moment for moment in instants if moment is not None and moment <= at)
    found: list[Turn] = []
    for moment in moments:
        post = _waited_for(past, moment)
        if found and found[-1].until is None:
            last = found.pop()
            found.append(Turn(last.post, last.since, moment))
        if post is not None:
            found.append(Turn(post, moment, None))
    return found


def _waited_for(past: RoundPast, at: datetime) -> PostKind | None:
    if past.ended_at is not None and past.ended_at <= at:
        return None
    valid = {
        one.level for one in past.signed if one.signed_at <= at and (one.withdrawn_at is None or one.withdrawn_at > at)
    }
    return next((post for level, post in enumerate(past.posts, start=1) if level not in valid), None)


def days_at_posts(
    rounds: Iterable[RoundPast], on: date, known_at: datetime | None = None
) -> Mapping[PostKind, list[int]]:
    """Days of every turn of a closing round that had ended by that day."""
    days: dict[PostKind, list[int]] = {}
    for past in rounds:
        for turn in turns(past, seen_until(on, known_at)) if past.purpose is Purpose.CLOSING else ():
            if turn.until is not None:
                days.setdefault(turn.post, []).append(days_between(turn.since, turn.until))
    return days


def seen_until(on: date, known_at: datetime | None) -> datetime:
    """The last instant that counts of what is recorded as it happens: signatures, withdrawals, rounds."""
    end = as_of_instant(on)
    return end if known_at is None else min(end, known_at)


def waits(
    history: Iterable[TransitionFact], rounds: Iterable[RoundPast], on: date, known_at: datetime | None = None
) -> list[Wait]:
    """Every hazard that waits for its declaration, verification or a signature on that day."""
    rows, pasts = list(history), list(rounds)
    found = []
    for one in snapshots(rows, on, known_at):
        stage, post, since = _waiting(one, rows, pasts, known_at)
        if stage is not None:
            found.append(Wait(one.row.hazard_id, stage, post, (on - business_date(since)).days))
    return found


def _waiting(
    one: Snapshot, rows: list[TransitionFact], rounds: list[RoundPast], known_at: datetime | None
) -> tuple[str | None, PostKind | None, datetime]:
    row = one.row
    if awaits_declaration(one):
        own = stays((r for r in rows if r.hazard_id == row.hazard_id), one.on, known_at)
        return "declaration", PostKind.ENTERPRISE_PRINCIPAL, own[-1].since
    if awaits_verification(one) and row.declared_at is not None:
        return "verification", PostKind.INSPECTOR, row.declared_at
    if not awaits_signatures(one):
        return None, None, row.occurred_at
    own_rounds = [past for past in rounds if past.hazard_id == row.hazard_id and past.cycle == row.cycle]
    closing = [past for past in own_rounds if past.purpose is Purpose.CLOSING]
    open_turns = [turn for past in closing for turn in turns(past, seen_until(one.on, known_at)) if turn.until is None]
    if not open_turns:
        return "signatures", None, row.occurred_at
    return "signatures", open_turns[-1].post, open_turns[-1].since


# ---- Definitions

_STATES: Final = (State.REPORTED, State.LISTED, State.RECTIFIED)
_STAGES: Final = (Basis("安全生产事故隐患排查治理暂行规定(16号令)", "第二十三条"), OFFICE)
_FORMS: Final = ((Kind.MEDIAN_DAYS, "median", "中位数"), (Kind.MEAN_DAYS, "mean", "平均数"))

STAY_DEFINITIONS: Final = tuple(
    Definition(
        id=f"{key}_days_{state.value}",
        name=f"“{state.label}”停留天数{word}",
        words=f"截至统计日累计排查的重大隐患,处于“{state.label}”并已离开的各段,自进入之日至离开之日自然日数的{word}",
        kind=kind,
        basis=(OFFICE,),
        numerator=f"已离开“{state.label}”的各段的自然日数",
        direction=Direction.LOWER,
    )
    for state in _STATES
    for kind, key, word in _FORMS
)
POST_DEFINITIONS: Final = (
    *(
        Definition(
            id=f"{key}_days_at_post",
            name=f"各岗位签字用时{word}",
            words=f"验收销号各轮中轮到该岗位签字、已签字或者该轮已结束的各段,自轮到之日至其结束之日自然日数的{word},按岗位分列",
            kind=kind,
            basis=(OFFICE,),
            numerator="轮到该岗位的各段的自然日数",
            direction=Direction.LOWER,
        )
        for kind, key, word in _FORMS
    ),
    Definition(
        id="waiting_at_post",
        name="在岗待办",
        words="统计日待双签字、待核查、待签字的重大隐患,按所等的岗位和等候天数分列;签字自轮到该岗位之日起算",
        kind=Kind.COUNT,
        basis=_STAGES,
        numerator="统计日等候该岗位办理的重大隐患",
    ),
)
