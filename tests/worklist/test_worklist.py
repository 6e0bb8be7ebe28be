"""待办: what waits for each post as a hazard goes from its report to its closing, and by when."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.infrastructure.database import Database, OtherAppointment, Token
from app.infrastructure.errors import TemporarilyUnavailable, Unauthenticated
from app.regulation.vocabulary import Act
from tests.api.test_lifecycle import SENT
from tests.personnel.staff import PROPOSER, appoint, organisation, post
from tests.support import walk
from tests.support.cluster import Cluster
from tests.support.registry import Registry, open_registry, settled_database


def worklist(registry: Registry, *, by: str, query: str = "") -> dict[str, Any]:
    answer = registry.get(f"/worklist{query}", by=by)
    assert answer.status == 200, answer.body
    return dict(answer.body)


def duties_on(registry: Registry, hazard: str, *, by: str) -> dict[str, str | None]:
    """Duty → due date of what waits for that person on that hazard."""
    items = worklist(registry, by=by)["items"]
    return {one["duty"]: one["due_on"] for item in items if item["id"] == hazard for one in item["duties"]}


def test_a_report_waits_for_its_regulator_five_working_days(registry: Registry) -> None:
    hazard = walk.reported(registry)
    assert duties_on(registry, hazard, by="dongsheng-section") == {"determine": "2026-11-30"}
    for by in ("jungar-section", "dongsheng-clerk", "chemical-safety-officer"):
        assert duties_on(registry, hazard, by=by) == {}


def test_a_determined_hazard_waits_for_its_office_three_working_days(registry: Registry) -> None:
    hazard = walk.determined(registry)
    assert duties_on(registry, hazard, by="dongsheng-clerk") == {"list": "2026-11-26"}
    assert duties_on(registry, hazard, by="city-clerk1") == {"list": "2026-11-26"}
    assert duties_on(registry, hazard, by="dongsheng-section") == {}


def test_a_listed_hazard_waits_for_its_enterprise_until_its_deadline(registry: Registry) -> None:
    hazard = walk.listed(registry)
    assert duties_on(registry, hazard, by="chemical-safety-officer") == {"rectify": "2027-01-22"}
    assert duties_on(registry, hazard, by="coal-safety-officer") == {}


def test_a_plan_waits_for_the_lead_department_until_it_is_decided(registry: Registry) -> None:
    hazard = walk.listed(registry)
    registry.post(f"/hazards/{hazard}/plans", walk.plan_document(), by="chemical-safety-officer")
    assert duties_on(registry, hazard, by="dongsheng-deputy") == {"decide_plan": "2026-11-30"}
    registry.act(hazard, "plan-approval", {}, by="dongsheng-section")
    assert duties_on(registry, hazard, by="dongsheng-deputy") == {}


def test_an_extension_waits_for_the_listing_office_until_it_is_decided(registry: Registry) -> None:
    hazard = walk.planned(registry)
    asked = {"new_deadline": "2027-02-10", "note": "设备到货推迟"}
    answer = registry.attempt(f"/hazards/{hazard}/extensions", asked, by="chemical-principal")
    assert answer.status == 201, answer.body
    assert duties_on(registry, hazard, by="dongsheng-clerk") == {"decide_extension": "2026-12-07"}
    assert duties_on(registry, hazard, by="city-clerk1") == {}


@pytest.mark.parametrize("answer", ["transfer-refusal", "production-measures"])
def test_a_transfer_waits_for_its_receiver_until_it_refuses_or_acts(registry: Registry, answer: str) -> None:
    hazard = walk.listed(registry)
    page = registry.get("/organisations?limit=200", by="city-clerk1").body
    receiver = next(one["id"] for one in page["items"] if one["name"] == "鄂尔多斯市应急管理局")
    registry.act(hazard, "transfers", {"to_organisation_id": receiver, "note": "由市局直管"}, by="dongsheng-head")
    assert duties_on(registry, hazard, by="city-emergency-head") == {"answer_transfer": "2026-11-26"}
    assert duties_on(registry, hazard, by="dongsheng-head") == {}
    sent = dict(SENT[Act.ORDER_PRODUCTION_MEASURE].body) if answer == "production-measures" else {"note": "退回"}
    registry.act(hazard, answer, sent, by="city-emergency-head")
    assert duties_on(registry, hazard, by="city-emergency-head") == {}


def test_a_declaration_waits_for_the_inspectors_and_then_each_level_for_its_post(registry: Registry) -> None:
    hazard = walk.declared(registry)
    assert duties_on(registry, hazard, by="dongsheng-inspector2") == {"verify": "2026-12-03"}
    assert duties_on(registry, hazard, by="dongsheng-head") == {}
    walk.verify(registry, hazard)
    for level, signer in enumerate(walk.SIGNERS, start=1):
        assert duties_on(registry, hazard, by=signer) == {"sign": "2026-11-25"}
        for other in {*walk.SIGNERS} - {signer}:
            assert duties_on(registry, hazard, by=other) == {}
        walk.sign(registry, hazard, level)
    assert duties_on(registry, hazard, by="dongsheng-clerk") == {"delist": "2026-11-30"}


def test_who_signed_one_level_is_not_asked_for_another(registry: Registry) -> None:
    hazard = walk.verified(registry)
    walk.sign(registry, hazard, 1)
    seat = post(registry, organisation(registry, "东胜区应急管理局"), "兼任业务科室负责人", kind="section_head")
    people = registry.get("/appointments?is_in_force=true&limit=200", by=PROPOSER).body["items"]
    inspector = next(
        one for one in people if one["post"] == "主办检查人员" and one["organisation"].startswith("东胜区")
    )
    appointment = appoint(registry, inspector["person_id"], seat)
    assert duties_on(registry, hazard, by="dongsheng-section") == {"sign": "2026-11-25"}
    try:
        registry.post("/session/appointment", {"appointment_id": appointment}, by="dongsheng-inspector1")
        assert duties_on(registry, hazard, by="dongsheng-inspector1") == {}
    finally:
        first = {"appointment_id": inspector["id"]}
        registry.post("/session/appointment", first, by="dongsheng-inspector1")
        registry.post(f"/appointments/{appointment}/ending", {"reason": "兼任结束"}, by=PROPOSER)


def test_each_appointment_of_a_person_has_a_list_of_its_own_scope(registry: Registry) -> None:
    hazard = walk.reported(registry)
    people = registry.get("/appointments?is_in_force=true&limit=200", by=PROPOSER).body["items"]
    energy = next(
        one for one in people if one["organisation"] == "准格尔旗能源局" and one["post_kind"] == "section_head"
    )
    seat = post(registry, organisation(registry, "东胜区应急管理局"), "挂职业务科室负责人", kind="section_head")
    second = appoint(registry, energy["person_id"], seat)
    seen = worklist(registry, by="jungar-section")
    assert (seen["appointment_id"], seen["items"]) == (energy["id"], [])
    (other,) = seen["other_appointments"]
    assert (other["id"], other["organisation"]) == (second, "东胜区应急管理局")
    assert hazard in {item["id"] for item in other["worklist"]["items"]}
    # The look changed nothing: the session acts, and sees, as before.
    assert registry.get("/session", by="jungar-section").body["appointment_id"] == energy["id"]
    assert registry.get(f"/hazards/{hazard}", by="jungar-section").status == 404
    registry.post(f"/appointments/{second}/ending", {"reason": "挂职期满"}, by=PROPOSER)
    assert worklist(registry, by="jungar-section")["other_appointments"] == []


def test_a_failed_verification_waits_for_the_enterprise_again(registry: Registry) -> None:
    hazard = walk.declared(registry)
    walk.verify(registry, hazard, passed=False, note="报警装置仍未接入")
    assert set(duties_on(registry, hazard, by="chemical-controller")) == {"rectify"}
    assert duties_on(registry, hazard, by="dongsheng-inspector1") == {}


@pytest.fixture
def own_registry(cluster: Cluster, tmp_path: Path) -> Iterator[Registry]:
    """A registry in which nothing else waits."""
    with settled_database(cluster) as database, open_registry(database, tmp_path) as opened:
        yield opened


def test_items_come_by_due_date_and_pages_follow_one_another(own_registry: Registry) -> None:
    registry = own_registry
    for _ in range(4):
        walk.reported(registry)
    whole = worklist(registry, by="dongsheng-inspector1", query="?limit=50")
    due = [item["due_on"] for item in whole["items"]]
    assert due == sorted(due)
    assert len(due) == whole["waiting_at_most"] == 4
    seen: list[str] = []
    query = "?limit=2"
    while query:
        page = worklist(registry, by="dongsheng-inspector1", query=query)
        seen += [item["id"] for item in page["items"]]
        query = f"?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert seen == [item["id"] for item in whole["items"]]


def test_the_register_of_hazards_pages_beside_its_filters(registry: Registry) -> None:
    for _ in range(3):
        walk.reported(registry)
    path = "/hazards?state=reported&words=罐区"
    whole = [one["id"] for one in registry.get(f"{path}&limit=200", by="dongsheng-head").body["items"]]
    first = registry.get(f"{path}&limit=2", by="dongsheng-head")
    assert 'rel="next"' in first.headers["Link"]
    rest = registry.get(f"{path}&limit=200&cursor={first.body['next_cursor']}", by="dongsheng-head").body
    assert [one["id"] for one in [*first.body["items"], *rest["items"]]] == whole
    assert registry.get(f"/hazards?limit=2&cursor={first.body['next_cursor']}", by="dongsheng-head").status == 400


def test_each_item_says_what_may_be_done_and_whether_it_is_late(registry: Registry) -> None:
    hazard = walk.reported(registry)
    item = next(one for one in worklist(registry, by="dongsheng-head")["items"] if one["id"] == hazard)
    assert {"determine", "dismiss"} <= set(item["allowed_acts"])
    assert (item["is_late"], item["duties"][0]["label"]) == (False, "待判定")
    assert item["enterprise_name"] == "东胜区示例化工有限公司"


@pytest.mark.parametrize("by", ["system-admin", "city-auditor"])
def test_who_works_on_no_hazard_has_no_worklist(registry: Registry, by: str) -> None:
    assert registry.get("/worklist", by=by).status == 403


def test_a_page_beyond_fifty_is_refused(registry: Registry) -> None:
    assert registry.get("/worklist?limit=51", by="dongsheng-head").status == 400


def other_look(registry: Registry, login: str, appointment: int, statement: str) -> object:
    """What one statement answers under another appointment of whoever is signed in as `login`."""

    async def look() -> object:
        database = Database.at(registry.database.app_url, pool_size=1)
        try:
            principal = OtherAppointment(Token(registry.sign_in(login)), appointment)
            async with database.transaction(principal, request_id="test") as context:
                return (await context.session.execute(text(statement))).scalar_one()
        finally:
            await database.close()

    return asyncio.run(look())


def test_nobody_looks_under_an_appointment_that_is_not_theirs(registry: Registry) -> None:
    people = registry.get("/appointments?is_in_force=true&limit=200", by=PROPOSER).body["items"]
    administrator = next(one["id"] for one in people if one["post_kind"] == "system_administrator")
    with pytest.raises(Unauthenticated):
        other_look(registry, "dongsheng-head", administrator, "SELECT 1")


def test_a_look_under_another_appointment_writes_nothing(registry: Registry) -> None:
    people = registry.get("/appointments?is_in_force=true&limit=200", by=PROPOSER).body["items"]
    head = next(
        one["id"] for one in people if one["post"] == "主要负责人" and one["organisation"].startswith("东胜区应")
    )
    own = registry.get("/session", by="dongsheng-head").body["appointment_id"]
    assert own == head
    assert other_look(registry, "dongsheng-head", own, "SELECT current_setting('app.appointment')") == str(own)
    with pytest.raises(TemporarilyUnavailable):
        other_look(registry, "dongsheng-head", own, "UPDATE session SET revoked_at = registry_now() RETURNING id")
