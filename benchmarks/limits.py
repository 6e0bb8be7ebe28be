"""What pgbench is given for each path: the statements that the request itself sent, captured once a kind of caller."""

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from benchmarks.captured import Made, Script, Sent, script_of, sent_by, statements_logged
from benchmarks.load import CONNECTIONS, UNIQUE, Client
from benchmarks.paths import Paths
from benchmarks.registry_at_size import LEVELS, READERS, SAMPLES, STRIDE
from benchmarks.serving import qingling

_TARGET: Final = f"""\\set step{{level}} :step{{level}} + 1
\\set position :first + (:step{{level}} - 1) * {CONNECTIONS} + :client_id
SELECT public_id, hazard_id, round_id, step_up_id, content_sha256 FROM benchmark.target
 WHERE level = {{level}} AND position = :position \\gset target_
"""
_READING: Final = f"""\\set position random(1, {SAMPLES})
SELECT public_id, hazard_id FROM benchmark.reading WHERE login = '{{login}}' AND position = :position \\gset target_
"""


@dataclass(frozen=True)
class Limits:
    """The scripts of each path, and of the look-up alone that some of them contain beside what the request sends."""

    report: list[Script]
    read: list[Script]
    listing: list[Script]
    sign: list[Script]
    looked_up: Script

    def counts(self) -> dict[str, int]:
        """Statements of a transaction, BEGIN and COMMIT with them, by path."""
        paths = {"report": self.report, "read": self.read, "list": self.listing, "sign": self.sign}
        return {name: max(script.statements for script in scripts) for name, scripts in paths.items()}


@dataclass(frozen=True)
class Capture:
    """Sends requests to a server whose statements are logged."""

    paths: Paths
    client: Client
    port: int

    def sent(self, wanted: bytes) -> tuple[Sent, ...]:
        """The statements of one request."""

        def act() -> None:
            answers = self.client.load(self.port, [wanted], 60, each_once=True)
            if answers.failures:
                raise RuntimeError(answers.refused.decode("utf-8", "replace"))

        return sent_by(self.paths.loaded, act)

    def one(self, statement: str, *values: object) -> tuple[str, ...]:
        """The one row of a look into the database, as text."""
        with self.paths.loaded.superuser() as connection:
            (row,) = connection.execute(statement.encode(), values).fetchall()
        return tuple(str(value) for value in row)

    def report(self, position: int) -> Script:
        """上报: the new ids come from the statements that make them, the key is drawn anew."""
        key = uuid4().hex
        statements = self.sent(self.paths.reports()[position].replace(UNIQUE, key.encode()))
        hazard, transition, account = self.one(_NEWEST_REPORT)
        return script_of(
            f"report{position}",
            statements,
            before="\\set key random(1000000000, 9000000000000000000)\n",
            chosen={key: ":key", f"{account}:{key}": ":key"},
            made=[Made(hazard, "INSERT INTO hazard "), Made(transition, "INSERT INTO hazard_transition ")],
        )

    def read(self, login: str) -> Script:
        """查看隐患: another one of the reader's each time."""
        public_id, hazard = self.one(_FIRST_READING, login)
        statements = self.sent(self.paths.readings()[sorted(READERS).index(login)])
        chosen = {public_id: ":target_public_id", hazard: ":target_hazard_id"}
        name = f"read_{login.replace('-', '_')}"
        return script_of(name, statements, before=_READING.format(login=login), chosen=chosen)

    def page(self, position: int) -> Script:
        """查询台账: behind another hazard each time."""
        after = self.paths.loaded.hazards // 2 * STRIDE + 7
        statements = self.sent(self.paths.pages([after])[position])
        hazards = self.paths.loaded.hazards
        before = f"\\set after random({hazards // 10}, {hazards}) * {STRIDE}\n"
        return script_of(f"list{position}", statements, before=before, chosen={str(after): ":after"})

    def sign(self, level: int, position: int) -> Script:
        """签字 at a level: every client goes on with rounds of its own."""
        (wanted,) = self.paths.signatures(range(position, position + 1), level)
        key = uuid4().hex
        statements = self.sent(wanted.replace(UNIQUE, key.encode()))
        public_id, hazard, of_round, step_up, content, transition, account = self.one(_SIGNED, level, position)
        chosen = {
            public_id: ":target_public_id",
            hazard: ":target_hazard_id",
            of_round: ":target_round_id",
            step_up: ":target_step_up_id",
            content: ":target_content_sha256",
            f"\\x{content}": "decode(:target_content_sha256, 'hex')",
            key: ":key",
            f"{account}:{key}": ":key",
        }
        before = "\\set key random(1000000000, 9000000000000000000)\n" + _TARGET.format(level=level)
        made = [Made(transition, "INSERT INTO hazard_transition ")]
        if step_up not in {value for statement in statements for value in statement.parameters}:
            made.append(Made(self.one(_NEWEST_STEP_UP)[0], "INSERT INTO step_up "))
        return script_of(f"sign{level}", statements, before=before, chosen=chosen, made=made)


_NEWEST_REPORT: Final = """
SELECT h.id, t.id, t.account_id FROM hazard h JOIN hazard_transition t ON t.hazard_id = h.id ORDER BY h.id DESC LIMIT 1
"""
_FIRST_READING: Final = "SELECT public_id, hazard_id FROM benchmark.reading WHERE login = %s AND position = 1"
_NEWEST_STEP_UP: Final = "SELECT max(id) FROM step_up"
_SIGNED: Final = """
SELECT b.public_id, b.hazard_id, b.round_id, b.step_up_id, b.content_sha256, t.id, t.account_id
  FROM benchmark.target b JOIN hazard_transition t ON t.hazard_id = b.hazard_id AND t.version = b.version + 1
 WHERE b.level = %s AND b.position = %s
"""


def captured(paths: Paths, client: Client) -> Limits:
    """Sends each kind of request once."""
    loaded = paths.loaded
    with qingling(loaded.environment(), loaded.folder / "captured.log") as served, statements_logged(loaded):
        capture = Capture(paths, client, served.port)
        # The first request of a kind fills what a process keeps; what every later one sends is the limit.
        position = paths.unsigned().start
        paths.prove_again(range(position, position + 2))
        signatures = paths.signatures(range(position, position + 1))
        for wanted in (*paths.reports(), *paths.readings()[: len(READERS)], *paths.pages([STRIDE]), *signatures):
            capture.sent(wanted)
        return Limits(
            [capture.report(position) for position in range(len(paths.reports()))],
            [capture.read(login) for login in READERS],
            [capture.page(position) for position in range(len(READERS))],
            [capture.sign(level, position + 1) for level in LEVELS],
            Script("looked_up", _READING.format(login=READERS[0])),
        )
