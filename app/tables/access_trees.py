"""Who may read and write the trail's proof: hashes and public keys, no word of what they stand for."""

from app.regulation.vocabulary import RoleClass
from app.tables.access import ALL_ROWS, Access, access

C = RoleClass
NOT_THE_JOB = tuple(role_class for role_class in RoleClass if role_class is not C.JOB)

TREES: dict[str, tuple[Access, ...]] = {
    "sequence_epoch": access(C.JOB, C.AUDITOR, C.PLATFORM, select=ALL_ROWS),
    "tree_node": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.OFFICIAL, C.AUDITOR, select=ALL_ROWS),
    ),
    # Heads and keys are published: whoever holds them can hold the registry to them.
    "audit_key": (*access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS), *access(*NOT_THE_JOB, select=ALL_ROWS)),
    "tree_head": (*access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS), *access(*NOT_THE_JOB, select=ALL_ROWS)),
    "head_handover": (
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.SIGNIN, C.AUDITOR, select=ALL_ROWS),
    ),
}
"""`sequence_epoch` is the wall's alone to write."""
