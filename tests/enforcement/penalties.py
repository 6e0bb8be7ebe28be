"""What the tests send: a penalty as an officer writes it, for the demo's chemical works or its coal mine."""

import itertools
from typing import Any, Final

from app.cli.demo_city import CHEMICAL_WORKS, COAL_MINE
from tests.support.registry import Answered, Registry

HEAD, CLERK, CITY = "dongsheng-head", "dongsheng-clerk", "city-clerk1"
MINE_HEAD = "jungar-head"
_serials: Final = itertools.count(1)


def enterprise(registry: Registry, code: str = CHEMICAL_WORKS.code) -> str:
    """The id of an enterprise."""
    return str(registry.get(f"/enterprises?code={code}", by=CITY).body["items"][0]["id"])


def mine(registry: Registry) -> str:
    """The id of the coal mine."""
    return enterprise(registry, COAL_MINE.code)


def case_number() -> str:
    """A number nobody has used."""
    return f"(东)应急罚〔2026〕{next(_serials)}号"


def document(enterprise_id: str, **changed: Any) -> dict[str, Any]:
    """A fine of 50,000 yuan under 安全生产法."""
    return {
        "enterprise_id": enterprise_id,
        "sector": "hazardous_chemicals",
        "case_number": case_number(),
        "decided_on": "2026-11-20",
        "law": "work_safety_law",
        "article": "第九十九条第二项",
        "kinds": ["fine"],
        "amount": "50000.00",
        **changed,
    }


def attempted(registry: Registry, *, by: str = HEAD, dry_run: bool = False, **changed: Any) -> Answered:
    """A penalty of the chemical works sent, whatever becomes of it."""
    sent = document(changed.pop("enterprise_id", None) or enterprise(registry), **changed)
    return registry.attempt("/enforcements", sent, by=by, dry_run=dry_run)


def recorded(registry: Registry, *, by: str = HEAD, **changed: Any) -> dict[str, Any]:
    """A penalty that must be taken."""
    answer = attempted(registry, by=by, **changed)
    assert answer.status == 201, answer.body
    taken: dict[str, Any] = answer.body
    return taken


def counter(answer: Any, name: str) -> dict[str, Any]:
    """One of the counters of an answer."""
    return next(one for one in answer["counters"] if one["name"] == name)


def organisation(registry: Registry, name: str) -> int:
    """The id of an organisation by its name."""
    found = registry.get("/organisations?limit=200", by=CITY).body["items"]
    return next(int(one["id"]) for one in found if one["name"] == name)
