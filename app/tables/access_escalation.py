"""Who may read and write the ladder's episodes and rungs, and the letters that come of them."""

from app.regulation.vocabulary import RoleClass
from app.tables.access import (
    ALL_ROWS,
    ALL_SECTORS,
    ENTERPRISE,
    ORGANISATION,
    UNITS,
    Access,
    access,
)

C = RoleClass
READ_ALL = (C.AUDITOR, C.REPORT)

OF_VISIBLE_HAZARD = "EXISTS (SELECT 1 FROM hazard h WHERE h.id = hazard_id)"
# Offices and governments look after everybody in their territory; a department after itself.
_ORGANISATION_BELOW = (
    "({sectors} AND EXISTS (SELECT 1 FROM organisation o WHERE o.id = {column} AND o.unit_id = ANY ({units})))"
)


def _looked_after(column: str) -> str:
    below = _ORGANISATION_BELOW.format(sectors=ALL_SECTORS, column=column, units=UNITS)
    return f"{column} = {ORGANISATION} OR {below}"


OF_OFFICIALS_EPISODE = (
    f"(hazard_id IS NOT NULL AND {OF_VISIBLE_HAZARD}) OR {_looked_after('organisation_id')}"  # noqa: S608 - own words
    f" OR ({ALL_SECTORS} AND unit_id = ANY ({UNITS}))"
    f" OR ({ALL_SECTORS} AND kind = 'aggregate'"
    f" AND EXISTS (SELECT 1 FROM enterprise n WHERE n.id = enterprise_id AND n.unit_id = ANY ({UNITS})))"
    " OR (kind = 'reply' AND EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id"
    f" AND ({_looked_after('l.issuer_organisation_id')})))"
)
# How late its regulators are is not the enterprise's to read.
OF_ENTERPRISES_EPISODE = (
    f"(kind = 'term' AND {OF_VISIBLE_HAZARD}) OR (kind IN ('aggregate', 'reply') AND enterprise_id = {ENTERPRISE})"
)
OF_VISIBLE_EPISODE = "EXISTS (SELECT 1 FROM episode e WHERE e.id = episode_id)"

IS_OUT = "status IN ('issued', 'voided')"
COPIED_TO_ORGANISATION = (
    f"EXISTS (SELECT 1 FROM letter_copy c WHERE c.letter_id = letter.id AND c.organisation_id = {ORGANISATION})"  # noqa: S608 - own words
)
COPIED_TO_ENTERPRISE = (
    f"EXISTS (SELECT 1 FROM letter_copy c WHERE c.letter_id = letter.id AND c.enterprise_id = {ENTERPRISE})"  # noqa: S608 - own words
)
ISSUED_HERE = f"issuer_organisation_id = {ORGANISATION}"
OF_OFFICIALS_LETTER = (
    f"{_looked_after('issuer_organisation_id')}"
    f" OR ({IS_OUT} AND (addressee_organisation_id = {ORGANISATION} OR {COPIED_TO_ORGANISATION}))"
)
OF_ENTERPRISES_LETTER = f"{IS_OUT} AND (addressee_enterprise_id = {ENTERPRISE} OR {COPIED_TO_ENTERPRISE})"
TO_OFFICIALS = f"addressee_organisation_id = {ORGANISATION}"
TO_ENTERPRISE = f"addressee_enterprise_id = {ENTERPRISE}"


def _whole_letter(condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND ({condition}))"  # noqa: S608 - own words


def _own_lines(reader: str) -> str:
    """The lines of a copy within its reader's scope."""
    return (
        "EXISTS (SELECT 1 FROM letter_copy c WHERE c.letter_id = letter_item.letter_id"  # noqa: S608 - own words
        f" AND {reader} AND letter_item.id = ANY (c.item_ids))"
    )


_ISSUER_LOOKED_AFTER = _whole_letter(_looked_after("l.issuer_organisation_id"))
OF_OFFICIALS_ITEM = (
    f"{_ISSUER_LOOKED_AFTER} OR {_whole_letter('l.' + TO_OFFICIALS)}"
    f" OR {_own_lines(f'c.organisation_id = {ORGANISATION}')}"
)
OF_ENTERPRISES_ITEM = f"{_whole_letter('l.' + TO_ENTERPRISE)} OR {_own_lines(f'c.enterprise_id = {ENTERPRISE}')}"
OF_OFFICIALS_COPY = f"organisation_id = {ORGANISATION} OR {_looked_after('issuer_organisation_id')}"
OF_ENTERPRISES_COPY = f"enterprise_id = {ENTERPRISE}"
OF_ENTERPRISES_OWN_COPY = (
    "EXISTS (SELECT 1 FROM letter_copy c WHERE c.id = copy_id AND c.letter_id = letter_service.letter_id"  # noqa: S608 - own words
    f" AND c.{OF_ENTERPRISES_COPY})"
)
OF_VISIBLE_LETTER = "EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id)"
OF_LETTER_ISSUED_HERE = _whole_letter("l." + ISSUED_HERE)
_OF_VISIBLE_COPY = "EXISTS (SELECT 1 FROM letter_copy c WHERE c.id = copy_id)"
# A whole letter names firms that the reader of one copy may not know of.
OF_OFFICIALS_FILE = (
    f"(copy_id IS NULL AND ({_ISSUER_LOOKED_AFTER} OR {_whole_letter('l.' + TO_OFFICIALS)})) OR {_OF_VISIBLE_COPY}"
)
OF_ENTERPRISES_FILE = f"(copy_id IS NULL AND {_whole_letter('l.' + TO_ENTERPRISE)}) OR {_OF_VISIBLE_COPY}"

WRITTEN_IN_DRAFTS = ("title", "body", "reply_due_on", "version")
WRITTEN_AT_ISSUING = (
    "status", "issued_at", "issued_by_appointment_id", "issued_by_account_id", "standing_authorisation", "office_code",
    "year", "serial", "content_sha256", "ended_reason", "ended_at", "dispatched_on",
)  # fmt: skip
WRITTEN_AFTERWARDS = ("served_on", "served_as", "answered_on")
MOVED_BY_ISSUER = (*WRITTEN_IN_DRAFTS, *WRITTEN_AT_ISSUING, *WRITTEN_AFTERWARDS)

ESCALATION: dict[str, tuple[Access, ...]] = {
    "escalation_run": (
        *access(
            C.JOB,
            select=ALL_ROWS,
            insert=ALL_ROWS,
            update=(ALL_ROWS, ("ended_at", "outcome", "stopped_because", "counts")),
        ),
        *access(C.SIGNIN, C.OFFICIAL, *READ_ALL, select=ALL_ROWS),
    ),
    "escalation_failure": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.OFFICIAL, select=f"{ALL_SECTORS} AND (hazard_id IS NULL OR {OF_VISIBLE_HAZARD})"),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "escalation_rehearsal": (
        *access(
            C.OFFICIAL,
            select="account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint)",
            insert="account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint)",
        ),
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.AUDITOR, select=ALL_ROWS),
    ),
    "dispatch_hold": (
        *access(
            C.OFFICIAL,
            select=ALL_ROWS,
            insert=ALL_ROWS,
            update=(ALL_ROWS, ("rehearsal_id", "released_at", "released_by_account_id", "release_note")),
        ),
        *access(C.JOB, C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.SIGNIN, *READ_ALL, select=ALL_ROWS),
    ),
    "episode": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, ("cause", "ended_on", "ended_as"))),
        *access(C.OFFICIAL, select=OF_OFFICIALS_EPISODE),
        *access(C.ENTERPRISE, select=OF_ENTERPRISES_EPISODE),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "raised_rung": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.OFFICIAL, C.ENTERPRISE, select=OF_VISIBLE_EPISODE),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "rung_suspension": (
        *access(
            C.OFFICIAL,
            select=OF_VISIBLE_EPISODE,
            insert=OF_VISIBLE_EPISODE,
            update=(OF_VISIBLE_EPISODE, ("approved_by_account_id", "approved_by_appointment_id", "approved_at")),
        ),
        *access(C.JOB, *READ_ALL, select=ALL_ROWS),
    ),
    "reminder": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.OFFICIAL, C.ENTERPRISE, select=OF_VISIBLE_HAZARD),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "letter_series": (
        *access(C.OFFICIAL, C.JOB, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, ("last_serial",))),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "letter": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, MOVED_BY_ISSUER)),
        *access(
            C.OFFICIAL,
            select=OF_OFFICIALS_LETTER,
            insert=ISSUED_HERE,
            update=(f"{ISSUED_HERE} OR {TO_OFFICIALS}", MOVED_BY_ISSUER),
        ),
        *access(
            C.ENTERPRISE, select=OF_ENTERPRISES_LETTER, update=(f"{IS_OUT} AND {TO_ENTERPRISE}", WRITTEN_AFTERWARDS)
        ),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "letter_item": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, ("line", "dropped_at"))),
        *access(
            C.OFFICIAL,
            select=OF_OFFICIALS_ITEM,
            insert=OF_LETTER_ISSUED_HERE,
            update=(OF_LETTER_ISSUED_HERE, ("line", "dropped_at")),
        ),
        *access(C.ENTERPRISE, select=OF_ENTERPRISES_ITEM),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "letter_copy": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, ("item_ids",))),
        *access(C.OFFICIAL, select=OF_OFFICIALS_COPY, insert=ISSUED_HERE, update=(ISSUED_HERE, ("item_ids",))),
        *access(C.ENTERPRISE, select=OF_ENTERPRISES_COPY),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "letter_service": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.OFFICIAL, select=OF_VISIBLE_LETTER, insert=OF_VISIBLE_LETTER),
        *access(
            C.ENTERPRISE,
            select=OF_VISIBLE_LETTER,
            insert=f"(copy_id IS NULL AND {_whole_letter('l.' + TO_ENTERPRISE)}) OR {OF_ENTERPRISES_OWN_COPY}",
        ),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "letter_reply": (
        *access(C.JOB, select=ALL_ROWS),
        *access(
            C.OFFICIAL,
            select=f"{_ISSUER_LOOKED_AFTER} OR {_whole_letter('l.' + TO_OFFICIALS)}",
            insert=f"{OF_LETTER_ISSUED_HERE} OR {_whole_letter('l.' + TO_OFFICIALS)}",
        ),
        *access(C.ENTERPRISE, select=_whole_letter("l." + TO_ENTERPRISE), insert=_whole_letter("l." + TO_ENTERPRISE)),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "letter_file": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.OFFICIAL, select=OF_OFFICIALS_FILE, insert=OF_LETTER_ISSUED_HERE),
        *access(C.ENTERPRISE, select=OF_ENTERPRISES_FILE),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
}
