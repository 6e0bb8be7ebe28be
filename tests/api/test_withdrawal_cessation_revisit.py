"""撤销挂牌、关停退出、摘牌、回访、复发: each row's success and its refusals through the API."""

import json
from typing import Any

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.api.watching import Trial, Watch
from tests.support import walk
from tests.support.registry import Registry

CLERK, HEAD = "dongsheng-clerk", "dongsheng-head"
OPENED = {"round_request": 1, "document_evidence": 1, "signing_round": 1, "round_level": 4, "hazard_party": 1}
CLOSING = {"round_end": 1, "sealed_closing": 1, "sealed_closing_signature": 4}


def proof(registry: Registry, hazard: str) -> list[str]:
    return [registry.upload(hazard, "document", by=CLERK, shade=90)]


def asked(registry: Registry, path: str, **said: object) -> str:
    hazard = walk.listed(registry)
    registry.act(hazard, path, {"note": "已核实", "evidence_ids": proof(registry, hazard), **said}, by=CLERK)
    return hazard


def sign_all_but_the_last(registry: Registry, hazard: str) -> dict[str, Any]:
    for level in (1, 2, 3):
        walk.sign(registry, hazard, level)
    return walk.signature(registry, hazard, 4)


@pytest.mark.parametrize(
    ("path", "act", "said"),
    [
        ("withdrawal", "open_withdrawal", {"reason": "unsubstantiated", "note": "复查不成立"}),
        ("cessation", "open_cessation", {"note": "企业已关停退出"}),
    ],
)
def test_a_withdrawal_and_a_cessation_open_a_round_and_the_hazard_stays_listed(
    registry: Registry, watch: Watch, path: str, act: str, said: dict[str, str]
) -> None:
    trial = Trial(registry, watch, walk.planned(registry))
    sent: dict[str, object] = {**said, "evidence_ids": []}
    trial.refused(path, sent, "proof_is_attached", by=CLERK)
    sent = {**said, "evidence_ids": proof(registry, trial.hazard)}
    body = trial.done(path, sent, act, None, by=CLERK, **OPENED)
    assert (body["state"], body["round"]["purpose"]) == ("listed", path)
    trial.refused(path, sent, "no_round_is_open", by=HEAD)
    evidence = registry.upload(trial.hazard, "after", by="chemical-safety-officer")
    declaration = {"description": "已整改", "evidence_ids": [evidence]}
    answer = registry.attempt(f"/hazards/{trial.hazard}/declarations", declaration, by="chemical-safety-officer")
    assert "no_round_is_open" in answer.unmet()


@pytest.mark.parametrize("by", ["chemical-principal", "city-office-head"])
def test_who_neither_lists_nor_leads_opens_no_withdrawal(registry: Registry, watch: Watch, by: str) -> None:
    trial = Trial(registry, watch, walk.listed(registry))
    for path in ("withdrawal", "cessation"):
        said: dict[str, object] = {"note": "已核实", "evidence_ids": []}
        trial.forbidden(path, said | ({"reason": "unsubstantiated"} if path == "withdrawal" else {}), by=by)


@pytest.mark.parametrize(
    "said", [{"reason": "not_major"}, {"reason": "duplicate"}], ids=["not major", "duplicate of nothing"]
)
def test_a_withdrawal_has_a_lawful_reason(registry: Registry, watch: Watch, said: dict[str, str]) -> None:
    trial = Trial(registry, watch, walk.listed(registry))
    sent = {"note": "撤销", "evidence_ids": proof(registry, trial.hazard), **said}
    trial.refused("withdrawal", sent, "the_withdrawal_has_a_lawful_reason", by=CLERK)


def test_the_last_signature_of_a_withdrawal_dismisses_the_hazard(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, asked(registry, "withdrawal", reason="unsubstantiated"))
    last = sign_all_but_the_last(registry, trial.hazard)
    body = trial.done("signatures", last, "sign", "signature", by=HEAD, dismissal=1, **CLOSING)
    assert (body["state"], body["allowed_acts"], body["closed_at"]) == ("dismissed", [], None)


def test_a_merged_number_leads_to_its_survivor(registry: Registry, watch: Watch) -> None:
    survivor = walk.listed(registry)
    hazard = walk.listed(registry)
    number = registry.hazard(hazard)["ledger_number"]
    sent = {"reason": "duplicate", "note": "重复", "duplicate_of": survivor, "evidence_ids": proof(registry, hazard)}
    registry.act(hazard, "withdrawal", sent, by=CLERK)
    registry.act(hazard, "signatures", sign_all_but_the_last(registry, hazard), by=HEAD)
    assert registry.hazard(hazard)["state"] == "dismissed"
    assert registry.get(f"/hazards/{number}", by="city-office-head").body["id"] == survivor


def test_regrading_dismisses_the_major_and_reports_a_key_hazard_in_one_transaction(
    registry: Registry, watch: Watch
) -> None:
    trial = Trial(registry, watch, asked(registry, "withdrawal", reason="regraded"))
    last = sign_all_but_the_last(registry, trial.hazard)
    version = watch.hazard(trial.hazard)["version"]
    answer = registry.attempt(f"/hazards/{trial.hazard}/signatures", last, by=HEAD, version=version)
    assert (answer.status, answer.body["state"]) == (201, "dismissed")
    (key,) = watch.rows(
        "SELECT k.level, k.state, k.ledger_number, t.transaction_id = d.transaction_id AS together FROM hazard k"
        " JOIN hazard h ON h.id = k.regraded_from_id JOIN hazard_transition t ON t.hazard_id = k.id"
        " JOIN hazard_transition d ON d.hazard_id = h.id AND d.to_state = 'dismissed'"
        " WHERE h.public_id = %(hazard)s",
        hazard=trial.hazard,
    )
    assert key == {"level": "key", "state": "reported", "ledger_number": None, "together": True}


def test_the_last_signature_of_a_cessation_closes_what_nobody_verified(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, asked(registry, "cessation"))
    content = registry.get(f"/hazards/{trial.hazard}/signing-content", by=HEAD).body
    assert (content["purpose"], json.loads(content["content"])["verification"]) == ("cessation", None)
    last = sign_all_but_the_last(registry, trial.hazard)
    body = trial.done("signatures", last, "sign", "signature", by=HEAD, **CLOSING)
    assert body["state"] == "closed"


def test_a_refused_withdrawal_leaves_the_hazard_listed_in_its_cycle(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, asked(registry, "withdrawal", reason="unsubstantiated"))
    sent = {"level": 1, "note": "隐患确实存在"}
    body = trial.done("signature-refusals", sent, "refuse_signature", "round_end", by="dongsheng-inspector1")
    assert (body["state"], body["cycle"], body["round"]) == ("listed", 1, None)


def test_a_signature_of_a_cessation_is_withdrawn_before_the_last(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, asked(registry, "cessation"))
    walk.sign(registry, trial.hazard, 1)
    sent = {"note": "再核实"}
    path, act = "signature-withdrawals", "withdraw_signature"
    body = trial.done(path, sent, act, "signature_withdrawal", by="dongsheng-inspector1")
    assert body["round"]["levels"][0]["signed_at"] is None


NOTICE = {"notice_number": "东安办公告〔2026〕1号", "medium": "区政府门户网站"}


def test_a_closed_hazard_is_delisted_once_by_its_listing_office(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.closed(registry))
    trial.forbidden("delisting", NOTICE, by=HEAD)
    body = trial.done("delisting", NOTICE, "delist", "delisting", by=CLERK)
    assert (body["state"], body["delisted_at"] is not None) == ("closed", True)
    trial.refused("delisting", NOTICE, "it_is_not_delisted_yet", by=CLERK)


def revisit(registry: Registry, hazard: str, **said: object) -> dict[str, Any]:
    return {"passed": True, "visited_at": registry.hazard(hazard)["read_at"], "findings": "回访情况", **said}


def test_a_passed_revisit_stays_on_record_and_a_failed_one_opens_the_next_cycle(
    registry: Registry, watch: Watch
) -> None:
    trial = Trial(registry, watch, walk.closed(registry))
    by = "dongsheng-inspector2"
    body = trial.done("revisits", revisit(registry, trial.hazard), "pass_revisit", "revisit", by=by)
    assert (body["state"], body["cycle"]) == ("closed", 1)
    failed = revisit(registry, trial.hazard, passed=False)
    trial.refused("revisits", failed, "a_deadline_is_given", "a_reason_is_given", by=by)
    failed |= {"deadline": "2027-01-15", "note": "同一部位复现"}
    body = trial.done("revisits", failed, "fail_revisit", "revisit", by=by)
    assert (body["state"], body["cycle"], body["current_deadline"]) == ("listed", 2, "2027-01-15")
    assert (body["original_deadline"], body["closed_at"]) == ("2027-01-22", None)


def test_a_relapse_reopens_and_the_next_cycle_is_signed_in_full(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.closed(registry))
    sent = {"found_at": registry.hazard(trial.hazard)["read_at"], "findings": "再次出现", "note": "复发"}
    trial.refused("relapses", sent, "a_deadline_is_given", by=CLERK)
    trial.forbidden("relapses", sent, by="chemical-principal")
    body = trial.done("relapses", sent | {"deadline": "2027-01-15"}, "relapse", "revisit", by=CLERK)
    assert (body["state"], body["cycle"]) == ("listed", 2)
    walk.declare(registry, trial.hazard, shade=31)
    walk.verify(registry, trial.hazard, shade=61)
    for level in range(1, 5):
        walk.sign(registry, trial.hazard, level)
    assert registry.hazard(trial.hazard)["state"] == "closed"


def test_a_signature_of_the_first_cycle_serves_no_second(registry: Registry, watch: Watch) -> None:
    hazard = walk.closed(registry)
    old = registry.get(f"/hazards/{hazard}/signing-content", by=HEAD).body["content_sha256"]
    sent = {
        "found_at": registry.hazard(hazard)["read_at"],
        "findings": "再次出现",
        "note": "复发",
        "deadline": "2027-01-15",
    }
    registry.act(hazard, "relapses", sent, by=CLERK)
    walk.declare(registry, hazard, shade=31)
    walk.verify(registry, hazard, shade=61)
    trial = Trial(registry, watch, hazard)
    stale = {"level": 1, "content_sha256": old, "password": SAMPLE_PASSWORD}
    trial.refused("signatures", stale, "the_content_is_what_was_read", by="dongsheng-inspector1")
