"""The definitions over HTTP: what each figure says of itself, open to everybody signed in, kept by who has them."""

from contextlib import nullcontext

import pytest

from app.accounts.key_scopes import refuse_out_of_scope
from app.infrastructure.errors import NotPermitted
from app.regulation.catalogue import catalogue
from app.regulation.facts import Actor
from app.regulation.metrics import DEFINITIONS
from app.regulation.vocabulary import RoleClass
from tests.regulation.builders import EDITION
from tests.support.registry import Registry

PATH = "/metric-definitions"
READERS = ["city-office-head", "chemical-safety-officer", "city-auditor", "system-admin"]


@pytest.mark.parametrize("by", READERS)
def test_everybody_signed_in_reads_every_definition(registry: Registry, by: str) -> None:
    answer = registry.get(PATH, by=by)
    assert answer.status == 200, answer.body
    assert [one["id"] for one in answer.body["items"]] == [one.id for one in catalogue(EDITION.stock_found_by)]
    assert answer.body["edition"] == {"name": EDITION.name, "sha256": EDITION.sha256}


def test_nobody_reads_them_without_a_sign_in(registry: Registry) -> None:
    assert registry.get(PATH, by=None).status == 401


def test_a_definition_says_words_parts_unit_rounding_direction_source_and_basis(registry: Registry) -> None:
    (one,) = registry.get(f"{PATH}?id=clearance_rate", by=READERS[0]).body["items"]
    assert one == {
        "id": "clearance_rate",
        "version": 1,
        "name": "清零率(整改率)",
        "words": DEFINITIONS["clearance_rate"].words,
        "numerator": "统计日状态为已销号的重大隐患",
        "denominator": "截至统计日已判定为重大、未被排除的隐患",
        "kind": "rate",
        "unit": "%",
        "rounding": "一位小数,四舍五入;分子等于分母才是 100,0÷0 为“–”",
        "direction": "higher",
        "source": "derived",
        "basis": [{"document": "安全生产事故隐患排查治理情况月报表", "article": "第7栏"}],
        "predicate": {"counts": "closed", "among": "found"},
        "answered_by": "/api/v1/statistics/clearance",
    }


def test_what_the_clearance_answers_is_what_says_so(registry: Registry) -> None:
    answered = registry.get("/statistics/clearance", by=READERS[0]).body["figures"].keys()
    listed = registry.get(PATH, by=READERS[0]).body["items"]
    assert {one["id"] for one in listed if one["answered_by"]} == answered
    reported = next(one for one in listed if one["id"] == "form_12_funds")
    assert (reported["source"], reported["predicate"], reported["unit"]) == ("reported", None, "万元")


def test_stock_is_worded_by_the_editions_day(registry: Registry) -> None:
    (one,) = registry.get(f"{PATH}?id=stock_found", by=READERS[0]).body["items"]
    assert EDITION.stock_found_by.isoformat() in one["words"]


@pytest.mark.parametrize(
    ("query", "code"),
    [("id=beauty", "figure_unknown"), ("name=found", "unknown_parameter"), ("id=found&id=open", "parameter_repeated")],
)
def test_an_unknown_figure_or_parameter_is_refused_in_chinese(registry: Registry, query: str, code: str) -> None:
    refused = registry.get(f"{PATH}?{query}", by=READERS[0])
    assert (refused.status, refused.code) == (400, code)
    assert any("\u4e00" <= character <= "\u9fff" for character in refused.body["errors"][0]["message"])


def test_who_has_them_is_told_that_they_have_not_changed(registry: Registry) -> None:
    first = registry.get(PATH, by=READERS[0])
    assert first.headers["cache-control"] == "private, no-cache"
    again = registry.call("GET", PATH, by=READERS[1], headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.headers["etag"]) == (304, first.headers["etag"])
    one = registry.call("GET", f"{PATH}?id=found", by=READERS[0], headers={"If-None-Match": first.headers["etag"]})
    assert one.status == 200
    assert one.headers["etag"] != first.headers["etag"]


def test_a_tag_admits_nobody_who_is_not_signed_in(registry: Registry) -> None:
    tag = registry.get(PATH, by=READERS[0]).headers["etag"]
    assert registry.call("GET", PATH, by=None, headers={"If-None-Match": tag}).status == 401


@pytest.mark.parametrize(
    ("scopes", "is_refused"),
    [({"statistics:read"}, False), ({"metric_definition:read"}, False), ({"hazard:read"}, True)],
)
def test_a_key_for_figures_is_a_key_for_what_they_mean(scopes: set[str], *, is_refused: bool) -> None:
    actor = Actor(RoleClass.PLATFORM, is_service=True, scopes=frozenset(scopes))
    with pytest.raises(NotPermitted) if is_refused else nullcontext():
        refuse_out_of_scope(actor, "list_metric_definitions")
