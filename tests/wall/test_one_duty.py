"""三员分立 by constraint: whoever holds an administrator's duty holds no other, whoever writes and however."""

import contextlib

import psycopg
import pytest
from psycopg import sql

from tests.support.wall_city import Connection, add_post, administrators, appoint
from tests.wall.conftest import Walled
from tests.wall.test_privileges import roles

CONSTRAINT = "ex_appointment_one_duty_a_person"
OTHER_DUTIES = ("security_administrator", "audit_administrator", "auditor", "office_clerk", "principal_head")
AT_ONCE = (
    "INSERT INTO appointment (person_id, post_id, duty, valid_from, proposed_by_account_id, confirmed_by_account_id,"
    " confirmed_at) VALUES (%s, %s, %s, registry_now() + interval '1 day', %s, %s, registry_now())"
)


def refused_by(error: psycopg.Error) -> str | None:
    return error.diag.constraint_name


@pytest.mark.parametrize("kind", OTHER_DUTIES)
def test_an_administrator_in_post_is_given_no_other_duty(walled: Walled, kind: str) -> None:
    connection, city = walled.connection, walled.city
    with connection.transaction(force_rollback=True):
        post = add_post(connection, city.organisations["office"], kind, f"兼任 {kind}")
        with pytest.raises(psycopg.errors.ExclusionViolation) as refused:
            appoint(connection, city.people["administrator_3"].person_id, post, administrators(city))
    assert refused_by(refused.value) == CONSTRAINT


def test_an_officer_in_post_becomes_no_administrator_beside_it(walled: Walled) -> None:
    connection, city = walled.connection, walled.city
    with connection.transaction(force_rollback=True):
        post = add_post(connection, city.organisations["office"], "audit_administrator", "兼任审计")
        with pytest.raises(psycopg.errors.ExclusionViolation) as refused:
            appoint(connection, city.people["clerk"].person_id, post, administrators(city))
    assert refused_by(refused.value) == CONSTRAINT


def test_the_same_duty_twice_or_another_after_the_first_is_over_is_allowed(walled: Walled) -> None:
    connection, city = walled.connection, walled.city
    with connection.transaction(force_rollback=True):
        person = city.people["administrator_3"]
        office = city.organisations["office"]
        appoint(
            connection,
            person.person_id,
            add_post(connection, office, "system_administrator", "另一处"),
            administrators(city),
        )
        connection.execute(
            "UPDATE appointment SET valid_until = registry_now() WHERE person_id = %s AND valid_until IS NULL",
            [person.person_id],
        )
        post = add_post(connection, office, "office_clerk", "卸任之后")
        assert appoint(connection, person.person_id, post, administrators(city)) > 0


@pytest.mark.parametrize("claimed", [None, 0, 1])
def test_without_triggers_and_with_a_duty_made_up_it_is_refused_all_the_same(
    walled: Walled, claimed: int | None
) -> None:
    connection, city = walled.connection, walled.city
    with connection.transaction(force_rollback=True):
        post = add_post(connection, city.organisations["office"], "section_head", "绕过")
        connection.execute("SET LOCAL session_replication_role = replica")
        person = city.people["administrator_3"].person_id
        with pytest.raises(psycopg.errors.ExclusionViolation) as refused:
            connection.execute(AT_ONCE, [person, post, claimed, *administrators(city)])
    assert refused_by(refused.value) == CONSTRAINT


def test_no_role_of_the_application_gives_an_administrator_another_duty(walled: Walled) -> None:
    """Each role class, whatever it sets: nobody gets as far as a confirmed appointment."""
    city = walled.city
    post = add_post(walled.connection, city.organisations["office"], "office_clerk", "各角色尝试")
    classes = [name for name in roles(walled) if name not in {"qingling_job", "qingling_report"}]
    with contextlib.closing(walled.app()) as app:
        assert [role for role in classes if _gives_the_duty(app, role, walled, post)] == []


def _gives_the_duty(app: Connection, role: str, walled: Walled, post: int) -> bool:
    person = walled.city.people["administrator_3"].person_id
    proposer, confirmer = administrators(walled.city)
    try:
        with app.transaction(force_rollback=True):
            app.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            app.execute("SELECT set_config('app.account', %s, true)", [str(proposer)])
            app.execute(
                "INSERT INTO appointment (person_id, post_id, duty, valid_from, proposed_by_account_id)"
                " VALUES (%s, %s, 1, registry_now(), %s)",
                [person, post, proposer],
            )
            app.execute("SELECT set_config('app.account', %s, true)", [str(confirmer)])
            moved = app.execute(
                "UPDATE appointment SET confirmed_at = registry_now(), confirmed_by_account_id = %s WHERE post_id = %s",
                [confirmer, post],
            )
            return moved.rowcount > 0
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ExclusionViolation):
        return False


def test_the_duty_of_a_post_never_changes(walled: Walled) -> None:
    with pytest.raises(psycopg.Error), walled.connection.transaction(force_rollback=True):
        walled.connection.execute("UPDATE post SET kind = 'office_clerk' WHERE kind = 'system_administrator'")
    with pytest.raises(psycopg.errors.GeneratedAlways), walled.connection.transaction(force_rollback=True):
        walled.connection.execute("UPDATE post SET duty = 0")
