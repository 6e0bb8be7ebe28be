"""基础资料: units as a tree of a day, organisations, criteria, the edition's numbers; each by whoever may read it."""

import psycopg
import pytest

from tests.personnel.staff import PROPOSER
from tests.support.cluster import libpq_address
from tests.support.registry import Registry


def test_units_are_one_tree_as_of_a_day(registry: Registry) -> None:
    today = registry.get("/units", by="chemical-principal").body
    (city,) = today["units"]
    assert (city["code"], today["on"]) == ("150600", "2026-11-23")
    assert {"150602", "150622"} < {child["code"] for child in city["children"]}
    assert registry.get("/units?on=1995-01-01", by="city-clerk1").body["units"] == []
    assert registry.get("/units?on=1995-02-30", by="city-clerk1").status == 400


def test_organisations_are_found_by_unit_kind_and_sector(registry: Registry) -> None:
    path = "/organisations?unit=150602&kind=regulator&sector=hazardous_chemicals"
    found = registry.get(path, by="dongsheng-clerk").body["items"]
    assert [one["name"] for one in found] == ["东胜区应急管理局"]
    assert all(one["is_confirmed"] for one in found)


def test_an_enterprise_sees_no_other_enterprises_organisation(registry: Registry) -> None:
    seen = registry.get("/organisations?kind=enterprise", by="chemical-principal").body["items"]
    assert [one["name"] for one in seen] == ["东胜区示例化工有限公司"]


def met_by_an_import(registry: Registry, name: str) -> int:
    """A department as the ledger import leaves it: its superior and sectors unknown, unconfirmed."""
    with psycopg.connect(libpq_address(registry.database.app_url)) as connection:
        connection.execute("SET LOCAL ROLE qingling_import")
        row = connection.execute(
            "INSERT INTO organisation (unit_id, kind, name) SELECT unit_id, 'regulator', %s FROM unit_period"
            " WHERE code = '150602' RETURNING id",
            [name],
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_department_met_by_an_import_is_reported_until_an_administrator_confirms_it(registry: Registry) -> None:
    department = met_by_an_import(registry, "东胜区畜牧局")
    unconfirmed = registry.get("/posts/check", by=PROPOSER).body["unconfirmed_organisations"]
    assert unconfirmed == ["东胜区畜牧局"]
    path = f"/organisations/{department}/confirmation"
    assert registry.attempt(path, {}, by="dongsheng-clerk").status == 403
    assert registry.attempt(path, {"sectors": ["cattle"]}, by=PROPOSER).code == "sector_unknown"
    assert registry.attempt(path, {"superior_id": department}, by=PROPOSER).code == "organisation_unknown"
    assert registry.post(path, {"sectors": ["fire"]}, by=PROPOSER)["is_confirmed"] is True
    assert registry.attempt(path, {}, by=PROPOSER).code == "organisation_already_confirmed"
    assert registry.get("/posts/check", by=PROPOSER).body["unconfirmed_organisations"] == []


def test_criteria_are_filtered_by_sector_day_and_words(registry: Registry) -> None:
    every = registry.get("/criteria?limit=200", by="dongsheng-inspector1").body["items"]
    sector = every[0]["sector"]
    some = registry.get(f"/criteria?limit=200&sector={sector}&on=2026-11-23", by="dongsheng-inspector1").body["items"]
    assert some
    assert {one["sector"] for one in some} == {sector}
    assert registry.get("/criteria?on=1991-01-01", by="dongsheng-inspector1").body["items"] == []
    word = every[0]["clause"]
    assert every[0]["id"] in {one["id"] for one in registry.get(f"/criteria?words={word}", by=PROPOSER).body["items"]}
    assert registry.get("/criteria?words=%25", by=PROPOSER).body["items"] == []


def test_the_edition_shows_every_number_with_its_basis(registry: Registry) -> None:
    edition = registry.get("/edition", by="coal-principal").body
    numbers = {one["key"]: one for one in edition["numbers"]}
    assert numbers["limits.step_up_minutes"]["value"] == 5
    assert numbers["clocks.determine"]["value"]["days"] == 5
    assert all(one["basis"] for one in edition["numbers"])
    assert len(edition["sha256"]) == 64
    assert edition["in_force_from"] == "2024-01-01"


@pytest.mark.parametrize("path", ["/units", "/organisations", "/criteria", "/edition", "/calendar?year=2026"])
def test_nobody_reads_them_without_signing_in(registry: Registry, path: str) -> None:
    assert registry.get(path, by=None).status == 401


def test_the_register_of_hazards_pages_too(registry: Registry) -> None:
    answer = registry.get("/hazards?state=listed&limit=1", by="dongsheng-clerk")
    assert (answer.status, answer.body) == (200, {"items": [], "next_cursor": None})
    assert registry.get("/hazards?limit=0", by="dongsheng-clerk").status == 400
