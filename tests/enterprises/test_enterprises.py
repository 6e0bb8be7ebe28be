"""企业: each reader finds the enterprises in scope, and in the dossier the hazards in scope."""

from uuid import uuid4

from tests.support import walk
from tests.support.registry import Registry

CHEMICAL, COAL = "东胜区示例化工有限公司", "准格尔旗示例煤业有限公司"


def names(registry: Registry, query: str, *, by: str) -> list[str]:
    answer = registry.get(f"/enterprises{query}", by=by)
    assert answer.status == 200, answer.body
    return [one["name"] for one in answer.body["items"]]


def test_enterprises_are_found_by_words_code_and_unit(registry: Registry) -> None:
    assert set(names(registry, "", by="city-clerk1")) == {CHEMICAL, COAL}
    assert names(registry, "?words=化工", by="city-clerk1") == [CHEMICAL]
    assert names(registry, "?code=91150622MA0DEMB027", by="city-clerk1") == [COAL]
    assert names(registry, "?unit=150622", by="city-clerk1") == [COAL]
    assert set(names(registry, "?unit=150600", by="city-clerk1")) == {CHEMICAL, COAL}


def test_an_enterprise_finds_only_itself(registry: Registry) -> None:
    assert names(registry, "", by="coal-principal") == [COAL]
    assert names(registry, "?words=化工", by="coal-principal") == []


def test_the_pages_of_enterprises_follow_one_another(registry: Registry) -> None:
    first = registry.get("/enterprises?limit=1", by="city-clerk1").body
    second = registry.get(f"/enterprises?limit=1&cursor={first['next_cursor']}", by="city-clerk1").body
    assert {one["name"] for one in [*first["items"], *second["items"]]} == {CHEMICAL, COAL}
    assert second["next_cursor"] is None
    other = registry.get(f"/enterprises?limit=1&words=化&cursor={first['next_cursor']}", by="city-clerk1")
    assert (other.status, other.code) == (400, "invalid_cursor")


def test_the_dossier_counts_the_hazards_in_scope(registry: Registry) -> None:
    walk.reported(registry)
    walk.determined(registry)
    by_city = registry.get("/enterprises?words=化工", by="city-clerk1").body["items"][0]["id"]
    dossier = registry.get(f"/enterprises/{by_city}", by="city-clerk1").body
    assert (dossier["name"], dossier["hazards"]["major"]["reported"]) == (CHEMICAL, 2)
    assert dossier["hazards"]["key"]["closed"] == 0
    assert [site["name"] for site in dossier["sites"]] == ["罐区"]
    elsewhere = registry.get(f"/enterprises/{by_city}", by="jungar-head").body
    assert elsewhere["hazards"]["major"]["reported"] == 0


def test_another_enterprises_dossier_is_not_found(registry: Registry) -> None:
    chemical = registry.get("/enterprises?words=化工", by="city-clerk1").body["items"][0]["id"]
    assert registry.get(f"/enterprises/{chemical}", by="coal-principal").status == 404
    assert registry.get(f"/enterprises/{uuid4()}", by="city-clerk1").status == 404


def test_administrators_read_no_enterprises(registry: Registry) -> None:
    assert registry.get("/enterprises", by="system-admin").status == 403
