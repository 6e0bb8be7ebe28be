"""更正: another row takes the place of a penalty, with the reason; nothing is ever overwritten."""

import threading
from typing import Any
from uuid import uuid4

import pytest

from tests.enforcement import penalties
from tests.enforcement.penalties import CITY, CLERK, HEAD
from tests.support import walk
from tests.support.registry import Answered, Registry

WRONG = "录入有误"


def corrected(registry: Registry, penalty: str, *, by: str = HEAD, dry_run: bool = False, **sent: Any) -> Answered:
    body = {"reason": WRONG, **sent}
    return registry.attempt(f"/enforcements/{penalty}/corrections", body, by=by, dry_run=dry_run)


def test_the_corrected_row_takes_the_place_of_the_other_and_both_stay_readable(registry: Registry) -> None:
    earlier = penalties.recorded(registry)
    answer = corrected(registry, earlier["id"], changes={"amount": "80000.5", "kinds": ["warning", "fine"]})
    assert answer.status == 201, answer.body
    later = answer.body
    assert (later["amount"], later["kinds"], later["supersedes"]) == ("80000.50", ["warning", "fine"], earlier["id"])
    assert (later["correction_reason"], later["is_current"]) == (WRONG, True)
    before = registry.get(f"/enforcements/{earlier['id']}", by=CITY).body
    assert (before["amount"], before["is_current"], before["superseded_by"]) == ("50000.00", False, later["id"])
    listed = [one["id"] for one in registry.get("/enforcements?limit=200", by=CITY).body["items"]]
    assert later["id"] in listed
    assert earlier["id"] not in listed


def test_a_penalty_is_corrected_in_its_newest_row_alone(registry: Registry) -> None:
    earlier = penalties.recorded(registry)
    later = corrected(registry, earlier["id"], changes={"article": "第一百条"}).body
    again = corrected(registry, earlier["id"], changes={"article": "第一百零一条"})
    assert (again.status, again.unmet()) == (409, {"penalty_superseded"})
    assert corrected(registry, later["id"], changes={"article": "第一百零一条"}).status == 201


def test_a_correction_that_changes_nothing_is_refused(registry: Registry) -> None:
    taken = penalties.recorded(registry)
    for changes in ({}, {"amount": "50000"}):
        answer = corrected(registry, taken["id"], changes=changes)
        assert (answer.status, answer.unmet()) == (409, {"nothing_corrected"})


def test_a_corrected_penalty_is_held_to_the_same_rules(registry: Registry) -> None:
    taken = penalties.recorded(registry)
    tried = corrected(registry, taken["id"], dry_run=True, changes={"decided_on": "2026-12-01"})
    assert (tried.status, tried.unmet()) == (200, {"decided_in_the_future"})
    assert corrected(registry, taken["id"], changes={"decided_on": "2026-12-01"}).status == 409
    other = penalties.recorded(registry)
    taken_number = corrected(registry, taken["id"], changes={"case_number": other["case_number"]})
    assert taken_number.unmet() == {"penalty_known"}


def test_a_number_that_was_a_slip_is_free_again_once_corrected(registry: Registry) -> None:
    slip = penalties.recorded(registry)
    corrected(registry, slip["id"], changes={"case_number": penalties.case_number()})
    assert penalties.recorded(registry, case_number=slip["case_number"])["is_current"]


@pytest.mark.parametrize("field", ["decided_on", "law", "kinds", "penalised"])
def test_what_every_decision_has_cannot_be_emptied(registry: Registry, field: str) -> None:
    taken = penalties.recorded(registry)
    answer = corrected(registry, taken["id"], changes={field: None})
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, f"/changes/{field}")


def test_what_a_decision_may_lack_can_be_emptied(registry: Registry) -> None:
    hazard = walk.reported(registry)
    taken = penalties.recorded(registry, hazard=hazard, published_on="2026-11-21", criminal_transfer_number="移1号")
    changes = {"hazard": None, "published_on": None, "criminal_transfer_number": None}
    later = corrected(registry, taken["id"], changes=changes).body
    assert [later[name] for name in ("hazard", "published_on", "criminal_transfer_number")] == [None] * 3


def test_a_reason_is_asked(registry: Registry) -> None:
    taken = penalties.recorded(registry)
    answer = registry.attempt(f"/enforcements/{taken['id']}/corrections", {"revoked": True}, by=HEAD)
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/reason")


def test_a_decision_set_aside_counts_no_more_and_keeps_its_number(registry: Registry) -> None:
    taken = penalties.recorded(registry)
    before = penalties.counter(taken, "three_penalties_in_180_days")["count"]
    revoked = corrected(registry, taken["id"], revoked=True).body
    assert (revoked["is_revoked"], revoked["is_current"]) == (True, True)
    assert penalties.counter(revoked, "three_penalties_in_180_days")["count"] == before - 1
    assert penalties.attempted(registry, case_number=taken["case_number"]).unmet() == {"penalty_known"}


def test_an_office_corrects_what_a_department_of_its_territory_decided(registry: Registry) -> None:
    taken = penalties.recorded(registry)
    assert corrected(registry, taken["id"], by=CLERK, changes={"article": "第九十八条"}).status == 201


def test_a_department_does_not_correct_anothers_decision(registry: Registry) -> None:
    taken = penalties.recorded(registry)
    answer = corrected(registry, taken["id"], by="city-emergency-head", changes={"article": "第九十八条"})
    assert (answer.status, answer.code) == (403, "penalty_of_another")


def test_a_foreign_penalty_is_not_found(registry: Registry) -> None:
    taken = penalties.recorded(registry)
    for penalty in (taken["id"], str(uuid4())):
        assert corrected(registry, penalty, by="jungar-head", changes={"article": "第一条"}).status == 404
        assert registry.get(f"/enforcements/{penalty}", by="jungar-head").status == 404


def test_whoever_may_not_record_may_not_correct(registry: Registry) -> None:
    taken = penalties.recorded(registry)
    for by in ("chemical-principal", "city-auditor"):
        assert corrected(registry, taken["id"], by=by, revoked=True).status == 403


def test_of_two_corrections_at_once_one_is_taken(registry: Registry) -> None:
    taken = penalties.recorded(registry)
    registry.sign_in(CLERK)
    answers: list[Answered] = []

    def correct(by: str, amount: str) -> None:
        answers.append(corrected(registry, taken["id"], by=by, changes={"amount": amount}))

    both = [threading.Thread(target=correct, args=one) for one in ((HEAD, "1.00"), (CLERK, "2.00"))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(one.status for one in answers) == [201, 409]
    lost = next(one for one in answers if one.status == 409)
    assert lost.code in {"penalty_superseded", "penalty_corrected_meanwhile", "penalty_known"}
