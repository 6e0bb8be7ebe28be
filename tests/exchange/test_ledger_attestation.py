"""核对确认: two natural persons, or no closing of the paper past stands in any figure."""

import asyncio

import psycopg
import pytest
from sqlalchemy import insert, select

from app.cli.demo_city import SAMPLE_PASSWORD
from app.exchange.ledger_columns import LedgerColumn
from app.infrastructure.errors import Conflict, NotFound, NotPermitted, RegistryError, RuleNotMet
from app.infrastructure.owner import owner_transaction
from app.tables.people import Account
from tests.api.watching import Watch
from tests.exchange.ledgers import TRUE_FIGURES
from tests.exchange.paper import attest, set_clock, take
from tests.support.cluster import TestDatabase

FIRST, SECOND = "city-clerk1", "city-clerk2"
BY_DISTRICT = """
    WITH RECURSIVE up AS (
        SELECT id AS hazard, state, unit_id FROM hazard
        UNION ALL SELECT up.hazard, up.state, p.parent_id FROM up JOIN unit_period p ON p.unit_id = up.unit_id
         WHERE p.parent_id IS NOT NULL)
    SELECT p.name, count(*) AS found, count(*) FILTER (WHERE state = 'closed') AS closed
      FROM up JOIN unit u ON u.id = up.unit_id AND u.tier = 2 JOIN unit_period p ON p.unit_id = u.id GROUP BY 1
"""
BY_SECTOR = """
    SELECT sector AS name, count(*) AS found, count(*) FILTER (WHERE state = 'closed') AS closed FROM hazard GROUP BY 1
"""


def batch_of(watch: Watch) -> int:
    batch = watch.value("SELECT id FROM legacy_batch")
    assert isinstance(batch, int)
    return batch


def closings(watch: Watch) -> object:
    return watch.value("SELECT count(*) FROM hazard_transition WHERE to_state = 'closed'")


def second_account(database: TestDatabase, login: str, of: str) -> None:
    async def work() -> None:
        async with owner_transaction(database.migrate_url, label="test") as context:
            known = select(Account).where(Account.login_name == of)
            account = (await context.session.execute(known)).scalar_one()
            copied = ("person_id", "password_hash", "password_changed_at")
            row = {"login_name": login, **{name: getattr(account, name) for name in copied}}
            await context.session.execute(insert(Account).values(row))

    asyncio.run(work())


def test_attested_by_two_persons_the_figures_are_the_years(imported: TestDatabase, watch: Watch) -> None:
    attest(imported, batch_of(watch), FIRST)
    view = attest(imported, batch_of(watch), SECOND)
    assert view["attested_at"]
    assert view["confirmations_missing"] == 0
    districts = {row["name"]: [row["found"], row["closed"]] for row in watch.rows(BY_DISTRICT)}
    assert districts == TRUE_FIGURES["by_district"]
    sectors = [[row["found"], row["closed"]] for row in watch.rows(BY_SECTOR)]
    assert sorted(sectors) == sorted(TRUE_FIGURES["by_sector"].values())
    assert watch.rows("SELECT state, count(*) FROM hazard GROUP BY 1 ORDER BY 1") == [
        {"state": "closed", "count": 333},
        {"state": "listed", "count": 6},
    ]


def test_an_attested_row_was_listed_when_found_and_closed_when_the_sheet_says(
    imported: TestDatabase, watch: Watch
) -> None:
    attest(imported, batch_of(watch), FIRST)
    attest(imported, batch_of(watch), SECOND)
    differing = watch.value(
        "SELECT count(*) FROM legacy_row w JOIN hazard h ON h.ledger_number = w.ledger_number"
        " JOIN hazard_transition l ON l.hazard_id = h.id AND l.version = 0"
        " JOIN hazard_transition c ON c.hazard_id = h.id AND c.version = 1"
        " JOIN legacy_record r ON r.hazard_id = h.id AND r.legacy_row_id = w.id AND r.row_sha256 = w.row_sha256"
        " JOIN legacy_batch b ON b.id = w.batch_id"
        " WHERE l.to_state = 'listed' AND l.occurred_at = w.found_on::timestamp AT TIME ZONE 'Asia/Shanghai'"
        " AND c.to_state = 'closed' AND c.occurred_at = w.closed_on::timestamp AT TIME ZONE 'Asia/Shanghai'"
        " AND h.closed_at = c.occurred_at AND c.recorded_at >= b.attested_at AND l.is_determined AND c.rule = 'L-39'"
    )
    assert differing == 333
    assert watch.value("SELECT count(*) FROM audit_event WHERE event = 'hazard:import_closed:recorded'") == 2 * 333


def test_one_attestation_alone_moves_no_figure(imported: TestDatabase, watch: Watch) -> None:
    before = watch.value("SELECT count(*) FROM hazard")
    view = attest(imported, batch_of(watch), FIRST)
    assert (view["attested_at"], view["confirmations_missing"]) == (None, 1)
    assert watch.value("SELECT count(*) FROM hazard") == before == 6
    assert closings(watch) == 0


@pytest.mark.parametrize("login", [FIRST, "clerk1-again"])
def test_one_person_with_two_accounts_is_one_person(imported: TestDatabase, watch: Watch, login: str) -> None:
    second_account(imported, "clerk1-again", FIRST)
    attest(imported, batch_of(watch), FIRST)
    with pytest.raises(RuleNotMet) as refusal:
        attest(imported, batch_of(watch), login)
    assert refusal.value.code == "two_persons_attested"
    assert "另一名自然人" in refusal.value.message
    assert closings(watch) == 0


def test_a_batch_is_attested_once(registry: TestDatabase, watch: Watch) -> None:
    batch = take(registry, {}).batch
    assert batch is not None
    attest(registry, batch, FIRST)
    attest(registry, batch, SECOND)
    with pytest.raises(Conflict) as refusal:
        attest(registry, batch, "city-office-head")
    assert refusal.value.code == "batch_already_attested"
    assert closings(watch) == 1


@pytest.mark.parametrize(
    ("login", "kind"),
    [
        ("dongsheng-inspector1", NotPermitted),
        ("chemical-principal", NotPermitted),
        ("system-admin", NotPermitted),
        ("dongsheng-clerk", NotFound),
    ],
)
def test_only_an_office_attests_and_only_its_own_territory(
    imported: TestDatabase, watch: Watch, login: str, kind: type[RegistryError]
) -> None:
    before = watch.counts()
    with pytest.raises(kind):
        attest(imported, batch_of(watch), login)
    assert watch.counts() == before


def test_a_district_office_attests_its_own_ledger(registry: TestDatabase, watch: Watch) -> None:
    batch = take(registry, {}).batch
    assert batch is not None
    attest(registry, batch, "jungar-clerk")
    attest(registry, batch, "jungar-office-head")
    assert closings(watch) == 1


def test_a_wrong_password_confirms_nothing(imported: TestDatabase, watch: Watch) -> None:
    with pytest.raises(RegistryError):
        attest(imported, batch_of(watch), FIRST, SAMPLE_PASSWORD + "!")
    assert watch.value("SELECT count(*) FROM document_confirmation") == 0


def test_a_batch_nobody_has_is_not_found(registry: TestDatabase) -> None:
    with pytest.raises(NotFound):
        attest(registry, 999, FIRST)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE legacy_row SET content = jsonb_set(content, '{circumstances}', '\"别的\"') WHERE row_number = 4",
        "UPDATE legacy_row SET row_sha256 = sha256('x') WHERE row_number = 4",
        "DELETE FROM legacy_row WHERE row_number = 4",
    ],
)
def test_rows_changed_behind_the_walls_back_are_not_attested(
    imported: TestDatabase, watch: Watch, tampering: str
) -> None:
    with watch.connection.transaction():
        watch.connection.execute("SET LOCAL session_replication_role = replica")
        watch.connection.execute(tampering.encode())
    with pytest.raises(RuleNotMet) as refusal:
        attest(imported, batch_of(watch), FIRST)
    assert refusal.value.code == "batch_altered"


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE legacy_row SET closed_on = closed_on - 1",
        "DELETE FROM legacy_row",
        "UPDATE legacy_batch SET attested_at = registry_now()",
        """INSERT INTO legacy_row (batch_id, row_number, ledger_number, row_sha256, content, found_on, closed_on)
           SELECT batch_id, 9999, '新', row_sha256, content, found_on, closed_on FROM legacy_row LIMIT 1""",
    ],
)
def test_no_role_tampers_with_a_batch_that_someone_has_confirmed(
    imported: TestDatabase, watch: Watch, tampering: str
) -> None:
    attest(imported, batch_of(watch), FIRST)
    with psycopg.connect(imported.app_url.replace("+psycopg", "")) as connection:
        for role in ("qingling_import", "qingling_official"):
            connection.execute("SELECT set_config('role', %s, true)", [role])
            with pytest.raises(psycopg.DatabaseError) as refusal:
                connection.execute(tampering.encode())
            assert refusal.value.sqlstate in {"QL001", "42501"}
            connection.rollback()


def test_after_the_editions_days_nothing_is_attested(imported: TestDatabase, watch: Watch) -> None:
    attest(imported, batch_of(watch), FIRST)
    set_clock(imported, "2027-01-31T00:00:00+08:00")
    with pytest.raises(RuleNotMet) as refusal:
        attest(imported, batch_of(watch), SECOND)
    assert refusal.value.code == "the_paper_past_is_still_open"
    assert closings(watch) == 0


def test_a_closing_and_a_finding_on_one_day_stay_in_order(registry: TestDatabase, watch: Watch) -> None:
    batch = take(registry, {LedgerColumn.CLOSED_ON: "2024-05-26", LedgerColumn.ACCEPTED_ON: None}).batch
    assert batch is not None
    attest(registry, batch, FIRST)
    attest(registry, batch, SECOND)
    newest = watch.rows("SELECT to_state FROM hazard_transition ORDER BY occurred_at, act_order, id")
    assert [row["to_state"] for row in newest] == ["listed", "closed"]


@pytest.mark.parametrize(
    ("role", "organisation", "rows"),
    [
        ("qingling_official", "准格尔旗安委办", 333),
        ("qingling_official", "准格尔旗能源局", 0),
        ("qingling_auditor", "鄂尔多斯市安委办", 333),
    ],
)
def test_rows_that_wait_are_the_safety_offices_to_see(
    imported: TestDatabase, watch: Watch, role: str, organisation: str, rows: int
) -> None:
    own = watch.value("SELECT id::text FROM organisation WHERE name = %(name)s", name=organisation)
    with psycopg.connect(imported.app_url.replace("+psycopg", "")) as connection:
        settings = "SELECT set_config('role', %s, true), set_config('app.organisation', %s, true)"
        connection.execute(settings, [role, own])
        counted = connection.execute("SELECT count(*) FROM legacy_row").fetchone()
    assert counted == (rows,)


@pytest.mark.parametrize("role", ["qingling_report", "qingling_job", "qingling_enterprise", "qingling_platform"])
def test_no_figure_job_or_enterprise_reads_a_row_that_waits(watch: Watch, imported: TestDatabase, role: str) -> None:
    assert imported.name
    privilege = "SELECT has_table_privilege(%(role)s, 'legacy_row', 'SELECT')"
    assert watch.value(privilege, role=role) is False
