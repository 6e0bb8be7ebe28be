"""Who may read and write sign-on identities, attempts at signing on, and what break-glass did."""

from app.regulation.vocabulary import RoleClass
from app.tables.access import ACCOUNT, ALL_ROWS, Access, access

C = RoleClass

SIGN_ON: dict[str, tuple[Access, ...]] = {
    "sign_on_identity": (
        *access(C.SIGNIN, C.AUDITOR, select=ALL_ROWS),
        *access(
            C.ADMINISTRATOR,
            select=ALL_ROWS,
            insert=f"bound_by_account_id = {ACCOUNT}",
            update=(ALL_ROWS, ("removed_at",)),
        ),
    ),
    "sign_on_attempt": (
        *access(C.SIGNIN, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, ("used_at",))),
        *access(C.JOB, select=ALL_ROWS, delete=ALL_ROWS),
    ),
    # Written by the owner's command alone, on the machine itself.
    "break_glass": access(C.ADMINISTRATOR, C.AUDITOR, C.JOB, select=ALL_ROWS),
}
