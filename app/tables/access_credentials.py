"""Who may read and write how persons prove who they are: each their own, the sign-in what slows guessing."""

from app.regulation.vocabulary import RoleClass
from app.tables.access import ALL_ROWS, OF_OWN_ACCOUNT, Access, access

C = RoleClass
# A sign-in that is not complete is of the class signin and completes itself.
OTHER_HOLDERS = (C.SIGNIN, C.ENTERPRISE, C.OFFICIAL, C.CUSTODIAN, C.PLATFORM, C.AUDITOR)
FACTOR_COLUMNS = ("last_step", "confirmed_at", "revoked_at")

CREDENTIALS: dict[str, tuple[Access, ...]] = {
    "password_history": (
        *access(*OTHER_HOLDERS, select=OF_OWN_ACCOUNT, insert=OF_OWN_ACCOUNT),
        *access(C.ADMINISTRATOR, select=OF_OWN_ACCOUNT, insert=ALL_ROWS),
    ),
    # An administrator revokes a lost one; its secret is sealed for everybody.
    "second_factor": (
        *access(*OTHER_HOLDERS, select=OF_OWN_ACCOUNT, insert=OF_OWN_ACCOUNT, update=(OF_OWN_ACCOUNT, FACTOR_COLUMNS)),
        *access(C.ADMINISTRATOR, select=ALL_ROWS, insert=OF_OWN_ACCOUNT, update=(ALL_ROWS, FACTOR_COLUMNS)),
    ),
    "recovery_code": access(
        *OTHER_HOLDERS,
        C.ADMINISTRATOR,
        select=OF_OWN_ACCOUNT,
        insert=OF_OWN_ACCOUNT,
        update=(OF_OWN_ACCOUNT, ("used_at",)),
    ),
    "sign_in_attempt": (
        *access(
            C.SIGNIN,
            select=ALL_ROWS,
            insert=ALL_ROWS,
            update=(ALL_ROWS, ("failures", "blocked_until", "code_tries", "succeeded_at", "tried_at")),
        ),
        *access(C.ADMINISTRATOR, C.JOB, select=ALL_ROWS, delete=ALL_ROWS),
    ),
    "sign_in_pressure": (
        *access(
            C.SIGNIN,
            select=ALL_ROWS,
            insert=ALL_ROWS,
            update=(ALL_ROWS, ("failures", "window_started_at", "blocked_until")),
        ),
        *access(C.ADMINISTRATOR, C.JOB, select=ALL_ROWS, delete=ALL_ROWS),
    ),
    "access_restoration": (
        *access(
            C.ADMINISTRATOR,
            select=ALL_ROWS,
            insert=ALL_ROWS,
            update=(ALL_ROWS, ("confirmed_by_account_id", "confirmed_at", "step_up_id")),
        ),
        *access(C.AUDITOR, C.JOB, select=ALL_ROWS),
    ),
}
