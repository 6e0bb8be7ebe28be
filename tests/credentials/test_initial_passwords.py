"""初始口令: one that is set for somebody is held to the operator's policy, not to the one that ships."""

from collections.abc import Iterator

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from app.credentials.passwords import initial_password
from app.infrastructure.password_policy import PasswordPolicy
from tests.personnel import staff
from tests.support.cluster import TestDatabase
from tests.support.registry import Registry, open_registry, ordinary_settings

LONG = 24


@pytest.fixture(scope="module")
def severe(prepared: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The API where the operator asks for longer passwords of all four classes."""
    security = ordinary_settings(password_min_length=LONG, password_classes=4).security
    with open_registry(prepared, tmp_path_factory.mktemp("severe"), security=security) as opened:
        yield opened


def test_an_administrator_sets_no_initial_password_that_is_too_short_here(severe: Registry) -> None:
    person = staff.person(severe, "口令过短")
    refused = staff.open_account(severe, person, "too-short-here")
    assert (refused.status, refused.code) == (422, "password_too_short")
    assert str(LONG) in refused.body["detail"]
    sent = {"login_name": "long-enough", "person_id": person, "password": f"{staff.INITIAL_PASSWORD}-and-longer"}
    assert severe.attempt("/accounts", sent, by=staff.PROPOSER).status == 201


def test_a_restored_access_has_a_password_as_long_as_is_asked(severe: Registry) -> None:
    listed = severe.get("/accounts?limit=200", by=staff.PROPOSER).body["items"]
    account = next(one["id"] for one in listed if one["login_name"] == "coal-controller")
    path = f"/accounts/{account}/access-restorations"
    proposal = severe.post(path, {"reason": "忘记口令"}, by=staff.PROPOSER)
    sent = {"document_sha256": proposal["document_sha256"], "password": SAMPLE_PASSWORD}
    shown = severe.post(f"{path}/{proposal['id']}/confirmations", sent, by=staff.CONFIRMER)["initial_password"]
    assert PasswordPolicy(LONG, 4).faults(shown, "coal-controller", "/password") == []


@pytest.mark.parametrize("length", [8, 12, 19, 20, 64])
def test_an_initial_password_meets_any_policy_an_operator_may_set(length: int) -> None:
    for classes in (1, 4):
        drawn = initial_password(PasswordPolicy(length, classes), "someone")
        assert PasswordPolicy(length, 4).faults(drawn, "someone", "/password") == []
        assert len(drawn) >= 19
