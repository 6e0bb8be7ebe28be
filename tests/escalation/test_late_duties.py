"""监管部门逾期: each duty left undone over the API, night by night, until it is done; who is told of it, and when."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.regulation.vocabulary import Act
from tests.api.test_lifecycle import SENT
from tests.support import walk
from tests.support.cluster import Cluster
from tests.support.ladder_desk import CLERK, HEAD, Desk
from tests.support.registry import Registry, open_registry, settled_database

OFFICER, RECEIVER = "chemical-safety-officer", "city-emergency-head"
DEPARTMENT, GOVERNMENT = "东胜区应急管理局", "东胜区人民政府"
OFFICE, CITY_OFFICE = "东胜区安委办", "鄂尔多斯市安委办"
CITY_DEPARTMENT, CITY_GOVERNMENT = "鄂尔多斯市应急管理局", "鄂尔多斯市人民政府"


def plan_sent(registry: Registry) -> str:
    hazard = walk.listed(registry)
    registry.post(f"/hazards/{hazard}/plans", walk.plan_document(), by=OFFICER)
    return hazard


def extension_asked(registry: Registry) -> str:
    hazard = walk.listed(registry)
    registry.post(f"/hazards/{hazard}/extensions", dict(SENT[Act.REQUEST_EXTENSION].body), by=OFFICER)
    return hazard


def handed_over(registry: Registry) -> str:
    hazard = walk.listed(registry)
    page = registry.get("/organisations?limit=200", by="city-clerk1").body
    receiver = next(one["id"] for one in page["items"] if one["name"] == CITY_DEPARTMENT)
    registry.act(hazard, "transfers", {"to_organisation_id": receiver, "note": "由市局直管"}, by="dongsheng-head")
    return hazard


def by_document(act: Act) -> Callable[[Registry, str], object]:
    """The act as the post that owes it sends it."""
    return lambda registry, hazard: registry.act(hazard, SENT[act].path, dict(SENT[act].body), by=SENT[act].by)


def refuse_transfer(registry: Registry, hazard: str) -> None:
    registry.act(hazard, "transfer-refusal", {"note": "不属本部门职责"}, by=RECEIVER)


@dataclass(frozen=True)
class Owed:
    """How a duty comes about, its last day (the 23rd of November is a Monday), and to whom its letters go."""

    walked: Callable[[Registry], str]
    last_day: str
    opens_on: str
    late: str
    issuer: str
    addressee: str
    copies: tuple[str, ...]
    done: Callable[[Registry, str], object]


OF_DEPARTMENT = (DEPARTMENT, OFFICE, GOVERNMENT, (DEPARTMENT,))
"""The department's head is late: the office writes to the government above, and a copy goes to the department."""
OF_POST = (DEPARTMENT, OFFICE, DEPARTMENT, ())
"""One of the department's posts is late: the office writes to the department's head."""
OF_OFFICE = (OFFICE, CITY_OFFICE, OFFICE, ())
"""The office is late: the office above, which is its superior, writes to it."""
OWED = {
    "determine": Owed(walk.reported, "2026-11-30", "2026-12-01", *OF_DEPARTMENT, by_document(Act.DETERMINE)),
    "list": Owed(walk.determined, "2026-11-26", "2026-11-27", *OF_OFFICE, by_document(Act.LIST)),
    "decide_plan": Owed(plan_sent, "2026-11-30", "2026-12-01", *OF_DEPARTMENT, by_document(Act.APPROVE_PLAN)),
    "decide_extension": Owed(
        extension_asked, "2026-12-07", "2026-12-08", *OF_OFFICE, by_document(Act.DECIDE_EXTENSION)
    ),
    "answer_transfer": Owed(
        handed_over,
        *("2026-11-26", "2026-11-27", CITY_DEPARTMENT, OFFICE, CITY_GOVERNMENT, (CITY_DEPARTMENT,)),
        refuse_transfer,
    ),
    "verify": Owed(walk.declared, "2026-12-03", "2026-12-04", *OF_POST, walk.verify),
    "sign": Owed(
        walk.verified, "2026-11-25", "2026-11-26", *OF_POST, lambda registry, hazard: walk.sign(registry, hazard, 1)
    ),
    "delist": Owed(walk.closed, "2026-11-30", "2026-12-01", *OF_OFFICE, by_document(Act.DELIST)),
}
EPISODES = """
    SELECT o.name, e.counts_from::text, e.opened_on::text, e.cause FROM episode e
      JOIN organisation o ON o.id = e.organisation_id
     WHERE e.kind = 'duty' AND e.duty = %s AND e.hazard_id = (SELECT id FROM hazard WHERE public_id = %s)
"""
ENDED = EPISODES.replace("o.name, e.counts_from::text, e.opened_on::text, e.cause", "e.ended_on::text, e.ended_as")
LETTERS = """
    SELECT r.rung, r.raised_on::text, l.kind, i.name, coalesce(a.name, p.name),
           array(SELECT c.name FROM letter_copy y JOIN organisation c ON c.id = y.organisation_id
                  WHERE y.letter_id = l.id AND t.id = ANY (y.item_ids)), l.id, t.dropped_at IS NOT NULL, l.status
      FROM raised_rung r JOIN episode e ON e.id = r.episode_id JOIN letter_item t ON t.raised_rung_id = r.id
      JOIN letter l ON l.id = t.letter_id JOIN organisation i ON i.id = l.issuer_organisation_id
      LEFT JOIN organisation a ON a.id = l.addressee_organisation_id
      LEFT JOIN enterprise p ON p.id = l.addressee_enterprise_id
     WHERE e.kind = 'duty' AND e.duty = %s AND e.hazard_id = (SELECT id FROM hazard WHERE public_id = %s) ORDER BY r.id
"""
SILENT = """
    SELECT late.name, e.counts_from - l.business_date, e.opened_on - e.counts_from, e.ended_as, n.business_date,
           i.name, a.name, array(SELECT c.name FROM letter_copy y JOIN organisation c ON c.id = y.organisation_id
                                  WHERE y.letter_id = n.id)
      FROM episode e JOIN letter l ON l.id = e.letter_id JOIN organisation late ON late.id = e.organisation_id
      JOIN raised_rung r ON r.episode_id = e.id AND r.rung = 'notice_letter'
      JOIN letter_item t ON t.raised_rung_id = r.id JOIN letter n ON n.id = t.letter_id
      JOIN organisation i ON i.id = n.issuer_organisation_id JOIN organisation a ON a.id = n.addressee_organisation_id
     WHERE e.duty = 'issue' AND l.business_date = %s ORDER BY e.id
"""


@dataclass(frozen=True)
class Months:
    """Three weeks of nights over everything that is owed, and the night after it was done."""

    desk: Desk
    hazards: dict[str, str]
    letters: dict[str, list[tuple[Any, ...]]]
    """Before anything was done."""


@pytest.fixture(scope="module")
def months(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Months]:
    folder = tmp_path_factory.mktemp("data")
    with settled_database(cluster) as database, open_registry(database, folder) as registry:
        desk = Desk(registry, folder)
        desk.release_all()
        hazards = {duty: owed.walked(registry) for duty, owed in OWED.items()}
        for number in range(1, 22):
            desk.wait(1)
            assert desk.night().outcome == "completed"
            if number == 11:
                serve(desk, desk.ask(LETTERS, "determine", hazards["determine"])[0][6])
        letters = {duty: desk.ask(LETTERS, duty, hazard) for duty, hazard in hazards.items()}
        for duty, owed in OWED.items():
            owed.done(registry, hazards[duty])
        for _ in range(2):
            desk.wait(1)
            desk.night()
        yield Months(desk, hazards, letters)


def serve(desk: Desk, letter: int) -> None:
    """The office's head issues it, and its clerk records the receipt."""
    ((public, version),) = desk.ask("SELECT public_id::text, version FROM letter WHERE id = %s", letter)
    desk.registry.post(f"/letters/{public}/issuing", None, by=HEAD, version=version)
    handed = {"manner": "in_person", "received_by": "收发室", "served_on": "2026-12-04"}
    desk.registry.post(f"/letters/{public}/service", handed, by=CLERK)


@pytest.mark.parametrize("duty", OWED)
def test_the_episode_opens_the_day_after_the_last_day_of_the_clock(months: Months, duty: str) -> None:
    owed = OWED[duty]
    found = months.desk.ask(EPISODES, duty, months.hazards[duty])
    assert found[0] == (owed.late, owed.last_day, owed.opens_on, "late_duty")


@pytest.mark.parametrize("duty", OWED)
def test_its_letter_goes_to_the_superior_of_the_late_post(months: Months, duty: str) -> None:
    owed = OWED[duty]
    first = months.letters[duty][0]
    assert first[:5] == ("notice_letter", owed.opens_on, "notice_letter", owed.issuer, owed.addressee)
    assert tuple(first[5]) == owed.copies


@pytest.mark.parametrize("duty", OWED)
def test_it_ends_as_done_on_the_day_it_was_done_and_leaves_the_drafts(months: Months, duty: str) -> None:
    assert months.desk.ask(ENDED, duty, months.hazards[duty])[0] == ("2026-12-14", "done")
    drafts = [row for row in months.desk.ask(LETTERS, duty, months.hazards[duty]) if row[8] != "issued"]
    assert drafts
    assert all(is_dropped for *_, is_dropped, _ in drafts)


def test_the_second_rung_comes_when_the_first_was_served_and_its_day_has_come(months: Months) -> None:
    _, second = months.letters["determine"]
    assert second[:5] == ("circular", "2026-12-10", "circular", OFFICE, GOVERNMENT)
    assert sorted(second[5]) == sorted((DEPARTMENT, CITY_OFFICE))
    unserved = (rows for rows in months.letters.values() if rows[0][6] != months.letters["determine"][0][6])
    assert all(len(rows) == 1 for rows in unserved)


def test_a_signatory_who_is_silent_three_working_days_is_told_of_to_the_office_above(months: Months) -> None:
    (silent,) = months.desk.ask(SILENT, "2026-11-26")
    # Drafted on a Thursday: three working days are five days. Done when the draft had nothing left to say.
    assert silent[:4] == (OFFICE, 5, 1, "done")
    assert silent[5:] == (CITY_OFFICE, OFFICE, [])


def test_the_city_offices_own_silence_is_told_to_the_director_of_the_committee(months: Months) -> None:
    found = [row for row in months.desk.ask(SILENT, "2026-11-27") if row[0] == CITY_OFFICE]
    assert [row[5:] for row in found] == [(CITY_OFFICE, CITY_GOVERNMENT, [])]


def test_a_letter_issued_is_no_longer_waited_for(months: Months) -> None:
    ends = (
        "SELECT e.ended_as FROM episode e JOIN letter l ON l.id = e.letter_id WHERE e.duty = 'issue' AND l.status = %s"
    )
    assert months.desk.ask(ends, "issued") == []
    assert {row[0] for row in months.desk.ask(ends, "dropped")} == {"done"}
