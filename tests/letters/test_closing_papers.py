"""验收销号审批表, 销号通知, 摘牌通知: drafted by the night after, once each; a signed form stays as it was signed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest

from app.escalation.run import Ran
from app.infrastructure.context import Context
from app.infrastructure.database import Database
from app.jobs.escalate import whole_night
from tests.letters.papers import CLERK, HEAD, bureau
from tests.support import walk
from tests.support.cluster import Cluster, libpq_address
from tests.support.ladder_nights import JOB
from tests.support.registry import Registry, open_registry, settled_database

FORM, CLOSED, DELISTED = "closing_approval_form", "closing_notice", "delisting_notice"
DEPARTMENT_HEAD = "dongsheng-head"


class Died(BaseException):
    """The process ended there."""


def night(registry: Registry, *, dies_after: int | None = None) -> Ran | None:
    """A whole night of the registry's today; None where it died after so many transactions."""
    ends = 0

    async def go() -> Ran | None:
        opened = Database.at(registry.database.job_url, pool_size=1)

        @contextlib.asynccontextmanager
        async def transactions() -> AsyncIterator[Context]:
            nonlocal ends
            async with opened.transaction(JOB, request_id="job escalate") as context:
                yield context
            ends += 1
            if ends == dies_after:
                raise Died

        try:
            return await whole_night(transactions)
        except Died:
            return None
        finally:
            await opened.close()

    return asyncio.run(go())


def drafted(registry: Registry) -> int:
    """How many papers a night drafts."""
    ran = night(registry)
    assert ran is not None
    assert ran.outcome == "completed"
    return ran.counts.get("closing_papers_drafted", 0)


@pytest.fixture(scope="module")
def closed(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, str]]:
    """A hazard signed closed at four levels, and the night after."""
    with settled_database(cluster) as database, open_registry(database, tmp_path_factory.mktemp("data")) as registry:
        hazard = walk.closed(registry)
        assert drafted(registry) == 2
        yield registry, hazard


def papers(registry: Registry, hazard: str, kind: str, *, by: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = registry.get(f"/letters?hazard={hazard}&kind={kind}", by=by).body["items"]
    return found


def whole(registry: Registry, hazard: str, kind: str, *, by: str) -> dict[str, Any]:
    (one,) = papers(registry, hazard, kind, by=by)
    letter: dict[str, Any] = registry.get(f"/letters/{one['id']}", by=by).body
    return letter


def test_the_night_of_a_closing_drafts_the_form_with_its_signatures(closed: tuple[Registry, str]) -> None:
    registry, hazard = closed
    form = whole(registry, hazard, FORM, by=DEPARTMENT_HEAD)
    assert form["title"] == "重大事故隐患验收销号审批表"
    signatures = form["text"]["signatures"]
    assert [(one["level"], one["post"]) for one in signatures] == [
        (1, "主办检查人员"), (2, "业务科室负责人"), (3, "分管负责人"), (4, "部门主要负责人"),
    ]  # fmt: skip
    assert all(one["organisation"] == "东胜区应急管理局" and one["signed_at"] for one in signatures)
    content = registry.get(f"/hazards/{hazard}/signing-content", by=DEPARTMENT_HEAD).body
    assert form["text"]["signed_sha256"] == content["content_sha256"]


def test_the_form_is_printed_with_its_signatures_and_issued_by_the_department(
    closed: tuple[Registry, str],
) -> None:
    registry, hazard = closed
    form = whole(registry, hazard, FORM, by=DEPARTMENT_HEAD)
    for name in ("pdf", "docx"):
        assert registry.get(f"/letters/{form['id']}/file?form={name}", by=DEPARTMENT_HEAD).status == 200
    path = f"/letters/{form['id']}/issuing"
    done = registry.post(path, None, by=DEPARTMENT_HEAD, version=form["version"])
    assert done["number"].startswith("东胜区应急管理局督〔2026〕")


def test_the_office_finds_the_notice_of_closing_to_the_enterprise_with_the_department_as_reader(
    closed: tuple[Registry, str],
) -> None:
    registry, hazard = closed
    notice = whole(registry, hazard, CLOSED, by=HEAD)
    assert notice["addressee"]["enterprise"]["name"] == "东胜区示例化工有限公司"
    assert [copy["organisation_name"] for copy in notice["copies"]] == ["东胜区应急管理局"]
    assert "四级签字" in notice["text"]["paragraphs"][0]["text"]


def test_another_night_drafts_nothing_of_it_again(closed: tuple[Registry, str]) -> None:
    registry, hazard = closed
    assert drafted(registry) == 0
    assert len(papers(registry, hazard, FORM, by=DEPARTMENT_HEAD)) == 1
    assert len(papers(registry, hazard, CLOSED, by=HEAD)) == 1


def test_a_second_paper_of_the_same_closing_is_refused_whoever_writes_it(closed: tuple[Registry, str]) -> None:
    registry, _ = closed
    again = b"""INSERT INTO letter (kind, issuer_organisation_id, signatory_post_kind, addressee_organisation_id, title,
        body, edition_id, business_date, part, run_id, round_id) SELECT kind, issuer_organisation_id,
        signatory_post_kind, addressee_organisation_id, title, body, edition_id, business_date, 99, run_id, round_id
        FROM letter WHERE kind = 'closing_approval_form'"""
    refused = pytest.raises(psycopg.errors.UniqueViolation, match="uq_letter_round_id")
    with refused, psycopg.connect(libpq_address(registry.database.superuser_url)) as connection:
        connection.execute(again)


def test_the_words_of_the_form_are_not_rewritten_by_a_hand(closed: tuple[Registry, str]) -> None:
    registry, _ = closed
    hazard = walk.closed(registry)
    night(registry)
    form = whole(registry, hazard, FORM, by=DEPARTMENT_HEAD)
    text = {"title": "另一张表", "paragraphs": [{"text": "同意"}]}
    for act, body in (("text", text), ("drop", {"reason": "不发了"})):
        refused = registry.attempt(f"/letters/{form['id']}/{act}", body, by=DEPARTMENT_HEAD, version=form["version"])
        assert (refused.status, refused.code) == (409, "form_of_signatures"), refused.body


def test_a_notice_that_a_hand_has_written_already_is_not_drafted_again(closed: tuple[Registry, str]) -> None:
    registry, _ = closed
    hazard = walk.closed(registry)
    written = {
        "kind": CLOSED,
        "addressee": {"organisation_id": bureau(registry)},
        "title": "关于销号的通知",
        "paragraphs": [{"text": "同意销号。"}],
        "hazards": [hazard],
    }
    registry.post("/letters", written, by=CLERK)
    night(registry)
    assert [one["title"] for one in papers(registry, hazard, CLOSED, by=HEAD)] == ["关于销号的通知"]
    assert len(papers(registry, hazard, FORM, by=DEPARTMENT_HEAD)) == 1


def test_a_night_killed_anywhere_leaves_no_paper_twice_and_none_forgotten(closed: tuple[Registry, str]) -> None:
    registry, _ = closed
    night(registry)
    hazards = [walk.closed(registry) for _ in range(2)]
    deaths = next(after - 1 for after in range(1, 60) if night(registry, dies_after=after) is not None)
    assert deaths > 4
    for hazard in hazards:
        assert len(papers(registry, hazard, FORM, by=DEPARTMENT_HEAD)) == 1
        assert len(papers(registry, hazard, CLOSED, by=HEAD)) == 1


def test_a_delisting_is_announced_once(closed: tuple[Registry, str]) -> None:
    registry, hazard = closed
    night(registry)
    registry.act(hazard, "delisting", {"notice_number": "公告1号", "medium": "区政府网站"}, by=CLERK)
    assert drafted(registry) == 1
    notice = whole(registry, hazard, DELISTED, by=HEAD)
    said = "".join(one["text"] for one in notice["text"]["paragraphs"])
    assert "公告1号" in said
    assert "东安办督〔2026〕1号" in said
    assert drafted(registry) == 0
