"""Asks the cells of the table and says in what each answer differs from its verdict."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx2

from tests.matrix.asking import NOWHERE, Ask, Request, Seen, Subject, request_of, tenant_of
from tests.matrix.asking_records import ASKS
from tests.matrix.cast import BY_NAME
from tests.matrix.city import City
from tests.matrix.people import sign_in_again
from tests.matrix.table import ANY, NONEXISTENT, OWN, Cell, Verdict, cells, targets

UNWELL = 500
# A document that was malformed, not judged, says nothing of who may send it.
NOT_JUDGED = frozenset({"invalid_input", "invalid_parameter", "unknown_parameter", "json_invalid", "missing"})
JUDGED = frozenset({409, 412, 422, 428})


@dataclass(frozen=True, slots=True)
class Asked:
    """A cell that was asked, and what came back."""

    cell: Cell
    target: str
    request: Request
    answer: httpx2.Response


@dataclass
class Engine:
    """The table's cells, asked in one city."""

    city: City
    asks: Mapping[str, Ask] = field(default_factory=lambda: ASKS)

    def ask(self, cell: Cell) -> Asked:
        """One cell's request as its persona; whoever the table refuses sends the real act, not a dry run."""
        ask, persona = self.asks[cell.route], BY_NAME[cell.persona]
        target = target_of(cell, ask)
        hazard = self.city.hazard("chemical" if target == NOWHERE else target, ask.stage)
        seen = Seen(self.city, tenant_of(target), hazard, cell.persona)
        is_let_in = cell.verdict in (Verdict.IN, Verdict.OK)
        request = request_of(cell.route, ask, seen, target=target, is_let_in=is_let_in)
        own = self.city.headers(persona)
        if ask.ends_session and cell.verdict is Verdict.IN:
            own = {"Authorization": f"Bearer {sign_in_again(self.city.registry, persona)}"}
        sent = dict(request.sent)
        headers = {**sent.pop("headers"), **own}
        client = self.city.registry.client
        answer = client.request(request.method, request.path, headers=headers, follow_redirects=False, **sent)
        return Asked(cell, target, request, answer)


def target_of(cell: Cell, ask: Ask) -> str:
    """Whom the cell is about."""
    if cell.relation == NONEXISTENT:
        return NOWHERE
    if cell.relation == ANY or ask.subject is Subject.RECORD:
        return "chemical"
    return targets()[cell.persona][cell.relation]


def difference(asked: Asked) -> str | None:
    """What the answer is instead of its verdict; None where it is as the table says."""
    answer, verdict = asked.answer, asked.cell.verdict
    code = _code(answer)
    if answer.status_code >= UNWELL or not _is(verdict, answer.status_code, code):
        return (
            f"{asked.cell.persona} · {asked.cell.relation} ({asked.target}): "
            f"expected {verdict}, got {answer.status_code} {code}"
        )
    return None


def _is(verdict: Verdict, status: int, code: str) -> bool:
    is_incomplete = code == "sign_in_incomplete"
    match verdict:
        case Verdict.OK:
            return status in (200, 204)
        case Verdict.IN:
            return status in (200, 201, 204) or (status in JUDGED and code not in NOT_JUDGED)
        case Verdict.INCOMPLETE:
            return status == 403 and is_incomplete
        case Verdict.NO:
            return status in (403, 404)
        case Verdict.FORBIDDEN:
            return status == 403 and not is_incomplete
        case _:
            return status == int(verdict.value)


def _code(answer: httpx2.Response) -> str:
    kind = answer.headers.get("content-type", "")
    if answer.is_success or "json" not in kind or not answer.content:
        return ""
    found: Any = answer.json()
    return str(found.get("code", ""))


def cells_by_route(wanted: Iterable[Cell] | None = None) -> Mapping[str, Sequence[Cell]]:
    """The table's cells, or others, route by route."""
    return _of_the_table() if wanted is None else _by_route(wanted)


@cache
def _of_the_table() -> Mapping[str, Sequence[Cell]]:
    return _by_route(cells())


def _by_route(wanted: Iterable[Cell]) -> Mapping[str, Sequence[Cell]]:
    found: dict[str, list[Cell]] = {}
    for cell in wanted:
        found.setdefault(cell.route, []).append(cell)
    return found


def own_cells(route: str) -> Iterator[Cell]:
    """The route's cells about what is one's own, or about nothing."""
    return (cell for cell in cells_by_route()[route] if cell.relation in (OWN, ANY))
