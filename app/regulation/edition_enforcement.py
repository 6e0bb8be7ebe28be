"""The rolling counters of enforcement in an edition: how often within how long leads to a proposal to close."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

_MONTHS_OF_A_YEAR = 12


class Counted(StrEnum):
    """What a counter counts."""

    PENALTY = "penalty"
    """行政处罚 under 安全生产法 while a major hazard existed (art. 113)."""
    PRODUCING = "producing_with_major_hazard"
    """发现有重大事故隐患仍然进行生产 (煤矿安全生产条例 art. 70)."""


class WindowUnit(StrEnum):
    """How a counter's window is measured, by the calendar."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class EnforcementCounter:
    """So many times within a rolling window: warned at `warn_at`, reached at `count`."""

    name: str
    label: str
    """What the office reads."""
    counts: Counted
    sectors: tuple[str, ...]
    """Sectors it applies to; empty means every one."""
    window: int
    window_unit: WindowUnit
    count: int
    warn_at: int
    basis: str

    def applies_to(self, sector: str) -> bool:
        """Whether a hazard or enterprise of that sector is counted."""
        return not self.sectors or sector in self.sectors

    def first_day(self, on: date) -> date:
        """The earliest day that counts together with `on`; the day of start does not (民法典 art. 201, 202)."""
        if self.window_unit is WindowUnit.DAY:
            return on - timedelta(days=self.window)
        return _months_before(on, self.window)


@dataclass(frozen=True, slots=True)
class Enforcement:
    """The enforcement part of an edition."""

    counters: tuple[EnforcementCounter, ...]


def _months_before(on: date, months: int) -> date:
    year, month = divmod(on.year * _MONTHS_OF_A_YEAR + on.month - 1 - months, _MONTHS_OF_A_YEAR)
    last = calendar.monthrange(year, month + 1)[1]
    if on.day <= last:
        return date(year, month + 1, on.day)
    # The window of each earlier day of that month ends before `on`.
    return date(year, month + 1, last) + timedelta(days=1)


def read_enforcement(raw: Mapping[str, Any]) -> Enforcement:
    """The enforcement part of a checked edition file."""
    return Enforcement(tuple(_counter(row) for row in raw["counters"]))


def _counter(row: Mapping[str, Any]) -> EnforcementCounter:
    return EnforcementCounter(
        **{
            **row,
            "counts": Counted(row["counts"]),
            "sectors": tuple(row["sectors"]),
            "window_unit": WindowUnit(row["window_unit"]),
        }
    )
