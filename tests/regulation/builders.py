"""Facts and actors for the rules' tests: each state with the history that leads to it, changed one thing at a time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.regulation.case import Case
from app.regulation.edition import SHIPPED_EDITION, load_edition
from app.regulation.facts import Actor, Attempt, HazardFacts, LevelFact, RoundFact, Unmet
from app.regulation.lifecycle import check
from app.regulation.vocabulary import (
    Act,
    Channel,
    HazardLevel,
    Party,
    PostKind,
    Purpose,
    Relation,
    RoleClass,
    State,
)

Field = Any
"""A field of a fact or a particular, of whatever type it has."""

EDITION = load_edition(SHIPPED_EDITION.read_text(encoding="utf-8"))
NOW = datetime(2026, 6, 10, 2, 0, tzinfo=UTC)
TODAY = date(2026, 6, 10)
DEADLINE = date(2026, 7, 20)
CONTENT = "ab" * 32

LEAD, OFFICE, HIGHER, RECEIVER, ENTERPRISE_ORGANISATION = 10, 20, 21, 30, 40
ENTERPRISE, UNIT, ELSEWHERE = 7, 602, 621
RECTIFIER = 900
NOBODY: frozenset[Relation] = frozenset()

CHAIN = (PostKind.INSPECTOR, PostKind.SECTION_HEAD, PostKind.DEPUTY_HEAD, PostKind.PRINCIPAL_HEAD)

_REPORTED = HazardFacts(
    hazard_id=1,
    public_id="h",
    state=State.REPORTED,
    level=HazardLevel.MAJOR,
    version=1,
    cycle=0,
    channel=Channel.SELF_REPORT,
    sector="coal_mine",
    unit_id=UNIT,
    site_id=3,
    enterprise_id=ENTERPRISE,
    reporter_account_id=71,
    reporter_organisation_id=ENTERPRISE_ORGANISATION,
    lead_organisation_id=None,
    listing_office_id=None,
    supervision_tier=None,
    ledger_number=None,
    found_on=date(2026, 6, 1),
    reported_at=NOW - timedelta(days=9),
    determined_at=None,
    listed_at=None,
    fixed_on_the_spot=False,
    original_deadline=None,
    current_deadline=None,
    is_legacy=False,
    plan_status=None,
    plan_id=None,
    extension_pending_id=None,
    extension_requested_at=None,
    extension_granted_count=0,
    extension_granted_days=0,
    transfer_pending_id=None,
    transfer_to_organisation_id=None,
    production_measure_id=None,
    production_measure_kind=None,
    declaration_id=None,
    declared_at=None,
    verification_id=None,
    verified_at=None,
    rectifier_person_ids=frozenset(),
    closed_at=None,
    delisted_at=None,
    revisited_at=None,
    last_act_at=NOW - timedelta(days=3),
)
_DETERMINED = replace(_REPORTED, lead_organisation_id=LEAD, determined_at=NOW - timedelta(days=8))
_LISTED = replace(
    _DETERMINED,
    state=State.LISTED,
    cycle=1,
    listing_office_id=OFFICE,
    supervision_tier=2,
    ledger_number="东安委办督〔2026〕1号",
    listed_at=NOW - timedelta(days=7),
    original_deadline=DEADLINE,
    current_deadline=DEADLINE,
)
_RECTIFIED = replace(
    _LISTED,
    state=State.RECTIFIED,
    plan_status="approved",
    plan_id=5,
    declaration_id=6,
    declared_at=NOW - timedelta(days=3),
    rectifier_person_ids=frozenset({RECTIFIER}),
)
_VERIFIED = replace(_RECTIFIED, verification_id=8, verified_at=NOW - timedelta(days=2))
_CLOSED = replace(_VERIFIED, state=State.CLOSED, closed_at=NOW - timedelta(days=1))
_DISMISSED = replace(_REPORTED, state=State.DISMISSED)

_HISTORIES = {
    State.REPORTED: _REPORTED,
    State.LISTED: _LISTED,
    State.RECTIFIED: _RECTIFIED,
    State.CLOSED: _CLOSED,
    State.DISMISSED: _DISMISSED,
}


def hazard(state: State = State.REPORTED, **changes: Field) -> HazardFacts:
    return replace(_HISTORIES[state], **changes)


def determined(**changes: Field) -> HazardFacts:
    return replace(_DETERMINED, **changes)


def level(number: int, signed_by: int | None = None, **changes: Field) -> LevelFact:
    fact = LevelFact(
        level=number,
        party=Party.LEAD_DEPARTMENT,
        post_kind=CHAIN[number - 1],
        organisation_id=LEAD,
        refusal_returns_to="verification" if number < 3 else "listed",
        in_person=number == 1,
        signed_by_person_id=signed_by,
        signature_id=100 + number if signed_by else None,
    )
    return replace(fact, **changes)


def signed_round(signed: int = 0, purpose: Purpose = Purpose.CLOSING, **changes: Field) -> RoundFact:
    """A round whose first levels are signed by persons 101, 102, …"""
    levels = tuple(level(n, 100 + n if n <= signed else None) for n in range(1, 5))
    past = {100 + n: n for n in range(1, signed + 1)}
    return replace(RoundFact(9, purpose, CONTENT, levels, NOW - timedelta(days=1), past), **changes)


def in_round(signed: int = 0, purpose: Purpose = Purpose.CLOSING, **changes: Field) -> HazardFacts:
    """A hazard whose round of that purpose has its first levels signed."""
    base = _VERIFIED if purpose is Purpose.CLOSING else _LISTED
    return replace(base, **{"round": signed_round(signed, purpose), **changes})


def actor(post: PostKind, **changes: Field) -> Actor:
    base = Actor(RoleClass.OFFICIAL, account_id=50, person_id=500, appointment_id=60, post_kind=post)
    return replace(base, **changes)


def signer(number: int, **changes: Field) -> Actor:
    """The person who may sign that level, in post at the lead department."""
    return actor(CHAIN[number - 1], **{"person_id": 100 + number, "organisation_id": LEAD, **changes})


def signing(number: int, **changes: Field) -> dict[str, Any]:
    """The particulars of a sound signature at that level."""
    step_up = {"step_up_content_sha256": CONTENT, "step_up_level": number}
    return {"level": number, "content_sha256": CONTENT, **step_up, **changes}


def unmet(
    facts: HazardFacts | None,
    who: Actor,
    act: Act,
    particulars: Mapping[str, Any] | None = None,
    held: frozenset[Relation] = NOBODY,
) -> tuple[Unmet, ...]:
    return check(facts, who, held, Attempt(act, particulars or {}), EDITION, NOW)


def codes(
    facts: HazardFacts | None,
    who: Actor,
    act: Act,
    particulars: Mapping[str, Any] | None = None,
    held: frozenset[Relation] = NOBODY,
) -> set[str]:
    return {one.code for one in unmet(facts, who, act, particulars, held)}


def case(facts: HazardFacts | None, who: Actor, act: Act, **particulars: Field) -> Case:
    return Case(facts, who, NOBODY, Attempt(act, particulars), EDITION, NOW)
