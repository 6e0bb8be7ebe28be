"""Two districts, two enterprises: each sees its own rows, whatever the query, and nobody else's by any detour."""

from collections.abc import Iterator

import pytest

from app.infrastructure.database import Principal, SystemPrincipal, Token
from app.infrastructure.errors import NotPermitted, RegistryError
from app.regulation.vocabulary import RoleClass
from tests.support.cluster import Cluster
from tests.walls.asking import column, execute, rows
from tests.walls.two_districts import (
    EAST_MINE,
    HAZARDS,
    WEST_PLANT,
    City,
    service_key_of,
    settled,
    token_of,
)

BOTH = [EAST_MINE, WEST_PLANT]
BY_HAZARD = ("hazard_transition", "evidence")


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[City]:
    with cluster.temporary_database() as database:
        yield settled(database)


@pytest.fixture
def own_city(cluster: Cluster) -> Iterator[City]:
    with cluster.temporary_database() as database:
        yield settled(database)


def person(key: str) -> Token:
    return Token(token_of(key))


SEEN = [
    (person("city_office"), BOTH),
    (person("east_office"), [EAST_MINE]),
    (person("west_office"), [WEST_PLANT]),
    (person("east_mines"), [EAST_MINE]),
    (person("west_chemicals"), [WEST_PLANT]),
    (person("east_enterprise"), [EAST_MINE]),
    (person("west_enterprise"), [WEST_PLANT]),
    (person("auditor"), BOTH),
    (Token(service_key_of("east_enterprise")), [EAST_MINE]),
    (Token(service_key_of("platform")), [EAST_MINE]),
    (SystemPrincipal(RoleClass.IMPORT, "补录"), BOTH),
]


@pytest.mark.parametrize(("principal", "seen"), SEEN)
def test_each_sees_its_own_hazards(city: City, principal: Principal, seen: list[int]) -> None:
    assert column(city.database.app_url, principal, "SELECT id FROM hazard") == seen


@pytest.mark.parametrize(("principal", "seen"), [one for one in SEEN if one[0] != Token(service_key_of("platform"))])
@pytest.mark.parametrize("table", BY_HAZARD)
def test_what_belongs_to_a_hazard_is_seen_with_it(
    city: City, table: str, principal: Principal, seen: list[int]
) -> None:
    assert column(city.database.app_url, principal, f"SELECT hazard_id FROM {table}") == seen


@pytest.mark.parametrize("hazard", BOTH)
def test_asking_for_a_foreign_hazard_by_its_id_finds_nothing(city: City, hazard: int) -> None:
    other = person("west_enterprise") if hazard == EAST_MINE else person("east_enterprise")
    for table in ("hazard", *BY_HAZARD):
        key = "id" if table == "hazard" else "hazard_id"
        assert rows(city.database.app_url, other, f"SELECT 1 FROM {table} WHERE {key} = :id", id=hazard) == []


def test_counting_summing_and_joining_leak_nothing(city: City) -> None:
    statement = (
        "SELECT count(*), max(h.id), (SELECT count(*) FROM hazard_transition t JOIN hazard x ON x.id = t.hazard_id),"
        " (SELECT string_agg(DISTINCT sector, ',') FROM hazard) FROM hazard h"
    )
    assert rows(city.database.app_url, person("west_enterprise"), statement) == [(1, WEST_PLANT, 1, "chemical")]


def test_a_department_of_another_sector_does_not_see_the_hazard_in_its_district(own_city: City) -> None:
    own_city.as_superuser("UPDATE hazard SET sector = 'fire' WHERE id = %s", [EAST_MINE])
    assert column(own_city.database.app_url, person("east_mines"), "SELECT id FROM hazard") == []
    assert column(own_city.database.app_url, person("east_office"), "SELECT id FROM hazard") == [EAST_MINE]


@pytest.mark.parametrize("column_name", ["lead_organisation_id", "listing_office_id"])
def test_the_lead_and_the_listing_office_see_the_hazard_wherever_it_is(own_city: City, column_name: str) -> None:
    own_city.as_superuser(f"UPDATE hazard SET {column_name} = 5 WHERE id = %s", [EAST_MINE])
    assert column(own_city.database.app_url, person("west_chemicals"), "SELECT id FROM hazard") == BOTH


@pytest.mark.parametrize("role", ["cooperating", "former_lead", "round_party"])
def test_a_concerned_organisation_sees_the_hazard_and_its_history_until_its_part_ends(
    own_city: City, role: str
) -> None:
    west = person("west_chemicals")
    url = own_city.database.app_url
    own_city.as_superuser(
        "INSERT INTO hazard_party (hazard_id, organisation_id, role) VALUES (%s, 5, %s)", [EAST_MINE, role]
    )
    assert column(url, west, "SELECT id FROM hazard") == BOTH
    assert column(url, west, "SELECT hazard_id FROM hazard_transition") == BOTH
    own_city.as_superuser("UPDATE hazard_party SET ended_at = begun_at + interval '1 second' WHERE organisation_id = 5")
    assert column(url, west, "SELECT id FROM hazard") == [WEST_PLANT]


def test_an_official_names_another_organisation_on_a_hazard_in_sight(own_city: City) -> None:
    insert = "INSERT INTO hazard_party (hazard_id, organisation_id, role) VALUES (:hazard, 5, 'cooperating')"
    url = own_city.database.app_url
    assert own_city.as_superuser("SELECT count(*) FROM hazard_party WHERE organisation_id = 5") == [(0,)]
    execute(url, person("east_office"), insert, hazard=EAST_MINE)
    assert own_city.as_superuser("SELECT hazard_id FROM hazard_party WHERE organisation_id = 5") == [(EAST_MINE,)]


def test_the_parties_of_a_hazard_in_sight_are_seen_and_no_others(own_city: City) -> None:
    url = own_city.database.app_url
    own_city.as_superuser(
        "INSERT INTO hazard_party (hazard_id, organisation_id, role)"
        " VALUES (1, 4, 'cooperating'), (2, 5, 'cooperating')"
    )
    read = "SELECT organisation_id FROM hazard_party"
    assert column(url, person("east_office"), read) == [2, 4]
    assert column(url, person("west_enterprise"), read) == [3, 5]
    assert column(url, person("city_office"), read) == [2, 3, 4, 5]
    assert column(url, person("west_office"), read + " WHERE hazard_id = 1") == []


def test_a_responsible_organisation_answers_for_its_own_hazard_and_for_no_other(own_city: City) -> None:
    url, office = own_city.database.app_url, person("west_office")
    own_city.as_superuser("UPDATE hazard SET enterprise_id = NULL, responsible_organisation_id = 3 WHERE id = %s", [1])
    read = "SELECT id FROM hazard"
    assert column(url, office, read) == BOTH
    ours = "SELECT with_check FROM pg_policies WHERE tablename = :table AND policyname = 'official_insert'"
    for table in ("plan", "progress", "declaration", "extension_request"):
        assert "responsible_organisation_id" in rows(url, office, ours, table=table)[0][0]


@pytest.mark.parametrize("key", ["west_chemicals", "west_enterprise"])
def test_nobody_makes_a_foreign_hazard_their_own_by_naming_themselves(own_city: City, key: str) -> None:
    insert = "INSERT INTO hazard_party (hazard_id, organisation_id, role) VALUES (:hazard, :mine, 'cooperating')"
    mine = 5 if key == "west_chemicals" else 7
    with pytest.raises(NotPermitted):
        execute(own_city.database.app_url, person(key), insert, hazard=EAST_MINE, mine=mine)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hazard SET version = version + 1 WHERE id = :id RETURNING id",
        "UPDATE hazard SET place = '别处' RETURNING id",
        "SELECT id FROM hazard WHERE id = :id FOR NO KEY UPDATE",
    ],
)
def test_a_foreign_hazard_is_neither_moved_nor_locked(own_city: City, statement: str) -> None:
    touched = _try(own_city.database.app_url, person("west_enterprise"), statement, id=EAST_MINE)
    assert EAST_MINE not in touched
    assert own_city.as_superuser("SELECT version, place FROM hazard WHERE id = %s", [EAST_MINE]) == [(0, "井下")]


EVIDENCE = (
    "INSERT INTO evidence (hazard_id, kind, sha256, size_bytes, media_type, file_name, account_id)"
    " VALUES (:id, 'after', sha256('x'), 1, 'image/png', 'a.png', 7)"
)
AUDIT_EVENT = (
    "INSERT INTO audit_event (hazard_id, stream_id, serial, event, payload, previous_sha256, sha256, request_id)"
    " VALUES (:id, 1, 1, 'x', 'x', sha256('x'), sha256(sha256('x') || 'x'), 'r')"
)


@pytest.mark.parametrize("insert", [EVIDENCE, AUDIT_EVENT])
def test_nothing_is_put_on_a_foreign_hazard_although_the_foreign_key_would_allow_it(
    own_city: City, insert: str
) -> None:
    with pytest.raises(NotPermitted):
        execute(own_city.database.app_url, person("west_enterprise"), insert, id=EAST_MINE)
    table = insert.split()[2]
    assert own_city.as_superuser(f"SELECT count(*) FROM {table} WHERE hazard_id = %s AND id > 2", [EAST_MINE]) == [(0,)]


def test_an_enterprise_does_not_learn_which_other_enterprises_there_are(city: City) -> None:
    url, east = city.database.app_url, person("east_enterprise")
    assert column(url, east, "SELECT id FROM enterprise") == [1]
    assert column(url, east, "SELECT id FROM site") == [1]
    assert column(url, east, "SELECT id FROM organisation WHERE kind = 'enterprise'") == [6]
    assert 7 not in column(url, east, "SELECT organisation_id FROM post")
    assert column(url, east, "SELECT person_id FROM appointment") == [6]


def test_nobody_reads_another_persons_values_but_the_administrator(city: City) -> None:
    url = city.database.app_url
    read = "SELECT person_id FROM person_detail"
    assert column(url, person("east_office"), read) == [2]
    assert column(url, person("administrator"), read) == list(range(1, 10))
    with pytest.raises(NotPermitted):
        column(url, person("auditor"), read)


def test_the_administrator_sees_no_hazard_and_the_public_nothing(city: City) -> None:
    url = city.database.app_url
    for principal in (person("administrator"), None, SystemPrincipal(RoleClass.SIGNIN, "登录")):
        for table in ("hazard", "hazard_transition", "evidence", "signature"):
            with pytest.raises(NotPermitted):
                rows(url, principal, f"SELECT 1 FROM {table}")


def test_the_import_and_the_job_do_not_read_password_hashes(city: City) -> None:
    with pytest.raises(NotPermitted):
        rows(city.database.app_url, SystemPrincipal(RoleClass.IMPORT, "补录"), "SELECT password_hash FROM account")
    with pytest.raises(NotPermitted):
        rows(city.database.job_url, SystemPrincipal(RoleClass.JOB, "作业"), "SELECT password_hash FROM account")


def test_the_report_login_reads_hazards_and_writes_nothing(city: City) -> None:
    principal = SystemPrincipal(RoleClass.REPORT, "统计")
    url = city.database.superuser_url  # the login's own default is read-only; this asks the role class itself
    assert column(url, principal, "SELECT id FROM hazard") == BOTH
    for statement in (
        "UPDATE hazard SET version = version",
        "DELETE FROM evidence",
        "INSERT INTO unit (tier) VALUES (1)",
    ):
        with pytest.raises(NotPermitted):
            execute(url, principal, statement)


@pytest.mark.parametrize("table", ["hazard", "hazard_transition", "signature", "audit_event", "session", "account"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}", "ALTER TABLE {} DISABLE ROW LEVEL SECURITY"])
@pytest.mark.parametrize("key", ["city_office", "administrator", "auditor"])
def test_nobody_deletes_truncates_or_lowers_the_wall(city: City, key: str, statement: str, table: str) -> None:
    with pytest.raises(NotPermitted):
        execute(city.database.app_url, person(key), statement.format(table))


def test_history_is_not_rewritten(city: City) -> None:
    for table, name in (("hazard_transition", "actor_label"), ("evidence", "sha256"), ("signature", "opinion")):
        with pytest.raises(NotPermitted):
            execute(city.database.app_url, person("city_office"), f"UPDATE {table} SET {name} = {name}")


def test_the_planted_rows_are_really_there(city: City) -> None:
    assert city.as_superuser("SELECT count(*) FROM hazard") == [(len(HAZARDS),)]


def _try(url: str, principal: Principal, statement: str, **values: object) -> list[int]:
    try:
        return column(url, principal, statement, **values)
    except RegistryError:
        return []
