"""To whom a letter goes: every word of the edition, in a small city of two tiers, and who writes it."""

from datetime import date
from typing import Any

import pytest

from app.escalation.drafts.addressing import Desk, Heading, Party, by_heading, party, unit_of
from app.escalation.night.batches import Night
from app.escalation.places import Body, Places
from app.regulation.deadlines import Calendar
from app.regulation.vocabulary import LetterKind, OrganisationKind, PostKind, Rung
from tests.regulation.builders import EDITION

CITY, BANNER, TOWN, FAR = 1, 2, 3, 4
"""FAR is a banner that has no organisation at all."""
CITY_GOVERNMENT, CITY_OFFICE, CITY_BUREAU = 10, 11, 12
GOVERNMENT, OFFICE, BUREAU, TOWNSHIP, PLANT = 20, 21, 22, 30, 40
FIRM = 400
BODIES = (
    Body(CITY_GOVERNMENT, "市人民政府", OrganisationKind.GOVERNMENT, CITY, None, None),
    Body(CITY_OFFICE, "市安委办", OrganisationKind.SAFETY_OFFICE, CITY, CITY_GOVERNMENT, None),
    Body(CITY_BUREAU, "市应急局", OrganisationKind.REGULATOR, CITY, CITY_GOVERNMENT, None),
    Body(GOVERNMENT, "旗人民政府", OrganisationKind.GOVERNMENT, BANNER, CITY_GOVERNMENT, None),
    Body(OFFICE, "旗安委办", OrganisationKind.SAFETY_OFFICE, BANNER, CITY_OFFICE, None),
    Body(BUREAU, "旗应急局", OrganisationKind.REGULATOR, BANNER, CITY_BUREAU, None),
    Body(TOWNSHIP, "镇人民政府", OrganisationKind.TOWNSHIP, TOWN, GOVERNMENT, None),
    Body(PLANT, "示例化工", OrganisationKind.ENTERPRISE, TOWN, None, FIRM),
)
PLACES = Places(
    {one.id: one for one in BODIES},
    {CITY: None, BANNER: CITY, TOWN: BANNER, FAR: CITY},
    {CITY: 1, BANNER: 2, TOWN: 3, FAR: 2},
    {CITY: "示例市", BANNER: "示例旗", TOWN: "示例镇", FAR: "远旗"},
)
NIGHT = date(2026, 11, 23)
COLUMNS = (
    *("duty", "late_id", "of_unit_id", "of_enterprise_id", "unit_id", "lead_organisation_id", "listing_office_id"),
    *("enterprise_id", "responsible_organisation_id", "issuer_organisation_id", "signatory_post_kind", "level_post"),
)
OF_HAZARD = {"unit_id": TOWN, "lead_organisation_id": BUREAU, "listing_office_id": OFFICE, "enterprise_id": FIRM}


def desk() -> Desk:
    return Desk(Night(NIGHT, 1, 1, EDITION, {}), PLACES, Calendar({}, date(2026, 12, 31)))


def row(kind: str = "term", rung: Rung = Rung.NOTICE_LETTER, **known: Any) -> dict[str, Any]:
    """A rung with what is known of it; a hazard's where nothing else is said of its place."""
    of_hazard = OF_HAZARD if kind in ("term", "duty") and known.get("duty") != "issue" else {}
    return {**dict.fromkeys(COLUMNS), "kind": kind, "rung": rung.value, **of_hazard, **known}


def heading(**known: Any) -> Heading | None:
    """What the one rung's letter has above it; None: it can be written to nobody."""
    found = desk()
    headings = list(by_heading([row(**known)], found))
    assert len(headings) + found.night.counts["rungs_without_addressee"] == 1
    return headings[0] if headings else None


def written(**known: Any) -> tuple[int, Party]:
    """Who writes, and to whom."""
    found = heading(**known)
    assert found is not None
    return found.issuer_id, found.addressee


@pytest.mark.parametrize(
    ("rung", "kind", "addressee"),
    [
        (Rung.NOTICE_LETTER, LetterKind.NOTICE_LETTER, BUREAU),
        (Rung.CIRCULAR, LetterKind.CIRCULAR, BUREAU),
    ],
)
def test_a_hazards_letters_go_from_its_office_to_its_department(rung: Rung, kind: LetterKind, addressee: int) -> None:
    found = heading(rung=rung)
    assert found is not None
    assert (found.kind, found.issuer_id, found.addressee) == (kind, OFFICE, Party(addressee))
    assert (found.post, found.asks_reply) == (PostKind.OFFICE_HEAD, True)


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("enterprise", {}, Party(None, FIRM)),
        ("enterprise", {"enterprise_id": None, "responsible_organisation_id": TOWNSHIP}, Party(TOWNSHIP)),
        ("lead_department", {}, Party(BUREAU)),
        ("lead_department", {"lead_organisation_id": None}, Party()),
        ("territorial_office", {}, Party(OFFICE)),
        ("territorial_office", {"unit_id": FAR}, Party(CITY_OFFICE)),
        ("higher_office", {}, Party(CITY_OFFICE)),
        ("higher_office", {"unit_id": CITY}, Party(CITY_OFFICE)),
        ("higher_department", {}, Party(CITY_BUREAU)),
        ("late_organisation", {"late_id": PLANT}, Party(None, FIRM)),
        ("late_organisation", {"late_id": TOWNSHIP}, Party(TOWNSHIP)),
        ("late_organisation", {"of_enterprise_id": FIRM}, Party(None, FIRM)),
        ("superior", {"of_enterprise_id": FIRM}, Party(None, FIRM)),
        ("superior", {}, Party()),
        ("public", {}, Party()),
    ],
)
def test_each_word_of_the_edition_means_somebody(word: str, known: dict[str, Any], found: Party) -> None:
    assert party(word, row(**known), desk()) == found


@pytest.mark.parametrize(
    ("duty", "late", "extra", "superior"),
    [
        ("determine", BUREAU, {}, GOVERNMENT),
        ("determine", CITY_BUREAU, {}, CITY_GOVERNMENT),
        ("verify", BUREAU, {}, BUREAU),
        ("sign", BUREAU, {"level_post": "deputy_head"}, BUREAU),
        ("sign", BUREAU, {"level_post": "principal_head"}, GOVERNMENT),
        ("sign", TOWNSHIP, {"level_post": "principal_head"}, OFFICE),
        ("sign", PLANT, {"level_post": "enterprise_principal"}, BUREAU),
        ("sign", GOVERNMENT, {"level_post": "government_head"}, CITY_GOVERNMENT),
        ("list", OFFICE, {}, CITY_OFFICE),
        ("list", CITY_OFFICE, {}, CITY_GOVERNMENT),
        ("issue", OFFICE, {"signatory_post_kind": "office_clerk"}, OFFICE),
        ("issue", OFFICE, {"signatory_post_kind": "office_head"}, CITY_OFFICE),
    ],
)
def test_the_superior_is_that_of_the_late_post(duty: str, late: int, extra: dict[str, Any], superior: int) -> None:
    known = row("duty", duty=duty, late_id=late, **extra)
    assert party("superior", known, desk()) == Party(superior)


def test_a_post_the_edition_names_no_superior_of_goes_to_the_organisation_above_or_the_office_above() -> None:
    assert party("superior", row("reply", late_id=TOWNSHIP, duty="revisit"), desk()) == Party(OFFICE)
    unnamed = row("duty", duty="sign", late_id=BUREAU, level_post="registrar")
    assert party("superior", unnamed, desk()) == Party(CITY_BUREAU)


def test_nobody_writes_about_their_own_delay_while_there_is_an_office_above() -> None:
    assert written(kind="duty", duty="list", late_id=OFFICE) == (CITY_OFFICE, Party(OFFICE))


def test_the_city_offices_own_delay_is_told_to_the_director_of_the_committee() -> None:
    own = {"kind": "duty", "duty": "list", "late_id": CITY_OFFICE, "listing_office_id": CITY_OFFICE, "unit_id": CITY}
    assert written(**own) == (CITY_OFFICE, Party(CITY_GOVERNMENT))


def test_a_silent_signatory_is_told_of_by_the_office_above_and_asked_no_reply() -> None:
    silent = {"kind": "duty", "duty": "issue", "late_id": OFFICE, "issuer_organisation_id": OFFICE}
    assert written(**silent, signatory_post_kind="office_head") == (CITY_OFFICE, Party(OFFICE))
    found = heading(**silent, signatory_post_kind="office_head")
    assert found is not None
    assert not found.asks_reply


def test_a_missing_reply_is_chased_by_whose_letter_it_was() -> None:
    chased = {"kind": "reply", "issuer_organisation_id": CITY_OFFICE}
    assert written(**chased, late_id=BUREAU) == (CITY_OFFICE, Party(BUREAU))
    assert written(**chased, of_enterprise_id=FIRM) == (CITY_OFFICE, Party(None, FIRM))
    # The office above is the superior of the office that owes the reply: it writes to it, not to itself.
    assert written(**chased, rung=Rung.CIRCULAR, late_id=OFFICE) == (CITY_OFFICE, Party(OFFICE))


@pytest.mark.parametrize(
    ("subject", "issuer", "addressee"),
    [
        ({"of_unit_id": BANNER}, CITY_OFFICE, Party(GOVERNMENT)),
        ({"late_id": BUREAU}, OFFICE, Party(BUREAU)),
        ({"of_enterprise_id": FIRM}, OFFICE, Party(None, FIRM)),
    ],
)
def test_too_many_at_once_are_told_to_the_subject_itself(
    subject: dict[str, Any], issuer: int, addressee: Party
) -> None:
    assert written(kind="aggregate", **subject) == (issuer, addressee)


def test_a_unit_without_any_organisation_can_be_written_to_by_nobody() -> None:
    assert heading(kind="aggregate", of_unit_id=FAR) is None
    assert unit_of(row("aggregate", of_enterprise_id=999), PLACES) is None


def test_rungs_of_one_kind_to_one_addressee_are_one_letter() -> None:
    rows = [row(raised_rung_id=number, circumstances=str(number)) for number in range(3)]
    others = [row(lead_organisation_id=CITY_BUREAU), row(rung=Rung.CIRCULAR)]
    assert [len(lines) for lines in by_heading([*rows, *others], desk()).values()] == [3, 1, 1]
