"""The roles' one source: idempotent, quoted, without a password in sight, limits in production alone."""

import re

import psycopg
import pytest

from app.tables.roles import LOG_SETTINGS, LOGINS, ROLE_CLASSES, roles_sql
from tests.support.cluster import Cluster, libpq_address

PASSWORD = "it's; DROP ROLE x -- \"$$"


def test_the_text_shows_no_password_but_what_postgresql_keeps_of_it() -> None:
    text = roles_sql({"qingling_app": PASSWORD})
    assert PASSWORD not in text
    assert PASSWORD.replace("'", "''") not in text
    assert re.search(r"ALTER ROLE qingling_app PASSWORD 'SCRAM-SHA-256\$4096:[\w+/=]+\$[\w+/=]+:[\w+/=]+';", text)


def test_a_login_without_a_given_password_keeps_its_own() -> None:
    assert "PASSWORD" not in roles_sql({})


@pytest.mark.parametrize("password", ["", "口令", "a\nb", "a\0b"])
def test_a_password_that_cannot_be_prepared_here_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        roles_sql({"qingling_app": password})


def test_a_password_for_no_login_of_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="postgres"):
        roles_sql({"postgres": "x"})


def test_connection_limits_are_set_in_production_alone() -> None:
    assert set(re.findall(r"CONNECTION LIMIT (-?\d+)", roles_sql({}))) == {"-1"}
    assert re.findall(r"CONNECTION LIMIT (-?\d+)", roles_sql({}, production=True)) == ["60", "4", "4", "1"]


def test_applying_it_again_changes_nothing(cluster: Cluster) -> None:
    state = (
        "SELECT r.rolname, r.rolcanlogin, r.rolinherit, r.rolconnlimit, r.rolpassword, s.setconfig,"
        " ARRAY(SELECT m.roleid::regrole::text FROM pg_auth_members m WHERE m.member = r.oid ORDER BY 1)"
        " FROM pg_authid r LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid"
        " WHERE r.rolname ~ '^qingling_' ORDER BY 1"
    )
    with psycopg.connect(libpq_address(cluster.url())) as connection:
        before = connection.execute(state).fetchall()
        connection.execute(roles_sql({}).encode())
        assert connection.execute(state).fetchall() == before
        connection.rollback()
    assert len(before) == 2 + len(LOGINS) + len(ROLE_CLASSES)


@pytest.mark.parametrize(
    ("login", "name", "value"),
    [
        ("qingling_app", "statement_timeout", "5s"),
        ("qingling_app", "lock_timeout", "2s"),
        ("qingling_app", "idle_in_transaction_session_timeout", "10s"),
        ("qingling_app", "TimeZone", "Asia/Shanghai"),
        ("qingling_app", "search_path", "public, pg_temp"),
        ("qingling_job_login", "statement_timeout", "1min"),
        ("qingling_report_login", "default_transaction_read_only", "on"),
        ("qingling_report_login", "temp_file_limit", "4GB"),
        ("qingling_migrate", "lock_timeout", "500ms"),
        *((login.name, name, value) for login in LOGINS for name, value in LOG_SETTINGS.items()),
    ],
)
def test_a_login_carries_its_limits(cluster: Cluster, login: str, name: str, value: str) -> None:
    with psycopg.connect(libpq_address(cluster.url("postgres", login))) as connection:
        found = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert found == (value,)


def test_no_login_of_ours_may_have_the_server_quote_what_people_entered(cluster: Cluster) -> None:
    with psycopg.connect(libpq_address(cluster.url("postgres", "qingling_app"))) as connection:
        for name, loose in (("log_error_verbosity", "verbose"), ("log_min_error_statement", "error")):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT set_config(%s, %s, false)", [name, loose])
            connection.rollback()


def test_the_database_administrator_is_told_what_to_set_for_every_login() -> None:
    told = [line for line in roles_sql({}).splitlines() if line.startswith("--")]
    assert {f"--   {name} = {value}" for name, value in LOG_SETTINGS.items()} <= set(told)


@pytest.mark.parametrize("role", ["qingling_owner", "qingling_wall"])
def test_only_the_migrating_login_becomes_the_owner_and_through_it_the_wall(cluster: Cluster, role: str) -> None:
    for login in (one.name for one in LOGINS):
        with psycopg.connect(libpq_address(cluster.url("postgres", login))) as connection:
            assert _becomes(connection, role) is (login == "qingling_migrate")


def test_the_application_becomes_neither_the_job_nor_the_report(cluster: Cluster) -> None:
    with psycopg.connect(libpq_address(cluster.url("postgres", "qingling_app"))) as connection:
        allowed = {role for role in ROLE_CLASSES if _becomes(connection, role)}
    assert set(ROLE_CLASSES) - allowed == {"qingling_job", "qingling_report"}


def _becomes(connection: psycopg.Connection, role: str) -> bool:
    try:
        connection.execute("SELECT set_config('role', %s, true)", [role])
    except psycopg.errors.InsufficientPrivilege:
        return False
    finally:
        connection.rollback()
    return True
