"""A hand's letter without words of its own says what its kind's form says, about the hazards it names."""

from typing import Any

import pytest

from tests.letters.papers import CLERK, HEAD, attempted, drafted
from tests.support import walk
from tests.support.registry import Registry

KINDS = {
    "warning_reminder": ("关于重大事故隐患整改的警示提醒函", "特此提醒"),
    "urging_letter": ("关于重大事故隐患整改的督促函", "特此函告"),
    "assignment_order": ("关于重大事故隐患整改的交办单", "交办事项"),
    "summons_notice": ("关于重大事故隐患整改的约谈通知", "经旗区政府分管负责人决定"),
}


def said(letter: dict[str, Any]) -> str:
    return "\n".join(one["text"] for one in letter["text"]["paragraphs"])


def without_words(registry: Registry, kind: str, hazards: list[str], **changed: Any) -> dict[str, Any]:
    ordered = {"ordered_by": "旗区政府分管负责人"} if kind == "summons_notice" else {}
    return {"kind": kind, "hazards": hazards, "title": None, "paragraphs": None, **ordered, **changed}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_words_of_its_own_and_tells_its_one_hazard(registry: Registry, kind: str) -> None:
    hazard = walk.listed(registry)
    letter = drafted(registry, **without_words(registry, kind, [hazard]))
    title, word = KINDS[kind]
    assert letter["title"] == title
    assert word in said(letter)
    assert "可燃气体检测报警装置未按标准设置" in said(letter)
    assert "《中华人民共和国安全生产法》第四十一条" in said(letter)
    assert registry.get(f"/letters/{letter['id']}/file", by=HEAD).status == 200


def test_several_hazards_are_told_by_their_list(registry: Registry) -> None:
    hazards = [walk.listed(registry) for _ in range(2)]
    letter = drafted(registry, **without_words(registry, "urging_letter", hazards))
    assert "共2项，详见附件" in said(letter)
    assert len(letter["items"]) == 2


def test_the_writers_own_title_or_text_stands(registry: Registry) -> None:
    hazard = walk.listed(registry)
    titled = drafted(registry, **without_words(registry, "urging_letter", [hazard], title="关于抓紧整改的函"))
    assert (titled["title"], "特此函告" in said(titled)) == ("关于抓紧整改的函", True)
    own = [{"text": "请抓紧整改。"}]
    worded = drafted(registry, **without_words(registry, "urging_letter", [hazard], paragraphs=own))
    assert (worded["title"], said(worded)) == (KINDS["urging_letter"][0], "请抓紧整改。")


def test_words_are_asked_where_no_hazard_is_named_or_the_kind_has_no_default(registry: Registry) -> None:
    hazard = walk.listed(registry)
    for kind, hazards in (("urging_letter", []), ("circular", [hazard]), ("summons_minutes", [hazard])):
        refused = attempted(registry, **without_words(registry, kind, hazards))
        assert (refused.status, refused.body["errors"][0]["code"]) == (422, "words_missing"), refused.body
        assert refused.body["errors"][0]["pointer"] == "/paragraphs"


def test_a_text_that_is_written_anew_brings_the_list_back(registry: Registry) -> None:
    hazard = walk.listed(registry)
    letter = drafted(registry, **without_words(registry, "urging_letter", [hazard]))
    assert letter["text"]["lines_told_in_text"] is True
    text = {"title": "另一标题", "paragraphs": [{"text": "详见附件。"}]}
    anew = registry.post(f"/letters/{letter['id']}/text", text, by=CLERK, version=0)
    assert "lines_told_in_text" not in anew["text"]
