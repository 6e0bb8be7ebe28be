"""降为重点: the major hazard leaves, and in the same transaction a key hazard linked to it is reported."""

from sqlalchemy import insert, select

from app.hazards.transition import Performing, admit
from app.regulation.vocabulary import Act, HazardLevel
from app.tables.hazards import Hazard, HazardParty

_COPIED = (
    "channel",
    "sector",
    "unit_id",
    "site_id",
    "enterprise_id",
    "responsible_organisation_id",
    "finders",
    "found_on",
    "place",
    "circumstances",
    "reporting_record",
    "monitoring_measures",
    "reporter_account_id",
    "reporter_organisation_id",
)


async def report_as_key(act: Performing) -> int:
    """Regrading: the major hazard is dismissed, and in the same transaction a key hazard linked to it is reported."""
    context = act.context
    columns = [getattr(Hazard, name) for name in _COPIED]
    source = (await context.session.execute(select(*columns).where(Hazard.id == act.facts.hazard_id))).mappings().one()
    values = dict(source) | {
        "state": "reported",
        "level": HazardLevel.KEY.value,
        "regraded_from_id": act.facts.hazard_id,
        "reported_at": context.now,
        "last_act_at": context.now,
    }
    hazard_id = await admit(context, Act.REPORT, values, act.book, rule="regraded")
    receivers = select(HazardParty.organisation_id, HazardParty.role).where(
        HazardParty.hazard_id == act.facts.hazard_id
    )
    rows = [
        {"hazard_id": hazard_id, "organisation_id": row.organisation_id, "role": row.role}
        for row in await context.session.execute(receivers)
        if row.role.endswith("_receiver")
    ]
    if rows:
        await context.session.execute(insert(HazardParty), rows)
    return hazard_id
