"""How a transaction becomes somebody's: the statements that say so to the database, and whom it then says it is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from app.infrastructure.driver import Statement
from app.regulation.facts import Actor
from app.regulation.vocabulary import PendingStep, PostKind, RoleClass

# A transaction's first statement; an unknown token gives no row, sets no role, and so sees nothing.
_BECOME_HOLDER: Final = """
    SELECT row_to_json(p)::text AS told, registry_now() AS started_at
      FROM principal_of(%(token)s, %(idle_minutes)s) AS p
     WHERE num_nulls(
           set_config('role', 'qingling_' || p.role_class, true),
           set_config('app.account', coalesce(p.account_id::text, ''), true),
           set_config('app.person', coalesce(p.person_id::text, ''), true),
           set_config('app.appointment', coalesce(p.appointment_id::text, ''), true),
           set_config('app.organisation', coalesce(p.organisation_id::text, ''), true),
           set_config('app.units', coalesce(p.unit_ids, ''), true),
           set_config('app.sectors', coalesce(p.sectors, ''), true),
           set_config('app.enterprise', coalesce(p.enterprise_id::text, ''), true),
           set_config('app.session', coalesce(p.session_id::text, ''), true)) = 0
"""
_BECOME_SYSTEM: Final = """
    SELECT registry_now() AS started_at
     WHERE num_nulls(
           set_config('role', 'qingling_' || %(role_class)s::text, true),
           set_config('app.account', %(account)s::text, true),
           set_config('app.person', '', true), set_config('app.appointment', '', true),
           set_config('app.organisation', '', true), set_config('app.units', '', true),
           set_config('app.sectors', '', true), set_config('app.enterprise', '', true),
           set_config('app.session', '', true)) = 0
"""
# Fails where it is no longer so: what comes behind it in the same round trip, the COMMIT, is then not done.
_STILL_THE_SAME: Final = """
    SELECT CAST(CASE WHEN current_user = 'qingling_' || %(role_class)s::text
                      AND current_setting('app.account') = %(account)s::text
                      AND current_setting('app.appointment') = %(appointment)s::text
                THEN 'true' ELSE 'principal_changed' END AS boolean)
"""
AS_WHOM: Final = "SELECT current_user, current_setting('app.account'), current_setting('app.appointment')"
"""Asked at the end of a transaction that only looked; compare with `Holder.as_whom`."""
_MOST_HOLDERS: Final = 2048


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a token stands for, as the database tells it."""

    told: str
    actor: Actor
    session_id: int | None
    pending: PendingStep | None

    @property
    def as_whom(self) -> tuple[str, str, str]:
        """What `AS_WHOM` gives in this holder's transaction."""
        actor = self.actor
        return f"qingling_{actor.role_class.value}", _as_text(actor.account_id), _as_text(actor.appointment_id)


@lru_cache(maxsize=_MOST_HOLDERS)
def holder_of(told: str) -> Holder:
    """Reads what the hook says of a token's holder."""
    said: dict[str, Any] = json.loads(told)
    actor = Actor(
        role_class=RoleClass(said["role_class"]),
        account_id=said["account_id"],
        person_id=said["person_id"],
        appointment_id=said["appointment_id"],
        post_kind=PostKind(said["post_kind"]) if said["post_kind"] else None,
        organisation_id=said["organisation_id"],
        unit_ids=tuple(int(unit) for unit in _items(said["unit_ids"])),
        sectors=tuple(_items(said["sectors"])),
        enterprise_id=said["enterprise_id"],
        is_service=said["is_service"],
        label=said["label"],
        scopes=frozenset(_items(said["scopes"])) or None,
    )
    return Holder(told, actor, said["session_id"], PendingStep(said["pending"]) if said["pending"] else None)


def become_holder(token: str, idle_minutes: int) -> Statement:
    """Makes the transaction that of the token's holder: one row with `told` and `started_at`, or none."""
    return Statement(_BECOME_HOLDER, {"token": token, "idle_minutes": idle_minutes})


def become_system(role_class: RoleClass, account_id: int | None) -> Statement:
    """Makes the transaction that of a command or a job: one row with `started_at`."""
    return Statement(_BECOME_SYSTEM, {"role_class": role_class.value, "account": _as_text(account_id)})


def still_the_same(actor: Actor) -> Statement:
    """Fails with `principal_changed` where the transaction is no longer the actor's."""
    account, appointment = _as_text(actor.account_id), _as_text(actor.appointment_id)
    parameters = {"role_class": actor.role_class.value, "account": account, "appointment": appointment}
    return Statement(_STILL_THE_SAME, parameters)


def _items(listed: str | None) -> Sequence[str]:
    return listed.split(",") if listed else ()


def _as_text(number: int | None) -> str:
    return "" if number is None else str(number)
