"""Four prepared hazards, unsigned, and the one way to sign them through with one thing broken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.support.wall_city import City, Connection, Official, add_account, add_post, administrators, appoint
from tests.support.wall_steps import Walk, become_owner, settle

Broken = Callable[["Bench"], None]
LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True)
class World:
    """What is signed, on which chain, and where the hazard goes with the last signature."""

    name: str
    purpose: str
    tier: int
    leaves_to: str
    signers: tuple[str, ...]


DEFAULT_SIGNERS = ("inspector", "section_head", "deputy_head", "principal_head")
WORLDS = (
    World("closing", "closing", 2, "closed", DEFAULT_SIGNERS),
    World("vertical", "closing", 1, "closed", ("principal", "township_head", "principal_head", "higher_head")),
    World("withdrawal", "withdrawal", 2, "dismissed", DEFAULT_SIGNERS),
    World("cessation", "cessation", 2, "closed", DEFAULT_SIGNERS),
)


def prepare(connection: Connection, city: City, world: World) -> int:
    """A committed hazard whose round is open and unsigned."""
    walk = Walk(connection, city)
    with connection.transaction():
        walk.report()
        walk.list_it(tier=world.tier)
        if world.purpose == "closing":
            walk.verify(walk.declare())
        else:
            walk.request(world.purpose)
        become_owner(connection)
    return walk.hazard_id


@dataclass
class Bench:
    """One world at work inside one transaction of the superuser, who becomes each actor in turn."""

    connection: Connection
    city: City
    world: World
    hazard_id: int
    walk: Walk = field(init=False)
    round_id: int = field(init=False)
    content: bytes = field(init=False)
    signatures: dict[int, int] = field(default_factory=dict)
    step_ups: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.walk = Walk(self.connection, self.city, self.hazard_id)
        self.round_id = self.walk.round_id()
        self.content = self.walk.content_hash()

    def signer(self, level: int) -> Official:
        """Who rightly signs a level."""
        return self.city.people[self.world.signers[level - 1]]

    def post_kind(self, level: int) -> str:
        """The kind of post a level names."""
        self.owner()
        return str(
            self.walk.run("SELECT post_kind FROM round_level WHERE round_id = %s AND level = %s", self.round_id, level)
        )

    def organisation(self, level: int) -> int:
        """The organisation a level was resolved to."""
        self.owner()
        return int(
            self.walk.run(
                "SELECT organisation_id FROM round_level WHERE round_id = %s AND level = %s", self.round_id, level
            )
        )

    def owner(self) -> None:
        """Go on as the superuser, without a session's settings."""
        become_owner(self.connection)

    def dba(self, statement: str, *values: object) -> None:
        """What no trigger sees: a DBA's hand, to ask whether the closing looks for itself."""
        self.owner()
        self.walk.do("SET LOCAL session_replication_role = replica")
        self.walk.do(statement, *values)
        self.walk.do("SET LOCAL session_replication_role = origin")

    def plain(self, statement: str, *values: object) -> None:
        """A statement of the superuser that every trigger sees."""
        self.owner()
        self.walk.do(statement, *values)

    def in_post(self, level: int, person_id: int, *, suffix: str = "extra") -> Official:
        """Another account of a person, appointed to another seat of the level's kind and organisation."""
        kind, organisation = self.post_kind(level), self.organisation(level)
        title = f"{suffix} {kind} {person_id}"
        account, session = add_account(self.connection, title, person_id)
        post = add_post(self.connection, organisation, kind, title)
        appointment = appoint(self.connection, person_id, post, administrators(self.city))
        role = "qingling_enterprise" if kind.startswith("enterprise") else "qingling_official"
        return Official(title, person_id, account, session, appointment, organisation, role)

    def sign(
        self, level: int, who: Official | None = None, *, step_up: int | None = None, state: str | None = None
    ) -> None:
        """One level; `state`: where its act says that the hazard goes."""
        person = who or self.signer(level)
        self.walk.act_as(person)
        self.walk.lock()
        proof = step_up or self.walk.step_up(person, self.content, level)
        self.step_ups[level] = proof
        self.signatures[level] = self.walk.put_signature(level, person, proof, state)

    def leave(self) -> None:
        """The hazard's row goes where the last signature lets it."""
        self.walk.act_as(self.signer(4))
        if self.world.leaves_to == "dismissed":
            self.walk.dismiss_as_requested()
        self.walk.do("UPDATE hazard SET state = %s WHERE id = %s", self.world.leaves_to, self.hazard_id)
        settle(self.connection)

    def leave_alone(self) -> None:
        """An act of its own that only moves the row."""
        self.walk.act_as(self.signer(4) if self.signer(4).role == "qingling_official" else "clerk")
        self.walk.lock()
        self.walk.transition("sign", self.world.leaves_to)
        self.leave()

    def sign_through(
        self,
        *,
        before: Mapping[int, Broken] | None = None,
        instead: Mapping[int, Broken] | None = None,
        after: Mapping[int, Broken] | None = None,
        stop: int | None = None,
    ) -> None:
        """All four levels and the leaving, with something else done before, instead of or after one of them.

        The fourth signature and the leaving are one act, as the door does it, unless something comes between them.
        With `stop` nothing follows that level: what it met must have been refused there, not by the closing.
        """
        whole = not (after and LEVELS[-1] in after)
        for level in LEVELS[:stop]:
            if before and level in before:
                before[level](self)
            if instead and level in instead:
                instead[level](self)
            else:
                self.sign(level, state=self.world.leaves_to if whole and level == LEVELS[-1] else None)
            if after and level in after:
                after[level](self)
        if stop is None:
            (self.leave if whole else self.leave_alone)()

    def has_left(self) -> bool:
        """Whether the hazard is closed or dismissed."""
        self.owner()
        return self.walk.state() == self.world.leaves_to
