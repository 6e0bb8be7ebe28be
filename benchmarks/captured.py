"""What a request sends to PostgreSQL, read back from the server's log, and the same as a script for pgbench."""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from psycopg import sql

from app.tables.roles import roles_sql
from benchmarks.registry_at_size import Loaded

_EXECUTED: Final = re.compile(r"(?:execute [^:]*|statement): (.*)", re.DOTALL)
_PARAMETER: Final = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
_LITERAL: Final = re.compile(r"'((?:[^']|'')*)'")
_PLACE: Final = re.compile(r"\$(\d+)")
_TOLD: Final = {"log_statement": sql.Literal("all"), "log_parameter_max_length": sql.Literal(-1)}
_DISCONNECT: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'qingling_app'"
_QUIET_SECONDS: Final = 0.3
_LONGEST_WAIT: Final = 10.0


@dataclass(frozen=True)
class Sent:
    """One statement as the server executed it."""

    text: str
    parameters: tuple[str | None, ...]


@contextmanager
def statements_logged(loaded: Loaded) -> Iterator[None]:
    """The application's login writes every statement into the server's log, over connections opened from now on.

    No server starts with such a login, so one that runs already loses its connections and opens others.
    """
    with loaded.superuser() as connection:
        for name, value in _TOLD.items():
            connection.execute(sql.SQL("ALTER ROLE qingling_app SET {} TO {}").format(sql.Identifier(name), value))
        connection.execute(_DISCONNECT)
        try:
            yield
        finally:
            connection.execute(roles_sql({}).encode())


def sent_by(loaded: Loaded, act: Callable[[], None]) -> tuple[Sent, ...]:
    """The statements of the act's one transaction, BEGIN and COMMIT with them."""
    log = loaded.statement_log
    before = log.stat().st_size
    act()
    text = _after(log, before)
    # Readiness is asked meanwhile, by nobody who holds a token.
    transactions = [one for one in _transactions(text) if any("principal_of" in sent.text for sent in one)]
    if len(transactions) != 1:
        raise RuntimeError(f"one request was {len(transactions)} transactions")
    return transactions[0]


def _transactions(text: str) -> Iterator[tuple[Sent, ...]]:
    """What each connection sent from a BEGIN to its COMMIT, both with it."""
    under_way: dict[int, list[Sent]] = {}
    for process, sent in _statements(text):
        if sent.text.upper().startswith("BEGIN"):
            under_way[process] = []
        if process in under_way:
            under_way[process].append(sent)
        if sent.text.upper() == "COMMIT" and process in under_way:
            yield tuple(under_way.pop(process))


def _after(log: Path, position: int) -> str:
    """What was written behind the position, once it has been quiet for a moment."""
    deadline = time.monotonic() + _LONGEST_WAIT
    size, since = -1, time.monotonic()
    while time.monotonic() < deadline and (size <= position or time.monotonic() - since < _QUIET_SECONDS):
        now = log.stat().st_size
        if now != size:
            size, since = now, time.monotonic()
        time.sleep(0.02)
    with log.open("rb") as written:
        written.seek(position)
        return written.read().decode()


def _statements(text: str) -> Iterator[tuple[int, Sent]]:
    for line in text.splitlines():
        entry = json.loads(line)
        found = _EXECUTED.fullmatch(entry.get("message", ""))
        if entry.get("user") == "qingling_app" and found and found[1].strip(" ;"):
            given = dict(_PARAMETER.findall(entry.get("detail", "")))
            values = [given[number] for number in sorted(given, key=int)]
            yield int(entry["pid"]), Sent(found[1].strip().rstrip(";"), tuple(map(_value, values)))


def _value(logged: str) -> str | None:
    return None if logged == "NULL" else logged[1:-1].replace("''", "'")


@dataclass
class Script:
    """A transaction for pgbench: the captured statements with what differs from one to the next as variables."""

    name: str
    text: str
    constants: dict[str, str] = field(default_factory=dict)
    statements: int = 0
    """Of the transaction, BEGIN and COMMIT with them."""


@dataclass(frozen=True)
class Made:
    """An id that a statement of the transaction makes and later ones use."""

    value: str
    statement: str
    """What the statement that makes it contains."""
    column: str = "id"


def script_of(
    name: str, sent: Sequence[Sent], *, before: str = "", chosen: dict[str, str], made: Sequence[Made] = ()
) -> Script:
    """The captured transaction; `chosen` gives for a captured value the variable that `before` sets anew each time."""
    script = Script(name, before, statements=len(sent))
    variables = dict(chosen)
    for position, statement in enumerate(sent):
        weaving = _Weaving(script, variables, statement, position)
        script.text += _PLACE.sub(weaving.written, _LITERAL.sub(weaving.literal, statement.text))
        ending = ";"
        for one in made:
            if one.statement in statement.text and "RETURNING" in statement.text:
                ending = f" \\gset made{position}_"
                variables[one.value] = f":made{position}_{one.column}"
        script.text += f"{ending}\n"
    return script


@dataclass(frozen=True)
class _Weaving:
    """One statement on its way into a script."""

    script: Script
    variables: dict[str, str]
    sent: Sent
    position: int

    def literal(self, found: re.Match[str]) -> str:
        """A text of the statement itself; pgbench would take the `:MI` in 'HH24:MI' for a variable of its own."""
        if ":" not in found[1]:
            return found[0]
        constant = f"{self.script.name}_{self.position}_at_{found.start()}"
        self.script.constants[constant] = found[1].replace("''", "'")
        return f"CAST(:{constant} AS text)"

    def written(self, found: re.Match[str]) -> str:
        """What stands in the script for a parameter."""
        number = int(found[1])
        value = self.sent.parameters[number - 1]
        if value is None:
            return "NULL"
        if value in self.variables:
            return self.variables[value]
        constant = f"{self.script.name}_{self.position}_{number}"
        pieces = self._payload(value) if value.startswith("\\x") else None
        if pieces is None:
            self.script.constants[constant] = value
            return f":{constant}"
        return f"convert_to({' || '.join(self._named(constant, pieces))}, 'UTF8')"

    def _payload(self, value: str) -> list[str] | None:
        """Bytes that are a text naming ids that differ: the text before, an id, the text after it and so on."""
        text = bytes.fromhex(value[2:]).decode("utf-8", "replace")
        made = [known for known, name in self.variables.items() if name.startswith(":made") and known in text]
        return re.split(f"({'|'.join(made)})", text) if made else None

    def _named(self, constant: str, pieces: list[str]) -> Iterator[str]:
        for number, piece in enumerate(pieces):
            if number % 2:
                yield f"CAST({self.variables[piece]} AS text)"
            else:
                self.script.constants[f"{constant}_{number}"] = piece
                yield f"CAST(:{constant}_{number} AS text)"
