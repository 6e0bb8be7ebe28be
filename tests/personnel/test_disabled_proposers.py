"""提出人停用: what an administrator proposed who has been disabled since, nobody confirms."""

from collections.abc import Callable

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.personnel import staff
from tests.personnel.staff import CONFIRMER, PROPOSER, Staff
from tests.support.registry import Answered, Registry


def administrator(registry: Registry, login: str) -> Staff:
    """Another system administrator, signed in."""
    someone = staff.register(registry, login)
    office = registry.get("/session", by=PROPOSER).body["organisation_id"]
    staff.appoint(registry, someone.person, staff.post(registry, office, f"系统管理员 {login}", "system_administrator"))
    staff.sign_in(registry, someone)
    return someone


def disable(registry: Registry, someone: Staff) -> None:
    sent = {"for_cause": True, "reason": "违纪"}
    registry.post(f"/accounts/{someone.account}/disablement", sent, by=CONFIRMER)


def restoration(registry: Registry, by: str) -> Callable[[], Answered]:
    """A proposal to restore an access; its confirmation, when it is called."""
    listed = registry.get("/accounts?limit=200", by=PROPOSER).body["items"]
    account = next(one["id"] for one in listed if one["login_name"] == "jungar-head")
    proposal = registry.post(f"/accounts/{account}/access-restorations", {"reason": "手机遗失"}, by=by)
    sent = {"document_sha256": proposal["document_sha256"], "password": SAMPLE_PASSWORD}
    path = f"/accounts/{account}/access-restorations/{proposal['id']}/confirmations"
    return lambda: registry.attempt(path, sent, by=CONFIRMER)


def appointment(registry: Registry, by: str) -> Callable[[], Answered]:
    """A proposed appointment; its confirmation, when it is called."""
    someone = staff.person(registry, f"由-{by}")
    seat = staff.post(registry, staff.organisation(registry, "东胜区应急管理局"), f"检查岗 {by}")
    proposal = staff.propose(registry, someone, seat, by=by)
    return lambda: staff.confirm(registry, proposal)


@pytest.mark.parametrize(
    ("proposed", "code"),
    [(restoration, "restoration_proposer_disabled"), (appointment, "appointment_proposer_disabled")],
)
def test_what_a_disabled_administrator_proposed_nobody_confirms(
    registry: Registry, proposed: Callable[[Registry, str], Callable[[], Answered]], code: str
) -> None:
    proposer = administrator(registry, f"disabled-{proposed.__name__}")
    confirm, confirm_later = proposed(registry, proposer.login), proposed(registry, PROPOSER)
    disable(registry, proposer)
    refused = confirm()
    assert (refused.status, refused.code) == (409, code)
    assert "停用" in refused.body["detail"]
    assert confirm_later().status == 201
