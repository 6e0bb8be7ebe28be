"""行政处罚登记: who may, of which enterprise, what a decision must say, and what the registry keeps of it."""

import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.api.watching import CHINESE, Watch
from tests.enforcement import penalties
from tests.enforcement.penalties import CITY, CLERK, HEAD, MINE_HEAD
from tests.support import walk
from tests.support.registry import Registry


@pytest.fixture
def watch(registry: Registry) -> Iterator[Watch]:
    with Watch.of(registry.database) as watching:
        yield watching


def test_a_department_records_what_it_decided(registry: Registry) -> None:
    taken = penalties.recorded(registry, kinds=["suspension", "fine"], published_on="2026-11-22")
    assert (taken["organisation"]["name"], taken["amount"]) == ("东胜区应急管理局", "50000.00")
    assert (taken["kinds"], taken["is_natural_person"]) == (["fine", "suspension"], False)
    assert (taken["is_current"], taken["is_revoked"], taken["supersedes"]) == (True, False, None)
    assert (taken["unit"]["code"], taken["enterprise"]["name"]) == ("150602", "东胜区示例化工有限公司")
    read = registry.get(f"/enforcements/{taken['id']}", by=CITY).body
    assert read == {name: value for name, value in taken.items() if name != "counters"}


def test_the_answer_tells_where_the_penalty_stands(registry: Registry) -> None:
    answer = penalties.attempted(registry)
    assert answer.headers["location"] == f"/api/v1/enforcements/{answer.body['id']}"


def test_an_office_records_what_a_department_of_its_territory_decided(registry: Registry) -> None:
    department = penalties.organisation(registry, "东胜区应急管理局")
    taken = penalties.recorded(registry, by=CLERK, organisation_id=department)
    assert taken["organisation"] == {"id": department, "name": "东胜区应急管理局"}


@pytest.mark.parametrize("by", [CLERK, CITY])
def test_an_office_decides_no_penalty_itself(registry: Registry, by: str) -> None:
    answer = penalties.attempted(registry, by=by)
    assert (answer.status, answer.body["errors"][0]["code"]) == (422, "organisation_cannot_decide")


def test_an_office_does_not_record_for_another_districts_department(registry: Registry) -> None:
    elsewhere = penalties.organisation(registry, "准格尔旗能源局")
    answer = penalties.attempted(registry, by=CLERK, organisation_id=elsewhere)
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/organisation_id")


@pytest.mark.parametrize("name", ["鄂尔多斯市应急管理局", "东胜区能源局"])
def test_a_department_records_no_decision_of_another(registry: Registry, name: str) -> None:
    other = penalties.organisation(registry, name)
    answer = penalties.attempted(registry, organisation_id=other)
    assert (answer.status, answer.body["errors"][0]["code"]) == (422, "organisation_cannot_decide")


def test_a_foreign_enterprise_is_not_found_like_one_that_does_not_exist(registry: Registry) -> None:
    mine = penalties.mine(registry)
    for enterprise_id in (mine, str(uuid4())):
        answer = penalties.attempted(registry, enterprise_id=enterprise_id)
        assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("by", ["chemical-principal", "city-auditor", "system-admin", "jungar-government-head"])
def test_nobody_else_records_penalties(registry: Registry, by: str) -> None:
    assert penalties.attempted(registry, by=by).status == 403


def test_the_same_number_of_the_same_organisation_is_recorded_once(registry: Registry) -> None:
    taken = penalties.recorded(registry, case_number="(东)应急罚〔2026〕900号")
    for written in ("(东)应急罚〔2026〕900号", "(东)应急罚[2026]900号", "（东）应急罚﹝2026﹞ 900 号"):
        answer = penalties.attempted(registry, case_number=written)
        assert (answer.status, answer.unmet()) == (409, {"penalty_known"}), written
    assert taken["case_number"] == "(东)应急罚〔2026〕900号"


def test_another_organisation_may_have_the_same_number(registry: Registry) -> None:
    number = penalties.case_number()
    penalties.recorded(registry, case_number=number)
    assert penalties.recorded(registry, case_number=number, by="city-emergency-head")["is_current"]


REFUSED: dict[str, dict[str, Any]] = {
    "decided_in_the_future": {"decided_on": "2026-11-24"},
    "published_out_of_order": {"published_on": "2026-11-19"},
    "fine_without_amount": {"amount": None},
    "amount_without_fine": {"kinds": ["warning"]},
}


@pytest.mark.parametrize("code", REFUSED)
def test_a_decision_that_contradicts_itself_is_refused_dry_and_in_earnest(
    registry: Registry, watch: Watch, code: str
) -> None:
    number = penalties.case_number()
    with watch.unchanged():
        tried = penalties.attempted(registry, dry_run=True, case_number=number, **REFUSED[code])
        answer = penalties.attempted(registry, case_number=number, **REFUSED[code])
    assert (tried.status, tried.body["would_be_done"], tried.unmet()) == (200, False, {code})
    assert (answer.status, answer.unmet()) == (409, {code})
    (unmet,) = answer.body["unmet"]
    assert CHINESE.search(unmet["message"])
    assert unmet["remedy"]


def test_every_contradiction_is_told_at_once(registry: Registry) -> None:
    answer = penalties.attempted(registry, decided_on="2027-01-01", amount=None)
    assert answer.unmet() == {"decided_in_the_future", "fine_without_amount"}


@pytest.mark.parametrize("amount", [50000, 50000.0, "50000.001", "0", "0.00", "-1", "5万", "1e5", "12345678901"])
def test_an_amount_is_an_exact_text(registry: Registry, amount: Any) -> None:
    answer = penalties.attempted(registry, amount=amount)
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/amount")
    assert "金额" in answer.body["errors"][0]["message"]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"sector": None}, "/sector"),
        ({"sector": "no_such_sector"}, "/sector"),
        ({"kinds": []}, "/kinds"),
        ({"kinds": ["jail"]}, "/kinds/0"),
        ({"law": "criminal_law"}, "/law"),
        ({"penalised": "张三"}, "/penalised"),
        ({"name": "张三"}, "/name"),
    ],
)
def test_what_is_not_a_word_of_the_registry_is_refused_by_its_field(
    registry: Registry, changed: dict[str, Any], pointer: str
) -> None:
    answer = penalties.attempted(registry, **changed)
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, pointer)


def test_of_a_natural_person_the_post_alone_is_kept(registry: Registry) -> None:
    taken = penalties.recorded(registry, penalised="principal")
    assert (taken["penalised"], taken["is_natural_person"]) == ("principal", True)


def test_a_penalty_for_a_hazard_takes_its_sector_and_leads_to_it(registry: Registry) -> None:
    hazard = walk.listed(registry)
    number = registry.hazard(hazard)["ledger_number"]
    taken = penalties.recorded(registry, hazard=number, sector=None)
    assert (taken["hazard"], taken["sector"]) == ({"id": hazard, "ledger_number": number}, "hazardous_chemicals")
    found = registry.get(f"/enforcements?hazard={hazard}", by=HEAD).body["items"]
    assert [one["id"] for one in found] == [taken["id"]]
    assert registry.get(f"/enforcements?hazard={number}", by=HEAD).body["items"] == found


def test_a_hazard_out_of_scope_is_not_found(registry: Registry) -> None:
    mine = penalties.mine(registry)
    hazard = walk.reported(registry)
    assert penalties.attempted(registry, enterprise_id=mine, hazard=hazard, by=MINE_HEAD).status == 404


def test_another_enterprises_hazard_is_refused(registry: Registry) -> None:
    hazard = walk.reported(registry)
    answer = penalties.attempted(
        registry, enterprise_id=penalties.mine(registry), hazard=hazard, by="city-emergency-head"
    )
    assert (answer.status, answer.body["errors"][0]["code"]) == (422, "hazard_of_another_enterprise")


def test_a_penalty_is_one_event_of_its_enterprises_stream_without_a_persons_name(
    registry: Registry, watch: Watch
) -> None:
    taken = penalties.recorded(registry, penalised="controller")
    (event,) = watch.rows(
        "SELECT s.kind, e.event, convert_from(e.payload, 'UTF8')::jsonb -> 'particulars' AS said FROM audit_event e"
        " JOIN audit_stream s ON s.id = e.stream_id ORDER BY e.id DESC LIMIT 1"
    )
    assert (event["kind"], event["event"]) == ("enterprise", "enterprise:penalty:recorded")
    assert (event["said"]["case_number"], event["said"]["amount"]) == (taken["case_number"], "50000.00")
    assert event["said"]["penalised"] == "controller"


def test_a_retry_under_the_same_key_records_once(registry: Registry) -> None:
    sent = penalties.document(penalties.enterprise(registry))
    headers = {"Idempotency-Key": str(uuid4())}
    first, again = (registry.call("POST", "/enforcements", by=HEAD, json=sent, headers=headers) for _ in range(2))
    assert (first.status, again.status, first.body) == (201, 201, again.body)


@pytest.mark.parametrize("statement", ["UPDATE penalty SET amount = 1", "DELETE FROM penalty", "TRUNCATE penalty"])
def test_no_row_is_ever_changed_not_even_by_the_owner(registry: Registry, watch: Watch, statement: str) -> None:
    penalties.recorded(registry)
    with pytest.raises(Exception, match="只能增加"):
        watch.rows(statement)


def _elsewhere(registry: Registry) -> str:
    """A hazard of the district's chemical works at a site in the other district."""
    return walk.reported(registry, sector="coal_mine", site={"unit_code": "150622", "name": "分厂"})


def test_an_enterprise_of_another_district_is_penalised_here_for_a_hazard_here(registry: Registry) -> None:
    hazard = _elsewhere(registry)
    without = penalties.attempted(registry, by=MINE_HEAD)
    assert (without.status, without.body["errors"][0]["code"]) == (422, "hazard_needed")
    taken = penalties.recorded(registry, by=MINE_HEAD, hazard=hazard, sector=None)
    assert (taken["unit"]["code"], taken["sector"]) == ("150622", "coal_mine")
    assert registry.get(f"/enforcements/{taken['id']}", by="jungar-clerk").status == 200
    assert registry.get(f"/enforcements/{taken['id']}", by=CLERK).status == 404
    assert penalties.counter(penalties.recorded(registry), "three_penalties_in_180_days")["count"] >= 2


def test_without_any_check_of_ours_the_database_takes_no_penalty_of_a_foreign_enterprise(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.enforcement.queries.enterprise_is_in_reach", lambda _actor: sa.true())
    monkeypatch.setattr("app.enforcement.service.may_record_without_hazard", lambda _actor, _enterprise: True)
    answer = penalties.attempted(registry, enterprise_id=penalties.mine(registry), sector="coal_mine")
    assert (answer.status, answer.code) == (403, "outside_your_scope")


def test_without_any_check_of_ours_the_database_takes_no_number_twice(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> tuple[()]:
        return ()

    taken = penalties.recorded(registry)
    monkeypatch.setattr("app.enforcement.service.unmet_of", nothing)
    answer = penalties.attempted(registry, case_number=taken["case_number"])
    assert (answer.status, answer.code) == (409, "penalty_known")
    late = penalties.attempted(registry, decided_on="2026-11-24")
    assert (late.status, late.code) == (409, "penalty_in_the_future")


def test_of_two_records_of_one_number_at_once_one_is_taken(registry: Registry) -> None:
    number, answers = penalties.case_number(), []
    registry.sign_in(HEAD)

    def record() -> None:
        answers.append(penalties.attempted(registry, case_number=number))

    both = [threading.Thread(target=record) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(one.status for one in answers) == [201, 409]
    assert next(one.code for one in answers if one.status == 409) == "penalty_known"
