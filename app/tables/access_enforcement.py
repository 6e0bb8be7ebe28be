"""Who may read and write penalties: the territory's offices and departments share them, for all of them count."""

from app.regulation.vocabulary import RoleClass
from app.tables.access import (
    ALL_ROWS,
    IN_OWN_UNITS,
    OF_OWN_ACCOUNT,
    OF_OWN_ENTERPRISE,
    ORGANISATION,
    Access,
    access,
)
from app.tables.access_hazards import with_hazard

C = RoleClass
# 安全生产法 art. 113 counts whoever punished, whatever the sector: no condition on sectors stands here.
OF_HAZARD = with_hazard("penalty")

ENFORCEMENT: dict[str, tuple[Access, ...]] = {
    "penalty": (
        *access(C.ENTERPRISE, select=OF_OWN_ENTERPRISE),
        *access(
            C.OFFICIAL,
            select=f"{IN_OWN_UNITS} OR organisation_id = {ORGANISATION} OR {OF_HAZARD}",
            insert=f"{OF_OWN_ACCOUNT} AND ({IN_OWN_UNITS} OR {OF_HAZARD})",
        ),
        *access(C.PLATFORM, select=IN_OWN_UNITS),
        *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.AUDITOR, C.JOB, C.REPORT, select=ALL_ROWS),
    ),
}
