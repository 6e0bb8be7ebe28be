"""应急处置: two persons at the machine itself; it restores an access or confirms an appointment, and is counted."""

import json
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from app.cli import app as qingling
from app.cli.demo_city import SAMPLE_PASSWORD
from app.infrastructure.errors import RegistryError
from tests.personnel.staff import (
    CONFIRMER,
    INITIAL_PASSWORD,
    PASSWORD,
    PROPOSER,
    appoint,
    organisation,
    person,
    post,
    propose,
    register,
    sign_in,
)
from tests.support.cluster import libpq_address
from tests.support.registry import API, IDENTITY_KEY, Registry

HEAD, AUDITOR = "city-office-head", "city-auditor"
REASON = "安全管理员出差,另一名管理员离职"


@pytest.fixture(autouse=True)
def at_the_machine(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QINGLING_DATABASE_URL", registry.database.app_url)
    monkeypatch.setenv("QINGLING_MIGRATION_DATABASE_URL", registry.database.migrate_url)
    monkeypatch.setenv("QINGLING_IDENTITY_KEY", IDENTITY_KEY)


def witness(login: str, password: str = SAMPLE_PASSWORD, **more: str) -> dict[str, str]:
    return {"login_name": login, "password": password, **more}


def at_machine(*command: str, witnesses: list[dict[str, str]], reason: str = REASON) -> Result:
    """A command with the two who are there."""
    said = json.dumps({"reason": reason, "witnesses": witnesses})
    return CliRunner().invoke(qingling, ["account", *command, "--stdin"], input=said)


def code_of(result: Result) -> str:
    """The code of a refusal."""
    assert isinstance(result.exception, RegistryError), result.output
    return result.exception.code


def counted(registry: Registry) -> int:
    return int(registry.get("/break-glass", by=AUDITOR).body["count"])


def waiting(registry: Registry, name: str) -> tuple[int, int]:
    """An appointment proposed and not confirmed; its id and the person's."""
    someone = person(registry, name)
    seat = post(registry, organisation(registry, "东胜区应急管理局"), f"检查岗 {name}")
    proposal = propose(registry, someone, seat)
    assert proposal.status == 201
    return int(proposal.body["id"]), someone


def test_two_persons_restore_an_access_and_it_is_on_record(registry: Registry) -> None:
    staff = register(registry, "locked-out")
    sign_in(registry, staff)
    before = counted(registry)
    done = at_machine("restore-access", staff.login, witnesses=[witness(HEAD), witness(AUDITOR)])
    assert done.exit_code == 0, done.output
    password = done.output.strip().rpartition(":")[2]
    assert registry.get("/session", by=staff.login).status == 401
    answer = registry.client.post(f"{API}/session", json={"login_name": staff.login, "password": password})
    assert (answer.status_code, answer.json()["pending"]) == (201, "password_change")
    (use,) = registry.get("/break-glass?limit=1", by=AUDITOR).body["items"]
    assert (use["deed"], use["account_id"], use["reason"]) == ("restore_access", staff.account, REASON)
    assert use["first_person_id"] != use["second_person_id"]
    assert counted(registry) == before + 1
    events = [event for (event,) in rows(registry, "SELECT event FROM audit_event ORDER BY id")]
    assert {"break_glass:record:made", "account:access:restored"} <= set(events)
    said = str(rows(registry, "SELECT convert_from(payload, 'UTF8') FROM audit_event"))
    assert password not in said
    assert REASON not in said


def test_two_persons_confirm_an_appointment_that_no_second_administrator_can(registry: Registry) -> None:
    appointment, _ = waiting(registry, "no-second-administrator")
    done = at_machine("confirm-appointment", str(appointment), witnesses=[witness(HEAD), witness(CONFIRMER)])
    assert done.exit_code == 0, done.output
    assert registry.get(f"/appointments/{appointment}", by=PROPOSER).body["confirmed_at"] is not None
    listed = CliRunner().invoke(qingling, ["account", "break-glass", "--json"])
    assert any(one["appointment_id"] == appointment for one in json.loads(listed.output)["items"])
    assert "应急处置共" in CliRunner().invoke(qingling, ["account", "break-glass"]).output


@pytest.mark.parametrize(
    "witnesses",
    [
        [witness(HEAD), witness(HEAD)],
        [witness(HEAD), witness(AUDITOR, "wrong-Password-1")],
        [witness(HEAD), witness("nobody-at-all")],
        [witness(HEAD), witness("dongsheng-head")],
        [witness(HEAD), witness("chemical-principal")],
    ],
    ids=["one person", "a wrong password", "nobody", "no administrator", "an enterprise"],
)
def test_without_two_proved_persons_in_post_nothing_happens_and_the_try_is_on_record(
    registry: Registry, witnesses: list[dict[str, str]]
) -> None:
    appointment, _ = waiting(registry, f"unproved-{witnesses[1]['login_name']}-{len(witnesses[1]['password'])}")
    before, tried = counted(registry), len(refusals(registry))
    for command in (("confirm-appointment", str(appointment)), ("restore-access", "jungar-head")):
        assert code_of(at_machine(*command, witnesses=witnesses)) == "break_glass_unproved"
    assert counted(registry) == before
    assert len(refusals(registry)) == tried + 2
    assert registry.get(f"/appointments/{appointment}", by=PROPOSER).body["confirmed_at"] is None


def test_whoever_still_has_the_password_an_administrator_chose_is_no_witness(registry: Registry) -> None:
    # The administrator who opened the account knows it, and would be both of the two.
    staff = register(registry, "never-signed-in")
    office = registry.get("/session", by=AUDITOR).body["organisation_id"]
    appoint(registry, staff.person, post(registry, office, "初任审计岗", "auditor"))
    both = [witness(PROPOSER), witness(staff.login, INITIAL_PASSWORD)]
    assert code_of(at_machine("restore-access", "jungar-head", witnesses=both)) == "break_glass_unproved"
    sign_in(registry, staff)
    own = [witness(PROPOSER), witness(staff.login, PASSWORD)]
    assert at_machine("restore-access", "jungar-head", witnesses=own).exit_code == 0


def test_nobody_restores_their_own_access_or_confirms_their_own_appointment(registry: Registry) -> None:
    own = at_machine("restore-access", HEAD, witnesses=[witness(HEAD), witness(AUDITOR)])
    assert code_of(own) == "own_access_not_restored"
    held = registry.get("/appointments?limit=200", by=PROPOSER).body["items"]
    own_office = registry.get("/session", by=HEAD).body["organisation_id"]
    head = next(one for one in held if (one["organisation_id"], one["post_kind"]) == (own_office, "office_head"))
    seat = post(registry, head["organisation_id"], "另一负责人岗", "office_head")
    proposal = propose(registry, head["person_id"], seat)
    done = at_machine("confirm-appointment", str(proposal.body["id"]), witnesses=[witness(HEAD), witness(AUDITOR)])
    assert code_of(done) == "appointment_confirmed_by_another"


def test_the_rules_of_appointments_hold_at_the_machine_too(registry: Registry) -> None:
    held = registry.get("/appointments?limit=200", by=PROPOSER).body["items"]
    taken = next(one for one in held if one["post_kind"] == "auditor")
    appointment, someone = waiting(registry, "becomes-two-duties")
    second = propose(registry, someone, post(registry, taken["organisation_id"], "应急审计岗", "auditor"))
    both = [witness(HEAD), witness(CONFIRMER)]
    assert at_machine("confirm-appointment", str(appointment), witnesses=both).exit_code == 0
    assert code_of(at_machine("confirm-appointment", str(second.body["id"]), witnesses=both)) == (
        "duties_exclude_each_other"
    )
    assert code_of(at_machine("confirm-appointment", str(appointment), witnesses=both)) == (
        "appointment_already_confirmed"
    )
    assert code_of(at_machine("confirm-appointment", "999999", witnesses=both)) == "not_found"
    assert code_of(at_machine("restore-access", "nobody-at-all", witnesses=both)) == "account_unknown"


def test_a_reason_and_two_witnesses_are_asked(registry: Registry) -> None:
    for given in ("no json", "[]", json.dumps({"reason": "只有一人", "witnesses": [witness(HEAD)]}), json.dumps({})):
        done = CliRunner().invoke(qingling, ["account", "restore-access", "jungar-head", "--stdin"], input=given)
        assert done.exit_code != 0
    blank = at_machine("restore-access", "jungar-head", witnesses=[witness(HEAD), witness(AUDITOR)], reason="  ")
    assert "事由" in str(blank.exception)


@pytest.mark.parametrize(("by", "status"), [(PROPOSER, 200), (AUDITOR, 200), ("city-office-head", 403)])
def test_administrators_and_auditors_read_the_list_and_others_do_not(registry: Registry, by: str, status: int) -> None:
    assert registry.get("/break-glass", by=by).status == status


@pytest.mark.parametrize("statement", ["UPDATE break_glass SET reason = '别的'", "DELETE FROM break_glass"])
def test_not_even_the_owner_changes_what_was_done(registry: Registry, statement: str) -> None:
    assert counted(registry) >= 0
    sent = [witness(HEAD), witness(AUDITOR)]
    assert at_machine("restore-access", "coal-principal", witnesses=sent).exit_code == 0
    with psycopg.connect(libpq_address(registry.database.migrate_url)) as connection:
        connection.execute("SET ROLE qingling_owner")
        with pytest.raises(psycopg.Error, match="只能增加"):
            connection.execute(statement.encode())


def rows(registry: Registry, statement: str) -> list[Any]:
    with psycopg.connect(libpq_address(registry.database.superuser_url)) as connection:
        return connection.execute(statement.encode()).fetchall()


def refusals(registry: Registry) -> list[Any]:
    return rows(registry, "SELECT id FROM access_event WHERE code = 'break_glass_unproved'")
