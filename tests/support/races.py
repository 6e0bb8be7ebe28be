"""Two acts on one hazard at the same instant, each in its own connection of the application's login."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import IsolationLevel

from tests.oracle.town import Town
from tests.oracle.walk import Walk
from tests.support.acts import CHAIN, SETTINGS, Actor, Desk, Row
from tests.support.arena import Arena, front_of
from tests.support.deeds import Deed, extend
from tests.support.deeds_rectification import declare, pass_verification
from tests.support.deeds_sign_off import correct, refuse, sign, withdraw

_PATIENCE: Final = 1.5
_SIGNING: Final = frozenset({"sign", "withdraw", "refuse", "close"})


def transfer(desk: Desk, hazard: Row) -> None:
    """The administrator ends the appointment of the last level's holder."""
    _administrator(desk)
    holder = desk.actors["lead", "principal_head", 0]
    desk.one(
        "UPDATE appointment SET valid_until = registry_now(), end_reason = '调离' WHERE id = %(id)s RETURNING id",
        id=holder.appointment,
    )


def disable(desk: Desk, hazard: Row) -> None:
    """The administrator disables the holder of the first level for cause."""
    administrator = _administrator(desk)
    holder = desk.actors["lead", "inspector", 0]
    desk.one(
        "INSERT INTO person_disablement (person_id, for_cause, reason, account_id)"
        " VALUES (%(person)s, true, '违纪', %(account)s) RETURNING id",
        person=holder.person,
        account=administrator.account,
    )


def _administrator(desk: Desk) -> Actor:
    actor = desk.actors["administrator", "proposer", 0]
    values = {"role": "qingling_administrator", "account": str(actor.account), "person": str(actor.person)}
    place = {"appointment": str(actor.appointment), "organisation": str(actor.organisation), "enterprise": ""}
    desk.run(SETTINGS, values | place | {"units": desk.units})
    return actor


OPERATIONS: Final[Mapping[str, Deed]] = {
    "sign": sign,
    "withdraw": withdraw,
    "refuse": refuse,
    "verify": pass_verification,
    "declare": declare,
    "correct": correct,
    "extend": extend,
    "close": sign,
    "transfer": transfer,
    "disable": disable,
}
_ISOLATION: Final = {
    "read committed": IsolationLevel.READ_COMMITTED,
    "repeatable read": IsolationLevel.REPEATABLE_READ,
    "serializable": IsolationLevel.SERIALIZABLE,
}


@dataclass
class Racer:
    """One side of a race: performs its operation in one transaction and remembers whether it was refused."""

    connection: psycopg.Connection[dict[str, Any]]
    desk: Desk
    operation: str
    hazard: Row
    refusal: str | None = None

    def perform(self) -> None:
        """Everything but the commit."""
        try:
            OPERATIONS[self.operation](self.desk, self.hazard)
        except (psycopg.Error, LookupError) as error:
            self.connection.rollback()
            hint = error.diag.message_hint or error.sqlstate if isinstance(error, psycopg.Error) else None
            self.refusal = hint or str(error)

    def commit(self) -> None:
        """Commit, unless refused already."""
        if self.refusal is None:
            try:
                self.connection.commit()
            except psycopg.Error as error:
                self.connection.rollback()
                self.refusal = error.diag.message_hint or error.sqlstate or "refused at commit"

    def run(self) -> None:
        """Perform and commit."""
        self.perform()
        self.commit()


@dataclass
class Track:
    """An arena with two lanes; prepares a hazard for each race and lets two operations meet on it."""

    arena: Arena
    judge: psycopg.Connection[Any]
    lanes: tuple[psycopg.Connection[dict[str, Any]], psycopg.Connection[dict[str, Any]]]
    races: int = 0

    def hazard_for(
        self, first: str, second: str, *, own_signers: bool = False
    ) -> tuple[Row, Mapping[tuple[str, str, int], Actor]]:
        """A hazard where at least one of the two may happen, and who acts on it."""
        town, pair = self.arena.town, {first, second}
        self.races += 1
        town.city.connection = self.judge
        self.judge.execute("SET session_replication_role = replica")
        town.city.now = self._start
        walk = Walk(town.city).report().list_()
        seat = self.races if own_signers else 0
        if own_signers:
            for kind in CHAIN["major"]:
                town.city.hire(walk.lead, kind, seat)
        self.judge.execute("SET session_replication_role = origin")
        self.judge.commit()
        actors = self._actors(town, seat)
        self._prepare(walk.id, pair, actors)
        columns = "id, state, level, cycle, place"
        row = self.judge.execute(f"SELECT {columns} FROM hazard WHERE id = %s".encode(), [walk.id]).fetchone()
        return dict(zip(columns.split(", "), row or (), strict=True)), actors

    def _prepare(self, hazard: int, pair: set[str], actors: Mapping[tuple[str, str, int], Actor]) -> None:
        """Bring the hazard to where the pair may happen, as the application does."""
        lane = self.lanes[0]
        lane.isolation_level = IsolationLevel.READ_COMMITTED
        desk = Desk(_runner(lane), actors, self.arena.front.units, self._nonce)
        row = {"id": hazard, "state": "listed", "level": "major", "cycle": 1, "place": ""}
        if pair & {"verify", "correct", *_SIGNING}:
            declare(desk, row)
        if pair & _SIGNING:
            row["state"] = "rectified"
            pass_verification(desk, row)
            for _ in range(3 if pair & {"close"} else 2):
                sign(desk, row)
        lane.commit()

    def __post_init__(self) -> None:
        self._start = self.arena.town.city.now

    def _actors(self, town: Town, seat: int) -> Mapping[tuple[str, str, int], Actor]:
        actors = dict(front_of(town, "").actors)
        for (name, kind, number), actor in list(actors.items()):
            if seat and number == seat:
                actors[name, kind, 0] = actor
        return actors

    def meet(self, first: str, second: str, overlap: str, isolation: str = "read committed") -> tuple[Racer, Racer]:
        """Two operations on a new hazard, overlapping as told; both racers with their refusals."""
        own = bool({first, second} & {"transfer", "disable"})
        hazard, actors = self.hazard_for(first, second, own_signers=own)
        racers = []
        for lane, operation in zip(self.lanes, (first, second), strict=True):
            lane.isolation_level = _ISOLATION[isolation]
            desk = Desk(_runner(lane), actors, self.arena.front.units, self._nonce)
            racers.append(Racer(lane, desk, operation, hazard))
        _OVERLAPS[overlap](self, *racers)
        return racers[0], racers[1]

    def _nonce(self) -> str:
        return f"{self.races} {time.monotonic_ns()}"

    def is_waiting(self, racer: Racer) -> bool:
        """Whether the racer's server process waits for another's lock."""
        row = self.judge.execute("SELECT pg_blocking_pids(%s) <> '{}'", [racer.connection.info.backend_pid]).fetchone()
        self.judge.commit()
        return bool(row and row[0])


def _runner(lane: psycopg.Connection[dict[str, Any]]) -> Callable[[str, Mapping[str, object]], list[dict[str, Any]]]:
    def run(statement: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
        cursor = lane.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []

    return run


def _held(track: Track, first: Racer, second: Racer) -> None:
    """The first has done all but commit when the second comes and waits, or is refused."""
    thread = _behind(track, first, second)
    first.commit()
    thread.join()


def _undone(track: Track, first: Racer, second: Racer) -> None:
    """As held, but the first thinks better of it."""
    thread = _behind(track, first, second)
    first.connection.rollback()
    first.refusal = first.refusal or "rolled back"
    thread.join()


def _behind(track: Track, first: Racer, second: Racer) -> threading.Thread:
    first.perform()
    thread = threading.Thread(target=second.run)
    thread.start()
    deadline = time.monotonic() + _PATIENCE
    while thread.is_alive() and time.monotonic() < deadline and not track.is_waiting(second):
        thread.join(0.005)
    return thread


def _free(track: Track, first: Racer, second: Racer) -> None:
    """Both at once."""
    start = threading.Barrier(2)

    def run(racer: Racer) -> None:
        start.wait()
        racer.run()

    threads = [threading.Thread(target=run, args=(racer,)) for racer in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _seen(track: Track, first: Racer, second: Racer) -> None:
    """The second has looked before the first is done; it acts on what it saw."""
    second.connection.execute("SELECT set_config('role', 'qingling_auditor', true)")
    second.connection.execute("SELECT count(*) FROM signature")
    first.run()
    second.run()


_OVERLAPS: Final[Mapping[str, Callable[[Track, Racer, Racer], None]]] = {
    "held": _held,
    "free": _free,
    "seen": _seen,
    "undone": _undone,
}
OVERLAPS: Final = tuple(_OVERLAPS)
