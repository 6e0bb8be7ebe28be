"""What of other tenants an answer holds that its reader may not see: body and headers, searched for every canary."""

import csv
import io
import zipfile
from collections.abc import Iterator
from functools import cache

import httpx2

from tests.matrix.city import City
from tests.matrix.table import FOLDER
from tests.matrix.tenants import TENANTS

ALL = "all"
FIRE = "fire"
"""The second enterprise's hazard of another sector: a tenant of its own for those who see the others."""
KEYS = (*(tenant.key for tenant in TENANTS), FIRE)


@cache
def sight() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Persona → the tenants whose hazards, and whose enterprise, it may see: the committed table."""
    with (FOLDER / "sight.csv").open(encoding="utf-8", newline="") as file:
        return {row["persona"]: (_named(row["hazards"]), _named(row["enterprises"])) for row in csv.DictReader(file)}


def _named(listed: str) -> frozenset[str]:
    return frozenset(KEYS) if listed == ALL else frozenset(listed.split())


def foreign(city: City, persona: str) -> Iterator[tuple[str, str]]:
    """Every string the persona may never be shown, with whose it is."""
    hazards, enterprises = sight()[persona]
    for key in KEYS:
        of_tenant = city.canaries(key)
        if key not in hazards:
            yield from ((key, told) for told in of_tenant["hazards"])
        if key not in enterprises:
            yield from ((key, told) for told in of_tenant["enterprise"])


@cache
def _foreign(city: City, persona: str) -> tuple[tuple[str, str], ...]:
    return tuple(foreign(city, persona))


def _said(answer: httpx2.Response) -> str:
    """The body as text; of an archive, every file in it."""
    if answer.headers.get("content-type") != "application/zip":
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


def leaks(city: City, persona: str, answer: httpx2.Response) -> list[str]:
    """Whose canaries the answer sings."""
    told = f"{_said(answer)}\n{dict(answer.headers)}"
    return [f"{tenant}: {canary}" for tenant, canary in _foreign(city, persona) if canary in told]
