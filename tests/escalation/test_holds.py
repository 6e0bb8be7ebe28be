"""Dispatch held and released: by the office at the head of the tree alone, after a rehearsal of its own."""

import json
from typing import Any

from tests.support import walk
from tests.support.ladder_desk import AUDITOR, CITY_CLERK, CITY_HEAD, CLERK, HEAD, SHIPPED, Desk, load_edition
from tests.support.registry import Answered

NOTE = {"note": "核对上一夜的公文"}
LIMIT = "max_letters_per_night = { value = 20"


def ordered(desk: Desk) -> dict[str, Any]:
    held: dict[str, Any] = desk.registry.post("/dispatch-holds", NOTE, by=CITY_HEAD)
    return held


def released(desk: Desk, hold: str, rehearsal: str, *, by: str = CITY_HEAD, **said: Any) -> Answered:
    return desk.registry.attempt(f"/dispatch-holds/{hold}/release", {"rehearsal_id": rehearsal, **said}, by=by)


def events(desk: Desk, kind: str) -> list[tuple[str, dict[str, Any]]]:
    found = desk.ask(
        "SELECT e.event, e.payload FROM audit_event e JOIN audit_stream s ON s.id = e.stream_id"
        " WHERE s.kind = %s ORDER BY e.id",
        kind,
    )
    return [(event, json.loads(payload)["particulars"]) for event, payload in found]


def test_a_night_of_too_many_letters_holds_them_and_the_office_releases_them_after_a_rehearsal(desk: Desk) -> None:
    registry = desk.registry
    walk.listed(registry, deadline="2026-11-23")
    walk.reported(registry)
    load_edition(desk.database, SHIPPED.replace(LIMIT, "max_letters_per_night = { value = 1"))
    desk.wait(14)
    desk.release_all()
    ran = desk.night()
    assert ran.counts["letters_drafted"] > 1
    (hold,) = desk.holds()
    assert (hold["reason"], hold["label"], hold["is_open"]) == ("too_many_letters", "一夜起草过多", True)
    assert hold["run_id"]
    (letter,) = registry.get("/letters?kind=notice_letter&status=draft&limit=1", by=HEAD).body["items"][:1]
    registry.get(f"/letters/{letter['id']}", by=HEAD)
    refused = registry.attempt(f"/letters/{letter['id']}/issuing", None, by=HEAD, version=letter["version"])
    assert (refused.status, refused.code) == (409, "dispatch_is_held")
    rehearsal = desk.rehearsed()
    answer = released(desk, hold["id"], rehearsal["id"], note="已逐件核对")
    assert (answer.status, answer.body["is_open"], answer.body["release_note"]) == (201, False, "已逐件核对")
    assert answer.body["rehearsal_id"] == rehearsal["id"]
    registry.post(f"/letters/{letter['id']}/issuing", None, by=HEAD, version=letter["version"])


def test_the_office_stops_all_issuing_itself_and_who_did_is_on_record(desk: Desk) -> None:
    hold = ordered(desk)
    assert (hold["reason"], hold["note"], hold["is_open"]) == ("ordered", NOTE["note"], True)
    rehearsal = desk.rehearsed()
    assert released(desk, hold["id"], rehearsal["id"]).status == 201
    told = [one for one in events(desk, "dispatch_hold") if one[1]["reason"] == "ordered"]
    assert [event for event, _ in told] == ["dispatch:hold:ordered", "dispatch:hold:released"]
    assert told[1][1]["rehearsal"] == desk.ask("SELECT max(id) FROM escalation_rehearsal")[0][0]
    ((by, again),) = desk.ask(
        "SELECT ordered_by_account_id, released_by_account_id FROM dispatch_hold WHERE reason = 'ordered'"
    )
    assert by == again == desk.ask("SELECT id FROM account WHERE login_name = %s", CITY_HEAD)[0][0]


def test_a_second_order_finds_dispatch_held_already(desk: Desk) -> None:
    ordered(desk)
    again = desk.registry.attempt("/dispatch-holds", NOTE, by=CITY_HEAD)
    assert (again.status, again.code) == (409, "dispatch_already_held")


def test_what_was_released_is_not_released_again(desk: Desk) -> None:
    hold, rehearsal = ordered(desk), desk.rehearsed()
    released(desk, hold["id"], rehearsal["id"])
    again = released(desk, hold["id"], rehearsal["id"])
    assert (again.status, again.code) == (409, "hold_has_ended")


def test_a_rehearsal_made_before_the_hold_does_not_release_it(desk: Desk) -> None:
    before = desk.rehearsed()
    hold = ordered(desk)
    refused = released(desk, hold["id"], before["id"])
    assert (refused.status, refused.unmet()) == (409, {"rehearsal_before_hold"})


def test_a_rehearsal_of_the_day_before_releases_and_an_older_one_does_not(desk: Desk) -> None:
    hold, rehearsal = ordered(desk), desk.rehearsed()
    desk.wait(2)
    refused = released(desk, hold["id"], rehearsal["id"])
    assert (refused.status, refused.unmet()) == (409, {"rehearsal_too_old"})
    fresh = desk.rehearsed()
    desk.wait(1)
    assert released(desk, hold["id"], fresh["id"]).status == 201


def test_somebody_elses_rehearsal_does_not_release(desk: Desk) -> None:
    hold, of_clerk = ordered(desk), desk.rehearsed(by=CITY_CLERK)
    refused = released(desk, hold["id"], of_clerk["id"])
    assert (refused.status, refused.code) == (422, "rehearsal_unknown")
    unknown = released(desk, hold["id"], "00000000-0000-4000-8000-000000000000")
    assert (unknown.status, unknown.code) == (422, "rehearsal_unknown")


def test_a_rehearsal_under_an_edition_that_is_not_in_force_does_not_release(desk: Desk) -> None:
    hold, of_file = ordered(desk), desk.rehearsed(edition_toml=SHIPPED)
    refused = released(desk, hold["id"], of_file["id"])
    assert (refused.status, refused.unmet()) == (409, {"rehearsal_of_another_edition"})
    of_former = desk.rehearsed()
    load_edition(desk.database, SHIPPED.replace(LIMIT, "max_letters_per_night = { value = 19"))
    refused = released(desk, hold["id"], of_former["id"])
    assert (refused.status, refused.unmet()) == (409, {"rehearsal_of_another_edition"})


def test_a_district_office_neither_holds_nor_releases(desk: Desk) -> None:
    hold, rehearsal = ordered(desk), desk.rehearsed(by=HEAD)
    refused = released(desk, hold["id"], rehearsal["id"], by=HEAD)
    assert (refused.status, refused.code) == (403, "not_the_head_office")
    assert desk.registry.attempt("/dispatch-holds", NOTE, by=HEAD).code == "not_the_head_office"


def test_a_clerk_reads_and_does_neither(desk: Desk) -> None:
    hold, rehearsal = ordered(desk), desk.rehearsed(by=CITY_CLERK)
    assert released(desk, hold["id"], rehearsal["id"], by=CITY_CLERK).status == 403
    assert desk.registry.attempt("/dispatch-holds", NOTE, by=CITY_CLERK).status == 403
    for reader in (CITY_CLERK, CLERK, AUDITOR):
        assert desk.registry.get(f"/dispatch-holds/{hold['id']}", by=reader).body["is_open"]
    for outsider in ("dongsheng-head", "chemical-principal", "system-admin"):
        assert desk.registry.get("/dispatch-holds", by=outsider).status == 403


def test_open_holds_come_first_page_by_page(desk: Desk) -> None:
    for _ in range(2):
        released(desk, ordered(desk)["id"], desk.rehearsed()["id"])
    still = ordered(desk)["id"]
    desk.ask("INSERT INTO dispatch_hold (reason, note) VALUES ('restore', '恢复数据')")
    released(desk, still, desk.rehearsed()["id"])
    shown, query = [], "?limit=1"
    while query:
        page = desk.registry.get(f"/dispatch-holds{query}", by=CITY_CLERK).body
        shown += page["items"]
        query = f"?limit=1&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert [one["is_open"] for one in shown[:2]] == [True, False]
    assert shown[0]["reason"] == "restore"
    assert len({one["id"] for one in shown}) == len(shown) == desk.ask("SELECT count(*) FROM dispatch_hold")[0][0]
    assert {one["is_open"] for one in desk.holds("?is_open=false")} == {False}


def test_a_hold_that_never_was_is_not_found(desk: Desk) -> None:
    nowhere = "00000000-0000-4000-8000-000000000000"
    assert released(desk, nowhere, desk.rehearsed()["id"]).status == 404
    assert desk.registry.get(f"/dispatch-holds/{nowhere}", by=CITY_CLERK).status == 404
