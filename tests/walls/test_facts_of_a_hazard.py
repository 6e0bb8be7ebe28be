"""The function of a hazard's facts reads past the child rows' policies: it shows what the hazard's own policy shows."""

from collections.abc import Iterator

import pytest

from app.infrastructure.database import Principal, SystemPrincipal, Token
from app.infrastructure.errors import NotPermitted
from app.regulation.vocabulary import RoleClass
from tests.support.cluster import Cluster
from tests.walls.asking import column
from tests.walls.two_districts import EAST_MINE, WEST_PLANT, City, service_key_of, settled, token_of

EVERY_HAZARD = f"""
    SELECT f.hazard_id FROM unnest(CAST('{{{EAST_MINE},{WEST_PLANT},0}}' AS bigint[])) AS one(id)
      CROSS JOIN LATERAL hazard_facts(one.id) AS f
"""
HOLDERS = (
    "city_office",
    "east_office",
    "west_office",
    "east_mines",
    "west_chemicals",
    "east_enterprise",
    "west_enterprise",
    "auditor",
)
KEYS = ("east_enterprise", "platform")
PRINCIPALS: list[Principal] = [
    *(Token(token_of(key)) for key in HOLDERS),
    *(Token(service_key_of(key)) for key in KEYS),
    SystemPrincipal(RoleClass.IMPORT, "补录"),
]


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[City]:
    with cluster.temporary_database() as database:
        yield settled(database)


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_whoever_sees_a_hazard_and_nobody_else_is_told_its_facts(city: City, principal: Principal) -> None:
    url = city.database.app_url
    assert column(url, principal, EVERY_HAZARD) == column(url, principal, "SELECT id FROM hazard")


def test_a_party_to_the_hazard_is_told_its_facts_until_it_no_longer_is(cluster: Cluster) -> None:
    with cluster.temporary_database() as database:
        city = settled(database)
        west_office = Token(token_of("west_office"))
        (organisation,) = column(database.app_url, west_office, "SELECT current_setting('app.organisation')::bigint")
        city.run_script([f"UPDATE hazard_party SET ended_at = NULL, organisation_id = {organisation}"])
        assert column(database.app_url, west_office, EVERY_HAZARD) == column(
            database.app_url, west_office, "SELECT id FROM hazard"
        )
        city.run_script(["UPDATE hazard_party SET ended_at = begun_at + interval '1 second'"])
        assert column(database.app_url, west_office, EVERY_HAZARD) == [WEST_PLANT]


@pytest.mark.parametrize("role_class", [RoleClass.PUBLIC, RoleClass.SIGNIN, RoleClass.ADMINISTRATOR])
def test_a_role_that_sees_no_hazards_may_not_even_ask(city: City, role_class: RoleClass) -> None:
    with pytest.raises(NotPermitted):
        column(city.database.app_url, SystemPrincipal(role_class, "旁人"), EVERY_HAZARD)
