"""The rule by which rates are printed, against published figures, and through the SQL where hazards are whole.

One decimal, half up; 100 only if equal; a dash for nothing found. Where a bulletin rounded otherwise, the note says so.
"""

import csv
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import app.sample
from app.regulation.deadlines import SHANGHAI
from app.regulation.indicators import TransitionFact, rate
from app.regulation.vocabulary import Act, Channel, HazardLevel, State
from tests.statistics.conftest import Ledger, with_townships
from tests.statistics.histories import enter
from tests.support.cluster import Cluster
from tests.support.registry import settled_database

_FILE = Path(app.sample.__file__).parent / "published_figures.csv"
PUBLISHED = list(csv.DictReader(_FILE.read_text("utf-8").splitlines()))
PRINTED = {
    "ordos-2024-major": "98.2",
    "ordos-2024-all": "94.2",
    "nmg-2025-major": "95.0",
    "bozhou-2023-major": "98.4",
    "guoyang-2023": "93.3",
    "lixin-2023": "96.6",
    "mengcheng-2023": "100",
    "national-2024q3-all": "93.6",
    "national-2024q3-major": "91.8",
    "hubei-2015-listed": "94.1",
    "edge-9996": "99.9",
    "edge-zero": None,
}
# Of whole hazards, and few enough to be entered one by one.
SMALL = [row for row in PUBLISHED if row["found"].isdigit() and int(row["found"]) <= 2500]
DAY = date(2024, 6, 30)


def at(hour: int, minute: int = 0, second: int = 0, micro: int = 0, *, on: date = DAY) -> datetime:
    return datetime(on.year, on.month, on.day, hour, minute, second, micro, SHANGHAI)


def listed(number: int, *, found_at: datetime) -> TransitionFact:
    return TransitionFact(
        id=number * 10,
        hazard_id=number,
        act=Act.LIST,
        order=number * 10,
        to_state=State.LISTED,
        cycle=1,
        occurred_at=found_at,
        recorded_at=found_at,
        unit_id=1,
        sector="fire",
        channel=Channel.INSPECTION,
        level=HazardLevel.MAJOR,
        found_on=found_at.date(),
        determined=True,
        current_deadline=DAY,
        original_deadline=DAY,
    )


def closing(of: TransitionFact, closed_at: datetime) -> TransitionFact:
    changes = {"act": Act.SIGN, "to_state": State.CLOSED, "occurred_at": closed_at, "recorded_at": closed_at}
    facts = {name: getattr(of, name) for name in TransitionFact.__dataclass_fields__}
    return TransitionFact(**{**facts, **changes, "id": of.id + 1, "order": of.order + 1, "verified": True})


def entered(cluster: Cluster, rows: Iterable[TransitionFact]) -> Iterable[Ledger]:
    with settled_database(cluster) as database:
        units, site = with_townships(database)
        facts = list(rows)
        enter(database, facts, site)
        yield Ledger(database, facts, units)


def test_every_published_figure_has_its_expected_print() -> None:
    assert {row["id"] for row in PUBLISHED} == PRINTED.keys()


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["id"])
def test_a_published_figure_prints_by_the_rule(row: dict[str, str]) -> None:
    assert rate(Decimal(row["cleared"]), Decimal(row["found"])) == PRINTED[row["id"]]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["id"])
def test_the_note_of_a_published_figure_says_the_same(row: dict[str, str]) -> None:
    expected = PRINTED[row["id"]]
    said = re.findall(r"\b(\d+(?:\.\d+)?)\b", f"{row['printed']} {row['note']}")
    if expected is not None and row["id"] not in {"nmg-2025-major", "national-2024q3-major"}:
        assert expected in said


@pytest.mark.parametrize("row", SMALL, ids=lambda row: row["id"])
def test_the_registry_prints_the_published_figure_of_so_many_hazards(cluster: Cluster, row: dict[str, str]) -> None:
    hazards = [listed(number, found_at=at(9) - timedelta(days=30)) for number in range(1, int(row["found"]) + 1)]
    closings = [closing(one, at(17)) for one in hazards[: int(row["cleared"])]]
    for ledger in entered(cluster, [*hazards, *closings]):
        figures = ledger.clearance(as_of=DAY)["figures"]
        assert figures["clearance_rate"]["value"] == PRINTED[row["id"]]
        assert figures["open"]["value"] == str(int(row["found"]) - int(row["cleared"]))


def test_the_last_second_of_a_day_in_shanghai_counts_and_midnight_is_the_next_day(cluster: Cluster) -> None:
    found_at = at(9) - timedelta(days=30)
    next_day = DAY + timedelta(days=1)
    hazards = [listed(number, found_at=found_at) for number in (1, 2, 3)]
    hazards.append(listed(4, found_at=at(0, on=next_day)))
    hazards.append(listed(5, found_at=at(23, 59, 59, 999_999)))
    instants = (at(23, 59, 59), at(23, 59, 59, 999_999), at(0, on=next_day))
    closings = [closing(one, when) for one, when in zip(hazards[:3], instants, strict=True)]
    for ledger in entered(cluster, [*hazards, *closings]):
        today = ledger.clearance(as_of=DAY)["figures"]
        tomorrow = ledger.clearance(as_of=next_day)["figures"]
        assert (today["found"]["value"], today["closed"]["value"]) == ("4", "2")
        assert (tomorrow["found"]["value"], tomorrow["closed"]["value"]) == ("5", "3")
        assert (today["on_time_closing_rate"]["value"], tomorrow["on_time_closing_rate"]["numerator"]) == ("50.0", 2)
        assert (today["overdue_open"]["value"], tomorrow["overdue_open"]["value"]) == ("0", "2")
