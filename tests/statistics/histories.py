"""Random histories of hazards: walks over the lifecycle with back-entries, corrections, relapses, the paper past.

They try the figures' SQL against the predicates, so the rows are entered past the walls; acts have tests of their own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

import psycopg

from app.regulation.deadlines import SHANGHAI, end_of_day
from app.regulation.indicators import TransitionFact
from app.regulation.vocabulary import Act, Channel, HazardLevel, State
from tests.regulation.builders import Field
from tests.support.cluster import TestDatabase, libpq_address

FIRST_DAY: Final = date(2023, 10, 1)
DAYS: Final = 400
LAST_DAY: Final = FIRST_DAY + timedelta(days=DAYS)
SECTORS: Final = ("coal_mine", "hazardous_chemicals", "fire")
EDGES: Final = (date(2023, 12, 31), date(2024, 5, 31), date(2024, 9, 1))
"""Days whose midnights many acts fall on: the days that figures are asked as of."""
_CHANNELS: Final = tuple(Channel)
_MIDNIGHTS: Final = ((0, 0, 0, 0), (23, 59, 59, 999_999), (23, 59, 59, 0), (0, 0, 0, 1), (7, 59, 59, 0), (8, 0, 0, 0))


@dataclass
class Walker:
    """One hazard's walk; each step appends a row, a correction restates those before it."""

    random: Random
    ids: Iterator[int]
    units: Sequence[int]
    rows: list[TransitionFact] = field(default_factory=list)

    @property
    def now(self) -> TransitionFact:
        """The newest row by entry that restates nothing."""
        return next(row for row in reversed(self.rows) if row.restates is None)

    def moment(self) -> datetime:
        """An instant some days on, often at the edge of a day; sometimes the very instant of the act before."""
        before = self.now.occurred_at
        if self.random.random() < 0.1:
            return before
        midnight = end_of_day(self.random.choice(EDGES))
        if self.random.random() < 0.2 and before < midnight:
            return self.random.choice((midnight, midnight - timedelta(microseconds=1)))
        day = before.astimezone(SHANGHAI).date() + timedelta(days=self.random.choice((0, 0, 1, 2, 5, 12, 30)))
        hour, minute, second, micro = self.random.choice((*_MIDNIGHTS, (10, 30, 0, 0), (16, 5, 9, 7)))
        at = datetime(day.year, day.month, day.day, hour, minute, second, micro, SHANGHAI)
        return max(at, before)

    def first(self, act: Act, state: State, **dimensions: Field) -> None:
        """The row a hazard begins with."""
        number, found_on = next(self.ids), FIRST_DAY + timedelta(days=self.random.randrange(DAYS - 30))
        if self.random.random() < 0.1:
            found_on = EDGES[0]
        at = datetime(found_on.year, found_on.month, found_on.day, 12, tzinfo=SHANGHAI)
        base = TransitionFact(
            id=number,
            hazard_id=number,
            act=act,
            order=number,
            to_state=state,
            cycle=1,
            occurred_at=at,
            recorded_at=at + timedelta(days=self.random.choice((0, 1, 6))),
            unit_id=self.random.choice(self.units),
            sector=self.random.choice(SECTORS),
            channel=self.random.choice(_CHANNELS),
            level=self.random.choice((HazardLevel.MAJOR, HazardLevel.MAJOR, HazardLevel.MAJOR, HazardLevel.KEY)),
            found_on=found_on,
            determined=False,
        )
        self.rows.append(replace(base, **dimensions))

    def step(self, act: Act, *, back_entered: int = 0, **changes: Field) -> None:
        """The next act; a back-entered one was recorded so many days after it happened."""
        number, before, at = next(self.ids), self.now, self.moment()
        recorded = max(at + timedelta(days=back_entered), before.recorded_at)
        row = replace(
            before, id=number, order=number, act=act, occurred_at=at, recorded_at=recorded, reason=None, restates=None
        )
        self.rows.append(replace(row, **changes))

    def correct(self) -> None:
        """更正: its own row, and a copy of every row before with the corrected dimensions."""
        changes = self.random.choice(
            (
                {"unit_id": self.random.choice(self.units)},
                {"sector": self.random.choice(SECTORS)},
                {"channel": self.random.choice(_CHANNELS)},
                {"found_on": self.now.found_on - timedelta(days=self.random.randrange(1, 40))},
            )
        )
        standing = list({row.order: row for row in sorted(self.rows, key=lambda row: row.id)}.values())
        # The copies' ids say nothing of the order of the acts they stand for.
        self.random.shuffle(standing)
        self.step(Act.CORRECT, **changes)
        self.rows += [
            replace(
                row, **changes, id=next(self.ids), restates=row.restates or row.id, recorded_at=self.now.recorded_at
            )
            for row in standing
        ]


def walk(walker: Walker) -> list[TransitionFact]:
    """One hazard from its report, or the import of its paper, to wherever the dice lead."""
    dice = walker.random
    if dice.random() < 0.2:
        _import(walker)
    else:
        walker.first(Act.REPORT, State.REPORTED)
        _judge(walker)
    while walker.now.to_state in {State.LISTED, State.RECTIFIED, State.CLOSED} and dice.random() < 0.93:
        {State.LISTED: _while_listed, State.RECTIFIED: _while_rectified, State.CLOSED: _once_closed}[
            walker.now.to_state
        ](walker)
        if dice.random() < 0.12:
            walker.correct()
    return walker.rows


def _import(walker: Walker) -> None:
    deadline = FIRST_DAY + timedelta(days=walker.random.randrange(DAYS))
    known = walker.random.random() < 0.7
    walker.first(Act.IMPORT_OPEN, State.LISTED, determined=True, legacy=True, supervision_tier=2)
    late = datetime(2024, 9, 1, 9, tzinfo=SHANGHAI)
    original = deadline if known else None
    walker.rows[0] = replace(walker.rows[0], recorded_at=late, current_deadline=deadline, original_deadline=original)
    if walker.random.random() < 0.7:
        walker.step(Act.IMPORT_CLOSED, to_state=State.CLOSED, recorded_at=late)


def _judge(walker: Walker) -> None:
    dice = walker.random
    fate = dice.random()
    if fate < 0.15:
        return
    if fate < 0.25:
        walker.step(Act.DISMISS, to_state=State.DISMISSED, reason="unsubstantiated")
        return
    walker.step(Act.DETERMINE, determined=True)
    if fate < 0.32:
        return
    if fate < 0.45:
        walker.step(Act.LIST_FIXED_ON_THE_SPOT, to_state=State.RECTIFIED)
        if dice.random() < 0.4:
            walker.correct()
        return
    deadline = dice.choice((walker.now.found_on + timedelta(days=dice.choice((10, 30, 60))), *EDGES))
    walker.step(
        Act.LIST,
        to_state=State.LISTED,
        supervision_tier=dice.choice((1, 2, 3)),
        original_deadline=deadline,
        current_deadline=deadline,
    )


def _while_listed(walker: Walker) -> None:
    dice, now = walker.random, walker.now
    match dice.choice(("progress", "extend", "transfer", "raise", "declare", "declare", "declare", "leave")):
        case "progress":
            walker.step(Act.REPORT_PROGRESS, back_entered=dice.choice((0, 3)))
        case "extend" if now.current_deadline is not None:
            later = now.current_deadline + timedelta(days=20)
            count = now.extension_granted_count + 1
            walker.step(Act.DECIDE_EXTENSION, current_deadline=later, extension_granted_count=count)
        case "transfer":
            walker.step(Act.TRANSFER, lead_organisation_id=dice.randrange(1, 5))
        case "raise":
            walker.step(Act.CHANGE_SUPERVISION_LEVEL, supervision_tier=1)
        case "leave" if dice.random() < 0.5:
            ending = dice.choice(((State.DISMISSED, "withdrawal"), (State.CLOSED, "cessation")))
            walker.step(Act.SIGN, to_state=ending[0], reason=ending[1])
        case _:
            _declare(walker)


def _declare(walker: Walker) -> None:
    walker.step(Act.DECLARE, to_state=State.RECTIFIED)
    walker.rows[-1] = replace(walker.rows[-1], declared_at=walker.rows[-1].occurred_at)


def _while_rectified(walker: Walker) -> None:
    dice, now = walker.random, walker.now
    back: dict[str, Field] = {"to_state": State.LISTED, "cycle": now.cycle + 1, "declared_at": None, "verified": False}
    if now.declared_at is None:
        _declare(walker)
    elif not now.verified:
        if dice.random() < 0.3:
            walker.step(Act.FAIL_VERIFICATION, back_entered=dice.choice((0, 2)), **back)
        else:
            walker.step(Act.PASS_VERIFICATION, back_entered=dice.choice((0, 2, 5)), verified=True)
    elif dice.random() < 0.1:
        walker.step(Act.REFUSE_SIGNATURE, **back)
    else:
        for level in range(1, 5):
            if level in (2, 3) and dice.random() < 0.2:
                walker.step(Act.WITHDRAW_SIGNATURE)
                walker.step(Act.SIGN)
            walker.step(Act.SIGN, to_state=State.CLOSED if level == 4 else State.RECTIFIED)


def _once_closed(walker: Walker) -> None:
    dice = walker.random
    if dice.random() < 0.3:
        again = dice.choice((Act.RELAPSE, Act.FAIL_REVISIT))
        following: dict[str, Field] = {"cycle": walker.now.cycle + 1, "declared_at": None, "verified": False}
        walker.step(again, back_entered=dice.choice((0, 4)), to_state=State.LISTED, **following)
    else:
        walker.step(dice.choice((Act.DELIST, Act.PASS_REVISIT)))


def histories(seed: int, hazards: int, units: Sequence[int]) -> list[TransitionFact]:
    """The rows of so many hazards, ids counted from 1 in order of entry within each hazard."""
    random, ids = Random(seed), iter(range(1, 10_000_000))
    return [row for _ in range(hazards) for row in walk(Walker(random, ids, units))]


_TEXTS: Final = ("检查组", "井下", "隐患情形", "已上报", "已设警戒")


def enter(database: TestDatabase, rows: Iterable[TransitionFact], site_and_enterprise: tuple[int, int]) -> None:
    """Write the histories as the superuser, walls and triggers off."""
    by_hazard: dict[int, list[TransitionFact]] = {}
    for row in rows:
        by_hazard.setdefault(row.hazard_id, []).append(row)
    with psycopg.connect(libpq_address(database.superuser_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.executemany(_HAZARD, [_hazard(of_one, site_and_enterprise) for of_one in by_hazard.values()])
        cursor.executemany(_ROW, [_row(row) for of_one in by_hazard.values() for row in of_one])


_HAZARD: Final = (
    "INSERT INTO hazard (id, state, level, cycle, channel, sector, unit_id, site_id, enterprise_id, found_on,"
    " original_deadline, current_deadline, is_legacy, determined_at, closed_at, lead_organisation_id, ledger_number,"
    " ledger_year, last_act_at, finders, place, circumstances, reporting_record, monitoring_measures)"
    " OVERRIDING SYSTEM VALUE VALUES (%(id)s, %(state)s, %(level)s, %(cycle)s, %(channel)s, %(sector)s, %(unit)s,"
    " %(site)s, %(enterprise)s, %(found_on)s, %(original)s, %(current)s, %(legacy)s, %(determined_at)s, %(closed_at)s,"
    " 1, %(number)s, 2024, %(at)s, '检查组', '井下', '隐患情形', '已上报', '已设警戒')"
)
_ROW: Final = (
    "INSERT INTO hazard_transition (id, hazard_id, act, rule, to_state, version, cycle, unit_id, sector, channel,"
    " level, supervision_tier, lead_organisation_id, original_deadline, current_deadline, found_on, is_determined,"
    " is_legacy, reason, declared_at, is_verified, extension_count, actor_label, act_order, restates, occurred_at,"
    " recorded_at) OVERRIDING SYSTEM VALUE VALUES (%(id)s, %(hazard_id)s, %(act)s, 'L-00', %(to_state)s, %(id)s,"
    " %(cycle)s, %(unit_id)s, %(sector)s, %(channel)s, %(level)s, %(supervision_tier)s, %(lead_organisation_id)s,"
    " %(original_deadline)s, %(current_deadline)s, %(found_on)s, %(determined)s, %(legacy)s, %(reason)s,"
    " %(declared_at)s, %(verified)s, %(extension_granted_count)s, '样例', %(order)s, %(restates)s, %(occurred_at)s,"
    " %(recorded_at)s)"
)


def _hazard(rows: list[TransitionFact], site_and_enterprise: tuple[int, int]) -> Mapping[str, Any]:
    newest = max(rows, key=lambda row: (row.occurred_at, row.order, row.id))
    return {
        "id": newest.hazard_id,
        "state": newest.to_state.value,
        "level": newest.level.value,
        "cycle": newest.cycle,
        "channel": newest.channel.value,
        "sector": newest.sector,
        "unit": newest.unit_id,
        "site": site_and_enterprise[0],
        "enterprise": site_and_enterprise[1],
        "found_on": newest.found_on,
        "original": newest.original_deadline,
        "current": newest.current_deadline,
        "legacy": newest.legacy,
        "determined_at": newest.occurred_at if newest.determined else None,
        "closed_at": newest.occurred_at if newest.to_state is State.CLOSED else None,
        "number": f"样例{newest.hazard_id}",
        "at": newest.occurred_at,
    }


def _row(row: TransitionFact) -> Mapping[str, Any]:
    names = TransitionFact.__dataclass_fields__
    return {name: str(value) if isinstance(value, str) else value for name in names for value in [getattr(row, name)]}
