"""应急处置的到场人员: in a fresh registry the password must do; once anybody has a second factor, both show theirs."""

from typing import Any

import pyotp
import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.personnel.test_break_glass import (
    AUDITOR,
    HEAD,
    at_machine,
    at_the_machine,  # noqa: F401 - the environment of a command
    code_of,
    rows,
    witness,
)
from tests.support.registry import Registry


def seconds(registry: Registry) -> int:
    return int(rows(registry, "SELECT floor(extract(epoch FROM registry_now()))")[0][0])


@pytest.fixture(scope="module")
def secrets(registry: Registry) -> dict[str, str]:
    """Two who have a second factor; by login its secret."""
    return {login: enrolled(registry, login) for login in ("audit-admin", HEAD)}


def enrolled(registry: Registry, login: str) -> str:
    begun: Any = registry.post("/session/second-factor", {"password": SAMPLE_PASSWORD}, by=login)
    code = pyotp.TOTP(begun["secret"]).at(seconds(registry))
    registry.post("/session/second-factor/confirmation", {"code": code}, by=login)
    return str(begun["secret"])


def test_whoever_has_a_second_factor_must_show_it(registry: Registry, secrets: dict[str, str]) -> None:
    codes = {login: pyotp.TOTP(secret).at(seconds(registry) + 30) for login, secret in secrets.items()}
    with_both = [witness(login, code=code) for login, code in codes.items()]
    for without in ([witness(HEAD), with_both[0]], [witness(HEAD), witness("audit-admin")]):
        assert code_of(at_machine("restore-access", "jungar-head", witnesses=without)) == "break_glass_unproved"
    done = at_machine("restore-access", "jungar-head", witnesses=with_both)
    assert done.exit_code == 0, (done.output, done.exception)


def test_whoever_has_none_is_no_witness_where_somebody_has_one(registry: Registry, secrets: dict[str, str]) -> None:
    assert secrets
    without = [witness(AUDITOR), witness("system-admin")]
    for command in (("restore-access", "jungar-head"), ("confirm-appointment", "1")):
        assert code_of(at_machine(*command, witnesses=without)) == "witness_without_second_factor"
