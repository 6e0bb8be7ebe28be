"""职责分离: who could sign two levels of one chain, who signed what they had rectified, who holds two duties.

The walls refuse each of these when it is tried; the report says where an organisation is set up to try.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, and_, select, text

from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted
from app.reference.posts_check import Seating, read_city, seatings
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import DocumentKind, Party, PostKind, RoleClass
from app.tables.hazards import Hazard
from app.tables.rectification import DocumentConfirmation
from app.tables.sign_off import RoundLevel, Signature

_SEES_SIGNATURES: Final = frozenset({RoleClass.AUDITOR, RoleClass.OFFICIAL})

_TWO_DUTIES: Final = text(
    """
    SELECT a.person_id, a.id AS appointment, p.kind AS post_kind, b.id AS other_appointment, q.kind AS other_post_kind,
           a.confirmed_at IS NOT NULL AND b.confirmed_at IS NOT NULL AS is_in_force
      FROM appointment a JOIN post p ON p.id = a.post_id
      JOIN appointment b ON b.person_id = a.person_id AND b.id > a.id AND b.duty <> a.duty
       AND tstzrange(a.valid_from, a.valid_until) && tstzrange(b.valid_from, b.valid_until)
      JOIN post q ON q.id = b.post_id
     WHERE a.end_reason IS NULL AND b.end_reason IS NULL
       AND coalesce(least(a.valid_until, b.valid_until), 'infinity') > registry_now()
     ORDER BY a.person_id, a.id, b.id
    """
)


@dataclass(frozen=True, slots=True)
class Separation:
    """What was found; nothing found means that nobody could."""

    edition_sha256: str
    chains_checked: int
    """Chain × leading department × place."""
    two_levels: tuple[dict[str, Any], ...]
    signed_and_rectified: tuple[dict[str, Any], ...] | None
    """None for whoever sees no signatures: administrators."""
    two_duties: tuple[dict[str, Any], ...]

    @property
    def findings(self) -> int:
        """How many there are."""
        return len(self.two_levels) + len(self.signed_and_rectified or ()) + len(self.two_duties)


async def separation(context: Context) -> dict[str, Any]:
    """The report, for administrators, auditors and safety offices, of what they see."""
    if not has_permission(Permission.POST_CHECK, context.actor):
        raise NotPermitted
    return as_json(await report_on_separation(context))


async def report_on_separation(context: Context) -> Separation:
    """The report for whoever runs the installation."""
    city = await read_city(context)
    seated = list(seatings(city))
    signed = None
    if context.actor.role_class in _SEES_SIGNATURES:
        rows = (await context.session.execute(_signed_and_rectified(context))).mappings()
        signed = tuple({**row, "hazard": str(row["hazard"])} for row in rows)
    duties = (await context.session.execute(_TWO_DUTIES)).mappings()
    return Separation(
        city.edition.sha256,
        len(seated),
        tuple(found for seating in seated for found in _two_levels(seating)),
        signed,
        tuple(dict(row) for row in duties),
    )


def _signed_and_rectified(context: Context) -> Select[Any, *tuple[Any, ...]]:
    """The enterprise's own level is signed by those who rectified; every other level is not (not_the_rectifier)."""
    of_regulator = and_(
        RoundLevel.round_id == Signature.round_id,
        RoundLevel.level == Signature.level,
        RoundLevel.party != Party.ENTERPRISE.value,
    )
    declared = and_(
        DocumentConfirmation.hazard_id == Signature.hazard_id,
        DocumentConfirmation.document_kind == DocumentKind.DECLARATION.value,
        DocumentConfirmation.person_id == Signature.person_id,
    )
    return (
        select(Signature.person_id, Hazard.public_id.label("hazard"), Hazard.ledger_number, Signature.level)
        .join(RoundLevel, of_regulator)
        .join(Hazard, Hazard.id == Signature.hazard_id)
        .join(DocumentConfirmation, declared)
        .where(hazard_is_visible(context.actor))
        .distinct()
        .order_by(Signature.person_id, Hazard.public_id, Signature.level)
    )


def _two_levels(seating: Seating) -> Iterator[dict[str, Any]]:
    """Each person whom two levels of the chain could fall to; posts and organisations are named, persons numbered."""
    levels: dict[int, list[int]] = defaultdict(list)
    for level, persons in seating.holders.items():
        for person in persons:
            levels[person].append(level)
    posts = {level.level: level.post for level in seating.chain.levels}
    for person, held in sorted(levels.items()):
        if len(held) > 1:
            yield {
                "person_id": person,
                "chain": seating.chain.key,
                "chain_name": seating.chain.name,
                "unit": seating.unit,
                "department": seating.lead.name,
                "sectors": list(seating.sectors),
                "levels": [_level(level, posts[level], seating) for level in sorted(held)],
            }


def _level(level: int, post: PostKind, seating: Seating) -> dict[str, Any]:
    seat = seating.seats[level]
    return {"level": level, "post": post.label, "organisation": seat.name if seat else None}


def as_json(report: Separation) -> dict[str, Any]:
    """The report as the API and `--json` give it."""
    return {
        "edition_sha256": report.edition_sha256,
        "chains_checked": report.chains_checked,
        "findings": report.findings,
        "two_levels": list(report.two_levels),
        "signed_and_rectified": None if report.signed_and_rectified is None else list(report.signed_and_rectified),
        "two_duties": list(report.two_duties),
    }
