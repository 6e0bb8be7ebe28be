"""The committed verdicts: who may ask what of whom, a row for each route and relation, a column for each persona."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from tests.matrix.asking import Subject

FOLDER = Path(__file__).parent
VERDICTS = FOLDER / "verdicts.csv"
RELATIONS = FOLDER / "relations.csv"
OWN, NONEXISTENT, ANY = "own", "nonexistent", "any"
RELATED = (OWN, "other_enterprise", "other_sector", "other_unit", "parent_unit", "child_unit")
RELATIONS_OF: Mapping[Subject, tuple[str, ...]] = {
    Subject.NONE: (ANY,),
    Subject.HAZARD: (*RELATED, NONEXISTENT),
    Subject.REPORT: RELATED,
    Subject.EVIDENCE: (*RELATED, NONEXISTENT),
    Subject.ENTERPRISE: (*RELATED, NONEXISTENT),
    Subject.RECORD: (OWN, NONEXISTENT),
    Subject.PENALTY: (*RELATED, NONEXISTENT),
    Subject.LETTER: (*RELATED, NONEXISTENT),
    Subject.EPISODE: (*RELATED, NONEXISTENT),
}


class Verdict(StrEnum):
    """What a cell says."""

    IN = "in"
    """Let in: done, or judged by the rules of the act itself."""
    OK = "ok"
    """Let in, and answered 2xx: a read."""
    FORBIDDEN = "403"
    NO = "no"
    """Refused, by 403 or by 404: the persona sees every hazard, so that neither tells it anything."""
    NOT_THERE = "404"
    WHO = "401"
    INCOMPLETE = "half"
    """403 `sign_in_incomplete`: a sign-in that lacks a step may only take it."""
    NO_CELL = "-"
    """The persona stands in no such relation to anything, or the relation changes nothing for it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One verdict."""

    route: str
    relation: str
    persona: str
    verdict: Verdict


@cache
def rows() -> tuple[Mapping[str, str], ...]:
    """The table as committed."""
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def columns() -> tuple[str, ...]:
    """Its personas, in order."""
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        return tuple(next(csv.reader(file))[3:])


@cache
def cells() -> tuple[Cell, ...]:
    """Every verdict of the table."""
    return tuple(
        Cell(f"{row['method']} {row['path']}", row["relation"], persona, Verdict(row[persona]))
        for row in rows()
        for persona in columns()
        if row[persona] != Verdict.NO_CELL
    )


@cache
def targets() -> Mapping[str, Mapping[str, str]]:
    """Persona → relation → the tenant that stands in it; an empty entry where none does."""
    with RELATIONS.open(encoding="utf-8", newline="") as file:
        return {row.pop("persona"): row for row in csv.DictReader(file)}
