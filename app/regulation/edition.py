"""An edition: the numbers of the regulation (days, chains, ladder, targets) with the legal basis beside each.

Reads one TOML file into frozen values; `edition_check` judges the file first. Decides nothing about a hazard.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.regulation.deadlines import Term
from app.regulation.edition_check import check_edition
from app.regulation.edition_enforcement import Enforcement, read_enforcement
from app.regulation.edition_ladder import Ladder, read_ladder
from app.regulation.edition_shapes import Finding
from app.regulation.vocabulary import DayUnit, HazardLevel, Party, PostKind, Purpose

EDITIONS_FOLDER = Path(__file__).parent / "editions"
SHIPPED_EDITION = EDITIONS_FOLDER / "ordos-2024.toml"


class EditionInvalidError(ValueError):
    """An edition file that may not be loaded; `findings` holds every fault."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(f"{one.path}:{one.reason};{one.remedy}" for one in findings))
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class Sector:
    """One 行业领域 of the regulators, with the short forms clerks write."""

    code: str
    name: str
    aliases: tuple[str, ...]
    high_risk: bool


@dataclass(frozen=True, slots=True)
class Clock:
    """A regulator's own time limit; `days_for` gives it for a sector."""

    key: str
    days: int
    unit: DayUnit
    roll: bool
    """Whether a last day on a holiday moves to the next working day (民法典 art. 203)."""
    basis: str
    by_sector: Mapping[str, int]
    by_sector_basis: str

    def days_for(self, sector: str) -> int:
        """The limit in `unit` days for a hazard of that sector."""
        return self.by_sector.get(sector, self.days)

    def basis_for(self, sector: str) -> str:
        """The article behind `days_for`."""
        return self.by_sector_basis if sector in self.by_sector else self.basis

    def term(self, start_on: date, sector: str) -> Term:
        """The term that starts on that day for a hazard of that sector; `deadlines.count` gives its last day."""
        rule = f"clocks.{self.key}"
        return Term(start_on, self.days_for(sector), self.unit, rule, self.basis_for(sector), roll=self.roll)


@dataclass(frozen=True, slots=True)
class ChainLevel:
    """One level of a sign-off chain: whose post signs, within how long, and where a refusal returns to."""

    level: int
    party: Party
    post: PostKind
    limit_days: int
    limit_unit: DayUnit
    in_person: bool
    refusal_returns_to: str
    """`listed` or `verification`."""
    paper_allowed: bool
    agency: str | None
    """Key of `agencies` when the party is the named agency."""

    def term(self, start_on: date, chain: "Chain") -> Term:
        """The level's own time limit from the day the level before it signed, or the round opened."""
        rule = f"chains.{chain.key}.levels[{self.level - 1}]"
        return Term(start_on, self.limit_days, self.limit_unit, rule, chain.basis, roll=True)


@dataclass(frozen=True, slots=True)
class Chain:
    """A sign-off chain and what it serves; empty sectors or tiers mean every one, empty purposes mean none."""

    key: str
    name: str
    hazard_level: HazardLevel
    sectors: tuple[str, ...]
    full_stop: bool | None
    supervision_tiers: tuple[int, ...]
    purposes: tuple[Purpose, ...]
    precedence: int
    basis: str
    levels: tuple[ChainLevel, ...]


@dataclass(frozen=True, slots=True)
class ExtensionLimits:
    """How often and how far a deadline may be put off (calendar days)."""

    max_times: int
    max_percent_of_original: int
    max_total_days: int
    """From listing to the new deadline."""
    request_days_before: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The remaining numbers, in calendar days unless the name says otherwise."""

    back_entry_days: int
    verification_confirmation_days: int
    verification_inspectors: int
    revisit_days: int
    recurrence_days: int
    legacy_import_days: int
    listing_max_days: int
    slow_progress_days: int
    slow_milestone_days: int
    step_up_minutes: int
    """Minutes for which a renewed proof of identity stays good for a signature."""


@dataclass(frozen=True, slots=True)
class KeyProfile:
    """In what the 挂账 regime of key hazards is lighter than the listing of majors."""

    notice_required: bool
    plan_approval_required: bool
    controller_signature_required: bool


@dataclass(frozen=True, slots=True)
class Agency:
    """A named agency of a statutory chain → its organisation's key in the area file."""

    key: str
    organisation: str
    basis: str


@dataclass(frozen=True, slots=True)
class Substitute:
    """Whose post may fill a vacant one; still by a confirmed appointment."""

    party: Party
    post: PostKind
    by_party: Party
    by_post: PostKind
    basis: str


@dataclass(frozen=True, slots=True)
class Target:
    """A goal some document sets, for one jurisdiction and date."""

    id: str
    jurisdiction: str
    due_on: date
    population: str
    """`all`, `stock` or `increment`."""
    metric: str
    goal: str
    basis: str


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of the rules, immutable, known by the SHA-256 of its file."""

    id: str
    name: str
    area: str
    in_force_from: date
    stock_found_by: date
    sha256: str
    sectors: tuple[Sector, ...]
    clocks: Mapping[str, Clock]
    chains: tuple[Chain, ...]
    agencies: tuple[Agency, ...]
    substitutes: tuple[Substitute, ...]
    extension: ExtensionLimits
    limits: Limits
    key_profile: KeyProfile
    ladder: Ladder
    enforcement: Enforcement
    targets: tuple[Target, ...]
    basis: Mapping[str, str]
    """Path of a number (`limits.back_entry_days`) → its legal basis."""

    def sector_named(self, text: str) -> Sector | None:
        """The sector whose code, name or alias the text is, blanks ignored."""
        wanted = "".join(text.split())
        return next((s for s in self.sectors if wanted in (s.code, s.name, *s.aliases)), None)


def load_edition(text: str) -> Edition:
    """The edition a TOML text describes; `EditionInvalidError` names every fault at once."""
    findings = check_edition(text)
    if findings:
        raise EditionInvalidError(findings)
    raw = tomllib.loads(text)
    head = raw["edition"]
    return Edition(
        id=head["id"],
        name=head["name"],
        area=head["area"],
        in_force_from=head["in_force_from"],
        stock_found_by=head["stock_found_by"],
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        sectors=tuple(Sector(**{**row, "aliases": tuple(row["aliases"])}) for row in raw["sectors"]),
        clocks={key: _clock(key, row) for key, row in raw["clocks"].items()},
        chains=tuple(_chain(key, row) for key, row in raw["chains"].items()),
        agencies=tuple(Agency(**row) for row in raw["agencies"]),
        substitutes=tuple(_substitute(row) for row in raw["substitutes"]),
        extension=ExtensionLimits(**_values(raw["extension"])),
        limits=Limits(**_values(raw["limits"])),
        key_profile=KeyProfile(**{key: value for key, value in raw["key_profile"].items() if key != "basis"}),
        ladder=read_ladder(raw["ladder"]),
        enforcement=read_enforcement(raw["enforcement"]),
        targets=tuple(Target(**row) for row in raw["targets"]),
        basis=dict(_bases(raw, "")),
    )


def _clock(key: str, row: Mapping[str, Any]) -> Clock:
    return Clock(
        key=key,
        days=row["days"],
        unit=DayUnit(row["unit"]),
        roll=row["roll"],
        basis=row["basis"],
        by_sector=dict(row.get("by_sector", {})),
        by_sector_basis=row.get("by_sector_basis", ""),
    )


def _chain(key: str, row: Mapping[str, Any]) -> Chain:
    return Chain(
        key=key,
        name=row["name"],
        hazard_level=HazardLevel(row["hazard_level"]),
        sectors=tuple(row["sectors"]),
        full_stop=row.get("full_stop"),
        supervision_tiers=tuple(row["supervision_tiers"]),
        purposes=tuple(Purpose(word) for word in row["purposes"]),
        precedence=row["precedence"],
        basis=row["basis"],
        levels=tuple(_level(number, level) for number, level in enumerate(row["levels"], start=1)),
    )


def _level(number: int, row: Mapping[str, Any]) -> ChainLevel:
    return ChainLevel(
        level=number,
        party=Party(row["party"]),
        post=PostKind(row["post"]),
        limit_days=row["limit_days"],
        limit_unit=DayUnit(row["limit_unit"]),
        in_person=row["in_person"],
        refusal_returns_to=row["refusal_returns_to"],
        paper_allowed=row["paper_allowed"],
        agency=row.get("agency"),
    )


def _substitute(row: Mapping[str, str]) -> Substitute:
    return Substitute(
        party=Party(row["party"]),
        post=PostKind(row["post"]),
        by_party=Party(row["by_party"]),
        by_post=PostKind(row["by_post"]),
        basis=row["basis"],
    )


def _values(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {key: row["value"] for key, row in rows.items()}


def _bases(node: object, path: str) -> Iterable[tuple[str, str]]:
    if isinstance(node, Mapping):
        if "basis" in node:
            yield path, node["basis"]
        for key, child in node.items():
            yield from _bases(child, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _bases(child, f"{path}[{index}]")
