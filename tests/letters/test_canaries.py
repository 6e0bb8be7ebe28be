"""P-19b: whoever reads a copy is shown its own lines, and nothing that another's letter or line says."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from app.letters import queries
from tests.letters.papers import bureau, drafted, enterprise, mine, organisation
from tests.support import walk
from tests.support.registry import COAL, Registry

CHEMICAL_CANARY, COAL_CANARY = "canary-chemical-7d1a", "canary-coal-c94e"
CITY_CLERK, CITY_HEAD = "city-clerk1", "city-office-head"


def _listed(registry: Registry, canary: str, **changed: Any) -> str:
    hazard = walk.reported(registry, location=f"罐区({canary})", **changed)
    registry.act(hazard, "determination", {"comprehensive_reason": "构成重大事故隐患"}, by="dongsheng-head")
    registry.act(hazard, "listing", walk.listing_document(), by="dongsheng-clerk")
    return hazard


def _listed_mine(registry: Registry, canary: str) -> str:
    sent = walk.report_document(
        enterprise=COAL, sector="coal_mine", site={"unit_code": "150622", "name": "井口"}, location=f"井下({canary})"
    )
    hazard = str(registry.post("/hazards", sent, by="coal-safety-officer")["id"])
    registry.act(hazard, "determination", {"comprehensive_reason": "构成重大事故隐患"}, by="jungar-head")
    registry.act(hazard, "listing", walk.listing_document(), by="jungar-clerk")
    return hazard


@pytest.fixture(scope="module")
def circular(registry: Registry) -> dict[str, Any]:
    """A 通报 of the city's about a hazard in each of two districts, to the city government, copied to all concerned."""
    hazards = [_listed(registry, CHEMICAL_CANARY), _listed_mine(registry, COAL_CANARY)]
    copies: list[dict[str, Any]] = [
        {"organisation_id": bureau(registry)},
        {"organisation_id": organisation(registry, "准格尔旗能源局")},
        {"enterprise_id": enterprise(registry)},
        {"enterprise_id": mine(registry)},
    ]
    draft = drafted(
        registry,
        by=CITY_CLERK,
        kind="circular",
        addressee={"organisation_id": organisation(registry, "鄂尔多斯市人民政府")},
        title=f"关于两项隐患的通报({CHEMICAL_CANARY}、{COAL_CANARY})",
        paragraphs=[{"text": f"{CHEMICAL_CANARY}和{COAL_CANARY}进展缓慢。"}],
        hazards=hazards,
        copies=copies,
    )
    out = registry.post(f"/letters/{draft['id']}/issuing", None, by=CITY_HEAD, version=0)
    return dict(out)


READERS = [
    ("dongsheng-head", CHEMICAL_CANARY, COAL_CANARY),
    ("chemical-safety-officer", CHEMICAL_CANARY, COAL_CANARY),
    ("jungar-head", COAL_CANARY, CHEMICAL_CANARY),
    ("coal-safety-officer", COAL_CANARY, CHEMICAL_CANARY),
]


@pytest.mark.parametrize(("reader", "own", "foreign"), READERS)
def test_a_copys_reader_is_shown_its_own_line_and_no_other(
    registry: Registry, circular: dict[str, Any], reader: str, own: str, foreign: str
) -> None:
    seen = registry.get(f"/letters/{circular['id']}", by=reader)
    assert seen.status == 200
    told = json.dumps(seen.body, ensure_ascii=False)
    assert own in told
    assert foreign not in told
    assert (len(seen.body["items"]), len(seen.body["copies"]), seen.body["is_extract"]) == (1, 1, True)
    assert (seen.body["text"], seen.body["number"]) == (None, circular["number"])


@pytest.mark.parametrize(("reader", "own", "foreign"), READERS)
def test_no_list_of_letters_shows_a_reader_what_is_anothers(
    registry: Registry, circular: dict[str, Any], reader: str, own: str, foreign: str
) -> None:
    listed = registry.get("/letters?limit=200", by=reader).body["items"]
    assert circular["id"] in [one["id"] for one in listed]
    assert foreign not in json.dumps(listed, ensure_ascii=False)
    assert own


def test_whoever_is_no_reader_finds_nothing(registry: Registry, circular: dict[str, Any]) -> None:
    for outsider in ("jungar-government-head", "mine-agency-head"):
        assert registry.get(f"/letters/{circular['id']}", by=outsider).status == 404


def test_the_issuer_reads_the_whole_with_every_copy(registry: Registry, circular: dict[str, Any]) -> None:
    whole = registry.get(f"/letters/{circular['id']}", by=CITY_CLERK).body
    assert (len(whole["items"]), [copy["lines"] for copy in whole["copies"]]) == (2, [[1], [2], [1], [2]])
    assert (whole["is_extract"], whole["title"]) == (False, circular["title"])


def test_the_database_alone_gives_a_copys_reader_no_foreign_line(
    registry: Registry, circular: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "is_whole", lambda _actor: sa.true())
    seen = registry.get(f"/letters/{circular['id']}", by="coal-safety-officer").body
    assert CHEMICAL_CANARY not in json.dumps([seen["items"], seen["copies"]], ensure_ascii=False)
