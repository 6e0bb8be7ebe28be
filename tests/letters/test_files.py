"""公文的文件: a draft marked and not kept, an issued letter set once and the same for ever, a copy its reader's own."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from app.infrastructure.letter_settings import LetterSettings
from app.jobs import print_letters
from app.jobs.work import Work
from app.letters.files import keeping
from tests.letter_forms.reading import metadata, text_of, word_parts, word_text
from tests.letters.papers import (
    CLERK,
    DEPARTMENT,
    HEAD,
    OTHER_FIRM,
    drafted,
    issued,
    organisation,
    rung_by_worker,
    settings_of,
)
from tests.letters.test_canaries import CHEMICAL_CANARY, COAL_CANARY, READERS, circular
from tests.support.registry import Answered, Registry, open_registry

__all__ = ["circular"]
pytestmark = pytest.mark.timeout(240)


def asked(registry: Registry, letter: dict[str, Any], *, by: str, form: str = "pdf", **more: str) -> Answered:
    query = "&".join(f"{name}={value}" for name, value in {"form": form, **more}.items())
    return registry.get(f"/letters/{letter['id']}/file?{query}", by=by)


def printed(registry: Registry) -> str:
    return rung_by_worker(registry, print_letters.run)


def events(registry: Registry) -> list[str]:
    return [one["event"] for one in registry.get("/audit/events?limit=5", by="city-auditor").body["items"]]


def test_a_drafts_file_is_marked_and_nothing_of_it_is_kept(registry: Registry) -> None:
    letter = drafted(registry)
    answer = asked(registry, letter, by=CLERK)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert "草稿" in text_of(answer.body)
    assert "未编号" in text_of(answer.body)
    assert events(registry)[0] == "letter:draft:written"


def test_whoever_was_given_a_drafts_file_has_opened_the_draft(registry: Registry) -> None:
    letter = drafted(registry, copies=[{"organisation_id": organisation(registry, "东胜区人民政府")}])
    batch = {"letters": [{"letter_id": letter["id"], "version": 0}]}
    copy = letter["copies"][0]["id"]
    assert asked(registry, letter, by=HEAD, form="docx", copy=copy).status == 200
    refused = registry.attempt("/letter-issuings", batch, by=HEAD)
    assert refused.unmet() == {"letter_not_opened"}, "a copy alone is not the letter"
    assert asked(registry, letter, by=HEAD, form="docx").status == 200
    assert registry.post("/letter-issuings", batch, by=HEAD)["issued"] == 1


def test_an_issued_letters_file_is_set_once_recorded_and_the_same_ever_after(registry: Registry) -> None:
    letter = issued(registry)
    first = asked(registry, letter, by=HEAD)
    assert first.status == 200
    assert events(registry)[0] == "letter:file:kept"
    assert [asked(registry, letter, by=who).body for who in (HEAD, DEPARTMENT, "city-auditor")] == [first.body] * 3
    assert events(registry)[0] == "letter:file:kept"
    text = text_of(first.body)
    assert letter["number"] in text
    assert "草稿" not in text
    digest = base64.b64encode(hashlib.sha256(first.body).digest()).decode()
    assert first.headers["repr-digest"] == f"sha-256=:{digest}:"


def test_the_job_sets_what_nobody_has_asked_for_yet_and_a_reader_is_told_to_wait(registry: Registry) -> None:
    letter = issued(registry)
    early = asked(registry, letter, by=DEPARTMENT)
    assert (early.status, early.code, early.headers["retry-after"]) == (503, "letter_file_not_made", "30")
    assert "kept" in printed(registry)
    assert printed(registry) == "nothing due"
    for form in ("pdf", "docx"):
        assert asked(registry, letter, by=DEPARTMENT, form=form).status == 200


def test_whoever_asks_at_the_same_moment_is_given_the_one_file_that_is_kept(registry: Registry) -> None:
    letter = issued(registry)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: asked(registry, letter, by=HEAD, form="docx"), range(4)))
    assert [one.status for one in answers] == [200] * 4
    assert len({one.body for one in answers}) == 1
    assert events(registry)[:2] == ["letter:file:kept", "letter:document:issued"]


def test_a_job_without_fonts_says_so_once_and_goes_on_when_there_are_some(registry: Registry, tmp_path: Path) -> None:
    printed(registry)
    issued(registry)
    nowhere = LetterSettings(fonts_dir=tmp_path / "none")

    async def without_fonts(work: Work) -> str:
        return await print_letters.run(Work(work.database, work.settings.model_copy(update={"letters": nowhere})))

    assert rung_by_worker(registry, without_fonts) == "font_missing 1"
    assert printed(registry) == "kept 2"


def test_the_file_is_saved_under_its_number_and_title(registry: Registry) -> None:
    letter = issued(registry, title='关于a/b\\c:督促"整改"的函')
    answer = asked(registry, letter, by=HEAD, form="docx")
    said = answer.headers["content-disposition"]
    assert said.startswith("attachment; filename=\"document.docx\"; filename*=UTF-8''")
    assert unquote(said.rpartition("''")[2]) == f"{letter['number']} 关于a b c 督促 整改 的函.docx"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-type"].endswith("wordprocessingml.document")


@pytest.fixture(scope="module")
def all_printed(registry: Registry, circular: dict[str, Any]) -> dict[str, Any]:
    printed(registry)
    return circular


def everything_in(answer: Answered, form: str) -> str:
    content: bytes = answer.body
    if form == "pdf":
        return text_of(content) + str(metadata(content)) + content.decode("utf-8", "ignore")
    return word_text(content) + "".join(word_parts(content).values())


@pytest.mark.parametrize("form", ["pdf", "docx"])
@pytest.mark.parametrize(("reader", "own", "foreign"), READERS)
def test_a_copys_file_holds_its_readers_line_and_nothing_of_anothers(
    registry: Registry, all_printed: dict[str, Any], reader: str, own: str, foreign: str, form: str
) -> None:
    answer = asked(registry, all_printed, by=reader, form=form)
    assert answer.status == 200
    said = everything_in(answer, form) + unquote(answer.headers["content-disposition"])
    assert own in said
    assert foreign not in said
    assert "摘抄" in said
    named = {"东胜区示例化工有限公司", "准格尔旗示例煤业有限公司"}
    assert {firm for firm in named if firm in said} == {
        "东胜区示例化工有限公司" if own == CHEMICAL_CANARY else "准格尔旗示例煤业有限公司"
    }


def test_the_addressee_reads_the_whole_and_the_issuer_every_copy(
    registry: Registry, all_printed: dict[str, Any]
) -> None:
    whole = text_of(asked(registry, all_printed, by="city-clerk1").body)
    assert CHEMICAL_CANARY in whole
    assert COAL_CANARY in whole
    copies = registry.get(f"/letters/{all_printed['id']}", by="city-clerk1").body["copies"]
    read = [asked(registry, all_printed, by="city-clerk1", copy=one["id"]) for one in copies]
    assert [answer.status for answer in read] == [200] * 4
    assert read[3].body == asked(registry, all_printed, by=OTHER_FIRM).body


def test_another_readers_copy_is_not_there(registry: Registry, all_printed: dict[str, Any]) -> None:
    copies = registry.get(f"/letters/{all_printed['id']}", by="city-clerk1").body["copies"]
    assert asked(registry, all_printed, by=OTHER_FIRM, copy=copies[0]["id"]).status == 404
    assert asked(registry, all_printed, by="mine-agency-head").status == 404
    assert asked(registry, all_printed, by="city-clerk1", copy=all_printed["id"]).status == 404


def test_a_file_that_was_altered_on_disk_is_not_served(registry: Registry) -> None:
    letter = issued(registry)
    folder = settings_of(registry).data_dir
    made = hashlib.sha256(asked(registry, letter, by=HEAD, form="docx").body).hexdigest()
    path = folder / "letters" / made[:2] / made[2:4] / made
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b" ")
    refused = asked(registry, letter, by=HEAD, form="docx")
    assert (refused.status, refused.code) == (409, "letter_file_altered")


def test_a_missing_font_is_told_with_its_remedy_and_nothing_is_kept(registry: Registry, tmp_path: Path) -> None:
    letter = issued(registry)
    nowhere = LetterSettings(fonts_dir=tmp_path / "none")
    with open_registry(registry.database, tmp_path, letters=nowhere) as without:
        refused = asked(without, letter, by=HEAD)
    assert (refused.status, refused.code) == (503, "font_missing")
    assert "QINGLING_FONTS_DIR" in refused.body["detail"]
    assert asked(registry, letter, by=HEAD).status == 200


def test_a_form_that_is_none_is_refused_by_name(registry: Registry) -> None:
    refused = asked(registry, drafted(registry), by=CLERK, form="odt")
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (400, "/form")


def test_a_voided_letters_file_stays_what_it_was(registry: Registry) -> None:
    letter = issued(registry)
    before = asked(registry, letter, by=HEAD, form="docx").body
    registry.post(f"/letters/{letter['id']}/voiding", {"reason": "有误"}, by=HEAD, version=1)
    assert asked(registry, letter, by=DEPARTMENT, form="docx").body == before


def test_the_whole_names_who_has_a_copy_and_a_copy_its_own_reader_alone(
    registry: Registry, all_printed: dict[str, Any]
) -> None:
    whole = text_of(asked(registry, all_printed, by="city-clerk1").body)
    assert "准格尔旗能源局" in whole
    own = text_of(asked(registry, all_printed, by=DEPARTMENT).body)
    assert "东胜区应急管理局：现将主送鄂尔多斯市人民政府的本件通报中与你单位有关的事项" in own
    assert "准格尔旗能源局" not in own


def test_the_database_alone_gives_a_copys_reader_no_whole_file(
    registry: Registry, all_printed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "is_whole", lambda _actor: sa.true())
    refused = asked(registry, all_printed, by=OTHER_FIRM)
    assert (refused.status, refused.code) == (503, "letter_file_not_made")
