"""A night killed at every one of its points, and run again: what stands is what an unbroken night would have left."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from app.escalation import drafting
from app.escalation import run as night_run
from app.escalation.night.batches import Night
from app.infrastructure.context import Context, Transactions
from tests.support.cluster import Cluster
from tests.support.ladder_nights import GO_LIVE, Nights, nights_in
from tests.support.night_deaths import Evening, Said, differing, evening_of

FIRST = date(2024, 12, 1)
AWAKE, DAYS, SEED = 18, 30, 8
SAMPLED, BESIDE = 8, 19
MUST_BE_THERE = {
    *(("hazard", "hazard:episode:ended"), ("hazard", "hazard:episode:opened"), ("hazard", "hazard:rung:raised")),
    *(("hazard", "hazard:episode:turned_overdue"), ("hazard", "hazard:reminder:raised")),
    *(("episode", "hazard:episode:opened"), ("episode", "hazard:episode:ended"), ("episode", "hazard:rung:raised")),
    *(("letter", "letter:draft:written"), ("letter", "letter:draft:dropped")),
}
"""What the night has to do: streams and events."""


@pytest.fixture
def evening(one_evening: Evening) -> Evening:
    """Nothing is known of another test's second runs: a fault may be planted in them."""
    return replace(one_evening, run_again={})


@pytest.fixture(scope="module")
def one_evening(cluster: Cluster) -> Iterator[Evening]:
    """After days without a night there is something of everything to do, and one record that nobody can treat."""
    with nights_in(cluster, seed=SEED) as nights:
        nights.town.settle(35, FIRST, GO_LIVE)
        for number in range(AWAKE):
            nights.live_a_day(FIRST + timedelta(days=number))
        nights.town.settle(25, FIRST + timedelta(days=AWAKE), GO_LIVE)
        for number in range(AWAKE, DAYS):
            nights.town.live(FIRST + timedelta(days=number))
        few_letters(nights)
        answered(nights)
        poison(nights)
        with evening_of(nights, cluster, FIRST + timedelta(days=DAYS)) as evening:
            yield evening


def answered(nights: Nights) -> None:
    """An answer comes before the letter that asks for it has been issued."""
    chased = """
        UPDATE letter SET answered_on = %s WHERE id = (
            SELECT min(e.letter_id) FROM episode e JOIN raised_rung r ON r.episode_id = e.id
              JOIN letter_item i ON i.raised_rung_id = r.id JOIN letter l ON l.id = i.letter_id
             WHERE e.kind = 'reply' AND e.ended_on IS NULL AND l.status = 'draft')
    """
    assert nights.town.connection.execute(chased, [FIRST + timedelta(days=DAYS - 1)]).rowcount == 1


def few_letters(nights: Nights) -> None:
    """One letter a night: more are held."""
    execute = nights.town.connection.execute
    execute("UPDATE edition SET content = replace(content, 'per_night = { value = 20', 'per_night = { value = 1')")
    execute("UPDATE edition SET content_sha256 = sha256(convert_to(content, 'UTF8'))")


def poison(nights: Nights) -> None:
    """The night would open an episode of that hazard, and cannot."""
    tonight = FIRST + timedelta(days=DAYS)
    opens = [
        life.hazard_id
        for life in nights.town.lives
        if len(nights.after(life, tonight).episodes) > len(life.history.episodes)
    ]
    nights.town.connection.execute(
        f"ALTER TABLE episode ADD CONSTRAINT ck_episode_poison CHECK (hazard_id <> {opens[0]}) NOT VALID".encode()
    )


def after_deaths(evening: Evening, points: Iterable[int], whole: Said) -> tuple[Counter[str], dict[str, object]]:
    """The labels it died at; and point → what was otherwise than without that death."""
    died: Counter[str] = Counter()
    wrong: dict[str, object] = {}
    for point in points:
        label, broken = evening.broken_at(point)
        died[label] += 1
        if broken != whole:
            wrong[f"{point} {label}"] = differing(broken, whole)
    return died, wrong


@pytest.mark.timeout(300)
def test_a_night_killed_at_some_of_its_points_and_run_again_is_whole(evening: Evening) -> None:
    before, whole, points = evening.before(), evening.unbroken(), evening.points()
    told = {(kind, event) for kind, _, event in map(json.loads, whole["trail"] - before["trail"])}
    assert MUST_BE_THERE - told == set()
    assert all((whole[name] - before[name]).total() == 1 for name in ("holds", "failures"))
    assert whole["services"] != before["services"]
    holding = next(place for place, label in enumerate(points, start=1) if "INTO dispatch_hold" in label)
    sampled = {*range(SAMPLED, len(points) + 1, len(points) // SAMPLED), holding, holding + 1, len(points)}
    died, wrong = after_deaths(evening, sorted(sampled), whole)
    assert wrong == {}
    assert "" not in died


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_a_night_killed_at_every_point_and_run_again_is_whole(evening: Evening) -> None:
    whole, points = evening.unbroken(), evening.points()
    died: Counter[str] = Counter()
    for first in range(1, len(points) + 1, 50):
        among, wrong = after_deaths(evening, range(first, min(first + 50, len(points) + 1)), whole)
        died += among
        sys.stdout.write(
            f"{died.total()} of {len(points)} points, {len(evening.run_again)} states, {len(wrong)} wrong\n"
        )
        assert wrong == {}
    assert died == Counter(points)
    assert died["before COMMIT"] == died["after COMMIT"] >= 15


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_run_that_dies_beside_another_takes_nothing_with_it(evening: Evening) -> None:
    whole, points = evening.unbroken(), evening.points()
    beside = {point: differing(evening.broken_beside(point), whole) for point in range(1, len(points) + 1, BESIDE)}
    assert {point: wrong for point, wrong in beside.items() if wrong} == {}


def only_for_its_own(patch: pytest.MonkeyPatch) -> None:
    """The fault: a run writes letters for what it has raised itself."""
    sound = drafting._UNDRAFTED.text  # noqa: SLF001 - the fault
    own = sound.replace("WHERE r.id", "WHERE r.run_id = (SELECT max(id) FROM escalation_run) AND r.id")
    assert own != sound
    patch.setattr(drafting, "_UNDRAFTED", text(own))


def held_afterwards(patch: pytest.MonkeyPatch) -> None:
    """The fault: whoever drafted too many letters holds them in the next transaction."""
    sound = drafting._hold_too_many  # noqa: SLF001 - the fault

    async def never(_context: Context, _night: Night) -> int:
        return 0

    async def afterwards(transactions: Transactions, night: Night) -> None:
        await drafting.draft_letters(transactions, night)
        if night.counts["letters_drafted"]:
            async with transactions() as context:
                await sound(context, night)

    patch.setattr(drafting, "_hold_too_many", never)
    patch.setattr(night_run, "STEPS", (*night_run.STEPS[:-1], afterwards))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("plant", "dies_before"),
    [(only_for_its_own, "SELECT r.id AS raised_rung_id"), (held_afterwards, "SELECT count(*) FROM letter")],
)
def test_a_planted_fault_is_found(
    evening: Evening, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None], dies_before: str
) -> None:
    plant(monkeypatch)
    whole, points = evening.unbroken(), evening.points()
    deadly = next(place for place, label in enumerate(points, start=1) if dies_before in label)
    _, wrong = after_deaths(evening, [deadly], whole)
    assert wrong
