"""Six sessions of the application's login that try everything SQL allows: seeded, concurrent, deep in the lifecycle.

A legal deed, a deed with one statement spoilt, and hostile statements stand side by side in each transaction.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import dict_row

from tests.support.acts import SETTINGS, Actor, Desk, Row
from tests.support.deeds import DEEDS, report

HOSTILE: Final = tuple(
    paragraph
    for file in sorted((Path(__file__).parents[1] / "wall").glob("hostile_*.sql"))
    for paragraph in file.read_text().strip().split("\n\n")
    if not paragraph.startswith("--")
)
_CLASSES: Final = (
    "official",
    "official",
    "enterprise",
    "administrator",
    "import",
    "signin",
    "auditor",
    "public",
    "custodian",
    "platform",
)
_ISOLATION: Final = (
    IsolationLevel.READ_COMMITTED,
    IsolationLevel.READ_COMMITTED,
    IsolationLevel.READ_COMMITTED,
    IsolationLevel.REPEATABLE_READ,
    IsolationLevel.SERIALIZABLE,
)
_WORDS: Final[Mapping[str, Sequence[object]]] = {
    "state": ("reported", "listed", "rectified", "closed", "dismissed"),
    "to_state": ("reported", "listed", "rectified", "closed", "dismissed"),
    "level_word": ("major", "key"),
    "purpose": ("closing", "withdrawal", "cessation"),
    "outcome": ("completed", "content_changed", "signer_disabled"),
    "act": ("report", "list", "declare", "pass_verification", "sign", "withdraw_signature", "correct", "import_closed"),
    "capacity": ("principal", "controller", "safety_head", "inspector", "proposer", "confirmer"),
    "passed": (True, False),
    "level": (1, 2, 3, 4, 5),
    "delta": (-1, 1, 2),
    "cycle": (1, 2, 3),
    "like": (1,),
}
_TABLE_OF: Final = {
    "round": "signing_round",
    "chain": "edition_chain",
    "seal": "sealed_closing",
    "transition": "hazard_transition",
    "lead": "organisation",
    "account2": "account",
    "document": "declaration",
    "hash": "",
}
_IDS: Final = (
    "hazard",
    "signature",
    "signing_round",
    "edition",
    "edition_chain",
    "sealed_closing",
    "hazard_transition",
    "organisation",
    "account",
    "person",
    "appointment",
    "post",
    "session",
    "step_up",
    "verification",
    "declaration",
    "evidence",
    "enterprise",
)
_SURVEY: Final = "SELECT " + ", ".join(f"(SELECT coalesce(max(id), 1) FROM {table}) AS {table}" for table in _IDS)
_WRITERS: Final = (
    "SELECT c.relname AS written, substr(r.rolname, 10) AS role FROM pg_class c, pg_roles r"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND r.rolname = ANY(%s)"
    " AND (has_table_privilege(r.oid, c.oid, 'INSERT') OR has_any_column_privilege(r.oid, c.oid, 'UPDATE'))"
)
_TARGET: Final = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM|MERGE INTO) (\w+)")
_SIGHT: Final = (
    "SELECT id, state, level, cycle, place FROM hazard ORDER BY state IN ('closed', 'dismissed'), id DESC LIMIT %s"
)
_ENDED: Final = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, psycopg.OperationalError)


class Aborted(Exception):
    """The transaction is beyond saving; the session begins another."""


@dataclass(frozen=True)
class Front:
    """Where the attack happens: the login's address, the actors, the units; shared by all sessions."""

    address: str
    actors: MutableMapping[tuple[str, str, int], Actor]
    units: str
    hot: int = 8
    focus: str = ""
    """A table that every other hostile statement goes for."""


@dataclass
class Attacker:
    """One session: its own seed, its own journal of what it tried and what came of it."""

    front: Front
    seed: str
    statements: int
    outcomes: Counter[str] = field(default_factory=Counter)
    journal: list[tuple[str, Mapping[str, object], str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.newest: dict[str, int] = {}
        self.writers: dict[str, list[str]] = {}
        self.tried = 0
        self.spoil = 0.0
        self._nonce = 0
        aim = re.compile(rf"(INTO|UPDATE|FROM|ON|TRUNCATE) {self.front.focus}\b")
        self.focused = [statement for statement in HOSTILE if self.front.focus and aim.search(statement)]

    def attack(self) -> None:
        """Transactions until the statements are used up."""
        with psycopg.connect(self.front.address, row_factory=dict_row, autocommit=False) as connection:
            self.connection: psycopg.Connection[dict[str, Any]] = connection
            for row in connection.execute(_WRITERS, [[f"qingling_{each}" for each in set(_CLASSES)]]).fetchall():
                self.writers.setdefault(row["written"], []).append(row["role"])
            connection.commit()
            while self.tried < self.statements:
                connection.isolation_level = self.random.choice(_ISOLATION)
                try:
                    self._transaction()
                except (Aborted, psycopg.Error) as error:
                    self.outcomes[f"transaction {type(error).__name__} {_hint(error)}"] += 1
                    connection.rollback()

    def nonce(self) -> str:
        """A text never given before."""
        self._nonce += 1
        return f"{self.seed}-{self._nonce}"

    def _transaction(self) -> None:
        hazards = self._look()
        for _ in range(self.random.randint(1, 3)):
            for _ in range(self.random.randint(0, 3)):
                self._guarded(self._hostile)
            hazard = self.random.choice(hazards)
            self.spoil = self.random.choice((0.0, 0.0, 0.12))
            self._guarded(lambda chosen=hazard: self._deed(chosen))
        if self.random.random() < 0.9:
            self.connection.commit()
            self.outcomes["commit"] += 1
        else:
            self.connection.rollback()

    def _guarded(self, part: Any) -> None:
        """A part under a savepoint: what fails in it is undone, the transaction goes on."""
        name = "SAVEPOINT part"
        self.connection.execute(name)
        try:
            part()
        except (*_ENDED, LookupError, IndexError) as error:
            if self.connection.info.transaction_status == psycopg.pq.TransactionStatus.UNKNOWN:
                raise
            self.connection.execute("ROLLBACK TO SAVEPOINT part")
            if isinstance(error, (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)):
                raise Aborted from error
        except psycopg.Error:
            self.connection.execute("ROLLBACK TO SAVEPOINT part")
        else:
            self.connection.execute("RELEASE SAVEPOINT part")

    def _look(self) -> list[dict[str, Any]]:
        """What there is to attack, as an auditor sees it; not counted."""
        self._settle("auditor", None)
        if not self.newest or self.random.random() < 0.05:
            self.newest = self.connection.execute(_SURVEY).fetchone() or {}
        return self.connection.execute(_SIGHT, [self.front.hot]).fetchall()

    def _settle(self, role: str, actor: Actor | None) -> None:
        organisation = actor.organisation if actor else None
        values = {
            "role": f"qingling_{role}",
            "units": self.front.units,
            "account": "" if actor is None else str(actor.account),
            "person": "" if actor is None else str(actor.person),
            "appointment": "" if actor is None else str(actor.appointment),
            "organisation": "" if organisation is None else str(organisation),
            "enterprise": "" if actor is None or actor.enterprise is None else str(actor.enterprise),
        }
        self.connection.execute(SETTINGS, values)

    def _deed(self, hazard: Row) -> None:
        state = hazard["state"] if self.random.random() < 0.93 else self.random.choice(list(DEEDS))
        deed = report if self.random.random() < 0.02 else self.random.choice(DEEDS[state])
        deed(Desk(self._run, self.front.actors, self.front.units, self.nonce), hazard)

    def _hostile(self) -> None:
        """A hostile statement, mostly in a role class that may write there, with some actor's settings."""
        statement = self.random.choice(self.focused if self.focused and self.random.random() < 0.5 else HOSTILE)
        target = _TARGET.search(statement)
        writers = self.writers.get(target[1], []) if target else []
        role = self.random.choice(writers if writers and self.random.random() < 0.7 else _CLASSES)
        actors = list(self.front.actors.values())
        fitting = [actor for actor in actors if actor.role == role]
        actor = self.random.choice(fitting if fitting and self.random.random() < 0.8 else actors)
        self._settle(role, actor)
        self._execute(statement, {name: self._draw(name) for name in _names_in(statement)})

    def _run(self, statement: str, values: Mapping[str, object]) -> Sequence[Row]:
        """A deed's statement: as it is, spoilt in one value, left out, or sent twice."""
        if "set_config" in statement or self.random.random() >= self.spoil:
            return self._execute(statement, values)
        how = self.random.choice(("value", "value", "value", "value", "omit", "twice"))
        if how == "omit":
            return []
        if how == "twice":
            self._execute(statement, values)
        spoilt = self.random.choice(list(values))
        return self._execute(statement, {**values, spoilt: self._draw(spoilt, values[spoilt])})

    def _draw(self, name: str, otherwise: object = None) -> object:
        """Another value of the kind that the name says."""
        if name in _WORDS:
            return self.random.choice(_WORDS[name])
        if name == "nonce":
            return self.nonce()
        newest = self.newest.get(_TABLE_OF.get(name, name))
        if newest is None:
            return otherwise
        recent = self.random.random() < 0.6
        return self.random.randint(max(1, newest - 12) if recent else 1, newest)

    def _execute(self, statement: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
        counted = not statement.startswith(("SELECT set_config", "SELECT r.id", "SELECT s.id", "SELECT id"))
        self.tried += counted
        try:
            cursor = self.connection.execute(statement.encode(), values)
        except psycopg.Error as error:
            self._note(statement, values, f"{error.sqlstate} {_hint(error)}", counted=counted)
            raise
        moved = cursor.rowcount != 0
        self._note(statement, values, "done" if moved else "nothing", counted=counted)
        return cursor.fetchall() if cursor.description else []

    def _note(self, statement: str, values: Mapping[str, object], outcome: str, *, counted: bool) -> None:
        self.journal.append((statement, values, outcome))
        if counted:
            self.outcomes["tried"] += 1
            self.outcomes["succeeded" if outcome == "done" else "refused"] += 1
            self.outcomes[outcome] += 1


def _hint(error: Exception) -> str:
    """The wall's own code for a refusal."""
    return (isinstance(error, psycopg.Error) and error.diag.message_hint) or ""


def _names_in(statement: str) -> Iterator[str]:
    for part in statement.split("%(")[1:]:
        yield part.split(")s", 1)[0]


@dataclass(frozen=True)
class Attack:
    """What became of an attack: outcomes of all statements, and each session's journal."""

    seed: int
    outcomes: Counter[str]
    attackers: Sequence[Attacker]

    @property
    def share(self) -> float:
        """The share of the statements that changed something."""
        return self.outcomes["succeeded"] / self.outcomes["tried"]

    def traces_of(self, hazard: int, longest: int = 40) -> str:
        """What succeeded on a hazard, session by session: where a replay begins."""
        lines = [
            f"{attacker.seed}: {statement} {dict(values)}"
            for attacker in self.attackers
            for statement, values, outcome in attacker.journal
            if outcome == "done" and hazard in (values.get("hazard"), values.get("like"))
        ]
        return "\n".join(lines[-longest:])


def attack(front: Front, seed: int, statements: int, sessions: int = 6) -> Attack:
    """Let the sessions loose at once and wait for them.

    Raises whatever a session could not survive. The seed fixes what each session chooses, not how they interleave.
    """
    attackers = [Attacker(front, f"{seed}-{number}", statements // sessions) for number in range(sessions)]
    with ThreadPoolExecutor(max_workers=sessions) as loose:
        list(loose.map(Attacker.attack, attackers))
    outcomes = sum((attacker.outcomes for attacker in attackers), Counter[str]())
    return Attack(seed, outcomes, attackers)
