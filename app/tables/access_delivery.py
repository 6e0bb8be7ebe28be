"""Who may read and write what is sent: own messages, what one's own office sent, and the job that sends."""

from app.regulation.vocabulary import RoleClass
from app.tables.access import ACCOUNT, ALL_ROWS, ALL_SECTORS, ENTERPRISE, ORGANISATION, Access, access

C = RoleClass
READ_ALL = (C.AUDITOR, C.REPORT)

_ISSUED_HERE = (
    "(letter_id IS NOT NULL AND EXISTS (SELECT 1 FROM letter l"  # noqa: S608 - own words
    f" WHERE l.id = letter_id AND l.issuer_organisation_id = {ORGANISATION}))"
)
OF_OFFICIALS_INBOX = f"(channel = 'inbox' AND (organisation_id = {ORGANISATION} OR account_id = {ACCOUNT}))"
OF_ENTERPRISES_INBOX = f"(channel = 'inbox' AND (enterprise_id = {ENTERPRISE} OR account_id = {ACCOUNT}))"
OF_OFFICIALS_DELIVERY = f"{OF_OFFICIALS_INBOX} OR {_ISSUED_HERE}"
OF_VISIBLE_DELIVERY = "EXISTS (SELECT 1 FROM delivery d WHERE d.id = delivery_id)"

WRITTEN_BY_DISPATCH = ("status", "attempts", "next_at", "lease_until", "sent_at", "delivered_at")
ACKNOWLEDGED = ("acknowledged_at", "acknowledged_by_account_id")
RESOLVED = ("status", "next_at", "sent_at", "delivered_at")
RELEASED = ("released_at", "released_by_account_id")

DELIVERY: dict[str, tuple[Access, ...]] = {
    "delivery": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, WRITTEN_BY_DISPATCH)),
        *access(C.OFFICIAL, select=OF_OFFICIALS_DELIVERY, update=(OF_OFFICIALS_DELIVERY, (*ACKNOWLEDGED, *RESOLVED))),
        *access(C.ENTERPRISE, select=OF_ENTERPRISES_INBOX, update=(OF_ENTERPRISES_INBOX, ACKNOWLEDGED)),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "delivery_item": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.OFFICIAL, C.ENTERPRISE, select=OF_VISIBLE_DELIVERY),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "delivery_attempt": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.OFFICIAL, select=OF_VISIBLE_DELIVERY, insert=OF_VISIBLE_DELIVERY),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "delivery_pause": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.OFFICIAL, select=ALL_ROWS, insert=ALL_SECTORS, update=(ALL_SECTORS, RELEASED)),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "delivery_era": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(*READ_ALL, select=ALL_ROWS),
    ),
    "delivery_address": access(C.JOB, select=ALL_ROWS),
}
