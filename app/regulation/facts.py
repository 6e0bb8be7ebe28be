"""What the rules look at: the hazard's facts, the acting person and the act's particulars, all plain values.

Loaded by `app/hazards/facts.py` in the act's own transaction, after the lock; guards and permissions read nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app.regulation.vocabulary import (
    Act,
    Channel,
    HazardLevel,
    Party,
    PostKind,
    ProductionMeasureKind,
    Purpose,
    Relation,
    RoleClass,
    State,
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: one account of one person under one appointment (design 4, Persons); a job or an import has neither."""

    role_class: RoleClass
    account_id: int | None = None
    person_id: int | None = None
    appointment_id: int | None = None
    post_kind: PostKind | None = None
    organisation_id: int | None = None
    unit_ids: tuple[int, ...] = ()
    """The organisation's unit and all below it, today."""
    sectors: tuple[str, ...] = ()
    """Sectors the organisation regulates; empty means every sector."""
    enterprise_id: int | None = None
    is_service: bool = False
    label: str = ""
    """Post and organisation as they read that day, kept with each act."""
    scopes: frozenset[str] | None = None
    """What a service key is for, `resource:action` or `act:` with an act's word; None is whatever its account may."""


@dataclass(frozen=True, slots=True)
class LevelFact:
    """One level of the open round as copied from the edition's chain, and its valid signature if there is one."""

    level: int
    party: Party
    post_kind: PostKind
    organisation_id: int
    refusal_returns_to: str
    """`listed` or `verification`."""
    in_person: bool = False
    paper_allowed: bool = False
    signed_by_person_id: int | None = None
    signature_id: int | None = None
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RoundFact:
    """The open round; a hazard has at most one."""

    round_id: int
    purpose: Purpose
    content_sha256: str
    levels: tuple[LevelFact, ...]
    opened_at: datetime
    past_signer_person_levels: Mapping[int, int] = field(default_factory=dict)
    """Person → the level that person signed in this round, withdrawn signatures included."""


@dataclass(frozen=True, slots=True)
class HazardFacts:
    """One hazard as the rules see it; `None` means that the thing has not happened (or ended undone)."""

    hazard_id: int
    public_id: str
    state: State
    level: HazardLevel
    version: int
    cycle: int
    channel: Channel
    sector: str
    unit_id: int
    site_id: int | None
    enterprise_id: int | None
    reporter_account_id: int | None
    reporter_organisation_id: int | None
    lead_organisation_id: int | None
    listing_office_id: int | None
    supervision_tier: int | None
    ledger_number: str | None
    found_on: date
    reported_at: datetime | None
    determined_at: datetime | None
    listed_at: datetime | None
    fixed_on_the_spot: bool
    original_deadline: date | None
    current_deadline: date | None
    is_legacy: bool
    plan_status: str | None
    """`submitted`, `approved`, `returned`, or None: of the newest plan; it outlives a failed verification."""
    plan_id: int | None
    extension_pending_id: int | None
    extension_requested_at: datetime | None
    extension_granted_count: int
    extension_granted_days: int
    """Calendar days by which the current deadline already lies beyond the original one."""
    transfer_pending_id: int | None
    transfer_to_organisation_id: int | None
    production_measure_id: int | None
    production_measure_kind: ProductionMeasureKind | None
    declaration_id: int | None
    """The performed declaration of this cycle that no verification has decided yet, or that the passed one accepted."""
    declared_at: datetime | None
    verification_id: int | None
    """The passed verification of this cycle that no return or voided round has undone."""
    verified_at: datetime | None
    rectifier_person_ids: frozenset[int]
    """Persons who rectified: signers of this cycle's declaration and the enterprise's people who reported progress."""
    closed_at: datetime | None
    delisted_at: datetime | None
    revisited_at: datetime | None
    last_act_at: datetime
    """`occurred_at` of the hazard's previous act."""
    round: RoundFact | None = None
    has_production_measure_ever: bool = False
    responsible_organisation_id: int | None = None
    """Where the responsible party is an organisation (a territorial government for 无主), not an enterprise."""
    higher_office_id: int | None = None
    """The superior of its listing office."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An act someone attempts: the act, its particulars as plain values, and what the service looked up for it."""

    act: Act
    particulars: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unmet:
    """A rule that the attempt does not meet: stable code, Chinese reason, article and remedy."""

    code: str
    message: str
    rule: str
    article: str
    remedy: str = ""
    field: str | None = None


RelationSet = frozenset[Relation]
"""Every relation in which the actor's organisation stands to the hazard."""
