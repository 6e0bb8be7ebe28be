"""Which episodes an actor sees, and how a list shows them; row-level security says the same of rows."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true

from app.escalation.schemas import EscalationFilter
from app.hazards.scope import hazard_is_visible
from app.hazards.transition import public_id_in
from app.infrastructure.context import Context
from app.letters.queries import is_looked_after, letter_is_visible
from app.reference.units import units_below
from app.regulation.deadlines import business_date
from app.regulation.facts import Actor
from app.regulation.ladder_clocks import DUTY_LABELS
from app.regulation.vocabulary import EpisodeKind, RoleClass
from app.tables.enterprises import Enterprise
from app.tables.escalation import Episode, RaisedRung
from app.tables.hazards import Hazard
from app.tables.letters import Letter
from app.tables.places import Organisation, UnitPeriod

_EVERYTHING: Final = frozenset({RoleClass.AUDITOR, RoleClass.JOB, RoleClass.REPORT})
_SHOWN: Final = (
    "kind", "cause", "ordinal", "cycle", "duty", "counts_from", "carried_rung", "opened_on", "ended_on", "ended_as",
)  # fmt: skip


def episode_is_visible(actor: Actor) -> ColumnElement[bool]:
    """Of hazards in sight; an office's of its territory; never to an enterprise how late its regulators are."""
    if actor.role_class in _EVERYTHING:
        return true()
    of_hazard = (
        select(Hazard.id).where(Hazard.id == Episode.hazard_id, hazard_is_visible(actor)).correlate(Episode).exists()
    )
    if actor.role_class is RoleClass.ENTERPRISE and actor.enterprise_id is not None:
        own = Episode.kind.in_((EpisodeKind.AGGREGATE.value, EpisodeKind.REPLY.value))
        return or_(
            and_(Episode.kind == EpisodeKind.TERM.value, of_hazard),
            and_(own, Episode.enterprise_id == actor.enterprise_id),
        )
    if actor.role_class is not RoleClass.OFFICIAL or actor.organisation_id is None:
        return false()
    letter = select(Letter.id).where(Letter.id == Episode.letter_id, is_looked_after(actor)).correlate(Episode).exists()
    found = [
        of_hazard,
        Episode.organisation_id == actor.organisation_id,
        and_(Episode.kind == EpisodeKind.REPLY.value, letter),
    ]
    return or_(*found, *([] if actor.sectors else _in_territory(actor)))


def _in_territory(actor: Actor) -> list[ColumnElement[bool]]:
    units = actor.unit_ids
    late = select(Organisation.id).where(Organisation.id == Episode.organisation_id, Organisation.unit_id.in_(units))
    firm = select(Enterprise.id).where(Enterprise.id == Episode.enterprise_id, Enterprise.unit_id.in_(units))
    return [
        late.correlate(Episode).exists(),
        Episode.unit_id.in_(units),
        and_(Episode.kind == EpisodeKind.AGGREGATE.value, firm.correlate(Episode).exists()),
    ]


def shown_episodes(context: Context) -> Select[Any, *tuple[Any, ...]]:
    """Episodes in sight, as `told` reads them."""
    actor = context.actor
    highest = (
        select(RaisedRung.rung)
        .where(RaisedRung.episode_id == Episode.id)
        .order_by(RaisedRung.rung_order.desc())
        .limit(1)
        .correlate(Episode)
        .scalar_subquery()
    )
    today = business_date(context.now)
    current = func.daterange(UnitPeriod.valid_from, UnitPeriod.valid_until).op("@>")(today)
    return (
        select(
            Episode.id.label("key"),
            Episode.public_id.label("id"),
            *(getattr(Episode, name) for name in _SHOWN),
            *(Hazard.id.label("hazard_key"), Hazard.public_id.label("hazard_id")),
            *(Hazard.ledger_number, Hazard.current_deadline),
            *(Enterprise.public_id.label("enterprise_id"), Enterprise.name.label("enterprise_name")),
            *(Organisation.id.label("organisation_id"), Organisation.name.label("organisation_name")),
            *(UnitPeriod.code.label("unit_code"), UnitPeriod.name.label("unit_name")),
            *(Letter.public_id.label("letter_id"), Letter.office_code, Letter.year, Letter.serial),
            highest.label("highest_rung"),
        )
        .select_from(Episode)
        .outerjoin(Hazard, and_(Hazard.id == Episode.hazard_id, hazard_is_visible(actor)))
        .outerjoin(Enterprise, Enterprise.id == func.coalesce(Hazard.enterprise_id, Episode.enterprise_id))
        .outerjoin(Organisation, Organisation.id == Episode.organisation_id)
        .outerjoin(UnitPeriod, and_(UnitPeriod.unit_id == func.coalesce(Hazard.unit_id, Episode.unit_id), current))
        .outerjoin(Letter, and_(Letter.id == Episode.letter_id, letter_is_visible(actor)))
        .where(episode_is_visible(actor))
    )


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """An episode as a list shows it."""
    return {
        "id": row["id"],
        **{name: row[name] for name in _SHOWN},
        "duty_label": DUTY_LABELS.get(row["duty"] or ""),
        "is_open": row["ended_on"] is None,
        "hazard": _pair(row["hazard_id"], "ledger_number", row["ledger_number"]),
        "enterprise": _pair(row["enterprise_id"], "name", row["enterprise_name"]),
        "organisation": _pair(row["organisation_id"], "name", row["organisation_name"]),
        "unit": {"code": row["unit_code"], "name": row["unit_name"]} if row["unit_name"] else None,
        "letter": _pair(row["letter_id"], "number", number_of(row)),
        "highest_rung": row["highest_rung"],
    }


def number_of(row: Mapping[str, Any]) -> str | None:
    """The letter's number; None of a draft."""
    return f"{row['office_code']}〔{row['year']}〕{row['serial']}号" if row["serial"] is not None else None


def _pair(identity: object, name: str, value: object) -> dict[str, object] | None:
    return None if identity is None else {"id": identity, name: value}


def conditions(context: Context, wanted: EscalationFilter) -> list[ColumnElement[bool]]:
    """A list's filters as conditions on what `shown_episodes` selects."""
    found: list[ColumnElement[bool]] = []
    if wanted.kind is not None:
        found.append(Episode.kind == wanted.kind.value)
    if wanted.is_open is not None:
        found.append(Episode.ended_on.is_(None) == wanted.is_open)
    if wanted.rung is not None:
        raised = select(RaisedRung.id).where(RaisedRung.episode_id == Episode.id, RaisedRung.rung == wanted.rung.value)
        found.append(raised.correlate(Episode).exists())
    if wanted.enterprise is not None:
        found.append(Enterprise.public_id == wanted.enterprise)
    if wanted.unit is not None:
        found.append(_in_unit(context, wanted.unit))
    if wanted.hazard is not None:
        found.append(_about(context.actor, wanted.hazard))
    return found


def _about(actor: Actor, reference: str) -> ColumnElement[bool]:
    public_id = public_id_in(reference)
    named = Hazard.ledger_number == reference if public_id is None else Hazard.public_id == public_id
    return and_(named, hazard_is_visible(actor))


def _in_unit(context: Context, code: str) -> ColumnElement[bool]:
    below = units_below(code, business_date(context.now))
    inside = select(below.c.unit_id)
    return or_(
        Hazard.unit_id.in_(inside),
        Episode.unit_id.in_(inside),
        and_(Hazard.id.is_(None), or_(Organisation.unit_id.in_(inside), Enterprise.unit_id.in_(inside))),
    )
