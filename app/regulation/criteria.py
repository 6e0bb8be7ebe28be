"""判定标准条款: the first list that ships, a `[[criteria]]` table each in `criteria.toml`, labels in our own words."""

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

SHIPPED_CRITERIA = Path(__file__).parent / "criteria.toml"


@dataclass(frozen=True, slots=True)
class CriterionEntry:
    """One clause: whose sector, which document, since when, and when it was last held against the official text."""

    sector: str
    document: str
    number: str | None
    clause: str
    label: str
    effective_from: date
    effective_to: date | None
    checked_on: date | None


def load_criteria(text: str) -> tuple[CriterionEntry, ...]:
    """The clauses of a TOML text; KeyError names what an entry lacks."""
    return tuple(
        CriterionEntry(
            sector=row["sector"],
            document=row["document"],
            number=row.get("number"),
            clause=row["clause"],
            label=row["label"],
            effective_from=row["effective_from"],
            effective_to=row.get("effective_to"),
            checked_on=row.get("checked_on"),
        )
        for row in tomllib.loads(text)["criteria"]
    )


def shipped_criteria() -> tuple[CriterionEntry, ...]:
    """The first list, for the sectors of the ledger."""
    return load_criteria(SHIPPED_CRITERIA.read_text(encoding="utf-8"))
