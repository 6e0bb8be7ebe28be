"""任职: two administrators, never back-dated, one holder at a time; what changes bites on the next request."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.personnel.staff import (
    CONFIRMER,
    PASSWORD,
    PROPOSER,
    Staff,
    appoint,
    confirm,
    open_account,
    organisation,
    person,
    post,
    propose,
    register,
    sign_in,
)
from tests.support.registry import NOON, Registry


@pytest.fixture(scope="module")
def department(registry: Registry) -> int:
    return organisation(registry, "东胜区应急管理局")


def in_days(days: int) -> str:
    return (datetime.fromisoformat(NOON) + timedelta(days=days)).isoformat()


def staff_in(registry: Registry, department: int, name: str) -> tuple[int, int]:
    return person(registry, name), post(registry, department, f"检查岗 {name}")


def test_an_appointment_counts_from_the_second_administrators_confirmation(registry: Registry, department: int) -> None:
    staff, seat = register(registry, "counts-from"), post(registry, department, "检查岗 counts-from")
    proposal = propose(registry, staff.person, seat)
    sign_in(registry, staff)
    assert registry.get("/session", by=staff.login).body["appointment_id"] is None
    confirmed = confirm(registry, proposal)
    assert confirmed.status == 201, confirmed.body
    assert confirmed.body["valid_from"] >= confirmed.body["confirmed_at"]
    sign_in(registry, staff)
    assert registry.get("/session", by=staff.login).body["post_kind"] == "inspector"


def test_the_proposer_may_not_confirm(registry: Registry, department: int) -> None:
    staff, seat = staff_in(registry, department, "own-proposal")
    refused = confirm(registry, propose(registry, staff, seat), by=PROPOSER)
    assert (refused.status, refused.code) == (409, "appointment_confirmed_by_another")


def test_the_proposers_second_account_is_the_same_person(registry: Registry, department: int) -> None:
    staff, seat = staff_in(registry, department, "two-accounts-propose")
    held = registry.get("/appointments?limit=200", by=PROPOSER).body["items"]
    person = next(one["person_id"] for one in held if one["post_kind"] == "system_administrator")
    assert open_account(registry, person, "system-admin-again").status == 201
    sign_in(registry, Staff(person, 0, "system-admin-again"))
    proposal = propose(registry, staff, seat)
    refused = confirm(registry, proposal, by="system-admin-again", password=PASSWORD)
    assert (refused.status, refused.code) == (409, "appointment_confirmed_by_another")


def holder_of(registry: Registry, kind: str) -> dict[str, Any]:
    """The first appointment to a post of that kind."""
    held = registry.get("/appointments?limit=200", by=PROPOSER).body["items"]
    return next(one for one in held if one["post_kind"] == kind)


def test_an_administrator_may_not_confirm_an_appointment_of_their_own(registry: Registry) -> None:
    own = holder_of(registry, "security_administrator")
    seat = post(registry, own["organisation_id"], "另一安全岗", "security_administrator")
    refused = confirm(registry, propose(registry, own["person_id"], seat), by=CONFIRMER)
    assert (refused.status, refused.code) == (409, "appointment_confirmed_by_another")


def test_nobody_but_an_administrator_proposes_or_confirms(registry: Registry, department: int) -> None:
    staff, seat = staff_in(registry, department, "no-administrator")
    assert propose(registry, staff, seat, by="dongsheng-head").status == 403
    refused = confirm(registry, propose(registry, staff, seat), by="dongsheng-head")
    assert (refused.status, refused.code) == (403, "not_permitted")


def test_a_back_dated_appointment_is_refused(registry: Registry, department: int) -> None:
    staff, seat = staff_in(registry, department, "back-dated")
    refused = propose(registry, staff, seat, valid_from="2026-01-01T00:00:00+08:00")
    assert (refused.status, refused.code) == (409, "appointment_back_dated")
    assert "valid_from" in refused.body["detail"]


def test_the_confirmation_is_of_exactly_what_was_proposed(registry: Registry, department: int) -> None:
    staff, seat = staff_in(registry, department, "other-text")
    proposal = propose(registry, staff, seat)
    refused = confirm(registry, proposal, document_sha256="0" * 64)
    assert (refused.status, refused.code) == (409, "document_changed")
    refused = confirm(registry, proposal, password="not the password")
    assert (refused.status, refused.code) == (409, "step_up_failed")
    assert confirm(registry, proposal).status == 201
    assert confirm(registry, proposal).code == "appointment_already_confirmed"


def test_an_acting_holder_may_not_overlap_the_holder(registry: Registry, department: int) -> None:
    holder, seat = staff_in(registry, department, "regular-holder")
    held = appoint(registry, holder, seat)
    acting = register(registry, "acting-holder")
    until = in_days(10)
    period = {"acting_for_appointment_id": str(held), "valid_until": until}
    refused = propose(registry, acting.person, seat, **period)
    assert (refused.status, refused.code) == (409, "post_already_held")
    registry.post(f"/appointments/{held}/ending", {"reason": "外出学习"}, by=PROPOSER)
    appointed = appoint(registry, acting.person, seat, **period)
    sign_in(registry, acting)
    assert registry.get("/session", by=acting.login).body["label"].endswith("（代）")
    assert registry.get(f"/appointments/{appointed}", by=PROPOSER).body["acting_for_appointment_id"] == held


def test_two_proposals_for_one_post_cannot_both_be_confirmed(registry: Registry, department: int) -> None:
    first, seat = staff_in(registry, department, "first-of-two")
    second = person(registry, "second-of-two")
    proposals = [propose(registry, one, seat) for one in (first, second)]
    assert confirm(registry, proposals[0]).status == 201
    assert confirm(registry, proposals[1]).code == "post_already_held"


@pytest.mark.parametrize("kind", ["inspector", "security_administrator", "auditor"])
def test_an_administrator_is_proposed_for_no_other_duty(registry: Registry, kind: str) -> None:
    admin = holder_of(registry, "system_administrator")
    seat = post(registry, admin["organisation_id"], f"兼任 {kind}", kind)
    refused = propose(registry, admin["person_id"], seat, by=CONFIRMER)
    assert (refused.status, refused.code) == (409, "duties_exclude_each_other")
    assert str(admin["id"]) in refused.body["detail"]


def test_of_two_duties_proposed_for_one_person_the_second_is_not_confirmed(registry: Registry, department: int) -> None:
    staff, seat = staff_in(registry, department, "two-duties")
    office = holder_of(registry, "auditor")["organisation_id"]
    watching = propose(registry, staff, post(registry, office, "兼任审计", "auditor"))
    working = propose(registry, staff, seat)
    assert confirm(registry, watching).status == 201
    refused = confirm(registry, working)
    assert (refused.status, refused.code) == (409, "duties_exclude_each_other")


def test_an_acting_holder_needs_an_end_and_stands_in_for_another_in_the_same_post(
    registry: Registry, department: int
) -> None:
    holder, seat = staff_in(registry, department, "stood-in-for")
    held = appoint(registry, holder, seat)
    acting, other_seat = staff_in(registry, department, "stand-in")
    until = in_days(3)
    assert propose(registry, acting, seat, acting_for_appointment_id=str(held)).code == "acting_without_end"
    for candidate, post_id in ((acting, other_seat), (holder, seat)):
        refused = propose(registry, candidate, post_id, acting_for_appointment_id=str(held), valid_until=until)
        assert refused.code == "acting_for_another"


def test_a_signing_post_needs_a_registered_identity(registry: Registry, department: int) -> None:
    staff = person(registry, "unidentified", identity_number=None)
    seat = post(registry, department, "签字岗")
    assert propose(registry, staff, seat).code == "identity_missing"
    desk = post(registry, department, "收文岗", kind="registrar")
    assert propose(registry, staff, desk).status == 201


def test_a_change_of_post_is_effective_on_the_next_request(registry: Registry, department: int) -> None:
    staff, seat = register(registry, "moved-on"), post(registry, department, "检查岗 moved-on")
    held = appoint(registry, staff.person, seat)
    sign_in(registry, staff)
    assert registry.get("/hazards", by=staff.login).status == 200
    registry.post(f"/appointments/{held}/ending", {"reason": "轮岗"}, by=CONFIRMER)
    refused = registry.get("/hazards", by=staff.login)
    assert (refused.status, refused.code) == (401, "unauthenticated")


def test_an_appointment_ends_once(registry: Registry, department: int) -> None:
    staff, seat = staff_in(registry, department, "ends-once")
    held = appoint(registry, staff, seat)
    ended = registry.post(f"/appointments/{held}/ending", {"reason": "调离"}, by=PROPOSER)
    assert ended["end_reason"] == "调离"
    refused = registry.attempt(f"/appointments/{held}/ending", {"reason": "调离"}, by=PROPOSER)
    assert (refused.status, refused.code) == (409, "appointment_ends_once")


def test_an_ended_proposal_is_never_confirmed(registry: Registry, department: int) -> None:
    staff, seat = staff_in(registry, department, "given-up")
    later = in_days(30)
    proposal = propose(registry, staff, seat, valid_from=later)
    registry.post(f"/appointments/{proposal.body['id']}/ending", {"reason": "提议有误"}, by=CONFIRMER)
    assert confirm(registry, proposal).code == "appointment_ended"


def test_an_ending_reaches_neither_into_the_past_nor_beyond_the_period(registry: Registry, department: int) -> None:
    staff, seat = staff_in(registry, department, "bounded")
    held = appoint(registry, staff, seat, valid_until=in_days(5))
    for until in ("2026-01-01T00:00:00+08:00", in_days(6)):
        sent = {"reason": "调整", "valid_until": until}
        assert registry.attempt(f"/appointments/{held}/ending", sent, by=PROPOSER).code == "ending_out_of_range"


def test_officials_read_appointments_without_names_and_enterprises_read_none(registry: Registry) -> None:
    by_official = registry.get("/appointments?is_in_force=true&limit=2", by="dongsheng-head")
    assert by_official.status == 200
    assert all("person" not in one for one in by_official.body["items"])
    assert by_official.body["next_cursor"]
    by_administrator = registry.get("/appointments?limit=200", by=PROPOSER).body["items"]
    assert all("person" in one for one in by_administrator)
    assert registry.get("/appointments", by="chemical-principal").status == 403


def test_pages_follow_one_another_without_gap_and_an_unknown_filter_is_named(registry: Registry) -> None:
    whole = [one["id"] for one in registry.get("/appointments?limit=200", by=PROPOSER).body["items"]]
    first = registry.get("/appointments?limit=3", by=PROPOSER)
    assert 'rel="next"' in first.headers["Link"]
    second = registry.get(f"/appointments?limit=200&cursor={first.body['next_cursor']}", by=PROPOSER)
    assert [one["id"] for one in [*first.body["items"], *second.body["items"]]] == whole
    refused = registry.get("/appointments?persn_id=1", by=PROPOSER)
    assert refused.status == 400
    assert "persn_id" in str(refused.body)
