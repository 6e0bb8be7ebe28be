"""What must not change under attack: append-only rows once committed, rules and settings, the wall's own machinery."""

from collections.abc import Mapping
from typing import Any, Final

from psycopg import Connection, sql

APPEND_ONLY: Final = (
    "hazard_transition",
    "signing_round",
    "round_level",
    "signature",
    "signature_withdrawal",
    "round_end",
    "sealed_closing",
    "sealed_closing_signature",
    "document_confirmation",
    "document_evidence",
    "evidence",
    "step_up",
    "person_disablement",
    "audit_event",
    "legacy_row",
    "determination",
    "dismissal",
    "listing",
    "declaration",
    "verification",
    "round_request",
    "correction",
    "revisit",
    "delisting",
    "extension_decision",
    "production_measure",
)
"""A draft is told its act later, so `transition_id` may be filled; nothing else of these rows ever changes."""

FIXED: Final = ("edition", "edition_chain", "edition_chain_level", "registry_setting", "clock_setting", "area")

_MACHINERY: Final = """
SELECT 'trigger ' || tgrelid::regclass || '.' || tgname, md5(tgenabled::text || tgfoid || tgtype) FROM pg_trigger
UNION ALL SELECT 'function ' || oid::regprocedure, md5(coalesce(prosrc, '') || proowner || coalesce(proacl::text, ''))
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'table ' || oid::regclass,
  md5(relowner::text || coalesce(relacl::text, '') || relrowsecurity || relforcerowsecurity)
  FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
UNION ALL SELECT 'policy ' || polrelid::regclass || '.' || polname,
  md5(pg_get_expr(polqual, polrelid)) FROM pg_policy
UNION ALL SELECT 'constraint ' || conrelid::regclass || '.' || conname,
  md5(pg_get_constraintdef(oid)) FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'role ' || rolname, md5(rolsuper::text || rolbypassrls || rolinherit || rolcanlogin) FROM pg_roles
  WHERE rolname LIKE 'qingling%%'
"""

Snapshot = Mapping[str, str | None]


def rows_that_stay(connection: Connection[Any]) -> Snapshot:
    """A digest of every row of the append-only tables."""
    found: dict[str, str | None] = {}
    for table in APPEND_ONLY:
        statement = sql.SQL("SELECT id, md5((to_jsonb(t) - 'transition_id')::text) FROM {} t").format(
            sql.Identifier(table)
        )
        found |= {f"{table} {row[0]}": row[1] for row in connection.execute(statement)}
    connection.rollback()
    return found


def rules_that_stay(connection: Connection[Any]) -> Snapshot:
    """A digest of rules, settings and the machinery: triggers, functions, grants, policies, constraints, roles."""
    found: dict[str, str | None] = {
        row[0]: row[1] for row in connection.execute(_MACHINERY.replace("%%", "%").encode())
    }
    for table in FIXED:
        statement = sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t").format(
            sql.Identifier(table)
        )
        row = connection.execute(statement).fetchone()
        found[f"rows of {table}"] = row[0] if row else None
    connection.rollback()
    return found


def lost(before: Snapshot, after: Snapshot) -> list[str]:
    """What is gone or changed."""
    return sorted(name for name, digest in before.items() if after.get(name) != digest)
