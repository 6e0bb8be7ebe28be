"""What of other tenants an answer holds that its reader may not see: body and headers, searched for every canary."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import httpx2

from app.infrastructure.downloads import MEDIA_TYPES
from tests.matrix.city import City
from tests.matrix.table import FOLDER
from tests.matrix.tenants import TENANTS

ALL = "all"
_TAG = re.compile(r"<[^>]*>")
_ARCHIVES = ("application/zip", MEDIA_TYPES["docx"])
FIRE = "fire"
"""The second enterprise's hazard of another sector: a tenant of its own for those who see the others."""
KEYS = (*(tenant.key for tenant in TENANTS), FIRE)


@dataclass(frozen=True, slots=True)
class Sight:
    """The tenants whose hazards, whose enterprise, whose sites and whose penalties a persona may see."""

    hazards: frozenset[str]
    enterprise: frozenset[str]
    site: frozenset[str]
    penalties: frozenset[str]


@cache
def sight() -> dict[str, Sight]:
    """Persona → what it may see: the committed table."""
    with (FOLDER / "sight.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["persona"]: Sight(*(_named(row[kind]) for kind in ("hazards", "enterprises", "sites", "penalties")))
            for row in csv.DictReader(file)
        }


def _named(listed: str) -> frozenset[str]:
    return frozenset(KEYS) if listed == ALL else frozenset(listed.split())


def foreign(city: City, persona: str) -> Iterator[tuple[str, str]]:
    """Every string the persona may never be shown, with whose it is."""
    seen = sight()[persona]
    for key in KEYS:
        for kind, told in city.canaries(key).items():
            if key not in getattr(seen, kind):
                yield from ((key, one) for one in told)


@cache
def _foreign(city: City, persona: str) -> tuple[tuple[str, str], ...]:
    return tuple(foreign(city, persona))


def _said(answer: httpx2.Response) -> str:
    """The body as text; of an archive, every file in it."""
    if answer.headers.get("content-type") not in _ARCHIVES:
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        told = "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    # Of a Word file a word may stand in several runs.
    return told + _TAG.sub("", told)


def leaks(city: City, persona: str, answer: httpx2.Response) -> list[str]:
    """Whose canaries the answer sings."""
    told = f"{_said(answer)}\n{dict(answer.headers)}"
    return [f"{tenant}: {canary}" for tenant, canary in _foreign(city, persona) if canary in told]
