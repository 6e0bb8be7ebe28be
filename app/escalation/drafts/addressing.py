"""To whom a rung's letter goes, whose letter it is, and who reads a copy: the edition's words made organisations."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.escalation.drafts.letter_text import LETTER_OF_RUNG
from app.escalation.night.batches import Night
from app.escalation.places import Places
from app.regulation.deadlines import Calendar
from app.regulation.edition_ladder import Issuer, LadderRung
from app.regulation.ladder_clocks import ISSUE, LATE_POSTS
from app.regulation.vocabulary import EpisodeKind, LetterKind, OrganisationKind, PostKind, Rung


@dataclass(frozen=True, slots=True)
class Party:
    """An addressee or a reader of a copy: an organisation or an enterprise."""

    organisation_id: int | None = None
    enterprise_id: int | None = None

    def __bool__(self) -> bool:
        """Whether it is anybody."""
        return self.organisation_id is not None or self.enterprise_id is not None


@dataclass(frozen=True, slots=True)
class Heading:
    """What the rungs of one letter have in common."""

    kind: LetterKind
    about: EpisodeKind
    issuer_id: int
    post: PostKind
    addressee: Party
    basis: str
    asks_reply: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What drafting needs to know of the night beside the rungs."""

    night: Night
    places: Places
    calendar: Calendar


Row = Mapping[str, Any]
"""A rung with what its addressee is found by: a row of the database, or of a rehearsal."""
Lines = list[Row]


def by_heading(rows: Iterable[Row], desk: Desk) -> Mapping[Heading, Lines]:
    """The rungs, letter by letter; who can be written to by nobody is counted."""
    grouped: dict[Heading, Lines] = defaultdict(list)
    for row in rows:
        heading = _heading(row, desk)
        if heading is None:
            desk.night.counts["rungs_without_addressee"] += 1
        else:
            grouped[heading].append(row)
    return grouped


def _heading(row: Row, desk: Desk) -> Heading | None:
    """None where the edition names nobody to write to, or nobody to write."""
    kind, about = LETTER_OF_RUNG[Rung(row["rung"])], EpisodeKind(row["kind"])
    signatory = desk.night.edition.ladder.signatories[kind]
    issuer = issuer_of(row, desk.places, signatory.issuer)
    rung = rung_of(row, desk)
    addressee = party(rung.addressee, row, desk)
    if issuer is not None and addressee.organisation_id == issuer and row["late_id"] not in (None, issuer):
        # Nobody writes to themselves: the superior whose letter it is writes to who is late.
        addressee = party("late_organisation", row, desk)
    if issuer is None or not (addressee or kind is LetterKind.EXPOSURE_NOTICE):
        return None
    asks = about is not EpisodeKind.REPLY and row["duty"] != ISSUE
    return Heading(kind, about, issuer, signatory.post, addressee, rung.basis, asks)


def rung_of(row: Row, desk: Desk) -> LadderRung:
    """The edition's row of a raised rung."""
    rungs = desk.night.edition.ladder.rungs_of(EpisodeKind(row["kind"]))
    return next(one for one in rungs if one.rung == row["rung"])


def issuer_of(row: Row, places: Places, issuer: Issuer) -> int | None:
    """Whose letter about the row's delay it is; None where there is nobody."""
    if row["kind"] == EpisodeKind.REPLY:
        found: int | None = row["issuer_organisation_id"]
        return found
    if row["kind"] == EpisodeKind.AGGREGATE:
        if row["of_unit_id"] is not None:
            return places.higher_office(row["of_unit_id"])
        return places.office(unit_of(row, places))
    if issuer is Issuer.LEAD_DEPARTMENT and row["lead_organisation_id"] is not None:
        return int(row["lead_organisation_id"])
    office = row["listing_office_id"] or row["issuer_organisation_id"] or places.office(row["unit_id"])
    if office is not None and office == row["late_id"]:
        # Nobody writes about their own delay while there is an office above.
        return places.higher_office(places.bodies[office].unit_id)
    return int(office) if office is not None else None


def unit_of(row: Row, places: Places) -> int | None:
    """Where a hazard, a late organisation or a subject of too many lies."""
    if row["unit_id"] is not None or row["of_unit_id"] is not None:
        return int(row["unit_id"] or row["of_unit_id"])
    if row["late_id"] is not None:
        return places.bodies[row["late_id"]].unit_id
    own = (one.unit_id for one in places.bodies.values() if one.enterprise_id == row["of_enterprise_id"])
    return next(own, None)


def party(word: str, row: Row, desk: Desk) -> Party:
    """The addressee or reader that a word of the edition means for one rung; nobody where there is none."""
    places, late, lead = desk.places, row["late_id"], row["lead_organisation_id"]
    unit = unit_of(row, places)
    if word == "enterprise":
        return Party(None if row["enterprise_id"] else row["responsible_organisation_id"], row["enterprise_id"])
    if word == "subject":
        return _subject(row, places)
    if word in ("late_organisation", "superior") and late is None and row["of_enterprise_id"] is not None:
        # An enterprise has nobody above it here: it is written to itself.
        return Party(None, row["of_enterprise_id"])
    if word == "superior":
        return Party(_superior(row, desk))
    found = {
        "lead_department": lead,
        "late_organisation": late,
        "territorial_office": places.office(unit),
        "higher_office": places.higher_office(unit),
        "higher_department": _superior_of(places, lead or late),
    }
    organisation = found.get(word)
    body = None if organisation is None else places.bodies[organisation]
    # An enterprise's own organisation is written to as the enterprise.
    return Party(None, body.enterprise_id) if body is not None and body.enterprise_id else Party(organisation)


def _subject(row: Row, places: Places) -> Party:
    if row["of_enterprise_id"] is not None:
        return Party(None, row["of_enterprise_id"])
    if row["of_unit_id"] is None:
        return Party(row["late_id"])
    own = (OrganisationKind.GOVERNMENT, OrganisationKind.SAFETY_OFFICE)
    return Party(
        next(
            (places.by_unit[row["of_unit_id"], one] for one in own if (row["of_unit_id"], one) in places.by_unit), None
        )
    )


def _superior(row: Row, desk: Desk) -> int | None:
    if row["late_id"] is None:
        return None
    late = desk.places.bodies[row["late_id"]]
    named = row["level_post"] or (row["signatory_post_kind"] if row["duty"] == ISSUE else None)
    post = PostKind(named) if named else LATE_POSTS.get(row["duty"] or "", PostKind.PRINCIPAL_HEAD)
    found = desk.places.superior(late.id, post, row["lead_organisation_id"], desk.night.edition)
    return found or late.superior_id or desk.places.higher_office(late.unit_id)


def _superior_of(places: Places, organisation_id: int | None) -> int | None:
    return None if organisation_id is None else places.bodies[organisation_id].superior_id
