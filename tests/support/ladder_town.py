"""A town whose hazards live through many days, for the nights to be tried on: each act is one the lifecycle allows.

The rows are written straight into a scratch database by the superuser (no act can be back-dated by months through the
API); the same life is kept as the history that the pure function reads. Runs go through the job's login and its walls.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

from app.regulation.ladder_facts import Milestone, RoundSpan, Step, TermHistory
from app.regulation.vocabulary import Act, Purpose, State
from app.tables.supervision import PLAN_TEXTS

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_ONE_DAY: Final = timedelta(days=1)
_SECTORS: Final = ("chemical", "coal", "mining")


@dataclass
class Life:
    """One hazard: its history as the pure function reads it, and what its next act may be."""

    hazard_id: int
    history: TermHistory
    cycle: int = 1
    version: int = 0
    pending_plan: bool = False
    plan: tuple[Milestone, ...] = ()
    asked: int | None = None
    round_id: int | None = None

    @property
    def state(self) -> State:
        return self.history.steps[-1].state


@dataclass
class Town:
    """Lives on, day by day; `rows` are written at the end of each day."""

    connection: psycopg.Connection[Any]
    dice: random.Random
    ground: dict[str, int]
    lives: list[Life] = field(default_factory=list)

    def settle(self, count: int, today: date, go_live: date, *, of_ledger: float = 0.17) -> None:
        """New hazards, listed that day; unless said otherwise one in six came with the ledger."""
        for _ in range(count):
            legacy = self.dice.random() < of_ledger
            deadline = today + timedelta(days=self.dice.choice((2, 10, 20, 45, 90)))
            on = today - timedelta(days=self.dice.randrange(60)) if legacy else today
            deadline, sector = max(deadline - timedelta(days=60 * legacy), on), self.dice.choice(_SECTORS)
            row = self.connection.execute(
                """INSERT INTO hazard (state, level, version, channel, sector, unit_id, site_id,
                       enterprise_id, found_on,
                       lead_organisation_id, listing_office_id, supervision_tier, circumstances, place, finders,
                       reporting_record, monitoring_measures, ledger_number, ledger_year, ledger_serial, is_legacy,
                       original_deadline, current_deadline, determined_at, listed_at, reported_at, last_act_at)
                   VALUES ('listed', 'major', 1, 'inspection', %s, %s, %s, %s, %s, %s, %s, 2, '示例', '示例', '示例',
                       '示例', '示例', %s, 2024, 1, %s, %s, %s,
                       %s, %s, %s, %s) RETURNING id""",
                [
                    sector,
                    self.ground["unit"],
                    self.ground["site"],
                    self.ground["enterprise"],
                    on,
                    self.ground["lead"],
                    self.ground["office"],
                    f"示例{len(self.lives)}",
                    legacy,
                    deadline,
                    deadline,
                    *[_noon(on)] * 4,
                ],
            ).fetchone()
            assert row is not None
            self.connection.execute(
                """INSERT INTO audit_stream (kind, subject_id, hazard_id, length, previous_sha256, head_sha256)
                   VALUES ('hazard', %s, %s, 0, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'))""",
                [row[0], row[0]],
            )
            life = Life(row[0], TermHistory(sector, deadline, (), not_before=go_live if legacy else None))
            self._did(life, Step(on, Act.IMPORT_OPEN if legacy else Act.LIST, State.LISTED, deadline))
            self.lives.append(life)

    def live(self, today: date) -> None:
        """One day of everybody: most do nothing."""
        for life in self.lives:
            while self.dice.random() < 0.12:
                self._act(life, today)

    def _act(self, life: Life, today: date) -> None:
        """Something the hazard's state allows."""
        if life.round_id is not None:
            self._in_round(life, today)
        elif life.state is State.LISTED:
            self._while_listed(life, today)
        elif life.state is State.RECTIFIED:
            passed = self.dice.random() < 0.3
            self._did(
                life,
                self._step(
                    life, today, Act.SIGN if passed else Act.FAIL_VERIFICATION, State.CLOSED if passed else State.LISTED
                ),
                cycle=not passed,
            )
        elif life.state is State.CLOSED and self.dice.random() < 0.3:
            deadline = today + timedelta(days=self.dice.choice((5, 20, 40)))
            self._did(
                life, Step(today, self.dice.choice((Act.RELAPSE, Act.FAIL_REVISIT)), State.LISTED, deadline), cycle=True
            )

    def _while_listed(self, life: Life, today: date) -> None:
        moves = (self._progress, self.plan, self._extension, self._progress, self.plan, self._extension)
        self.dice.choice((*moves, self._declare, self._round, self._other))(life, today)

    def _progress(self, life: Life, today: date) -> None:
        names = [one.name for one in life.plan]
        reached = self.dice.choice(names) if names and self.dice.random() < 0.6 else None
        transition = self._did(life, replace(self._step(life, today, Act.REPORT_PROGRESS), milestone=reached))
        self._document("progress", life, transition, description="示例", milestone=reached)

    def plan(self, life: Life, today: date) -> None:
        """The enterprise sends a plan, or the department decides over the one it has."""
        if not life.pending_plan:
            goals = tuple(
                Milestone(f"节点{n}", today + timedelta(days=self.dice.randrange(1, 40)))
                for n in range(self.dice.randrange(3))
            )
            transition = self._did(life, self._step(life, today, Act.SUBMIT_PLAN))
            self._write_plan(life, transition, goals)
            life.pending_plan = True
            return
        approved = self.dice.random() < 0.7
        plan_id, goals = self._newest_plan(life)
        step = self._step(life, today, Act.APPROVE_PLAN if approved else Act.RETURN_PLAN)
        transition = self._did(life, replace(step, milestones=goals if approved else ()))
        self._document(
            "plan_decision", life, transition, plan_id=plan_id, approved=approved, reason=None if approved else "示例"
        )
        life.pending_plan, life.plan = False, goals if approved else ()

    def _extension(self, life: Life, today: date) -> None:
        deadline = life.history.deadline
        if life.asked is None and deadline is not None and today <= deadline:
            transition = self._did(life, self._step(life, today, Act.REQUEST_EXTENSION))
            life.asked = self._document(
                "extension_request",
                life,
                transition,
                current_due_on=deadline,
                requested_due_on=deadline + timedelta(30),
                reason="示例",
            )
        elif life.asked is not None and deadline is not None:
            granted = self.dice.random() < 0.5
            until = deadline + timedelta(days=self.dice.randrange(3, 30)) if granted else deadline
            step = replace(self._step(life, today, Act.DECIDE_EXTENSION), granted=granted, deadline=until)
            transition = self._did(life, step)
            self._document(
                "extension_decision",
                life,
                transition,
                extension_request_id=life.asked,
                granted=granted,
                granted_due_on=until if granted else None,
                reason="示例",
            )
            life.asked = None

    def _declare(self, life: Life, today: date) -> None:
        self._did(life, self._step(life, today, Act.DECLARE, State.RECTIFIED))
        life.asked = None

    def _other(self, life: Life, today: date) -> None:
        self._did(
            life, self._step(life, today, self.dice.choice((Act.TRANSFER, Act.CORRECT, Act.ORDER_PRODUCTION_MEASURE)))
        )

    def _round(self, life: Life, today: date) -> None:
        purpose = self.dice.choice((Purpose.WITHDRAWAL, Purpose.CESSATION))
        self._did(
            life, self._step(life, today, Act.OPEN_WITHDRAWAL if purpose is Purpose.WITHDRAWAL else Act.OPEN_CESSATION)
        )
        row = self.connection.execute(
            """INSERT INTO signing_round (hazard_id, cycle, purpose, edition_id, edition_chain_id, level_count, content,
                   content_sha256, opened_at) VALUES (%s, %s, %s, 1, 1, 4, '{}', sha256('{}'), %s) RETURNING id""",
            [life.hazard_id, life.cycle, purpose.value, _noon(today)],
        ).fetchone()
        assert row is not None
        life.round_id = row[0]
        life.history = replace(life.history, rounds=(*life.history.rounds, RoundSpan(purpose, today, None)))

    def _in_round(self, life: Life, today: date) -> None:
        if self.dice.random() < 0.5:
            self._progress(life, today)
            return
        ended = life.history.rounds[-1]
        finished = self.dice.random() < 0.2
        state = (State.DISMISSED if ended.purpose is Purpose.WITHDRAWAL else State.CLOSED) if finished else State.LISTED
        self._did(life, self._step(life, today, Act.SIGN if finished else Act.REFUSE_SIGNATURE, state))
        self.connection.execute(
            """INSERT INTO round_end (hazard_id, round_id, outcome, refused_level, reason, ended_at)
               VALUES (%s, %s, %s, %s, '示例', %s)""",
            [
                life.hazard_id,
                life.round_id,
                "completed" if finished else "refused",
                None if finished else 1,
                _noon(today),
            ],
        )
        life.round_id = None
        life.history = replace(life.history, rounds=(*life.history.rounds[:-1], replace(ended, ended_on=today)))

    def _step(self, life: Life, today: date, act: Act, state: State | None = None) -> Step:
        return Step(today, act, state or life.state, life.history.deadline)

    def _did(self, life: Life, step: Step, *, cycle: bool = False) -> int:
        """The act's rows and its step."""
        life.cycle, life.version = life.cycle + cycle, life.version + 1
        before = life.history.steps[-1].state.value if life.history.steps else None
        life.history = replace(life.history, deadline=step.deadline, steps=(*life.history.steps, step))
        self.connection.execute(
            """UPDATE hazard SET state = %s, version = %s, cycle = %s, current_deadline = %s, last_act_at = %s,
                   closed_at = CASE WHEN %s = 'closed' THEN %s ELSE closed_at END WHERE id = %s""",
            [
                step.state.value,
                life.version,
                life.cycle,
                step.deadline,
                _noon(step.on),
                step.state.value,
                _noon(step.on),
                life.hazard_id,
            ],
        )
        row = self.connection.execute(
            """INSERT INTO hazard_transition (hazard_id, act, rule, from_state, to_state, version, cycle, unit_id,
                   sector, channel, level, found_on, is_determined, is_legacy, actor_label, act_order, current_deadline,
                   occurred_at, recorded_at)
               SELECT id, %s, 'test', %s, state, version, cycle, unit_id, sector, channel, level, found_on, true,
                   is_legacy, 'test', version, current_deadline, %s, %s FROM hazard WHERE id = %s RETURNING id""",
            [step.act.value, before, _noon(step.on), _noon(step.on), life.hazard_id],
        ).fetchone()
        assert row is not None
        return int(row[0])

    def _document(self, table: str, life: Life, transition: int, **columns: object) -> int:
        values = {
            "hazard_id": life.hazard_id,
            "cycle": life.cycle,
            "transition_id": transition,
            "account_id": 1,
            **columns,
        }
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        row = self.connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id",
            list(values.values()),
        ).fetchone()
        assert row is not None
        return int(row[0])

    def _write_plan(self, life: Life, transition: int, goals: Iterable[Milestone]) -> None:
        items = [{"name": one.name, "due_on": one.due_on.isoformat()} for one in goals]
        self._document(
            "plan",
            life,
            transition,
            plan_version=life.version,
            milestones=Jsonb({"items": items}),
            document_sha256=bytes(32),
            **dict.fromkeys(PLAN_TEXTS, "示例"),
        )

    def _newest_plan(self, life: Life) -> tuple[int, tuple[Milestone, ...]]:
        row = self.connection.execute(
            "SELECT id, milestones FROM plan WHERE hazard_id = %s ORDER BY id DESC LIMIT 1", [life.hazard_id]
        ).fetchone()
        assert row is not None
        return row[0], tuple(Milestone(one["name"], date.fromisoformat(one["due_on"])) for one in row[1]["items"])


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)
