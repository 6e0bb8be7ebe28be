"""Who may read and write reference data, people and the registry's own records."""

from app.regulation.vocabulary import RoleClass
from app.tables.access import (
    ACCOUNT,
    ALL_ROWS,
    ENTERPRISE,
    IN_OWN_UNITS,
    OF_OWN_ACCOUNT,
    OF_OWN_ENTERPRISE,
    ORGANISATION,
    PERSON,
    Access,
    access,
    of_wall,
)

C = RoleClass
EVERYBODY = tuple(RoleClass)
SIGNED_IN = tuple(role_class for role_class in RoleClass if role_class is not C.PUBLIC)
PERSONS = (C.ENTERPRISE, C.OFFICIAL, C.CUSTODIAN, C.PLATFORM, C.AUDITOR, C.ADMINISTRATOR)
MACHINES = (C.IMPORT, C.JOB, C.REPORT)
ALL_BUT_ENTERPRISE = tuple(role_class for role_class in SIGNED_IN if role_class is not C.ENTERPRISE)

READ_BY_ALL = access(*SIGNED_IN, select=ALL_ROWS)
OF_OWN_ORGANISATION = f"EXISTS (SELECT 1 FROM post p WHERE p.id = post_id AND p.organisation_id = {ORGANISATION})"  # noqa: S608 - own words
OWN_APPOINTMENTS = f"person_id = {PERSON} OR {OF_OWN_ORGANISATION}"
OWN_SITES = f"{IN_OWN_UNITS} OR EXISTS (SELECT 1 FROM hazard h WHERE h.site_id = site.id)"  # noqa: S608 - own words
PASSWORD = ("password_hash",)
OWN_PASSWORD = (*PASSWORD, "password_changed_at")
ENDED_SESSION = "least(revoked_at, expires_at) < registry_now()"
# Its answer is given no more: the key makes room for another request.
OWN_AND_EXPIRED = f"{OF_OWN_ACCOUNT} AND recorded_at < (SELECT registry_now()) - interval '30 days'"
# GB/T 22239-2019 8.1.4.3: nobody, not the job either, removes what is younger than six months.
KEPT_LONG_ENOUGH = "recorded_at < (SELECT registry_now()) - interval '6 months'"
SESSION_COLUMNS = ("appointment_id", "last_seen_at", "revoked_at", "step_up_failures", "step_up_tried_at")


def _other_than(*role_classes: RoleClass) -> tuple[RoleClass, ...]:
    return tuple(role_class for role_class in SIGNED_IN if role_class not in role_classes)


REFERENCE: dict[str, tuple[Access, ...]] = {
    "alembic_version": access(C.SIGNIN, C.AUDITOR, C.ADMINISTRATOR, C.JOB, select=ALL_ROWS),
    "area": READ_BY_ALL,
    "unit": (
        *access(*_other_than(C.IMPORT), select=ALL_ROWS),
        *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
        *of_wall("principal_of", select=ALL_ROWS),
    ),
    "unit_period": (
        *access(*_other_than(C.IMPORT), select=ALL_ROWS),
        *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
        *of_wall("principal_of", select=ALL_ROWS),
    ),
    # Which enterprises there are is no enterprise's business but its own.
    "organisation": (
        *access(C.ENTERPRISE, select=f"enterprise_id IS NULL OR {OF_OWN_ENTERPRISE}"),
        *access(*_other_than(C.ENTERPRISE, C.IMPORT, C.ADMINISTRATOR), select=ALL_ROWS),
        *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
        *access(
            C.ADMINISTRATOR,
            select=ALL_ROWS,
            insert=ALL_ROWS,
            update=(ALL_ROWS, ("name", "aliases", "code", "sectors", "superior_id", "confirmed_at")),
        ),
        *of_wall("principal_of", select=ALL_ROWS),
    ),
    "post": (
        *access(C.ENTERPRISE, select="EXISTS (SELECT 1 FROM organisation o WHERE o.id = organisation_id)"),
        *access(*_other_than(C.ENTERPRISE, C.ADMINISTRATOR), select=ALL_ROWS),
        *access(C.ADMINISTRATOR, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, ("title",))),
        *of_wall("principal_of", select=ALL_ROWS),
    ),
    "edition": READ_BY_ALL,
    "edition_chain": READ_BY_ALL,
    "edition_chain_level": READ_BY_ALL,
    "criterion": (
        *access(*_other_than(C.ADMINISTRATOR), select=ALL_ROWS),
        *access(
            C.ADMINISTRATOR,
            select=ALL_ROWS,
            insert=ALL_ROWS,
            update=(ALL_ROWS, ("effective_until", "checked_on", "official_text")),
        ),
    ),
    "calendar_year": (
        *access(*_other_than(C.ADMINISTRATOR), select=ALL_ROWS),
        *access(C.ADMINISTRATOR, select=ALL_ROWS, insert=ALL_ROWS),
    ),
    "calendar_day": (
        *access(*_other_than(C.ADMINISTRATOR), select=ALL_ROWS),
        *access(C.ADMINISTRATOR, select=ALL_ROWS, insert=ALL_ROWS),
    ),
    "registry_setting": READ_BY_ALL,
    "clock_setting": (*READ_BY_ALL, *of_wall("registry_now", select=ALL_ROWS)),
    "enterprise": (
        *access(C.ENTERPRISE, select=f"id = {ENTERPRISE}"),
        *access(C.OFFICIAL, C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.PLATFORM, select=IN_OWN_UNITS),
        *access(C.AUDITOR, C.ADMINISTRATOR, C.JOB, C.REPORT, select=ALL_ROWS),
    ),
    "site": (
        *access(C.ENTERPRISE, select=OF_OWN_ENTERPRISE, insert=OF_OWN_ENTERPRISE),
        *access(
            C.OFFICIAL,
            select=OWN_SITES,
            insert=IN_OWN_UNITS,
        ),
        *access(C.PLATFORM, select=IN_OWN_UNITS),
        *access(C.IMPORT, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.AUDITOR, C.JOB, C.REPORT, select=ALL_ROWS),
    ),
}

PEOPLE: dict[str, tuple[Access, ...]] = {
    "person": (
        *access(C.ENTERPRISE, C.OFFICIAL, C.CUSTODIAN, C.SIGNIN, select=f"id = {PERSON}"),
        *access(C.ADMINISTRATOR, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, ("identity_digest",))),
        *access(C.AUDITOR, C.JOB, select=ALL_ROWS),
    ),
    "person_detail": (
        *access(C.ENTERPRISE, C.OFFICIAL, C.CUSTODIAN, C.SIGNIN, select=f"person_id = {PERSON}"),
        *access(C.ADMINISTRATOR, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, ("name", "phone", "erased_at"))),
        *access(C.JOB, select=ALL_ROWS),
        *of_wall("masked_person_detail", select=ALL_ROWS),
    ),
    "person_disablement": (
        *access(C.ADMINISTRATOR, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.AUDITOR, C.JOB, C.SIGNIN, select=ALL_ROWS),
        *of_wall("principal_of", select=ALL_ROWS),
    ),
    # Sign-in finds an account by its login name; whoever is signed in proves themselves again against their own.
    "account": (
        *access(C.SIGNIN, select=ALL_ROWS, update=(f"id = {ACCOUNT}", OWN_PASSWORD)),
        *access(
            C.ENTERPRISE,
            C.OFFICIAL,
            C.CUSTODIAN,
            C.PLATFORM,
            select=f"id = {ACCOUNT}",
            update=(f"id = {ACCOUNT}", OWN_PASSWORD),
        ),
        *access(
            C.ADMINISTRATOR,
            select=ALL_ROWS,
            insert=ALL_ROWS,
            update=(ALL_ROWS, (*OWN_PASSWORD, "disabled_at")),
        ),
        *access(C.AUDITOR, select=ALL_ROWS, update=(f"id = {ACCOUNT}", OWN_PASSWORD)),
        *access(C.JOB, C.IMPORT, select=ALL_ROWS, hidden=PASSWORD),
        *of_wall("principal_of", select=ALL_ROWS),
    ),
    "service_key": (
        *access(C.ADMINISTRATOR, select=ALL_ROWS, insert=ALL_ROWS, update=(ALL_ROWS, ("revoked_at",))),
        *access(C.AUDITOR, C.JOB, select=ALL_ROWS),
        *of_wall("principal_of", select=ALL_ROWS, update=("last_used_at",)),
    ),
    "appointment": (
        *access(C.ENTERPRISE, select=OWN_APPOINTMENTS),
        *access(C.SIGNIN, C.OFFICIAL, C.AUDITOR, *MACHINES, select=ALL_ROWS),
        *access(C.CUSTODIAN, C.PLATFORM, select=f"person_id = {PERSON}"),
        *access(
            C.ADMINISTRATOR,
            select=ALL_ROWS,
            insert=ALL_ROWS,
            update=(
                ALL_ROWS,
                ("valid_from", "valid_until", "confirmed_by_account_id", "confirmed_at", "authority", "end_reason"),
            ),
        ),
        *of_wall("principal_of", select=ALL_ROWS),
    ),
    "session": (
        *access(C.SIGNIN, select=ALL_ROWS, insert=ALL_ROWS, update=(OF_OWN_ACCOUNT, (*SESSION_COLUMNS, "pending"))),
        *access(
            C.ENTERPRISE,
            C.OFFICIAL,
            C.CUSTODIAN,
            C.PLATFORM,
            C.AUDITOR,
            select=OF_OWN_ACCOUNT,
            update=(OF_OWN_ACCOUNT, SESSION_COLUMNS),
        ),
        *access(C.ADMINISTRATOR, select=ALL_ROWS, update=(ALL_ROWS, SESSION_COLUMNS)),
        *access(C.JOB, select=ALL_ROWS, delete=ENDED_SESSION),
        *of_wall("principal_of", select=ALL_ROWS, update=("last_seen_at",)),
    ),
    "step_up": (
        *access(C.ENTERPRISE, C.OFFICIAL, C.CUSTODIAN, C.ADMINISTRATOR, select=OF_OWN_ACCOUNT, insert=OF_OWN_ACCOUNT),
        *access(C.AUDITOR, C.JOB, select=ALL_ROWS),
    ),
    "idempotency_key": (
        *access(*PERSONS, C.SIGNIN, C.IMPORT, select=OF_OWN_ACCOUNT, insert=OF_OWN_ACCOUNT, delete=OWN_AND_EXPIRED),
        *access(C.JOB, select=ALL_ROWS, delete=ALL_ROWS),
    ),
    # What the public is refused is recorded, and read by nobody outside.
    "access_event": (
        *access(C.PUBLIC, C.REPORT, insert=ALL_ROWS),
        *access(
            C.ENTERPRISE,
            C.OFFICIAL,
            C.CUSTODIAN,
            C.PLATFORM,
            C.IMPORT,
            C.ADMINISTRATOR,
            C.SIGNIN,
            select=OF_OWN_ACCOUNT,
            insert=ALL_ROWS,
        ),
        *access(C.AUDITOR, select=ALL_ROWS, insert=ALL_ROWS),
        *access(C.JOB, select=ALL_ROWS, insert=ALL_ROWS, delete=KEPT_LONG_ENOUGH),
    ),
}
