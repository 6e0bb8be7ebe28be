"""What one role may do on one table, and how that reads in SQL: policies and grants, never one without the other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.regulation.vocabulary import RoleClass
from app.tables.base import Base
from app.tables.roles import OWNER, WALL, role_of

ALL_ROWS = "true"

# Scalar subqueries: PostgreSQL computes them once a statement and can look them up in an index.
ACCOUNT = "(SELECT nullif(current_setting('app.account', true), '')::bigint)"
PERSON = "(SELECT nullif(current_setting('app.person', true), '')::bigint)"
ORGANISATION = "(SELECT nullif(current_setting('app.organisation', true), '')::bigint)"
ENTERPRISE = "(SELECT nullif(current_setting('app.enterprise', true), '')::bigint)"
UNITS = "(SELECT string_to_array(nullif(current_setting('app.units', true), ''), ',')::bigint[])::bigint[]"
SECTORS = "(SELECT string_to_array(nullif(current_setting('app.sectors', true), ''), ','))::text[]"
ALL_SECTORS = "(SELECT coalesce(current_setting('app.sectors', true), '') = '')"

OF_OWN_ACCOUNT = f"account_id = {ACCOUNT}"
OF_OWN_ENTERPRISE = f"enterprise_id = {ENTERPRISE}"
IN_OWN_UNITS = f"unit_id = ANY ({UNITS})"
IN_OWN_TERRITORY = f"{IN_OWN_UNITS} AND ({ALL_SECTORS} OR sector = ANY ({SECTORS}))"


@dataclass(frozen=True, slots=True)
class Access:
    """What one role may do on one table: a condition for each command, None where the command is refused."""

    role: str
    select: str | None = None
    insert: str | None = None
    update: str | None = None
    delete: str | None = None
    columns: tuple[str, ...] = ()
    """The columns that `update` covers."""
    hidden: tuple[str, ...] = ()
    """Columns that `select` does not cover."""
    label: str = ""
    """What the policies are called after; the role class, or for the wall its function."""


def for_class(role_class: RoleClass, access: Access) -> Access:
    """The same access under a role class's own name."""
    return Access(
        role_of(role_class),
        access.select,
        access.insert,
        access.update,
        access.delete,
        access.columns,
        access.hidden,
        role_class.value,
    )


def access(
    *role_classes: RoleClass,
    select: str | None = None,
    insert: str | None = None,
    update: tuple[str, tuple[str, ...]] | None = None,
    delete: str | None = None,
    hidden: tuple[str, ...] = (),
) -> tuple[Access, ...]:
    """One access for several role classes; `update` is (condition, columns)."""
    condition, columns = update or (None, ())
    shared = Access("", select, insert, condition, delete, columns, hidden)
    return tuple(for_class(role_class, shared) for role_class in role_classes)


def of_wall(function: str, *, select: str | None = None, update: tuple[str, ...] = ()) -> tuple[Access, ...]:
    """What a function of `qingling_wall` reads and moves."""
    return (Access(WALL, select, None, ALL_ROWS if update else None, None, update, (), function),)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy as `pg_policies` shows it."""

    table: str
    name: str
    command: str
    role: str
    using: str | None
    check: str | None

    def sql(self) -> str:
        """Its CREATE POLICY."""
        parts = [f"CREATE POLICY {self.name} ON {self.table} FOR {self.command} TO {self.role}"]
        if self.using is not None:
            parts.append(f"USING ({self.using})")
        if self.check is not None:
            parts.append(f"WITH CHECK ({self.check})")
        return " ".join(parts)


def secured_tables() -> tuple[str, ...]:
    """Every table under row-level security; the import's working table in schema `stage` is the one exception."""
    tables = {table.name for table in Base.metadata.tables.values() if table.schema is None}
    return tuple(sorted(tables | {"alembic_version"}))


def policies(declared: Mapping[str, tuple[Access, ...]]) -> Iterator[Policy]:
    """Every policy of the schema, table by table."""
    for table in secured_tables():
        yield Policy(table, "owner", "ALL", OWNER, ALL_ROWS, ALL_ROWS)
        for one in declared.get(table, ()):
            yield from _policies_of(table, one)


def _policies_of(table: str, one: Access) -> Iterator[Policy]:
    if one.select is not None:
        yield Policy(table, f"{one.label}_select", "SELECT", one.role, one.select, None)
    if one.insert is not None:
        yield Policy(table, f"{one.label}_insert", "INSERT", one.role, None, one.insert)
    if one.update is not None:
        yield Policy(table, f"{one.label}_update", "UPDATE", one.role, one.update, one.update)
    if one.delete is not None:
        yield Policy(table, f"{one.label}_delete", "DELETE", one.role, one.delete, None)


def grants(declared: Mapping[str, tuple[Access, ...]]) -> Iterator[str]:
    """Every GRANT: a command without a policy is not granted either."""
    for table in secured_tables():
        for one in declared.get(table, ()):
            yield f"GRANT {', '.join(_privileges(table, one))} ON {table} TO {one.role}"


def _privileges(table: str, one: Access) -> Iterator[str]:
    if one.select is not None:
        yield f"SELECT ({', '.join(_shown(table, one.hidden))})" if one.hidden else "SELECT"
    if one.insert is not None:
        yield "INSERT"
    if one.update is not None:
        yield f"UPDATE ({', '.join(one.columns)})"
    if one.delete is not None:
        yield "DELETE"


def _shown(table: str, hidden: tuple[str, ...]) -> list[str]:
    return [column.name for column in Base.metadata.tables[table].columns if column.name not in hidden]


def security_sql(declared: Mapping[str, tuple[Access, ...]]) -> Iterator[str]:
    """Row-level security on every table, its policies and its grants; one statement each, without semicolons."""
    unknown = set(declared) - set(secured_tables())
    if unknown:
        raise ValueError(f"policies for tables that do not exist: {', '.join(sorted(unknown))}")
    for table in secured_tables():
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    for policy in policies(declared):
        yield policy.sql()
    yield from grants(declared)
