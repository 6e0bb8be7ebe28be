"""The key profile and the statutory chain of a stopped coal mine, walked in full; a chain of three is no chain."""

import asyncio
import tomllib
from typing import Any

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from app.infrastructure.errors import InvalidInput
from app.infrastructure.owner import owner_transaction
from app.reference.edition_loading import load_edition_text
from app.regulation.edition import SHIPPED_EDITION
from tests.api.test_signing import race
from tests.api.watching import Trial, Watch
from tests.support import walk
from tests.support.cluster import TestDatabase
from tests.support.registry import COAL, Registry


def content_of(registry: Registry, hazard: str, level: int, *, by: str) -> dict[str, Any]:
    content = registry.get(f"/hazards/{hazard}/signing-content", by=by).body
    return {"level": level, "content_sha256": content["content_sha256"], "password": SAMPLE_PASSWORD}


def test_a_key_hazard_is_tracked_without_notice_or_plan_and_signed_by_two(registry: Registry, watch: Watch) -> None:
    hazard = walk.reported(registry, level="key")
    determination = {"level": "key", "comprehensive_reason": "属重点隐患"}
    registry.act(hazard, "determination", determination, by="dongsheng-head")
    sent = walk.listing_document(supervision_notice=None)
    assert registry.act(hazard, "listing", sent, by="dongsheng-clerk")["level"] == "key"
    walk.declare(registry, hazard)
    levels = walk.verify(registry, hazard)["hazard"]["round"]["levels"]
    assert [one["post_kind"] for one in levels] == ["inspector", "deputy_head"]
    trial = Trial(registry, watch, hazard)
    registry.act(hazard, "signatures", content_of(registry, hazard, 1, by=walk.SIGNERS[0]), by=walk.SIGNERS[0])
    last = content_of(registry, hazard, 2, by=walk.SIGNERS[2])
    body = trial.done(
        "signatures",
        last,
        "sign",
        "signature",
        by=walk.SIGNERS[2],
        round_end=1,
        sealed_closing=1,
        sealed_closing_signature=2,
    )
    assert body["state"] == "closed"
    notice = {"notice_number": "公告1号", "medium": "网站"}
    trial.refused("delisting", notice, "it_was_publicly_listed", by="dongsheng-clerk")


MINE = {"enterprise": COAL, "sector": "coal_mine", "site": {"unit_code": "150622", "name": "综采工作面"}}


def declared_mine(registry: Registry) -> str:
    sent = walk.report_document() | MINE
    hazard = str(registry.post("/hazards", sent, by="coal-safety-officer")["id"])
    registry.act(hazard, "determination", {"comprehensive_reason": "构成重大"}, by="jungar-head")
    registry.act(hazard, "listing", walk.listing_document(), by="jungar-clerk")
    order = {"kind": "full_stop", "document": "准能令1号", "scope": "全矿", "from_on": "2026-11-23"}
    registry.act(hazard, "production-measures", order, by="jungar-head")
    registry.post(f"/hazards/{hazard}/plans", walk.plan_document(), by="coal-safety-officer")
    registry.act(hazard, "plan-approval", {}, by="jungar-section")
    evidence = registry.upload(hazard, "after", by="coal-safety-officer")
    sent = {"description": "整改完成", "evidence_ids": [evidence]}
    draft = registry.post(f"/hazards/{hazard}/declarations", sent, by="coal-safety-officer")
    for who in ("coal-principal", "coal-controller"):
        walk.confirm(registry, f"/hazards/{hazard}/declarations/{draft['id']}", draft["document_sha256"], by=who)
    return hazard


def verify_mine(registry: Registry, hazard: str) -> None:
    evidence = registry.upload(hazard, "after", by="jungar-inspector1", shade=60)
    visited_at = registry.hazard(hazard, by="jungar-inspector1")["read_at"]
    sent = {"passed": True, "visited_at": visited_at, "findings": "现场核查", "evidence_ids": [evidence]}
    draft = registry.post(f"/hazards/{hazard}/verifications", sent, by="jungar-inspector1")
    path = f"/hazards/{hazard}/verifications/{draft['id']}"
    for who in ("jungar-inspector1", "jungar-inspector2"):
        walk.confirm(registry, path, draft["document_sha256"], by=who, certificate_number=f"执法-{who}")


def test_a_stopped_coal_mine_is_signed_by_enterprise_regulator_agency_and_government(
    registry: Registry, watch: Watch
) -> None:
    hazard = declared_mine(registry)
    verify_mine(registry, hazard)
    chain = ("coal-principal", "jungar-head", "mine-agency-head", "jungar-government-head")
    for level, who in enumerate(chain, start=1):
        assert "sign" in registry.hazard(hazard, by=who)["allowed_acts"], who
        registry.act(hazard, "signatures", content_of(registry, hazard, level, by=who), by=who)
    assert registry.hazard(hazard)["state"] == "closed"
    lifting = {"document": "准能解1号", "lifted_on": "2026-11-23"}
    trial = Trial(registry, watch, hazard)
    act = "lift_production_measure"
    trial.done("production-measure-lifting", lifting, act, "production_measure_lift", by="jungar-head")


def test_the_deciding_confirmation_and_a_correction_race_and_both_are_true_in_their_order(
    registry: Registry, watch: Watch
) -> None:
    hazard = walk.declared(registry)
    evidence = registry.upload(hazard, "after", by="dongsheng-inspector1", shade=60)
    visited_at = registry.hazard(hazard, by="dongsheng-inspector1")["read_at"]
    visit = {"passed": True, "visited_at": visited_at, "findings": "核查", "evidence_ids": [evidence]}
    verification = registry.post(f"/hazards/{hazard}/verifications", visit, by="dongsheng-inspector1")
    change = {"changes": {"circumstances": "报警器损坏"}, "note": "录入有误"}
    correction = registry.post(f"/hazards/{hazard}/corrections", change, by="dongsheng-clerk")
    confirmations = f"/hazards/{hazard}/verifications/{verification['id']}/confirmations"
    proved = {"password": SAMPLE_PASSWORD, "document_sha256": verification["document_sha256"]}
    registry.post(confirmations, proved | {"certificate_number": "执法-1"}, by="dongsheng-inspector1")
    corrections = f"/hazards/{hazard}/corrections/{correction['id']}/confirmations"
    agreed = {"password": SAMPLE_PASSWORD, "document_sha256": correction["document_sha256"]}
    registry.post(corrections, agreed, by="dongsheng-clerk")
    for who in ("dongsheng-inspector2", "dongsheng-office-head"):
        registry.sign_in(who)
    answers = race(
        lambda: registry.attempt(confirmations, proved | {"certificate_number": "执法-2"}, by="dongsheng-inspector2"),
        lambda: registry.attempt(corrections, agreed, by="dongsheng-office-head"),
    )
    assert {answer.status for answer in answers} <= {201, 409, 503}, [answer.body for answer in answers]
    assert any(answer.status == 201 for answer in answers)
    stands = registry.hazard(hazard)
    if stands["round"] is not None:
        content = watch.value("SELECT content FROM signing_round WHERE id = %(id)s", id=stands["round"]["id"])
        assert stands["circumstances"] in str(content)


def test_an_edition_whose_chain_has_three_levels_is_refused_and_nothing_is_loaded(
    prepared: TestDatabase, watch: Watch
) -> None:
    text = SHIPPED_EDITION.read_text(encoding="utf-8")
    begin = text.index("[[chains.default.levels]]")
    short = text[:begin] + text[text.index("[[chains.default.levels]]", begin + 1) :]
    assert len(tomllib.loads(short)["chains"]["default"]["levels"]) == 3

    async def load() -> None:
        async with owner_transaction(prepared.migrate_url, label="test") as context:
            await load_edition_text(context, short)

    with watch.unchanged(), pytest.raises(InvalidInput) as refused:
        asyncio.run(load())
    said = [(field.pointer, field.message) for field in refused.value.fields]
    assert any("须四级签字" in message and "chains.default" in pointer for pointer, message in said), said
