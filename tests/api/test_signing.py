"""四级签字: in order, by the level's post, four persons, over the content read; refused, withdrawn, raced."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.api.watching import Trial, Watch, unmet_of
from tests.personnel import staff
from tests.support import walk
from tests.support.registry import Answered, Registry

SIGNERS = walk.SIGNERS


def signed_to(registry: Registry, level: int) -> str:
    hazard = walk.verified(registry)
    for number in range(1, level + 1):
        walk.sign(registry, hazard, number)
    return hazard


def race(*doing: Callable[[], Answered]) -> list[Answered]:
    """What everyone was answered who began at the same instant."""
    answers: list[Answered] = []
    start = threading.Barrier(len(doing))

    def run(one: Callable[[], Answered]) -> None:
        start.wait(10)
        answers.append(one())

    threads = [threading.Thread(target=run, args=(one,)) for one in doing]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def test_four_persons_sign_in_order_and_the_last_closes_with_a_seal(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.verified(registry))
    for level in (1, 2, 3):
        sent = walk.signature(registry, trial.hazard, level)
        body = trial.done("signatures", sent, "sign", "signature", by=SIGNERS[level - 1])
        assert body["state"] == "rectified"
        assert body["round"]["levels"][level - 1]["signed_at"] is not None
        assert "withdraw_signature" in body["allowed_acts"]
    sent = walk.signature(registry, trial.hazard, 4)
    body = trial.done(
        "signatures",
        sent,
        "sign",
        "signature",
        by=SIGNERS[3],
        round_end=1,
        sealed_closing=1,
        sealed_closing_signature=4,
    )
    assert (body["state"], body["round"]) == ("closed", None)
    assert body["closed_at"] is not None
    steps = [(one["act"], one["to_state"]) for one in timeline(registry, trial.hazard)]
    assert steps[-4:] == [("sign", "rectified")] * 3 + [("sign", "closed")]


def timeline(registry: Registry, hazard: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = registry.get(f"/hazards/{hazard}/timeline", by="city-office-head").body["items"]
    return items


@pytest.mark.parametrize("level", [2, 3, 4])
def test_no_level_signs_before_the_one_below(registry: Registry, watch: Watch, level: int) -> None:
    trial = Trial(registry, watch, walk.verified(registry))
    sent = walk.signature(registry, trial.hazard, level)
    trial.refused("signatures", sent, "the_previous_level_has_signed", by=SIGNERS[level - 1])


def test_a_level_is_signed_once_by_its_own_post_over_the_rounds_content(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, signed_to(registry, 1))
    second = walk.signature(registry, trial.hazard, 2)
    trial.refused("signatures", second, "the_signer_holds_the_levels_post", by="dongsheng-head")
    trial.refused(
        "signatures",
        second,
        "the_signer_holds_the_levels_post",
        "the_signer_signed_no_other_level",
        by="dongsheng-inspector1",
    )
    first_again = second | {"level": 1}
    trial.refused("signatures", first_again, "the_previous_level_has_signed", by="dongsheng-inspector2")
    other_content = second | {"content_sha256": "0" * 64}
    trial.refused("signatures", other_content, "the_content_is_what_was_read", by=SIGNERS[1])
    no_such_level = second | {"level": 9}
    trial.refused("signatures", no_such_level, "the_previous_level_has_signed", by=SIGNERS[1])


@pytest.mark.parametrize("by", ["chemical-principal", "dongsheng-clerk", "city-office-head"])
def test_who_is_no_party_to_the_round_signs_nothing(registry: Registry, watch: Watch, by: str) -> None:
    trial = Trial(registry, watch, walk.verified(registry))
    trial.forbidden("signatures", walk.signature(registry, trial.hazard, 1), by=by)


def test_a_signature_proves_the_person_again(registry: Registry, watch: Watch) -> None:
    hazard = walk.verified(registry)
    sent = walk.signature(registry, hazard, 1) | {"password": "记不清了"}
    version = registry.hazard(hazard)["version"]
    with watch.unchanged(hazard):
        answer = registry.attempt(f"/hazards/{hazard}/signatures", sent, by=SIGNERS[0], version=version)
    assert (answer.status, answer.code) == (409, "step_up_failed")
    unmet_of(answer, "step_up_failed")


def test_nobody_signs_without_the_version_he_has_read(registry: Registry, watch: Watch) -> None:
    hazard = walk.verified(registry)
    sent = walk.signature(registry, hazard, 1)
    path = f"/hazards/{hazard}/signatures"
    with watch.unchanged(hazard):
        blind = registry.attempt(path, sent, by=SIGNERS[0])
        stale = registry.attempt(path, sent, by=SIGNERS[0], version=registry.hazard(hazard)["version"] - 1)
    assert (blind.status, stale.status) == (428, 412)


@pytest.mark.parametrize(("level", "state"), [(1, "rectified"), (4, "listed")])
def test_a_refusal_ends_the_round_and_sends_back_where_the_level_says(
    registry: Registry, watch: Watch, level: int, state: str
) -> None:
    trial = Trial(registry, watch, signed_to(registry, level - 1))
    by = SIGNERS[level - 1]
    nothing_said = {"level": level, "note": " "}
    answer = registry.attempt(f"/hazards/{trial.hazard}/signature-refusals", nothing_said, by=by, version=1)
    assert answer.status == 422
    sent = {"level": level, "note": "材料不全"}
    body = trial.done("signature-refusals", sent, "refuse_signature", "round_end", by=by)
    assert (body["state"], body["round"], body["cycle"]) == (state, None, 1 if state == "rectified" else 2)
    if state == "rectified":
        walk.verify(registry, trial.hazard, shade=61)
    else:
        walk.declare(registry, trial.hazard, shade=31)
        walk.verify(registry, trial.hazard, shade=61)
    for number in range(1, 5):
        walk.sign(registry, trial.hazard, number)
    assert registry.hazard(trial.hazard)["state"] == "closed"


def test_only_the_newest_signature_is_withdrawn_by_its_signer_who_signs_the_same_level_again(
    registry: Registry, watch: Watch
) -> None:
    trial = Trial(registry, watch, signed_to(registry, 2))
    path, sent = "signature-withdrawals", {"note": "需再核实"}
    trial.refused(path, sent, "the_newest_signature_is_the_actors", by=SIGNERS[0])
    trial.refused(path, sent, "the_newest_signature_is_the_actors", by=SIGNERS[2])
    body = trial.done(path, sent, "withdraw_signature", "signature_withdrawal", by=SIGNERS[1])
    assert body["round"]["levels"][1]["signed_at"] is None
    trial.done(path, sent, "withdraw_signature", "signature_withdrawal", by=SIGNERS[0])
    again = walk.signature(registry, trial.hazard, 1)
    trial.done("signatures", again, "sign", "signature", by=SIGNERS[0])


def test_nothing_is_withdrawn_or_signed_after_the_closing(registry: Registry, watch: Watch) -> None:
    hazard = walk.closed(registry)
    version = registry.hazard(hazard)["version"]
    with watch.unchanged(hazard):
        for path, sent in (
            ("signature-withdrawals", {"note": "撤回"}),
            ("signature-refusals", {"level": 4, "note": "拒绝"}),
            ("signatures", walk.signature(registry, hazard, 4)),
        ):
            answer = registry.attempt(f"/hazards/{hazard}/{path}", sent, by=SIGNERS[3], version=version)
            assert (answer.status, answer.code) == (409, "illegal_transition"), (path, answer.body)
            assert "allowed_acts" in answer.body["facts"]


def test_two_people_of_one_post_sign_a_level_at_the_same_instant_and_one_does(registry: Registry, watch: Watch) -> None:
    hazard = walk.verified(registry)
    sent, version = walk.signature(registry, hazard, 1), registry.hazard(hazard)["version"]
    path = f"/hazards/{hazard}/signatures"
    for who in ("dongsheng-inspector1", "dongsheng-inspector2"):
        registry.sign_in(who)
    with watch.one_act(hazard, "sign", "signature"):
        answers = race(
            lambda: registry.attempt(path, sent, by="dongsheng-inspector1", version=version),
            lambda: registry.attempt(path, sent, by="dongsheng-inspector2", version=version),
        )
    assert sorted(answer.status for answer in answers) == [201, 412]


def test_the_next_signature_and_the_withdrawal_of_the_last_race_and_one_wins(registry: Registry, watch: Watch) -> None:
    hazard = signed_to(registry, 1)
    sent, version = walk.signature(registry, hazard, 2), registry.hazard(hazard)["version"]
    before = watch.counts()
    answers = race(
        lambda: registry.attempt(f"/hazards/{hazard}/signatures", sent, by=SIGNERS[1], version=version),
        lambda: registry.attempt(
            f"/hazards/{hazard}/signature-withdrawals", {"note": "撤回"}, by=SIGNERS[0], version=version
        ),
    )
    assert sorted(answer.status for answer in answers) == [201, 412]
    after = watch.counts()
    assert after["hazard_transition"] == before["hazard_transition"] + 1
    done = after["signature"] - before["signature"], after["signature_withdrawal"] - before["signature_withdrawal"]
    assert sorted(done) == [0, 1]


def test_one_person_with_two_accounts_signs_one_level(registry: Registry, watch: Watch) -> None:
    department = staff.organisation(registry, "东胜区应急管理局")
    someone = staff.register(registry, "two-accounts-a")
    second = staff.open_account(registry, someone.person, "two-accounts-b")
    assert second.status == 201
    staff.appoint(registry, someone.person, staff.post(registry, department, "兼任检查岗"))
    staff.appoint(registry, someone.person, staff.post(registry, department, "兼任科长岗", "section_head"))
    held = {}
    for login in ("two-accounts-a", "two-accounts-b"):
        staff.sign_in(registry, staff.Staff(someone.person, 0, login))
        held = {one["post_kind"]: one["id"] for one in registry.get("/session", by=login).body["appointments"]}
    registry.post("/session/appointment", {"appointment_id": held["inspector"]}, by="two-accounts-a")
    registry.post("/session/appointment", {"appointment_id": held["section_head"]}, by="two-accounts-b")
    trial = Trial(registry, watch, walk.verified(registry))
    sent = walk.signature(registry, trial.hazard, 1) | {"password": staff.PASSWORD}
    trial.done("signatures", sent, "sign", "signature", by="two-accounts-a")
    second_level = sent | {"level": 2}
    trial.refused("signatures", second_level, "the_signer_signed_no_other_level", by="two-accounts-b")


def test_a_signer_disabled_for_cause_between_levels_three_and_four_voids_the_round(
    registry: Registry, watch: Watch
) -> None:
    department = staff.organisation(registry, "东胜区应急管理局")
    deputy = staff.register(registry, "deputy-for-cause")
    staff.appoint(registry, deputy.person, staff.post(registry, department, "分管负责人二", "deputy_head"))
    staff.sign_in(registry, deputy)
    hazard = signed_to(registry, 2)
    sent = walk.signature(registry, hazard, 3) | {"password": staff.PASSWORD}
    registry.act(hazard, "signatures", sent, by=deputy.login)
    registry.post(
        f"/accounts/{deputy.account}/disablement", {"for_cause": True, "reason": "涉嫌违纪"}, by="security-admin"
    )
    assert registry.hazard(hazard)["round"] is None
    version = registry.hazard(hazard)["version"]
    last = {"level": 4, "content_sha256": sent["content_sha256"], "password": SAMPLE_PASSWORD}
    with watch.unchanged(hazard):
        answer = registry.attempt(f"/hazards/{hazard}/signatures", last, by=SIGNERS[3], version=version)
    assert (answer.status, answer.code) == (409, "illegal_transition"), answer.body
    walk.verify(registry, hazard, shade=62)
    outcome = watch.value(
        "SELECT e.outcome FROM round_end e JOIN hazard h ON h.id = e.hazard_id WHERE h.public_id = %(hazard)s",
        hazard=hazard,
    )
    assert outcome == "signer_disabled"
    for level in range(1, 5):
        walk.sign(registry, hazard, level)
    assert registry.hazard(hazard)["state"] == "closed"


def test_evidence_added_after_level_two_changes_nothing_that_was_signed(registry: Registry, watch: Watch) -> None:
    hazard = signed_to(registry, 2)
    content = registry.get(f"/hazards/{hazard}/signing-content", by=SIGNERS[2]).body
    registry.upload(hazard, "after", by="chemical-safety-officer", shade=200)
    assert registry.get(f"/hazards/{hazard}/signing-content", by=SIGNERS[2]).body == content
    walk.sign(registry, hazard, 3)
