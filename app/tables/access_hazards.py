"""Who may read and write hazards, the documents of acts, signatures, history and the paper past."""

from app.regulation.vocabulary import RoleClass
from app.tables.access import (
    ALL_ROWS,
    IN_OWN_TERRITORY,
    IN_OWN_UNITS,
    OF_OWN_ACCOUNT,
    OF_OWN_ENTERPRISE,
    ORGANISATION,
    Access,
    access,
)

C = RoleClass
READ_ALL = (C.AUDITOR, C.JOB, C.REPORT)
PARTIES_OF_ACTS = (C.ENTERPRISE, C.OFFICIAL)

CONCERNED = (
    "EXISTS (SELECT 1 FROM hazard_party p"  # noqa: S608 - made of this file's own constants
    f" WHERE p.hazard_id = hazard.id AND p.organisation_id = {ORGANISATION} AND p.ended_at IS NULL)"
)
OF_OFFICIAL = (
    f"({IN_OWN_TERRITORY}) OR lead_organisation_id = {ORGANISATION} OR listing_office_id = {ORGANISATION}"
    f" OR responsible_organisation_id = {ORGANISATION} OR {CONCERNED}"
)
# Its own dimensions answer for whole-table reads; the hazard answers for a timeline read by hazard id.
OWN_DIMENSIONS = f"({IN_OWN_TERRITORY}) OR lead_organisation_id = {ORGANISATION} OR listing_office_id = {ORGANISATION}"

OF_PARTY = f"organisation_id = {ORGANISATION} OR hazard_is_visible(hazard_id)"

LEDGER_FIELDS = ("finders", "found_on", "place", "circumstances", "reporting_record", "monitoring_measures")
MOVED_BY_EVERY_ACT = ("state", "version", "cycle", "last_act_at")
MOVED_BY_OFFICIALS = (
    "level",
    "channel",
    "sector",
    "unit_id",
    "site_id",
    "enterprise_id",
    "responsible_organisation_id",
    "lead_organisation_id",
    "listing_office_id",
    "supervision_tier",
    "ledger_number",
    "ledger_year",
    "ledger_serial",
    "determined_at",
    "listed_at",
    "closed_at",
    "delisted_at",
    "revisited_at",
    "fixed_on_the_spot",
    "original_deadline",
    "current_deadline",
    "deadline_is_provisional",
    "duplicate_of_id",
)
# The last level of a cessation or a vertical chain closes or dismisses; an enterprise's signature is never the last.
MOVED_BY_ENTERPRISES = (*LEDGER_FIELDS, *MOVED_BY_EVERY_ACT)

WRITTEN_BY_RESPONSIBLE = ("plan", "progress", "extension_request", "declaration")
WRITTEN_BY_OFFICIALS = (
    "determination",
    "dismissal",
    "listing",
    "supervision_change",
    "plan_decision",
    "extension_decision",
    "transfer",
    "transfer_refusal",
    "production_measure",
    "production_measure_lift",
    "delisting",
    "verification",
    "revisit",
    "round_request",
    "correction",
    "signing_round",
)
WRITTEN_BY_BOTH = ("evidence", "document_evidence", "signature", "signature_withdrawal", "round_end")
WRITTEN_BY_THE_WALL = ("round_level", "sealed_closing", "sealed_closing_signature")
# A document of several persons is a draft until its last confirmation names its transition.
DRAFTED = {"declaration": PARTIES_OF_ACTS, "verification": (C.OFFICIAL,), "correction": (C.OFFICIAL,)}


def with_hazard(table: str) -> str:
    """The row's hazard is visible: EXISTS, never IN (design 4)."""
    return f"EXISTS (SELECT 1 FROM hazard h WHERE h.id = {table}.hazard_id)"  # noqa: S608 - a table of ours


def answering_for_hazard(table: str) -> str:
    """The row's hazard is visible, and the official's own organisation is its responsible party (or the government)."""
    return f"{with_hazard(table)[:-1]} AND h.responsible_organisation_id = {ORGANISATION})"


def _child(table: str) -> tuple[Access, ...]:
    seen = with_hazard(table)
    by_responsible = table in WRITTEN_BY_RESPONSIBLE
    drafted = {C.OFFICIAL: answering_for_hazard(table) if by_responsible else seen, C.ENTERPRISE: seen}
    writes = {
        C.ENTERPRISE: by_responsible or table in WRITTEN_BY_BOTH,
        C.OFFICIAL: by_responsible or table in WRITTEN_BY_OFFICIALS + WRITTEN_BY_BOTH,
    }
    parties = [
        one
        for role_class in PARTIES_OF_ACTS
        for one in access(
            role_class,
            select=seen,
            insert=drafted[role_class] if writes[role_class] else None,
            update=(drafted[role_class], ("transition_id",)) if role_class in DRAFTED.get(table, ()) else None,
        )
    ]
    return (*parties, *access(C.IMPORT, *READ_ALL, select=ALL_ROWS))


CHILDREN: dict[str, tuple[Access, ...]] = {
    table: _child(table)
    for table in (*WRITTEN_BY_RESPONSIBLE, *WRITTEN_BY_OFFICIALS, *WRITTEN_BY_BOTH, *WRITTEN_BY_THE_WALL)
}
CHILDREN["determination"] = (
    *(one for one in _child("determination") if one.label != C.IMPORT.value),
    *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
)

HAZARDS: dict[str, tuple[Access, ...]] = {
    "hazard": (
        *access(
            C.ENTERPRISE,
            select=OF_OWN_ENTERPRISE,
            insert=f"{OF_OWN_ENTERPRISE} AND state = 'reported'",
            update=(OF_OWN_ENTERPRISE, MOVED_BY_ENTERPRISES),
        ),
        *access(
            C.OFFICIAL,
            select=OF_OFFICIAL,
            insert=OF_OFFICIAL,
            update=(OF_OFFICIAL, (*LEDGER_FIELDS, *MOVED_BY_EVERY_ACT, *MOVED_BY_OFFICIALS)),
        ),
        *access(C.PLATFORM, select=IN_OWN_UNITS),
        *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.JOB, select=ALL_ROWS, update=(ALL_ROWS, ("current_deadline", "deadline_is_provisional"))),
        *access(C.AUDITOR, C.REPORT, select=ALL_ROWS),
    ),
    # No child row: the hazard's policy reads it by its own organisation, so its own begins with that; a function asks
    # for the hazard of the others, for a policy that held the hazard's own would hold itself.
    "hazard_party": (
        *access(C.ENTERPRISE, select=OF_PARTY, insert="hazard_is_visible(hazard_id)"),
        *access(
            C.OFFICIAL,
            select=OF_PARTY,
            insert="hazard_is_visible(hazard_id)",
            update=(OF_PARTY, ("ended_at", "acknowledged_at")),
        ),
        *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "hazard_transition": (
        *access(
            C.ENTERPRISE,
            select=f"{OF_OWN_ENTERPRISE} OR {with_hazard('hazard_transition')}",
            insert=with_hazard("hazard_transition"),
        ),
        *access(
            C.OFFICIAL,
            select=f"{OWN_DIMENSIONS} OR {with_hazard('hazard_transition')}",
            insert=with_hazard("hazard_transition"),
        ),
        *access(C.PLATFORM, select=IN_OWN_UNITS),
        *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    # A row without a hazard belongs to an appointment or a batch of the paper past.
    "document_confirmation": (
        *access(
            *PARTIES_OF_ACTS,
            select=f"{OF_OWN_ACCOUNT} OR {with_hazard('document_confirmation')} OR document_kind = 'attestation'",
            insert=f"{OF_OWN_ACCOUNT} AND (hazard_id IS NULL OR {with_hazard('document_confirmation')})",
        ),
        *access(
            C.ADMINISTRATOR,
            select="document_kind = 'appointment'",
            insert=f"{OF_OWN_ACCOUNT} AND document_kind = 'appointment'",
        ),
        *access(C.IMPORT, *READ_ALL, select=ALL_ROWS),
    ),
}


def _recorded(table: str) -> str:
    return f"hazard_id IS NULL OR {with_hazard(table)}"


OF_SAFETY_OFFICE = (
    "EXISTS (SELECT 1 FROM organisation o"  # noqa: S608 - made of this file's own constants
    f" WHERE o.id = {ORGANISATION} AND o.kind = 'safety_office')"
)
PLACE_OF_ACT = "EXISTS (SELECT 1 FROM hazard_transition t WHERE t.id = transition_id)"
PLACE_OF_EVENT = "EXISTS (SELECT 1 FROM audit_event a WHERE a.id = audit_event_id)"
HEAD = ("length", "previous_sha256", "head_sha256")
NOT_OF_HAZARDS = (C.SIGNIN, C.CUSTODIAN, C.ADMINISTRATOR, C.AUDITOR)
HISTORY: dict[str, tuple[Access, ...]] = {
    "audit_stream": (
        *access(
            *PARTIES_OF_ACTS,
            select=_recorded("audit_stream"),
            insert=_recorded("audit_stream"),
            update=(_recorded("audit_stream"), HEAD),
        ),
        *access(
            C.SIGNIN,
            C.CUSTODIAN,
            C.ADMINISTRATOR,
            select="hazard_id IS NULL",
            insert="hazard_id IS NULL",
            update=("hazard_id IS NULL", HEAD),
        ),
        *access(C.AUDITOR, select=ALL_ROWS, insert="hazard_id IS NULL", update=("hazard_id IS NULL", HEAD)),
        *access(C.IMPORT, C.JOB, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, HEAD)),
        *access(C.REPORT, select=ALL_ROWS),
    ),
    "audit_event": (
        *access(*PARTIES_OF_ACTS, select=with_hazard("audit_event"), insert=_recorded("audit_event")),
        *access(C.SIGNIN, C.CUSTODIAN, C.ADMINISTRATOR, insert="hazard_id IS NULL"),
        *access(C.AUDITOR, select=ALL_ROWS, insert="hazard_id IS NULL"),
        *access(C.IMPORT, C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
    ),
    "sequence_position": (
        *access(C.ENTERPRISE, C.PLATFORM, select=PLACE_OF_ACT),
        *access(C.OFFICIAL, select=f"{PLACE_OF_ACT} OR {PLACE_OF_EVENT}"),
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.AUDITOR, C.REPORT, select=ALL_ROWS),
    ),
    "legacy_batch": (
        *access(C.OFFICIAL, select=ALL_ROWS, update=(ALL_ROWS, ("attested_at",))),
        *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, ("attested_at",))),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    # Outside every figure until attested: an office's to check, an auditor's to verify.
    "legacy_row": (
        *access(C.OFFICIAL, select=OF_SAFETY_OFFICE),
        *access(C.AUDITOR, select=ALL_ROWS),
        *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
    ),
    "legacy_record": (
        *access(C.ENTERPRISE, select=with_hazard("legacy_record")),
        *access(C.OFFICIAL, select=with_hazard("legacy_record"), insert=with_hazard("legacy_record")),
        *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
}
