"""Acts and audit events, one to one: each act is told once in its own transaction, and nothing else is told."""

from collections.abc import Iterator

from tests.support.wall_bench import Bench
from tests.support.wall_cases import Case
from tests.support.wall_cases_around import cases
from tests.support.wall_cases_papers import Table
from tests.support.wall_steps import Walk, settle


class Untold(Walk):
    """Walks as others do and tells nobody."""

    def audited(self, transition: int) -> int:
        return transition


def reported(b: Bench, walk: Walk) -> int:
    """A hazard reported in this transaction; its one act."""
    walk.report()
    b.owner()
    return int(walk.run("SELECT max(id) FROM hazard_transition WHERE hazard_id = %s", walk.hazard_id))


def tell(b: Bench, walk: Walk, event: str, particulars: str, account: str = "t.account_id") -> None:
    """One more event at the end of the hazard's stream; all its hashes are right."""
    b.owner()
    b.connection.execute(
        "WITH p AS (SELECT convert_to(jsonb_build_object('event', %(event)s::text, 'particulars',"
        f" jsonb_build_object({particulars}))::text, 'UTF8') AS payload, {account} AS account_id"
        " FROM hazard_transition t WHERE t.hazard_id = %(hazard)s ORDER BY t.id DESC LIMIT 1),"
        " head AS (INSERT INTO audit_stream AS s (kind, subject_id, hazard_id, length, previous_sha256, head_sha256)"
        " SELECT 'hazard', %(hazard)s, %(hazard)s, 1, sha256(''), sha256(sha256('') || payload) FROM p"
        " ON CONFLICT (kind, subject_id) DO UPDATE SET length = s.length + 1, previous_sha256 = s.head_sha256,"
        " head_sha256 = sha256(s.head_sha256 || (SELECT payload FROM p)) RETURNING *)"
        " INSERT INTO audit_event (stream_id, serial, hazard_id, event, payload, previous_sha256, sha256, account_id,"
        " request_id) SELECT id, length, hazard_id, %(event)s, payload, previous_sha256, head_sha256, p.account_id,"
        " 'r' FROM head, p",
        {"event": event, "hazard": walk.hazard_id},
    )
    settle(b.connection)


def untold(b: Bench) -> None:
    reported(b, Untold(b.connection, b.city))
    settle(b.connection)


def told_twice(b: Bench) -> None:
    walk = Walk(b.connection, b.city)
    walk.audited(reported(b, walk))
    settle(b.connection)


def told_again_later(b: Bench) -> None:
    """The act of a transaction that is long committed, by its own account."""
    tell(b, b.walk, "hazard:report:recorded", "'transition', (SELECT min(id) FROM hazard_transition), 'version', 1")


def beside(b: Bench, event: str, particulars: str) -> None:
    """The act is told, and something else beside it."""
    walk = Walk(b.connection, b.city)
    reported(b, walk)
    tell(b, walk, event, particulars)


def amiss(b: Bench, version: int = 1, event: str = "hazard:report:recorded", account: str = "t.account_id") -> None:
    """The act is told once, with something amiss."""
    walk = Untold(b.connection, b.city)
    reported(b, walk)
    tell(b, walk, event, f"'transition', t.id, 'version', {version}", account)


OF_NOTHING = "'transition', 1::bigint << 40, 'version', 1"
TOLD: Table = {
    "an act untold": (untold, "act_not_audited"),
    "an act told under another's name": (lambda b: amiss(b, event="hazard:list:recorded"), "act_not_audited"),
    "an act told twice": (told_twice, "act_audited_twice"),
    "an act told again later": (told_again_later, "audit_without_act"),
    "an act told that is none": (lambda b: beside(b, "hazard:report:recorded", OF_NOTHING), "audit_without_act"),
    "an event that names no act": (lambda b: beside(b, "hazard:sign:recorded", "'version', 1"), "audit_without_act"),
    "an act told of another version": (lambda b: amiss(b, version=2), "audit_without_act"),
    "an act told of another account": (lambda b: amiss(b, account="NULL::bigint"), "audit_without_act"),
}


def around() -> Iterator[Case]:
    yield from cases(TOLD)
    yield Case("an act told as it is", amiss, ())
    yield Case("another event of the hazard", lambda b: beside(b, "hazard:evidence:added", OF_NOTHING), ())
