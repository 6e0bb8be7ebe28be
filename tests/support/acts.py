"""The acts of the lifecycle in plain SQL, as the application's login may write them: what gets an adversary deep."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.support.recording import RECORD

Row = Mapping[str, Any]
Run = Callable[[str, Mapping[str, object]], Sequence[Row]]

_DIMENSIONS: Final = (
    "unit_id, sector, channel, level, supervision_tier, lead_organisation_id, listing_office_id, enterprise_id,"
    " original_deadline, current_deadline, found_on, is_legacy"
)
CHAIN: Final = {
    "major": ("inspector", "section_head", "deputy_head", "principal_head"),
    "key": ("inspector", "deputy_head"),
}
SETTINGS: Final = (
    "SELECT set_config('role', %(role)s, true), set_config('app.account', %(account)s, true),"
    " set_config('app.person', %(person)s, true), set_config('app.appointment', %(appointment)s, true),"
    " set_config('app.organisation', %(organisation)s, true), set_config('app.enterprise', %(enterprise)s, true),"
    " set_config('app.units', %(units)s, true), set_config('app.sectors', '', true)"
)
HASH: Final = "sha256(convert_to(%(nonce)s, 'UTF8'))"


@dataclass(frozen=True)
class Actor:
    """Who acts: the role class and everything the settings say of them."""

    role: str
    account: int
    person: int
    appointment: int
    organisation: int
    session: int
    enterprise: int | None = None


@dataclass(frozen=True)
class Desk:
    """Runs statements as one actor after another; `actors` by (organisation's name, post kind, seat)."""

    run: Run
    actors: Mapping[tuple[str, str, int], Actor]
    units: str
    nonce: Callable[[], str]

    def become(self, name: str, kind: str, seat: int = 0) -> Actor:
        """Take an actor's role and settings for the rest of the transaction."""
        actor = self.actors[name, kind, seat]
        self.run(
            SETTINGS,
            {
                "role": f"qingling_{actor.role}",
                "account": str(actor.account),
                "person": str(actor.person),
                "appointment": str(actor.appointment),
                "organisation": str(actor.organisation),
                "enterprise": "" if actor.enterprise is None else str(actor.enterprise),
                "units": self.units,
            },
        )
        return actor

    def one(self, statement: str, **values: object) -> Row | None:
        """The first row of a statement's answer."""
        found = self.run(statement, values)
        return found[0] if found else None

    def act(self, actor: Actor, hazard: int, act: str, to_state: str, changes: str = "") -> int:
        """Move the hazard's version, with whatever changes, and record the transition; its id."""
        moved = self.one(
            "UPDATE hazard SET version = version + 1, last_act_at = registry_now(), state = %(to_state)s"
            + (f", {changes}" if changes else "")
            + " WHERE id = %(hazard)s RETURNING version",
            hazard=hazard,
            to_state=to_state,
        )
        if moved is None:
            raise LookupError(f"hazard {hazard} is not in sight")
        return self.transition(actor, hazard, act)

    def transition(self, actor: Actor, hazard: int, act: str, to_state: str | None = None) -> int:
        """The transition row of the act, to the state the hazard is in unless it is about to leave it."""
        row = self.one(
            "INSERT INTO hazard_transition (hazard_id, act, rule, from_state, to_state, version, cycle, is_determined,"
            f" actor_label, account_id, person_id, appointment_id, act_order, occurred_at, {_DIMENSIONS})"
            " SELECT id, %(act)s, 'L-0', (SELECT t.to_state FROM hazard_transition t WHERE t.hazard_id = h.id"
            " AND t.restates IS NULL ORDER BY t.id DESC LIMIT 1), coalesce(%(to_state)s, state), version, cycle,"
            " determined_at IS NOT NULL,"
            f" '检查人员', %(account)s, %(person)s, %(appointment)s, 0, registry_now(), {_DIMENSIONS}"
            " FROM hazard h WHERE id = %(hazard)s RETURNING id",
            hazard=hazard,
            act=act,
            to_state=to_state,
            account=actor.account,
            person=actor.person,
            appointment=actor.appointment,
        )
        if row is None:
            return 0
        self.run(RECORD, {"transition": row["id"]})
        return int(row["id"])

    def document(self, table: str, actor: Actor, hazard: int, columns: str, values: str, **bound: object) -> int:
        """A document of an act, in the hazard's cycle."""
        row = self.one(
            f"INSERT INTO {table} (hazard_id, cycle, account_id, person_id, appointment_id, {columns})"
            f" SELECT id, cycle, %(account)s, %(person)s, %(appointment)s, {values} FROM hazard"
            " WHERE id = %(hazard)s RETURNING id",
            hazard=hazard,
            account=actor.account,
            person=actor.person,
            appointment=actor.appointment,
            nonce=self.nonce(),
            **bound,
        )
        return 0 if row is None else int(row["id"])

    def step_up(self, actor: Actor, content: object, level: int | None) -> int:
        """A proof of who sits there."""
        row = self.one(
            "INSERT INTO step_up (account_id, session_id, content_sha256, level)"
            " VALUES (%(account)s, %(session)s, %(content)s, %(level)s) RETURNING id",
            account=actor.account,
            session=actor.session,
            content=content,
            level=level,
        )
        return 0 if row is None else int(row["id"])
