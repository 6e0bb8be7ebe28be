"""The first catalogue of 判定标准: documents, clauses and dates with short labels of our own words.

Official texts are not shipped; the operator loads them. What is not checked against the official file says so.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

SHIPPED_CRITERIA = Path(__file__).parent / "criteria.toml"


@dataclass(frozen=True, slots=True)
class Document:
    """One standard; without `effective_from` nothing of it can be cited yet."""

    key: str
    number: str
    name: str
    sector: str
    aliases: tuple[str, ...]
    """How ledgers name it."""
    effective_from: date | None
    effective_to: date | None
    supersedes: str | None
    superseded_by: str | None
    checked: bool
    """Whether number and day of effect were seen in a copy of the published text."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One clause as a determination cites it."""

    number: str
    """Stable, of our own: `coal_mine_2020/第四条`."""
    document: Document
    clause: str
    label: str
    checked: bool
    """Whether clause and label were compared with the official text; the shipped ones were not."""

    def is_in_force(self, on: date) -> bool:
        """Whether the clause may be cited by a determination of that day."""
        start, end = self.document.effective_from, self.document.effective_to
        return start is not None and start <= on and (end is None or on <= end)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every document and clause."""

    documents: tuple[Document, ...]
    criteria: tuple[Criterion, ...]

    def in_force(self, sector: str, on: date) -> tuple[Criterion, ...]:
        """The clauses of a sector that may be cited that day."""
        return tuple(one for one in self.criteria if one.document.sector == sector and one.is_in_force(on))


def load_catalogue(text: str) -> Catalogue:
    """The catalogue of a TOML text; KeyError where a document lacks a key."""
    rows = tomllib.loads(text)["documents"]
    documents = {row["key"]: _document(row) for row in rows}
    criteria = (one for row in rows for one in _clauses(documents[row["key"]], row))
    return Catalogue(tuple(documents.values()), tuple(criteria))


def _document(row: Mapping[str, Any]) -> Document:
    return Document(
        key=row["key"],
        number=row["number"],
        name=row["name"],
        sector=row["sector"],
        aliases=tuple(row["aliases"]),
        effective_from=row.get("effective_from"),
        effective_to=row.get("effective_to"),
        supersedes=row.get("supersedes"),
        superseded_by=row.get("superseded_by"),
        checked=row["checked"],
    )


def _clauses(document: Document, row: Mapping[str, Any]) -> Iterable[Criterion]:
    for one in row["clauses"]:
        number = f"{document.key}/{one['clause']}"
        yield Criterion(number, document, one["clause"], one["label"], checked=row["clauses_checked"])
