"""发文字号: gap-free under many hands and after a kill, voids listed, found however the brackets were typed."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pytest

from app.letters.numbers import number_in
from tests.letters.papers import CLERK, HEAD, drafted, issued, serial
from tests.support.cluster import libpq_address
from tests.support.registry import Registry

SERIES = "/letter-series?office_code=东安办函"


def series(registry: Registry) -> dict[str, Any]:
    (found,) = registry.get(SERIES, by=HEAD).body["items"]
    return dict(found)


@pytest.mark.parametrize(
    "typed",
    [
        "东安办函〔2026〕17号",
        "东安办函﹝2026﹞17号",
        "东安办函【2026】17号",
        "东安办函（2026）17号",
        "东安办函[2026] 017 号",
    ],
)
def test_a_number_is_the_same_whatever_brackets_it_is_typed_with(typed: str) -> None:
    assert str(number_in(typed)) == "东安办函〔2026〕17号"


@pytest.mark.parametrize("typed", ["东安办函2026年17号", "〔2026〕17号", "东安办函〔26〕17号", "17"])
def test_what_is_no_number_is_none(typed: str) -> None:
    assert number_in(typed) is None


def test_a_letter_is_found_by_its_number_as_typed(registry: Registry) -> None:
    letter = issued(registry)
    typed = letter["number"].replace("〔", "﹝").replace("〕", "﹞")
    found = registry.get(f"/letters?number={typed}", by=CLERK).body["items"]
    assert [one["id"] for one in found] == [letter["id"]]
    refused = registry.get("/letters?number=17", by=CLERK)
    assert (refused.status, refused.code) == (400, "number_malformed")


def test_eight_at_once_leave_neither_gap_nor_repeat(registry: Registry) -> None:
    before = serial(issued(registry))
    waiting = [drafted(registry) for _ in range(16)]
    registry.sign_in(HEAD)

    def issue(letter: dict[str, Any]) -> int:
        return serial(registry.post(f"/letters/{letter['id']}/issuing", None, by=HEAD, version=0))

    with ThreadPoolExecutor(8) as many:
        drawn = sorted(many.map(issue, waiting))
    assert drawn == list(range(before + 1, before + 17))
    assert series(registry)["has_gap"] is False


DRAWN = "UPDATE letter_series SET last_serial = last_serial + 1 WHERE office_code = '东安办函' RETURNING last_serial"


def test_one_killed_between_drawing_and_commit_leaves_no_gap(registry: Registry) -> None:
    before = serial(issued(registry))
    with closing(psycopg.connect(libpq_address(registry.database.superuser_url))) as dying:
        assert dying.execute(DRAWN.encode()).fetchone() == (before + 1,)
        with psycopg.connect(libpq_address(registry.database.superuser_url)) as killer:
            killer.execute(b"SELECT pg_terminate_backend(%s)", [dying.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            dying.execute(b"SELECT 1")
    assert serial(issued(registry)) == before + 1


def test_a_number_drawn_and_not_used_is_refused_at_commit(registry: Registry) -> None:
    issued(registry)
    with closing(psycopg.connect(libpq_address(registry.database.superuser_url))) as connection:
        connection.execute(DRAWN.encode())
        with pytest.raises(psycopg.Error, match="不得留空号"):
            connection.commit()


def test_a_voided_number_stays_used_and_is_listed_with_its_reason(registry: Registry) -> None:
    letter = issued(registry)
    sent = {"reason": "附件有误"}
    voided = registry.post(f"/letters/{letter['id']}/voiding", sent, by=HEAD, version=letter["version"])
    assert (voided["status"], voided["number"]) == ("voided", letter["number"])
    assert serial(issued(registry)) == serial(letter) + 1
    listed = series(registry)
    assert {"serial": serial(letter), "reason": "附件有误"}.items() <= listed["voided"][-1].items()
    assert listed["has_gap"] is False


def test_only_the_signatory_voids_and_nothing_is_voided_twice(registry: Registry) -> None:
    letter = issued(registry)
    path, reason = f"/letters/{letter['id']}/voiding", {"reason": "有误"}
    assert registry.attempt(path, reason, by=CLERK, version=1).status == 403
    assert registry.attempt(path, reason, by=HEAD).status == 428
    registry.post(path, reason, by=HEAD, version=1)
    again = registry.attempt(path, reason, by=HEAD, version=1)
    assert (again.status, again.code) == (409, "letter_is_not_issued")


def test_a_voided_letter_is_replaced_by_one_that_names_it(registry: Registry) -> None:
    letter = issued(registry)
    refused = registry.attempt("/letters", _replacing(registry, letter["id"]), by=CLERK)
    assert (refused.status, refused.code) == (409, "nothing_to_replace")
    registry.post(f"/letters/{letter['id']}/voiding", {"reason": "有误"}, by=HEAD, version=1)
    replacing = drafted(registry, reissue_of=letter["id"])
    assert replacing["reissue_of"] == letter["id"]


def _replacing(registry: Registry, letter: str) -> dict[str, Any]:
    sent = {name: drafted(registry)[name] for name in ("title",)}
    return {
        **sent,
        "kind": "urging_letter",
        "addressee": {
            "organisation_id": registry.get(f"/letters/{letter}", by=HEAD).body["addressee"]["organisation"]["id"]
        },
        "paragraphs": [{"text": "请办理。"}],
        "reissue_of": letter,
    }


def test_an_enterprise_reads_no_series(registry: Registry) -> None:
    assert registry.get("/letter-series", by="chemical-safety-officer").status == 403
