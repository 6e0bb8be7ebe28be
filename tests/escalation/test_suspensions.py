"""暂缓升档: proposed by whoever would issue the rung's letter, approved one tier higher, and obeyed by the nights."""

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from tests.personnel import staff
from tests.support import walk
from tests.support.ladder_desk import CITY_CLERK, CITY_HEAD, CLERK, HEAD, Desk
from tests.support.registry import Answered
from tests.support.walk import TODAY

DEADLINE = date(2026, 11, 23)
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def raised(desk: Desk) -> str:
    """An episode whose 函告 was raised, issued, served and answered; 通报 is next, on its fifteenth day."""
    registry = desk.registry
    hazard = walk.listed(registry, deadline=DEADLINE.isoformat())
    desk.wait(2)
    desk.night()
    (draft,) = registry.get("/letters?kind=notice_letter&status=draft", by=HEAD).body["items"]
    registry.post(f"/letters/{draft['id']}/issuing", None, by=HEAD, version=draft["version"])
    registry.post(f"/letters/{draft['id']}/acknowledgement", None, by="dongsheng-head")
    registry.post(f"/letters/{draft['id']}/replies", {"text": "已督促"}, by="dongsheng-head")
    (found,) = registry.get(f"/escalations?hazard={hazard}", by=HEAD).body["items"]
    return str(found["id"])


def attempted(desk: Desk, episode: str, *, by: str = HEAD, **changed: Any) -> Answered:
    until = (TODAY + timedelta(days=20)).isoformat()
    sent = {"rung": "circular", "until_on": until, "reason": "企业正在停产大修", **changed}
    return desk.registry.attempt(f"/escalations/{episode}/suspensions", sent, by=by)


def proposed(desk: Desk, episode: str, **changed: Any) -> str:
    answer = attempted(desk, episode, **changed)
    assert answer.status == 201, answer.body
    return str(answer.body["suspensions"][-1]["id"])


def approved(desk: Desk, episode: str, suspension: str, *, by: str = CITY_HEAD) -> Answered:
    return desk.registry.attempt(f"/escalations/{episode}/suspensions/{suspension}/approval", None, by=by)


def rungs(desk: Desk, episode: str) -> list[str]:
    return [one["rung"] for one in desk.registry.get(f"/escalations/{episode}", by=HEAD).body["rungs"]]


def test_while_it_covers_no_night_raises_the_rung_and_the_night_after_does(desk: Desk, raised: str) -> None:
    until = TODAY + timedelta(days=20)
    suspension = proposed(desk, raised)
    told = approved(desk, raised, suspension)
    assert (told.status, told.body["next"]["first_on"]) == (201, (until + timedelta(days=1)).isoformat())
    (kept,) = told.body["suspensions"]
    assert (kept["proposed_by"], kept["proposed_at_office"]) == ("安委办负责人", "东胜区安委办")
    assert (kept["approved_by"], kept["reason"], kept["until_on"]) == (
        "安委办主任",
        "企业正在停产大修",
        until.isoformat(),
    )
    desk.wait((until - TODAY).days - 2)
    assert desk.night().business_date == until
    assert rungs(desk, raised) == ["notice_letter"]
    desk.wait(1)
    desk.night()
    assert rungs(desk, raised) == ["notice_letter", "circular"]


def test_a_proposal_nobody_approved_holds_back_nothing(desk: Desk, raised: str) -> None:
    proposed(desk, raised)
    desk.wait(13)
    desk.night()
    assert rungs(desk, raised) == ["notice_letter", "circular"]


def test_a_suspension_of_every_rung_keeps_the_next_one_back(desk: Desk, raised: str) -> None:
    suspension = proposed(desk, raised, rung=None)
    assert approved(desk, raised, suspension).status == 201
    desk.wait(13)
    desk.night()
    assert rungs(desk, raised) == ["notice_letter"]


@pytest.mark.parametrize("by", [CITY_HEAD, "jungar-office-head"])
def test_nobody_proposes_but_the_signatory_of_the_rungs_letter(desk: Desk, raised: str, by: str) -> None:
    refused = attempted(desk, raised, by=by)
    assert (refused.status, refused.code) in {(403, "not_the_signatory"), (404, "not_found")}
    assert attempted(desk, raised, by=CLERK).status == 403


def test_who_proposed_does_not_approve_nor_does_an_office_of_the_same_tier(desk: Desk, raised: str) -> None:
    suspension = proposed(desk, raised)
    own = approved(desk, raised, suspension, by=HEAD)
    assert (own.status, own.code) == (403, "not_one_tier_higher")
    assert approved(desk, raised, suspension, by="jungar-office-head").status == 404
    assert approved(desk, raised, suspension, by=CITY_CLERK).status == 403


def test_one_person_is_never_both_though_moved_to_the_higher_post(desk: Desk, raised: str) -> None:
    registry = desk.registry
    suspension = proposed(desk, raised)
    ((person,),) = desk.ask("SELECT person_id FROM account WHERE login_name = %s", HEAD)
    for login in (HEAD, CITY_HEAD):
        ((held,),) = desk.ask(
            "SELECT a.id FROM appointment a JOIN account c ON c.person_id = a.person_id WHERE c.login_name = %s", login
        )
        registry.post(f"/appointments/{held}/ending", {"reason": "调动"}, by="security-admin")
    ((post,),) = desk.ask(
        "SELECT p.id FROM post p JOIN organisation o ON o.id = p.organisation_id"
        " WHERE o.code = 'safety_office@ordos' AND p.kind = 'office_head'"
    )
    staff.appoint(registry, person, post)
    registry.tokens.clear()
    refused = approved(desk, raised, suspension, by=HEAD)
    assert (refused.status, refused.code) == (409, "suspension_by_two_persons")


def test_the_database_takes_no_approval_by_the_proposer_either(desk: Desk, raised: str) -> None:
    proposed(desk, raised)
    by_themselves = "approved_at = registry_now(), approved_by_account_id = proposed_by_account_id"
    with pytest.raises(psycopg.Error) as refusal:
        desk.ask(f"UPDATE rung_suspension SET {by_themselves}")
    assert refusal.value.diag.message_hint == "suspension_by_two_persons"


def test_the_citys_own_is_approved_by_the_head_of_its_government(desk: Desk) -> None:
    registry = desk.registry
    hazard = walk.determined(registry)
    document = walk.listing_document(supervision_tier=1, deadline=DEADLINE.isoformat())
    registry.act(hazard, "listing", document, by=CITY_CLERK)
    ((government,),) = desk.ask("SELECT id FROM organisation WHERE code = 'government@ordos'")
    director = staff.register(registry, "city-government-head")
    staff.appoint(registry, director.person, staff.post(registry, government, "市长", "government_head"))
    staff.sign_in(registry, director)
    desk.wait(2)
    desk.night()
    (found,) = registry.get(f"/escalations?hazard={hazard}", by=CITY_HEAD).body["items"]
    suspension = proposed(desk, found["id"], by=CITY_HEAD, rung="circular")
    assert approved(desk, found["id"], suspension, by=CITY_HEAD).code == "not_one_tier_higher"
    token = registry.client.post(
        "/api/v1/session", json={"login_name": director.login, "password": staff.PASSWORD}
    ).json()["token"]
    registry.tokens[director.login] = token
    assert approved(desk, found["id"], suspension, by=director.login).status == 201


def test_what_was_approved_is_not_approved_again(desk: Desk, raised: str) -> None:
    suspension = proposed(desk, raised)
    approved(desk, raised, suspension)
    again = approved(desk, raised, suspension)
    assert (again.status, again.code) == (409, "suspension_is_approved")


def test_a_suspension_ends_no_earlier_than_today_and_is_not_approved_afterwards(desk: Desk, raised: str) -> None:
    past = attempted(desk, raised, until_on="2026-11-24")
    assert (past.status, past.code) == (422, "date_past")
    suspension = proposed(desk, raised, until_on="2026-11-26")
    desk.wait(2)
    over = approved(desk, raised, suspension)
    assert (over.status, over.code) == (409, "suspension_is_over")


def test_only_a_rung_that_is_still_ahead_is_suspended(desk: Desk, raised: str) -> None:
    for rung in ("notice_letter", "exposure"):
        refused = attempted(desk, raised, rung=rung)
        assert (refused.status, refused.code) == (422, "rung_not_ahead")


def test_an_episode_that_has_ended_has_nothing_to_suspend(desk: Desk, raised: str) -> None:
    suspension = proposed(desk, raised)
    desk.ask("UPDATE episode SET ended_on = opened_on, ended_as = 'closed'")
    for refused in (attempted(desk, raised), approved(desk, raised, suspension)):
        assert (refused.status, refused.code) == (409, "episode_has_ended")


def test_what_never_was_is_not_found(desk: Desk, raised: str) -> None:
    assert attempted(desk, NOWHERE).status == 404
    assert approved(desk, raised, NOWHERE).status == 404
    assert approved(desk, NOWHERE, NOWHERE).status == 404


def test_both_acts_are_in_the_hazards_trail(desk: Desk, raised: str) -> None:
    approved(desk, raised, proposed(desk, raised))
    events = desk.ask("SELECT event FROM audit_event WHERE event LIKE %s ORDER BY id", "hazard:suspension:%")
    assert [event for (event,) in events] == ["hazard:suspension:proposed", "hazard:suspension:approved"]
