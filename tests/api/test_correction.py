"""更正: by two persons of the safety office, old beside new; voids the round it touches, restates what it changes."""

from collections.abc import Callable
from typing import Any

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.api.watching import Trial, Watch, unmet_of
from tests.support import walk
from tests.support.registry import Answered, Registry

CLERK, SECOND = "dongsheng-clerk", "dongsheng-office-head"


def draft(registry: Registry, hazard: str, **changes: object) -> dict[str, Any]:
    sent = {"changes": changes, "note": "录入有误"}
    made: dict[str, Any] = registry.post(f"/hazards/{hazard}/corrections", sent, by=CLERK)
    return made


def confirms(registry: Registry, hazard: str, drafted: dict[str, Any], *, by: str) -> Answered:
    body = {"password": SAMPLE_PASSWORD, "document_sha256": drafted["document_sha256"]}
    return registry.attempt(f"/hazards/{hazard}/corrections/{drafted['id']}/confirmations", body, by=by)


def corrected(registry: Registry, hazard: str, **changes: object) -> dict[str, Any]:
    drafted = draft(registry, hazard, **changes)
    assert confirms(registry, hazard, drafted, by=CLERK).status == 201
    done = confirms(registry, hazard, drafted, by=SECOND)
    assert done.status == 201, done.body
    body: dict[str, Any] = done.body
    return body


@pytest.mark.parametrize("reach", [walk.reported, walk.listed, walk.verified, walk.closed])
def test_two_persons_correct_in_every_state_and_the_state_stays(
    registry: Registry, watch: Watch, reach: Callable[[Registry], str]
) -> None:
    hazard = reach(registry)
    state = registry.hazard(hazard)["state"]
    drafted = draft(registry, hazard, finders="安全管理员、班组长")
    assert drafted["changes"] == {"finders": {"old": "安全管理员", "new": "安全管理员、班组长"}}
    first = confirms(registry, hazard, drafted, by=CLERK)
    assert [one["code"] for one in first.body["awaits"]] == ["a_second_person_confirmed"]
    with watch.one_act(hazard, "correct", None, document_confirmation=1):
        second = confirms(registry, hazard, drafted, by=SECOND)
    assert second.body["hazard"]["state"] == state
    assert second.body["hazard"]["finders"] == "安全管理员、班组长"
    assert (second.body["hazard"]["round"] is not None) == (state == "rectified")


def test_the_proposer_alone_corrects_nothing_and_another_office_neither(registry: Registry, watch: Watch) -> None:
    hazard = walk.listed(registry)
    drafted = draft(registry, hazard, location="罐区北侧")
    assert confirms(registry, hazard, drafted, by=CLERK).status == 201
    with watch.unchanged(hazard):
        again = confirms(registry, hazard, drafted, by=CLERK)
        head = confirms(registry, hazard, drafted, by="dongsheng-head")
        enterprise = confirms(registry, hazard, drafted, by="chemical-principal")
        stranger = confirms(registry, hazard, drafted, by="jungar-clerk")
    assert (again.status, head.status, enterprise.status, stranger.status) == (409, 403, 403, 404)


def test_a_correction_of_signed_content_voids_the_open_round(registry: Registry, watch: Watch) -> None:
    hazard = walk.verified(registry)
    walk.sign(registry, hazard, 1)
    body = corrected(registry, hazard, circumstances="可燃气体报警器损坏两台")
    assert (body["hazard"]["state"], body["hazard"]["round"]) == ("rectified", None)
    outcome = watch.value(
        "SELECT e.outcome FROM round_end e JOIN hazard h ON h.id = e.hazard_id WHERE h.public_id = %(hazard)s",
        hazard=hazard,
    )
    assert outcome == "content_changed"
    walk.verify(registry, hazard, shade=61)
    for level in range(1, 5):
        walk.sign(registry, hazard, level)
    assert registry.hazard(hazard)["state"] == "closed"


def test_a_corrected_dimension_is_restated_for_every_earlier_act(registry: Registry, watch: Watch) -> None:
    hazard = walk.listed(registry)
    acts = len(registry.get(f"/hazards/{hazard}/timeline", by=CLERK).body["items"])
    corrected(registry, hazard, found_on="2026-11-19")
    restated = watch.rows(
        "SELECT t.found_on, t.occurred_at = o.occurred_at AS same_instant FROM hazard_transition t"
        " JOIN hazard_transition o ON o.id = t.restates JOIN hazard h ON h.id = t.hazard_id"
        " WHERE h.public_id = %(hazard)s",
        hazard=hazard,
    )
    assert len(restated) == acts
    assert all(row["found_on"].isoformat() == "2026-11-19" and row["same_instant"] for row in restated)
    timeline = registry.get(f"/hazards/{hazard}/timeline", by=CLERK).body["items"]
    assert len(timeline) == acts + 1


@pytest.fixture(scope="module")
def hazard(registry: Registry) -> str:
    """A listed hazard that the tests which change nothing share."""
    return walk.listed(registry)


@pytest.mark.parametrize(
    "field", ["original_deadline", "channel", "signatures", "reported_at", "closed_at", "ledger_number"]
)
def test_what_is_untouchable_is_no_field_of_a_correction(
    registry: Registry, watch: Watch, hazard: str, field: str
) -> None:
    sent = {"changes": {field: "2027-01-01"}, "note": "更正"}
    with watch.unchanged(hazard):
        answer = registry.attempt(f"/hazards/{hazard}/corrections", sent, by=CLERK)
    assert answer.status == 422
    assert [one["pointer"] for one in answer.body["errors"]] == [f"/changes/{field}"]


@pytest.mark.parametrize("changes", [{}, {"location": "罐区东侧"}])
def test_a_correction_that_corrects_nothing_is_refused(
    registry: Registry, watch: Watch, changes: dict[str, str]
) -> None:
    hazard = walk.listed(registry)
    with watch.unchanged(hazard):
        answer = registry.attempt(f"/hazards/{hazard}/corrections", {"changes": changes, "note": "更正"}, by=CLERK)
    assert answer.status == 409, answer.body


def test_a_draft_of_what_has_changed_since_is_not_performed(registry: Registry, watch: Watch) -> None:
    hazard = walk.reported(registry)
    stale = draft(registry, hazard, location="罐区南侧")
    registry.post(f"/hazards/{hazard}/amendments", {"location": "罐区西侧"}, by="chemical-safety-officer")
    with watch.unchanged(hazard):
        answer = confirms(registry, hazard, stale, by=CLERK)
    assert (answer.status, answer.code) == (409, "document_changed")
    unmet_of(answer, "document_changed")


def test_a_dismissed_hazard_is_corrected_no_more(registry: Registry, watch: Watch) -> None:
    hazard = walk.reported(registry)
    registry.act(hazard, "dismissal", {"reason": "unsubstantiated", "note": "不成立"}, by="dongsheng-section")
    with watch.unchanged(hazard):
        answer = registry.attempt(
            f"/hazards/{hazard}/corrections", {"changes": {"location": "别处"}, "note": "更正"}, by=CLERK
        )
    assert (answer.status, answer.code) == (409, "illegal_transition")


def test_a_regulator_proposes_no_correction(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.listed(registry))
    trial.forbidden("corrections", {"changes": {"location": "别处"}, "note": "更正"}, by="dongsheng-head")
