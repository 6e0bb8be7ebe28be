"""待办中的其他任职: shown as far as changing to them would be allowed, and no further."""

from collections.abc import Iterator

import pytest

from tests.personnel.staff import appoint, organisation, post
from tests.support import walk
from tests.support.cluster import Cluster
from tests.support.registry import Registry, open_registry, ordinary_settings, settled_database

PERSON = "coal-safety-officer"


@pytest.fixture(scope="module")
def registries(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, Registry]]:
    """One that asks for no second factor, and the same as it is delivered."""
    security = ordinary_settings(second_factor="required").security
    with (
        settled_database(cluster) as database,
        open_registry(database, tmp_path_factory.mktemp("optional")) as optional,
        open_registry(database, tmp_path_factory.mktemp("strict"), security=security) as strict,
    ):
        yield optional, strict


def test_the_list_of_an_office_waits_for_the_second_factor_as_acting_under_it_does(
    registries: tuple[Registry, Registry],
) -> None:
    optional, strict = registries
    hazard = walk.reported(optional)
    strict.tokens[PERSON] = optional.sign_in(PERSON)
    before = strict.get("/worklist", by=PERSON).body
    assert before["other_appointments"] == []
    held = optional.get("/appointments?is_in_force=true&limit=200", by="system-admin").body["items"]
    person = next(one["person_id"] for one in held if one["id"] == before["appointment_id"])
    seat = post(optional, organisation(optional, "东胜区应急管理局"), "挂职业务科室负责人", kind="section_head")
    office = appoint(optional, person, seat)
    refused = strict.attempt("/session/appointment", {"appointment_id": office}, by=PERSON)
    assert (refused.status, refused.code) == (403, "second_factor_needed")
    seen = strict.get("/worklist", by=PERSON)
    assert seen.status == 200
    assert seen.body["appointment_id"] == before["appointment_id"]
    (other,) = seen.body["other_appointments"]
    assert (other["id"], other["second_factor_needed"], other["worklist"]) == (office, True, None)
    assert hazard not in str(seen.body)
    (allowed,) = optional.get("/worklist", by=PERSON).body["other_appointments"]
    assert not allowed["second_factor_needed"]
    assert hazard in {item["id"] for item in allowed["worklist"]["items"]}
