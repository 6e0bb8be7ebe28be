"""`allowed_acts` and the routes say the same: for hazards in every reachable state, whoever asks, whatever the act.

An act is allowed exactly where its route, tried, answers neither 403, 404 nor 409 and no condition stands against it
that the document sent could not have met. Whoever sees the hazard tries every act its state has and every act they are
told of; the department's head and the enterprise's officer try all there are, strangers a few.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.regulation import lifecycle
from app.regulation.guards import GUARDS
from app.regulation.vocabulary import Act, Purpose, State
from tests.api.test_lifecycle import SENT, Sent, body_of
from tests.api.watching import Watch
from tests.support import walk
from tests.support.registry import Answered, Registry

NOTE = {"note": "理由"}
CLERK, HEAD, OFFICER = "dongsheng-clerk", "dongsheng-head", "chemical-safety-officer"
PERSONAS = {
    "enterprises": ("chemical-safety-officer", "chemical-principal", "chemical-controller", "coal-principal"),
    "departments": (
        "dongsheng-inspector1",
        "dongsheng-section",
        "dongsheng-head",
        "city-emergency-head",
        "jungar-head",
    ),
    "offices": ("dongsheng-clerk", "dongsheng-office-head", "city-office-head", "city-auditor", "system-admin"),
}
"""The posts of the demo's city, near the hazard and far from it."""

NO_ROUTE = {Act.REPORT, Act.IMPORT_OPEN, Act.IMPORT_CLOSED}
"""Acts on no hazard that is there: a report makes one, an import brings one from paper."""

ON_THE_SPOT = Sent("on-the-spot-listing", "dongsheng-inspector1", {"supervision_tier": 2, "evidence_ids": []})
TRIED = {**SENT, Act.LIST_FIXED_ON_THE_SPOT: ON_THE_SPOT}

LEVELLED = frozenset({Act.SIGN, Act.REFUSE_SIGNATURE})


def dismissed(registry: Registry, _watch: Watch) -> str:
    hazard = walk.determined(registry)
    registry.act(hazard, "dismissal", {"reason": "unsubstantiated", **NOTE}, by=HEAD)
    return hazard


def plan_sent(registry: Registry, _watch: Watch) -> str:
    hazard = walk.listed(registry)
    registry.post(f"/hazards/{hazard}/plans", walk.plan_document(), by=OFFICER)
    return hazard


def extension_asked(registry: Registry, _watch: Watch) -> str:
    hazard = walk.planned(registry)
    registry.post(f"/hazards/{hazard}/extensions", {"new_deadline": "2027-02-10", **NOTE}, by=OFFICER)
    return hazard


def handed_over(registry: Registry, watch: Watch) -> str:
    hazard = walk.listed(registry)
    receiver = watch.value("SELECT id FROM organisation WHERE code = 'emergency@ordos'")
    registry.act(hazard, "transfers", {"to_organisation_id": receiver, **NOTE}, by=HEAD)
    return hazard


def stopped(registry: Registry, _watch: Watch) -> str:
    hazard = walk.listed(registry)
    registry.act(hazard, "production-measures", dict(SENT[Act.ORDER_PRODUCTION_MEASURE].body), by=HEAD)
    return hazard


def signed(registry: Registry, _watch: Watch) -> str:
    hazard = walk.verified(registry)
    walk.sign(registry, hazard, 1)
    return hazard


def failed(registry: Registry, _watch: Watch) -> str:
    hazard = walk.declared(registry)
    walk.verify(registry, hazard, passed=False, note="未完成")
    return hazard


def _asked(registry: Registry, path: str, **said: str) -> str:
    hazard = walk.listed(registry)
    evidence = [registry.upload(hazard, "document", by=CLERK, shade=90)]
    registry.act(hazard, path, {**NOTE, "evidence_ids": evidence, **said}, by=CLERK)
    return hazard


def delisted(registry: Registry, _watch: Watch) -> str:
    hazard = walk.closed(registry)
    registry.act(hazard, "delisting", dict(SENT[Act.DELIST].body), by=CLERK)
    return hazard


STAGES: dict[str, Callable[[Registry, Watch], str]] = {
    "reported": lambda registry, _: walk.reported(registry),
    "determined": lambda registry, _: walk.determined(registry),
    "dismissed": dismissed,
    "listed": lambda registry, _: walk.listed(registry),
    "plan sent": plan_sent,
    "planned": lambda registry, _: walk.planned(registry),
    "extension asked": extension_asked,
    "handed over": handed_over,
    "stopped": stopped,
    "withdrawal open": lambda registry, _: _asked(registry, "withdrawal", reason="unsubstantiated"),
    "cessation open": lambda registry, _: _asked(registry, "cessation"),
    "declared": lambda registry, _: walk.declared(registry),
    "verified": lambda registry, _: walk.verified(registry),
    "signed once": signed,
    "failed": failed,
    "closed": lambda registry, _: walk.closed(registry),
    "delisted": delisted,
}


OF_EACH_COMMIT = ("listed", "signed once")
"""The two with the most acts; `make long` walks to all of them."""


def test_every_act_with_a_route_is_tried() -> None:
    assert set(TRIED) | NO_ROUTE == set(Act)


_reached: dict[tuple[str, str], tuple[dict[str, Any], list[str]]] = {}


def reached(registry: Registry, watch: Watch, stage: str) -> tuple[dict[str, Any], list[str]]:
    """A hazard in that stage, as the auditor sees it, and its evidence; trying changes nothing, so one serves all."""
    known = (registry.database.name, stage)
    if known not in _reached:
        hazard = STAGES[stage](registry, watch)
        evidence = [registry.upload(hazard, kind, by="dongsheng-inspector1", shade=95) for kind in ("before", "after")]
        _reached[known] = registry.hazard(hazard, by="city-auditor"), evidence
    return _reached[known]


@pytest.mark.parametrize("group", PERSONAS)
@pytest.mark.parametrize(
    "stage", [pytest.param(name, marks=() if name in OF_EACH_COMMIT else pytest.mark.long) for name in STAGES]
)
def test_what_is_allowed_is_what_the_routes_admit(registry: Registry, watch: Watch, stage: str, group: str) -> None:
    whole, evidence = reached(registry, watch, stage)
    hazard = whole["id"]
    told, admitted = set(), set()
    for who in PERSONAS[group]:
        seen = registry.get(f"/hazards/{hazard}", by=who)
        assert seen.status in (200, 403, 404)
        allowed = seen.body["allowed_acts"] if seen.status == 200 else []
        told |= {(who, act) for act in allowed}
        for act in _acts_of(who, State(whole["state"]), allowed, sees=seen.status == 200):
            sent = TRIED[act]
            body = {**body_of(sent, watch), **_of_this_hazard(act, whole, evidence), **_of_their_own(act, who)}
            answer = registry.attempt(
                f"/hazards/{hazard}/{sent.path}", body, by=who, version=whole["version"], dry_run=True
            )
            assert answer.status in (200, 403, 404, 409), (who, act, answer.body)
            if is_admitted(answer):
                admitted.add((who, act.value))
    assert {act for _, act in told} <= {act.value for act in TRIED}
    assert sorted(admitted ^ told) == []


def _acts_of(who: str, state: State, allowed: list[str], *, sees: bool) -> list[Act]:
    if not sees:
        return [Act.DETERMINE, Act.SIGN, Act.RELAPSE]
    if who in (HEAD, OFFICER):
        return list(TRIED)
    return [act for act in TRIED if act.value in allowed or _has_act(state, act)]


def _has_act(state: State, act: Act) -> bool:
    return any(lifecycle.rule_for(state, act, purpose) for purpose in (None, *Purpose))


def _of_this_hazard(act: Act, hazard: dict[str, Any], evidence: list[str]) -> dict[str, Any]:
    """What the document must name of the hazard itself: the level due, the evidence there is."""
    if act in LEVELLED and hazard["round"]:
        due = next(one["level"] for one in hazard["round"]["levels"] if one["signed_at"] is None)
        return {"level": due}
    return {"evidence_ids": evidence} if act is Act.LIST_FIXED_ON_THE_SPOT else {}


def _of_their_own(act: Act, who: str) -> dict[str, Any]:
    """An office lists at its own tier: the document says which, and what is allowed is told whatever it says."""
    return {"supervision_tier": 1} if act is Act.LIST and who.startswith("city-") else {}


def is_admitted(answer: Answered) -> bool:
    """Tried, the route admits: only the document itself may still lack something."""
    if answer.status != 200:
        return False
    return all(GUARDS[code].asks_particulars for code in _standing_against(answer))


def _standing_against(answer: Answered) -> Iterator[str]:
    for one in answer.body["unmet"]:
        assert one["code"] in GUARDS, one
        yield one["code"]
