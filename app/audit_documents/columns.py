"""Which columns of an act's documents and of the hazard the act's audit event binds, and which table an act writes.

`docs/audit-format.md` section 10 says the same for those who verify without this program; changing one changes both,
and `FORMAT`. Written out: a column that a later version adds belongs to that version's format, not to this one.
"""

from collections.abc import Mapping
from typing import Final

from app.regulation.vocabulary import Act

FORMAT: Final = 1

_OF_EVERY_DOCUMENT: Final = (
    "id", "hazard_id", "cycle", "recorded_at", "occurred_at", "note", "transition_id", "account_id", "person_id",
    "appointment_id",
)  # fmt: skip
_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "correction": ("changes", "reason", "touches_signed_content", "document_sha256"),
    "declaration": ("description", "measures_taken", "funds_spent_wan_yuan", "document_sha256"),
    "delisting": ("notice_number", "medium", "published_at"),
    "determination": (
        "criterion_id", "cited_text", "is_comprehensive", "reasoning", "determined_level", "lead_organisation_id",
    ),
    "dismissal": ("reason", "explanation", "duplicate_of_id", "round_id"),
    "extension_decision": ("extension_request_id", "granted", "granted_due_on", "reason"),
    "extension_request": ("current_due_on", "requested_due_on", "reason"),
    "listing": (
        "supervision_tier", "listing_office_id", "lead_organisation_id", "ledger_number", "due_on", "due_explained",
        "requirements", "notice_number", "release_conditions", "report_frequency", "fixed_on_the_spot", "edition_id",
    ),
    "plan": (
        "plan_version", "responsibility", "measures", "funds", "time_limit", "scheme", "emergency_plan",
        "goals_and_tasks", "methods_and_measures", "funds_and_supplies", "organisation_and_staff",
        "schedule_and_requirements", "safety_and_emergency", "milestones", "document_sha256",
    ),
    "plan_decision": ("plan_id", "approved", "reason"),
    "production_measure": ("kind", "order_number", "scope", "from_on", "until_on"),
    "production_measure_lift": ("production_measure_id", "order_number", "lifted_on"),
    "progress": ("description", "percent", "milestone"),
    "revisit": ("kind", "passed", "visited_at", "findings", "due_on"),
    "round_request": ("purpose", "dismiss_reason", "duplicate_of_id", "reason", "document_sha256"),
    "supervision_change": ("from_tier", "to_tier", "listing_office_id", "due_on", "notice_number", "reason"),
    "transfer": ("from_organisation_id", "to_organisation_id", "decided_by_office", "reason"),
    "transfer_refusal": ("transfer_id", "reason"),
    "verification": (
        "declaration_id", "visited_at", "passed", "findings", "reason", "due_on", "inspectors_required",
        "certificates", "document_sha256",
    ),
}  # fmt: skip
DOCUMENTS: Final[Mapping[str, tuple[str, ...]]] = {table: (*_OF_EVERY_DOCUMENT, *own) for table, own in _OWN.items()}
"""Table of documents → its columns of format 1."""

HAZARD: Final = (
    "id", "public_id", "state", "level", "version", "cycle", "channel", "sector", "unit_id", "site_id",
    "enterprise_id", "responsible_organisation_id", "lead_organisation_id", "listing_office_id", "supervision_tier",
    "finders", "found_on", "place", "circumstances", "reporting_record", "monitoring_measures", "ledger_number",
    "ledger_year", "ledger_serial", "reporter_account_id", "reporter_organisation_id", "reported_at", "determined_at",
    "listed_at", "closed_at", "delisted_at", "revisited_at", "fixed_on_the_spot", "original_deadline", "is_legacy",
    "regraded_from_id", "duplicate_of_id", "last_act_at", "created_at",
)  # fmt: skip
"""The hazard's columns of format 1: all but those that a job or the wall moves between acts."""

_A = Act
WRITTEN_BY: Final[Mapping[Act, str]] = {
    _A.DETERMINE: "determination",
    _A.DISMISS: "dismissal",
    _A.LIST: "listing",
    _A.LIST_FIXED_ON_THE_SPOT: "listing",
    _A.SUBMIT_PLAN: "plan",
    _A.APPROVE_PLAN: "plan_decision",
    _A.RETURN_PLAN: "plan_decision",
    _A.REPORT_PROGRESS: "progress",
    _A.REQUEST_EXTENSION: "extension_request",
    _A.DECIDE_EXTENSION: "extension_decision",
    _A.TRANSFER: "transfer",
    _A.REFUSE_TRANSFER: "transfer_refusal",
    _A.CHANGE_SUPERVISION_LEVEL: "supervision_change",
    _A.ORDER_PRODUCTION_MEASURE: "production_measure",
    _A.LIFT_PRODUCTION_MEASURE: "production_measure_lift",
    _A.DECLARE: "declaration",
    _A.PASS_VERIFICATION: "verification",
    _A.FAIL_VERIFICATION: "verification",
    _A.OPEN_WITHDRAWAL: "round_request",
    _A.OPEN_CESSATION: "round_request",
    # The signature itself is told by its own particulars; the last one of a withdrawal also dismisses.
    _A.SIGN: "dismissal",
    _A.CORRECT: "correction",
    _A.DELIST: "delisting",
    _A.PASS_REVISIT: "revisit",
    _A.FAIL_REVISIT: "revisit",
    _A.RELAPSE: "revisit",
}
"""Act → the table whose rows it may write; an act that is not here writes no document."""
