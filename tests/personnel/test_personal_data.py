"""个人信息: what each role is really answered; the table of `regulation/masking.py` on real responses."""

from typing import Any

import psycopg
import pytest

from tests.personnel.staff import CONFIRMER, PROPOSER, person
from tests.support import walk
from tests.support.cluster import libpq_address
from tests.support.registry import Answered, Registry

FINDERS = "巴特尔、其其格(13800138000)"
PHONE, IDENTITY = "13912345678", "150602199001011234"
TEXT = f"罐区阀门未关,联系人{PHONE},证件{IDENTITY}"
OFFICER, INSPECTOR, AUDITOR = "chemical-safety-officer", "dongsheng-inspector1", "city-auditor"


@pytest.fixture(scope="module")
def own(registry: Registry) -> str:
    """A self-report with names and numbers in it."""
    return walk.reported(registry, finders=FINDERS, circumstances=TEXT)


@pytest.fixture(scope="module")
def found(registry: Registry) -> str:
    """An inspection's finding with the same."""
    document = walk.report_document(channel="inspection", finders=FINDERS, circumstances=TEXT)
    return str(registry.post("/hazards", document, by=INSPECTOR)["id"])


@pytest.fixture(scope="module")
def platform(registry: Registry) -> str:
    """The city platform's key, under a name to call by."""
    sent = {"login_name": "city-platform", "organisation_id": organisation_of_platform(registry)}
    account = registry.post("/service-accounts", sent, by=PROPOSER)["id"]
    key = registry.post(f"/service-accounts/{account}/keys", {"label": "月度取数"}, by=CONFIRMER)
    registry.tokens["platform"] = key["secret"]
    return "platform"


def organisation_of_platform(registry: Registry) -> int:
    found = registry.get("/organisations?limit=200", by=PROPOSER).body["items"]
    return int(next(one["id"] for one in found if one["kind"] == "platform"))


def everything_of(registry: Registry, hazard: str, by: str) -> list[Answered]:
    """Every address of a hazard that shows text."""
    paths = (f"/hazards/{hazard}", "/hazards?limit=200", f"/hazards/{hazard}/timeline", f"/hazards/{hazard}/deadline")
    return [registry.get(path, by=by) for path in paths]


def leaks(answers: list[Answered], hazard: str) -> set[str]:
    """Which personal values stand in what was answered of this hazard."""
    said = "".join(str(_of(answer.body, hazard)) for answer in answers)
    return {value for value in ("巴特尔", "其其格", "13800138000", PHONE, IDENTITY) if value in said}


def _of(body: Any, hazard: str) -> Any:
    """Of a list only the hazard's line."""
    items = body.get("items") if isinstance(body, dict) else None
    return [one for one in items if one.get("id", hazard) == hazard] if isinstance(items, list) else body


def test_officials_see_what_was_reported(registry: Registry, own: str, found: str) -> None:
    for hazard in (own, found):
        assert leaks(everything_of(registry, hazard, "dongsheng-head"), hazard) == {
            "巴特尔",
            "其其格",
            "13800138000",
            PHONE,
            IDENTITY,
        }


def test_an_enterprise_sees_its_own_report_and_of_an_inspection_nobodys_name_or_number(
    registry: Registry, own: str, found: str
) -> None:
    assert registry.hazard(own, by=OFFICER)["finders"] == FINDERS
    seen = registry.hazard(found, by=OFFICER)
    assert seen["finders"].startswith("巴*、其*")
    assert "139****5678" in seen["circumstances"]
    assert leaks(everything_of(registry, found, OFFICER), found) == set()


def test_auditors_see_people_masked_wherever_a_hazard_is_shown(registry: Registry, own: str, found: str) -> None:
    for hazard in (own, found):
        answers = everything_of(registry, hazard, AUDITOR)
        assert {answer.status for answer in answers} == {200}
        assert leaks(answers, hazard) == set()
        assert answers[0].body["finders"].startswith("巴*")


def test_the_platform_is_given_no_personal_value_and_no_signing_content(
    registry: Registry, own: str, found: str, platform: str
) -> None:
    for hazard in (own, found):
        answers = everything_of(registry, hazard, platform)
        assert answers[0].status == 200, answers[0].body
        assert "finders" not in answers[0].body
        assert leaks(answers, hazard) == set()
        assert registry.get(f"/hazards/{hazard}/signing-content", by=platform).status == 403
    for path in ("/persons", "/accounts", "/appointments", f"/hazards/{own}/evidence"):
        assert registry.get(path, by=platform).status == 403, path


@pytest.mark.parametrize("by", [OFFICER, "dongsheng-head", "city-clerk1"])
def test_no_route_of_personnel_shows_a_phone_or_a_name_to_enterprises_and_officials(
    registry: Registry, by: str
) -> None:
    registered = person(registry, "巴特尔", phone=PHONE)
    for path in (f"/persons/{registered}", "/persons", "/accounts", "/appointments?limit=200", "/posts?limit=200"):
        answer = registry.get(path, by=by)
        assert PHONE not in str(answer.body)
        assert "巴特尔" not in str(answer.body)
        assert answer.status == 403 or path.startswith(("/appointments", "/posts"))


def test_auditors_read_names_and_phones_masked_and_the_database_gives_them_no_other(registry: Registry) -> None:
    registered = person(registry, "巴特尔", phone=PHONE)
    seen = registry.get(f"/persons/{registered}", by=AUDITOR).body
    assert (seen["name"], seen["phone"]) == ("检*", "139****5678")
    held = registry.get("/appointments?limit=200", by=AUDITOR).body["items"]
    assert held
    assert all(one["person"].endswith("*") and len(one["person"]) == 2 for one in held)
    with psycopg.connect(libpq_address(registry.database.app_url)) as connection:
        connection.execute("SET LOCAL ROLE qingling_auditor")
        masked = connection.execute("SELECT * FROM masked_person_detail(%s)", [registered]).fetchone()
        assert masked == ("检*", "139****5678")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT name, phone FROM person_detail")


@pytest.mark.parametrize(
    "role", ["enterprise", "official", "platform", "administrator", "signin", "public", "custodian", "import"]
)
def test_the_masking_function_is_the_auditors_alone(registry: Registry, role: str) -> None:
    with psycopg.connect(libpq_address(registry.database.app_url)) as connection:
        connection.execute(f"SET LOCAL ROLE qingling_{role}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM masked_person_detail(1)")


def test_signatures_confirmations_and_the_timeline_name_posts_not_persons(registry: Registry) -> None:
    hazard = walk.closed(registry)
    names = {"系统管理员", "主办检查人员", "业务科室负责人"}
    shown = str([answer.body for answer in everything_of(registry, hazard, AUDITOR)])
    assert any(name in shown for name in names)
    for word in ("person_id", "certificate_number", "执法-001", "phone"):
        assert word not in shown
