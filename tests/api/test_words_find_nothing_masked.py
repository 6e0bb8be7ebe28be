"""按文字查找: a number that is masked for the reader is found by none of the digits it hides."""

from typing import Any

import pytest

from tests.support import walk
from tests.support.registry import Registry

PHONE, IDENTITY = "13812345678", "150602196001010018"
TEXT = f"报警装置未接入,联系人电话{PHONE},身份证{IDENTITY},另见编号A7"
OFFICIAL, AUDITOR, ENTERPRISE = "dongsheng-head", "city-auditor", "chemical-safety-officer"


@pytest.fixture(scope="module")
def inspected(registry: Registry) -> str:
    """A hazard that an inspector reported, with numbers of persons in its text."""
    sent = walk.report_document(
        channel="inspection", finders="主办检查人员", circumstances=TEXT, location=f"值班{PHONE}"
    )
    return str(registry.post("/hazards", sent, by="dongsheng-inspector1")["id"])


@pytest.fixture(scope="module")
def own(registry: Registry) -> str:
    """One that the enterprise reported itself."""
    return walk.reported(registry, circumstances=TEXT)


def found(registry: Registry, words: str, by: str) -> set[Any]:
    answer = registry.call("GET", "/hazards", by=by, params={"words": words, "limit": 200})
    assert answer.status == 200, answer.body
    return {item["id"] for item in answer.body["items"]}


@pytest.mark.parametrize("words", [PHONE, PHONE[:4], PHONE[3:7], PHONE[2:5], PHONE[6:8], IDENTITY, IDENTITY[6:14]])
def test_who_sees_the_numbers_masked_finds_none_of_their_hidden_digits(
    registry: Registry, inspected: str, words: str
) -> None:
    assert inspected in found(registry, words, OFFICIAL)
    for by in (AUDITOR, ENTERPRISE):
        assert inspected not in found(registry, words, by), by


@pytest.mark.parametrize("words", ["138****5678", "****5678", "150****0018", "报警装置", "A7", "5678,身份证1", "*"])
def test_what_is_shown_is_found(registry: Registry, inspected: str, words: str) -> None:
    for by in (AUDITOR, ENTERPRISE):
        assert inspected in found(registry, words, by)


@pytest.mark.parametrize("words", ["%", "_", "\\1", "138%5678"])
def test_no_sign_stands_for_another(registry: Registry, inspected: str, words: str) -> None:
    for by in (AUDITOR, ENTERPRISE, OFFICIAL):
        assert inspected not in found(registry, words, by)


def test_an_enterprise_finds_its_own_words_about_its_own_people(registry: Registry, own: str) -> None:
    assert own in found(registry, IDENTITY, ENTERPRISE)
    assert own not in found(registry, IDENTITY, AUDITOR)
