"""The shipped catalogue of determination standards: what may be cited on which day."""

from datetime import date

from app.regulation.criteria import SHIPPED_CRITERIA, load_catalogue
from tests.regulation.builders import EDITION

CATALOGUE = load_catalogue(SHIPPED_CRITERIA.read_text(encoding="utf-8"))
DOCUMENTS = {one.key: one for one in CATALOGUE.documents}


def test_every_sector_of_the_edition_has_a_document() -> None:
    assert {one.sector for one in CATALOGUE.documents} == {sector.code for sector in EDITION.sectors}


def test_numbers_are_unique_and_labels_short() -> None:
    numbers = [one.number for one in CATALOGUE.criteria]
    assert len(numbers) == len(set(numbers)) > 60
    assert all(0 < len(one.label) <= 30 for one in CATALOGUE.criteria)


def test_no_shipped_clause_claims_to_be_checked_against_the_official_text() -> None:
    assert not [one for one in CATALOGUE.criteria if one.checked]


def test_supersession_names_documents_of_the_catalogue_both_ways() -> None:
    for one in CATALOGUE.documents:
        if one.superseded_by:
            assert DOCUMENTS[one.superseded_by].supersedes == one.key
        if one.supersedes:
            assert DOCUMENTS[one.supersedes].superseded_by == one.key


def test_a_clause_is_in_force_from_its_first_to_its_last_day() -> None:
    (clause,) = [one for one in CATALOGUE.criteria if one.number == "civil_explosives_2023/第四条"]
    days = [date(2023, 11, 30), date(2023, 12, 1), date(2024, 12, 2), date(2024, 12, 3)]
    assert [clause.is_in_force(day) for day in days] == [False, True, True, False]


def test_only_one_edition_of_a_standard_is_in_force_on_a_day() -> None:
    for day in (date(2024, 12, 2), date(2024, 12, 3)):
        keys = {one.document.key for one in CATALOGUE.in_force("civil_explosives", day)}
        assert len(keys) == 1
    fire = [CATALOGUE.in_force("fire", day)[0].document.key for day in (date(2025, 10, 31), date(2025, 11, 1))]
    assert fire == ["fire_2017", "fire_2025"]


def test_a_document_without_a_day_of_effect_is_never_in_force() -> None:
    undated = [one.key for one in CATALOGUE.documents if one.effective_from is None]
    assert undated
    assert not [one for one in CATALOGUE.criteria if one.document.key in undated]
