"""Who asks in the matrix: every kind of post, every class of service account, and everybody who may not come in."""

from dataclasses import dataclass
from enum import StrEnum

from app.regulation.vocabulary import PostKind, RoleClass


class Entry(StrEnum):
    """How somebody comes in."""

    SESSION = "session"
    KEY = "key"
    NOTHING = "nothing"
    UNKNOWN_TOKEN = "unknown_token"
    EXPIRED_SESSION = "expired_session"
    EXPIRED_KEY = "expired_key"
    REVOKED_KEY = "revoked_key"
    ENDED_SESSION = "ended_session"
    DISABLED = "disabled"
    NO_APPOINTMENT = "no_appointment"
    PENDING_PASSWORD = "pending_password"
    PENDING_FACTOR = "pending_factor"


@dataclass(frozen=True, slots=True)
class Persona:
    """One column of the matrix."""

    name: str
    login: str
    """Of a person, or of a service account."""
    entry: Entry = Entry.SESSION
    post_kind: PostKind | None = None
    role_class: RoleClass | None = None
    """Of a service account."""

    @property
    def is_outside(self) -> bool:
        """Whether nobody stands behind the request, or somebody who may do nothing yet."""
        return self.entry not in (Entry.SESSION, Entry.KEY)


def _person(name: str, login: str, kind: PostKind) -> Persona:
    return Persona(name, login, Entry.SESSION, kind)


K = PostKind
PERSONAS: tuple[Persona, ...] = (
    _person("enterprise_safety_officer", "chemical-safety-officer", K.ENTERPRISE_SAFETY_OFFICER),
    _person("enterprise_safety_head", "chemical-safety-head", K.ENTERPRISE_SAFETY_HEAD),
    _person("enterprise_principal", "chemical-principal", K.ENTERPRISE_PRINCIPAL),
    _person("enterprise_controller", "chemical-controller", K.ENTERPRISE_CONTROLLER),
    _person("inspector", "dongsheng-inspector1", K.INSPECTOR),
    _person("section_head", "dongsheng-section", K.SECTION_HEAD),
    _person("deputy_head", "dongsheng-deputy", K.DEPUTY_HEAD),
    _person("principal_head", "dongsheng-head", K.PRINCIPAL_HEAD),
    _person("office_clerk", "dongsheng-clerk", K.OFFICE_CLERK),
    _person("office_head", "dongsheng-office-head", K.OFFICE_HEAD),
    _person("government_head", "dongsheng-government-head", K.GOVERNMENT_HEAD),
    _person("tip_officer", "dongsheng-tip-officer", K.TIP_OFFICER),
    _person("registrar", "dongsheng-registrar", K.REGISTRAR),
    _person("township_inspector", "township-inspector", K.INSPECTOR),
    _person("city_clerk", "city-clerk1", K.OFFICE_CLERK),
    _person("city_office_head", "city-office-head", K.OFFICE_HEAD),
    _person("city_department_head", "city-emergency-head", K.PRINCIPAL_HEAD),
    _person("other_district_clerk", "jungar-clerk", K.OFFICE_CLERK),
    _person("other_district_head", "jungar-head", K.PRINCIPAL_HEAD),
    _person("system_administrator", "system-admin", K.SYSTEM_ADMINISTRATOR),
    _person("security_administrator", "security-admin", K.SECURITY_ADMINISTRATOR),
    _person("audit_administrator", "audit-admin", K.AUDIT_ADMINISTRATOR),
    _person("auditor", "city-auditor", K.AUDITOR),
    Persona("enterprise_service", "service-chemical", Entry.KEY, None, RoleClass.ENTERPRISE),
    Persona("enterprise_key_to_read", "service-chemical-reader", Entry.KEY, None, RoleClass.ENTERPRISE),
    Persona("official_service", "service-dongsheng", Entry.KEY, None, RoleClass.OFFICIAL),
    Persona("platform_service", "service-platform", Entry.KEY, None, RoleClass.PLATFORM),
    Persona("no_appointment", "without-appointment", Entry.NO_APPOINTMENT, None, RoleClass.SIGNIN),
    Persona("pending_password", "pending-password", Entry.PENDING_PASSWORD, K.INSPECTOR),
    Persona("pending_factor", "pending-factor", Entry.PENDING_FACTOR, K.INSPECTOR),
    Persona("disabled", "disabled-inspector", Entry.DISABLED, K.INSPECTOR),
    Persona("ended_session", "dongsheng-section", Entry.ENDED_SESSION, K.SECTION_HEAD),
    Persona("expired_session", "dongsheng-head", Entry.EXPIRED_SESSION, K.PRINCIPAL_HEAD),
    Persona("expired_key", "service-chemical", Entry.EXPIRED_KEY, None, RoleClass.ENTERPRISE),
    Persona("revoked_key", "service-chemical", Entry.REVOKED_KEY, None, RoleClass.ENTERPRISE),
    Persona("unknown_token", "", Entry.UNKNOWN_TOKEN),
    Persona("anonymous", "", Entry.NOTHING, None, RoleClass.PUBLIC),
)
BY_NAME = {persona.name: persona for persona in PERSONAS}

# No account of these classes can come in over HTTP: a command's and the jobs' own, and a seat nobody is given yet.
NOT_OVER_HTTP = frozenset({RoleClass.IMPORT, RoleClass.JOB, RoleClass.REPORT, RoleClass.CUSTODIAN})
