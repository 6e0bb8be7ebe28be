"""The price of the second wall: what belongs to a hazard is found by its id, the hazard by its key, at any size."""

import json
import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support.cluster import Cluster, libpq_address
from tests.walls.two_districts import City, settled

HAZARDS = 20_000
FIRST = 10_001
MANY = """
INSERT INTO hazard (id, state, level, channel, sector, unit_id, site_id, enterprise_id, found_on, last_act_at, finders,
                    place, circumstances, reporting_record, monitoring_measures)
OVERRIDING SYSTEM VALUE
SELECT %(first)s + n, 'reported', 'major', 'self_report', CASE n %% 2 WHEN 0 THEN 'mine' ELSE 'chemical' END,
       1 + n %% 4, 1 + n %% 2, 1 + n %% 2, '2024-03-01', registry_now(),
       '检查组', '井下', '隐患情形', '已上报', '已设警戒'
FROM generate_series(0, %(count)s - 1) AS n
"""
EVIDENCE = """
INSERT INTO evidence (hazard_id, kind, sha256, size_bytes, media_type, file_name, account_id)
SELECT %(first)s + n, 'before', sha256(n::text::bytea), 1, 'image/png', '照片.png', 1
FROM generate_series(0, %(count)s - 1) AS n
"""
PARTIES = """
INSERT INTO hazard_party (hazard_id, organisation_id, role)
SELECT %(first)s + n, 2 + n %% 2, 'territorial_receiver' FROM generate_series(0, %(count)s - 1) AS n
"""
EAST_OFFICE = {"role": "qingling_official", "app.organisation": "2", "app.units": "2,4", "app.sectors": ""}
ENTERPRISE = {"role": "qingling_enterprise", "app.organisation": "6", "app.enterprise": "1"}


@pytest.fixture(scope="module")
def crowded(cluster: Cluster) -> Iterator[City]:
    with cluster.temporary_database() as database:
        city = settled(database)
        with psycopg.connect(libpq_address(database.superuser_url)) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in (MANY, EVIDENCE, PARTIES):
                connection.execute(statement.encode(), {"first": FIRST, "count": HAZARDS})
        with psycopg.connect(libpq_address(database.superuser_url), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE hazard, evidence, hazard_party, hazard_transition")
        yield city


def plan_of(city: City, principal: dict[str, str], statement: str) -> list[dict[str, Any]]:
    """Every node of the executed plan, as the principal."""
    with psycopg.connect(libpq_address(city.database.app_url)) as connection:
        for name, value in principal.items():
            connection.execute("SELECT set_config(%s, %s, true)", [name, value])
        found = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}".encode()).fetchone()
    assert found is not None
    return list(_nodes(found[0][0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def scans(nodes: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """(table, index) of every scan that ran; the index is empty for a sequential one."""
    return {
        (node["Relation Name"], node.get("Index Name", ""))
        for node in nodes
        if "Relation Name" in node and node["Actual Loops"]
    }


@pytest.mark.parametrize("principal", [EAST_OFFICE, ENTERPRISE], ids=["official", "enterprise"])
def test_a_child_read_by_hazard_id_looks_the_hazard_up_by_its_key(crowded: City, principal: dict[str, str]) -> None:
    for hazard in random.Random(7).sample(range(FIRST, FIRST + HAZARDS), 5):
        nodes = plan_of(crowded, principal, f"SELECT id FROM evidence WHERE hazard_id = {hazard}")
        ran = scans(nodes)
        assert ("hazard", "pk_hazard") in ran, json.dumps(nodes, indent=1)
        assert not {scan for scan in ran if scan[1] == ""}, json.dumps(nodes, indent=1)
        assert nodes[0]["Actual Total Time"] < 20


@pytest.mark.parametrize("principal", [EAST_OFFICE, ENTERPRISE], ids=["official", "enterprise"])
def test_one_hazard_is_found_by_its_key(crowded: City, principal: dict[str, str]) -> None:
    ran = scans(plan_of(crowded, principal, f"SELECT version FROM hazard WHERE id = {FIRST + 5}"))
    assert ("hazard", "pk_hazard") in ran
    assert ("hazard", "") not in ran


def test_the_walls_whole_table_read_is_one_pass_not_one_lookup_a_row(crowded: City) -> None:
    nodes = plan_of(crowded, EAST_OFFICE, "SELECT count(*) FROM hazard")
    busiest = max(node["Actual Loops"] for node in nodes)
    assert busiest <= 2, json.dumps(nodes, indent=1)
