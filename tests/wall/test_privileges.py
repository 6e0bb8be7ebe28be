"""What no session of the application can do at all, whatever role it takes and whatever it sets."""

import contextlib

import psycopg
import pytest
from psycopg import sql

from tests.support.wall_steps import refusal
from tests.wall.conftest import Walled

APPEND_ONLY = (
    "signing_round",
    "round_level",
    "signature",
    "signature_withdrawal",
    "round_end",
    "sealed_closing",
    "sealed_closing_signature",
    "hazard_transition",
    "audit_event",
    "document_confirmation",
    "document_evidence",
    "evidence",
    "legacy_row",
    "legacy_record",
    "step_up",
    "person_disablement",
    "edition",
    "edition_chain",
    "edition_chain_level",
)
KEPT_FROM_THE_APPLICATION = ("42501", "QL001")


def roles(walled: Walled) -> list[str]:
    """Every role the application's logins can take."""
    found = walled.connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'qingling%' AND NOT rolcanlogin"
        " AND rolname NOT IN ('qingling_owner', 'qingling_wall') ORDER BY 1"
    )
    return [name for (name,) in found.fetchall()]


def sqlstate(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> str | None:
    """What a statement is refused with; None when it passes."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate
    return None


@pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
def test_no_role_class_changes_what_is_written_once(walled: Walled, statement: str) -> None:
    open_ways = []
    with contextlib.closing(walled.app()) as app:
        for role in [name for name in roles(walled) if name not in {"qingling_job", "qingling_report"}]:
            for table in APPEND_ONLY:
                text = statement.format(table, second_column(walled, table))
                with app.transaction(force_rollback=True):
                    app.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
                    if sqlstate(app, text) not in KEPT_FROM_THE_APPLICATION:
                        open_ways.append((role, table))

    assert open_ways == []


def second_column(walled: Walled, table: str) -> str:
    """A column that is no identity."""
    found = walled.connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 2", [table]
    ).fetchone()
    assert found is not None
    return str(found[0])


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE signature DISABLE TRIGGER ALL",
        "ALTER TABLE hazard DISABLE ROW LEVEL SECURITY",
        "DROP TRIGGER wall_update ON hazard",
        "CREATE OR REPLACE FUNCTION wall_refuse(code text, reason text) RETURNS void LANGUAGE sql AS 'SELECT'",
        "SET session_replication_role = replica",
        "SET ROLE qingling_wall",
        "SET ROLE qingling_owner",
        "SET SESSION AUTHORIZATION postgres",
        "CREATE FUNCTION public.registry_now2() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SELECT signed_content(1, 'closing')",
        "SELECT sequence_new_rows()",
        "SELECT wall_seal_text(NULL)",
        "INSERT INTO clock_setting (id, is_movable) VALUES (2, true)",
        "UPDATE registry_setting SET go_live_on = '2030-01-01'",
    ],
)
def test_no_session_reaches_the_machinery(walled: Walled, statement: str) -> None:
    passed = []
    with contextlib.closing(walled.app()) as app:
        for role in ["qingling_app", *roles(walled)]:
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege), app.transaction(force_rollback=True):
                app.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
                if sqlstate(app, statement) is None:
                    passed.append(role)

    assert passed == []


@pytest.mark.parametrize("table", ["round_level", "sealed_closing", "sealed_closing_signature", "sequence_position"])
def test_even_the_superusers_insert_is_refused_where_only_the_wall_writes(walled: Walled, table: str) -> None:
    with pytest.raises(psycopg.Error) as refused, walled.connection.transaction(force_rollback=True):
        walled.connection.execute(
            sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT (NULL::{}).*").format(*[sql.Identifier(table)] * 2)
        )

    assert refusal(refused.value) == "written_by_the_wall_only"


def test_every_function_of_the_wall_is_qingling_walls_with_a_fixed_search_path(walled: Walled) -> None:
    loose = walled.connection.execute(
        "SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace"
        " AND (proname LIKE 'wall%' OR proname IN ('hold_appointment', 'signed_content', 'sequence_new_rows'))"
        " AND (pg_get_userbyid(proowner) <> 'qingling_wall' OR has_function_privilege('public', oid, 'EXECUTE')"
        " OR NOT coalesce(proconfig @> array['search_path=pg_catalog, public, pg_temp'], false))"
    ).fetchall()

    assert loose == []
