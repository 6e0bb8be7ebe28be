"""The shipped edition: its numbers, each with its basis, and what an author is told about a broken one."""

from datetime import date

import pytest

from app.regulation.deadlines import CLOCKS, Calendar, count
from app.regulation.edition import SHIPPED_EDITION, EditionInvalidError, load_edition
from app.regulation.vocabulary import DayUnit, Rung
from tests.regulation.builders import EDITION

TEXT = SHIPPED_EDITION.read_text(encoding="utf-8")


def test_the_shipped_edition_is_known_by_the_hash_of_its_text() -> None:
    assert EDITION.sha256 == load_edition(TEXT).sha256
    assert EDITION.sha256 != load_edition(TEXT + "\n# 备注\n").sha256
    assert len(EDITION.sha256) == 64


def test_the_shipped_edition_is_in_force_since_2024_and_cuts_the_stock_at_the_end_of_2023() -> None:
    assert (EDITION.in_force_from, EDITION.stock_found_by) == (date(2024, 1, 1), date(2023, 12, 31))


def test_every_number_has_its_basis() -> None:
    for path in ("limits.back_entry_days", "extension.max_times", "ladder.deemed_service_days", "clocks.verify"):
        assert EDITION.basis[path]
    assert all(basis.strip() for basis in EDITION.basis.values())


def test_the_regulators_clocks_are_as_designed() -> None:
    assert set(EDITION.clocks) == CLOCKS
    days = {key: (clock.days, clock.unit) for key, clock in EDITION.clocks.items()}
    assert days["determine"] == (5, DayUnit.WORKING)
    assert days["list"] == (3, DayUnit.WORKING)
    assert days["decide_extension"] == (10, DayUnit.WORKING)
    assert days["verify"] == (10, DayUnit.CALENDAR)


def test_coal_is_verified_within_twenty_days_by_its_own_statute() -> None:
    verify = EDITION.clocks["verify"]
    assert (verify.days_for("coal_mine"), verify.days_for("fire")) == (20, 10)
    assert "煤矿安全生产条例" in verify.basis_for("coal_mine")
    assert "16号令" in verify.basis_for("fire")


def test_a_clock_and_a_level_say_what_their_deadline_is_counted_from() -> None:
    calendar = Calendar({}, date(2026, 12, 31))
    verify = EDITION.clocks["verify"]
    coal, other = (count(verify.term(date(2026, 6, 10), sector), calendar) for sector in ("coal_mine", "fire"))
    assert (coal.due_on, other.due_on) == (date(2026, 6, 30), date(2026, 6, 22))
    assert other.rolled_from == date(2026, 6, 20)
    assert coal.term.rule == "clocks.verify"
    chain = EDITION.chains[0]
    level = count(chain.levels[1].term(date(2026, 6, 12), chain), calendar)
    assert (level.due_on, level.term.rule) == (date(2026, 6, 16), "chains.default.levels[1]")


def test_the_ladder_climbs_at_1_15_30_and_60_days_with_exposure_off() -> None:
    rungs = {rung.rung: rung for rung in EDITION.ladder.rungs}
    assert [rungs[one].threshold_days for one in list(Rung)[:4]] == [1, 15, 30, 60]
    assert not rungs[Rung.EXPOSURE].enabled
    assert EDITION.ladder.reminder_days_before == (15, 7, 3)
    assert EDITION.ladder.max_letters_per_night == 20


@pytest.mark.parametrize(
    ("written", "code"),
    [("煤矿", "coal_mine"), (" 煤矿 ", "coal_mine"), ("危化", "hazardous_chemicals"), ("fire", "fire"), ("航天", None)],
)
def test_a_sector_is_known_by_code_name_or_short_form(written: str, code: str | None) -> None:
    sector = EDITION.sector_named(written)
    assert (sector.code if sector else None) == code


def test_an_invalid_edition_is_refused_with_every_fault() -> None:
    broken = TEXT.replace("days = 5\n", "days = 0\n").replace('id = "ordos-2024"', 'id = "鄂尔多斯"')
    with pytest.raises(EditionInvalidError) as told:
        load_edition(broken)
    paths = {one.path for one in told.value.findings}
    assert {"edition.id", "clocks.determine.days", "clocks.decide_plan.days", "clocks.delist.days"} <= paths
    assert "clocks.determine.days" in str(told.value)
