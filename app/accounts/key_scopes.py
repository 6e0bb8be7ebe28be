"""服务密钥的用途: which words a scoped key must have for each route. What stands nowhere here no scoped key may use.

The rule book asks again for the exact act; a key without words may whatever its account may.
"""

from collections.abc import Iterable
from typing import Final

from app.infrastructure.errors import NotPermitted
from app.regulation.facts import Actor
from app.regulation.permissions import Permission
from app.regulation.vocabulary import Act


def _act(*acts: Act) -> frozenset[str]:
    return frozenset(f"act:{act.value}" for act in acts)


def _read(permission: Permission) -> frozenset[str]:
    return frozenset({permission.value})


_OF_ACTS: Final = {
    "report_hazard": _act(Act.REPORT),
    "amend_hazard": _act(Act.AMEND),
    "determine_hazard": _act(Act.DETERMINE),
    "dismiss_hazard": _act(Act.DISMISS),
    "list_hazard": _act(Act.LIST),
    "list_hazard_on_the_spot": _act(Act.LIST_FIXED_ON_THE_SPOT),
    "change_supervision_level": _act(Act.CHANGE_SUPERVISION_LEVEL),
    "delist_hazard": _act(Act.DELIST),
    "submit_plan": _act(Act.SUBMIT_PLAN),
    "approve_plan": _act(Act.APPROVE_PLAN),
    "return_plan": _act(Act.RETURN_PLAN),
    "report_progress": _act(Act.REPORT_PROGRESS),
    "request_extension": _act(Act.REQUEST_EXTENSION),
    "decide_extension": _act(Act.DECIDE_EXTENSION),
    "transfer_hazard": _act(Act.TRANSFER),
    "refuse_transfer": _act(Act.REFUSE_TRANSFER),
    "order_production_measure": _act(Act.ORDER_PRODUCTION_MEASURE),
    "lift_production_measure": _act(Act.LIFT_PRODUCTION_MEASURE),
    "draft_declaration": _act(Act.DECLARE),
    "draft_verification": _act(Act.PASS_VERIFICATION, Act.FAIL_VERIFICATION),
    "record_revisit": _act(Act.PASS_REVISIT, Act.FAIL_REVISIT),
    "record_relapse": _act(Act.RELAPSE),
}
_OF_PERMISSIONS: Final = {
    Permission.HAZARD_READ: (
        "list_hazards",
        "read_hazard",
        "read_timeline",
        "explain_deadline",
        "read_declaration",
        "read_verification",
        "read_correction",
        "list_counted_hazards",
    ),
    Permission.SIGNING_CONTENT_READ: ("read_signing_content",),
    Permission.EVIDENCE_ADD: ("add_evidence",),
    Permission.EVIDENCE_READ: ("list_evidence", "read_evidence"),
    Permission.AREA_READ: ("read_units",),
    Permission.ORGANISATION_READ: ("list_organisations", "list_posts"),
    Permission.CRITERION_READ: ("list_criteria",),
    Permission.CALENDAR_READ: ("read_calendar",),
    Permission.EDITION_READ: ("read_edition",),
    Permission.ENTERPRISE_READ: ("list_enterprises", "read_enterprise"),
    Permission.ENFORCEMENT_READ: ("list_enforcements", "read_enforcement", "read_enforcement_counters"),
    Permission.ENFORCEMENT_RECORD: ("record_enforcement", "correct_enforcement", "import_enforcements"),
    Permission.INBOX_READ: ("list_inbox", "read_message"),
    Permission.INBOX_ACKNOWLEDGE: ("acknowledge_message",),
    Permission.ESCALATION_READ: ("list_escalations", "read_escalation"),
    Permission.LETTER_READ: ("list_letters", "read_letter", "read_letter_file"),
    Permission.LETTER_ANSWER: ("acknowledge_letter", "reply_to_letter"),
    Permission.STATISTICS_READ: ("read_clearance",),
    Permission.LEDGER_IMPORT: ("import_ledger", "read_import"),
}
WORDS_OF: Final = {
    **_OF_ACTS,
    **{operation: _read(word) for word, operations in _OF_PERMISSIONS.items() for operation in operations},
    # Who reads figures reads what they mean.
    "list_metric_definitions": _read(Permission.METRIC_DEFINITION_READ) | _read(Permission.STATISTICS_READ),
}
"""Operation → the words of which one is enough."""

_OF_EVERY_KEY: Final = frozenset({"read_session"})
"""Who it is, every key may ask."""


def refuse_out_of_scope(actor: Actor, operation: str) -> None:
    """NotPermitted where a scoped key was not issued for the route."""
    if actor.scopes is None or operation in _OF_EVERY_KEY:
        return
    wanted = WORDS_OF.get(operation, frozenset())
    if wanted.isdisjoint(actor.scopes):
        raise out_of_key_scope(wanted)


def out_of_key_scope(wanted: Iterable[str]) -> NotPermitted:
    """What a scoped key is answered that tries something else."""
    return NotPermitted(
        "out_of_key_scope",
        "这个服务密钥不能用于这一事项。",
        remedy="请由安全管理员另行签发用途包含该事项的服务密钥。",
        facts={"scopes_needed": tuple(sorted(wanted))},
    )
