"""What the night records, against the pure function, day by day over hazards that live a life each."""

import sys
from datetime import date, timedelta

import pytest
from sqlalchemy import TextClause, text

from app.escalation.night import batches
from app.escalation.night.climb import TERM_RUNGS
from app.escalation.night.writing import DUE_HAZARDS
from tests.support.cluster import Cluster
from tests.support.ladder_nights import GO_LIVE, Nights, nights_in

FIRST = date(2024, 12, 1)

PLANTED = {
    "a wait is ignored": ("raising", ":night - before.served_on >= q.wait", "before.served_on IS NOT NULL"),
    "a threshold is one day late": ("raising", "c.days >= q.threshold OR", "c.days > q.threshold OR"),
    "a threshold is one day early": ("raising", "c.days >= q.threshold OR", "c.days + 1 >= q.threshold OR"),
    "a pause is counted": (
        "climber",
        "sum(greatest(0, least(s.until_on, :night + 1) - greatest(s.from_on, r.counts_from + 1)))",
        "max(:night - r.counts_from)",
    ),
    "a carried rung is lost": ("raising", "coalesce(own.rung_order, c.carried_rung)", "coalesce(own.rung_order, 0)"),
    "an unanswered letter hurries nothing": ("raising", "q.no_reply AND before", "false AND before"),
    "a night off is raised in": ("climber", "s.until_on > :night)", "s.until_on > :night - 30)"),
    "an extension ends nothing": ("running_at_dusk", "s.granted AND s.deadline > e.counts_from", "false"),
    "a request holds nothing": ("overdue", "hold.until_on) + 1", "NULL::date) + 1"),
}
OF_EACH_COMMIT = ("a wait is ignored", "a pause is counted", "an extension ends nothing")
"""One of the rungs, one of the days, one of the episodes; `make long` plants all."""


@pytest.mark.timeout(300)
def test_every_night_records_what_the_rules_say(nights: Nights) -> None:
    nights.live_through(FIRST, days=60, hazards=50)


@pytest.mark.timeout(300)
def test_after_a_week_without_nights_each_rung_comes_once_and_in_its_time(cluster: Cluster) -> None:
    with nights_in(cluster, seed=7) as nights:
        nights.live_through(FIRST, days=45, hazards=40, outage=range(14, 21))


@pytest.mark.timeout(300)
def test_five_nights_over_four_hundred_hazards_record_what_the_rules_say(cluster: Cluster) -> None:
    with nights_in(cluster, seed=11) as nights:
        nights.live_through(FIRST, days=35, hazards=400, outage=range(30))


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(20, 25))
def test_four_hundred_nights_of_five_towns_record_what_the_rules_say(cluster: Cluster, seed: int) -> None:
    with nights_in(cluster, seed) as nights:
        nights.town.settle(6, FIRST, GO_LIVE)
        for number in range(400):
            nights.live_a_day(FIRST + timedelta(days=number), awake=number not in range(100, 107))
            nights.stay_at(6, FIRST + timedelta(days=number))
        assert len(nights.recorded()["rungs"]) >= 20


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_hundred_nights_over_four_thousand_hazards_record_what_the_rules_say(cluster: Cluster) -> None:
    with nights_in(cluster, seed=12) as nights:
        nights.town.settle(4000, FIRST, GO_LIVE)
        for number in range(100):
            # As autovacuum does between nights: without it the planner takes thousands of rows for none.
            nights.town.connection.execute("ANALYZE")
            nights.live_a_day(FIRST + timedelta(days=number), awake=number not in range(60, 67))
            sys.stdout.write(f"{number + 1} days of 4,000 hazards\n")
        assert len(nights.recorded()["rungs"]) >= 4000


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "fault", [pytest.param(one, marks=() if one in OF_EACH_COMMIT else pytest.mark.long) for one in PLANTED]
)
def test_a_planted_fault_is_found(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    plant(monkeypatch, *PLANTED[fault])
    with nights_in(cluster, seed=3) as nights, pytest.raises(AssertionError):
        nights.live_through(FIRST, days=90, hazards=60)


def plant(monkeypatch: pytest.MonkeyPatch, fragment: str, right: str, wrong: str) -> None:
    """Every statement of the night with one fragment of its selection gone wrong."""
    sound = TERM_RUNGS[fragment]
    assert right in sound

    def broken(statement: TextClause) -> TextClause:
        return text(statement.text.replace(sound, sound.replace(right, wrong)))

    steps = {step: (name, broken(statement)) for step, (name, statement) in batches.TERM_STEPS.items()}
    monkeypatch.setattr(batches, "TERM_STEPS", steps)
    monkeypatch.setattr(batches, "DUE_HAZARDS", broken(DUE_HAZARDS))
