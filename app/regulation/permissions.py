"""Who may act: each word of the lifecycle's "who" as (posts, relation of their organisation to the hazard).

Hazard acts are permitted by `may`; everything else by `PERMISSIONS`. Row scope is `hazards/scope.py`'s.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.regulation.facts import Actor, HazardFacts
from app.regulation.vocabulary import Act, PostKind, Relation, RoleClass

_OFFICIALS = frozenset({RoleClass.OFFICIAL, RoleClass.CUSTODIAN, RoleClass.IMPORT})


@dataclass(frozen=True, slots=True)
class Who:
    """A word of the table's "who" column: posts, and how their organisation must stand to the hazard."""

    word: str
    label: str
    post_kinds: frozenset[PostKind]
    relations: frozenset[Relation]
    """One of them is enough."""
    service_role: RoleClass | None = None
    """Role class whose service accounts may act so too; a service account never signs."""


_ENTERPRISE_POSTS = frozenset(
    {
        PostKind.ENTERPRISE_SAFETY_OFFICER,
        PostKind.ENTERPRISE_SAFETY_HEAD,
        PostKind.ENTERPRISE_PRINCIPAL,
        PostKind.ENTERPRISE_CONTROLLER,
    }
)
_DEPARTMENT_POSTS = frozenset(
    {PostKind.INSPECTOR, PostKind.SECTION_HEAD, PostKind.DEPUTY_HEAD, PostKind.PRINCIPAL_HEAD}
)
_OFFICE_POSTS = frozenset({PostKind.OFFICE_CLERK, PostKind.OFFICE_HEAD})
_SIGNING_POSTS = (
    _DEPARTMENT_POSTS
    | (_ENTERPRISE_POSTS - {PostKind.ENTERPRISE_SAFETY_OFFICER})
    | {PostKind.OFFICE_HEAD, PostKind.GOVERNMENT_HEAD}
)

ENTERPRISE = Who(
    "enterprise",
    "责任单位",
    # Where an organisation, or for 无主 a government, is the responsible party, its own posts answer for it.
    _ENTERPRISE_POSTS | _DEPARTMENT_POSTS | {PostKind.GOVERNMENT_HEAD},
    frozenset({Relation.RESPONSIBLE}),
    service_role=RoleClass.ENTERPRISE,
)
INSPECTOR = Who(
    "inspector",
    "检查人员",
    frozenset({PostKind.INSPECTOR}),
    frozenset({Relation.LEAD, Relation.REGULATOR, Relation.TERRITORIAL}),
)
TIP_OFFICER = Who(
    "tip_officer",
    "举报受理人员",
    frozenset({PostKind.TIP_OFFICER}),
    frozenset({Relation.REGULATOR, Relation.TERRITORIAL}),
)
REGULATOR = Who(
    "regulator",
    "监管部门",
    _DEPARTMENT_POSTS,
    frozenset({Relation.LEAD, Relation.REGULATOR}),
)
LEAD_DEPARTMENT = Who("lead_department", "监管责任部门", _DEPARTMENT_POSTS, frozenset({Relation.LEAD}))
RECEIVING_DEPARTMENT = Who("receiving_department", "拟接收部门", _DEPARTMENT_POSTS, frozenset({Relation.RECEIVING}))
SAFETY_OFFICE = Who(
    "safety_office",
    "安委办",
    _OFFICE_POSTS,
    frozenset({Relation.TERRITORIAL, Relation.LISTING_OFFICE}),
)
ATTESTOR = Who("attestor", "核对确认人(安委办)", _OFFICE_POSTS, frozenset({Relation.TERRITORIAL}))
LISTING_OFFICE = Who("listing_office", "挂牌督办的安委办", _OFFICE_POSTS, frozenset({Relation.LISTING_OFFICE}))
HIGHER_OFFICE = Who("higher_office", "上一级安委办", _OFFICE_POSTS, frozenset({Relation.HIGHER_OFFICE}))
SIGNER = Who("signer", "本级签字岗位", _SIGNING_POSTS, frozenset({Relation.ROUND_PARTY}))

WORDS: tuple[Who, ...] = (
    ENTERPRISE,
    INSPECTOR,
    TIP_OFFICER,
    REGULATOR,
    LEAD_DEPARTMENT,
    RECEIVING_DEPARTMENT,
    SAFETY_OFFICE,
    ATTESTOR,
    LISTING_OFFICE,
    HIGHER_OFFICE,
    SIGNER,
)
"""Every word of the "who" column, in the order documents list them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What relates an organisation to a hazard, one not yet reported included."""

    unit_id: int
    sector: str
    enterprise_id: int | None = None
    lead_organisation_id: int | None = None
    listing_office_id: int | None = None
    higher_office_id: int | None = None
    receiving_organisation_id: int | None = None
    round_organisation_ids: frozenset[int] = frozenset()
    responsible_organisation_id: int | None = None
    """Where the responsible party is an organisation, not an enterprise."""


def standing_of(facts: HazardFacts) -> Standing:
    """How a hazard stands."""
    levels = facts.round.levels if facts.round else ()
    return Standing(
        unit_id=facts.unit_id,
        sector=facts.sector,
        enterprise_id=facts.enterprise_id,
        lead_organisation_id=facts.lead_organisation_id,
        listing_office_id=facts.listing_office_id,
        higher_office_id=facts.higher_office_id,
        receiving_organisation_id=facts.transfer_to_organisation_id,
        round_organisation_ids=frozenset(level.organisation_id for level in levels),
        responsible_organisation_id=facts.responsible_organisation_id,
    )


def relations(standing: Standing, actor: Actor) -> frozenset[Relation]:
    """Every relation of the actor's organisation to the hazard; `ANY` always."""
    found = {Relation.ANY}
    if actor.enterprise_id is not None and actor.enterprise_id == standing.enterprise_id:
        found.add(Relation.RESPONSIBLE)
    if actor.organisation_id is not None:
        found |= _relations_by_organisation(standing, actor.organisation_id)
    if actor.role_class in _OFFICIALS and standing.unit_id in actor.unit_ids:
        found |= _relations_by_unit(standing, actor)
    return frozenset(found)


def _relations_by_organisation(standing: Standing, organisation_id: int) -> set[Relation]:
    named = {
        Relation.RESPONSIBLE: standing.responsible_organisation_id,
        Relation.LEAD: standing.lead_organisation_id,
        Relation.LISTING_OFFICE: standing.listing_office_id,
        Relation.HIGHER_OFFICE: standing.higher_office_id,
        Relation.RECEIVING: standing.receiving_organisation_id,
    }
    found = {relation for relation, organisation in named.items() if organisation == organisation_id}
    if organisation_id in standing.round_organisation_ids:
        found.add(Relation.ROUND_PARTY)
    return found


def _relations_by_unit(standing: Standing, actor: Actor) -> set[Relation]:
    """A department of certain sectors regulates those; an office or township without sectors is the territory's."""
    if not actor.sectors:
        return {Relation.TERRITORIAL}
    return {Relation.REGULATOR} if standing.sector in actor.sectors else set()


def is_in_scope(actor: Actor, word: str) -> bool:
    """Whether a service key is for that: a permission's word, or `act:` with an act's."""
    return actor.scopes is None or word in actor.scopes


def is_act_in_scope(actor: Actor, act: Act) -> bool:
    """Whether a service key is for that act."""
    return is_in_scope(actor, f"act:{act.value}")


def is_one_of(words: Iterable[Who], actor: Actor, held: frozenset[Relation]) -> bool:
    """Whether the actor's post and one of its relations fit one of the words."""
    return any(_fits(word, actor) and not word.relations.isdisjoint(held) for word in words)


def _fits(word: Who, actor: Actor) -> bool:
    if actor.is_service:
        return word.service_role is actor.role_class
    return actor.post_kind in word.post_kinds


class Permission(StrEnum):
    """What may be done besides acts on a hazard, `resource:action`, alphabetical."""

    ACCESS_RESTORE = "access:restore"
    ACCESS_RESTORATION_READ = "access_restoration:read"
    ACCOUNT_CREATE = "account:create"
    ACCOUNT_DISABLE = "account:disable"
    ACCOUNT_READ = "account:read"
    APPOINTMENT_CONFIRM = "appointment:confirm"
    APPOINTMENT_END = "appointment:end"
    APPOINTMENT_PROPOSE = "appointment:propose"
    APPOINTMENT_READ = "appointment:read"
    AREA_READ = "area:read"
    AUDIT_READ = "audit:read"
    AUDIT_VERIFY = "audit:verify"
    BREAK_GLASS_READ = "break_glass:read"
    CALENDAR_IMPORT = "calendar:import"
    CALENDAR_READ = "calendar:read"
    CASE_FILE_READ = "case_file:read"
    CHANGES_READ = "changes:read"
    CRITERION_IMPORT = "criterion:import"
    CRITERION_READ = "criterion:read"
    DELIVERY_PAUSE = "delivery:pause"
    DELIVERY_READ = "delivery:read"
    DELIVERY_RESOLVE = "delivery:resolve"
    DISPATCH_HOLD_ORDER = "dispatch_hold:order"
    DISPATCH_HOLD_READ = "dispatch_hold:read"
    DISPATCH_HOLD_RELEASE = "dispatch_hold:release"
    EDITION_LOAD = "edition:load"
    EDITION_READ = "edition:read"
    ENFORCEMENT_OVERSEE = "enforcement:oversee"
    ENFORCEMENT_READ = "enforcement:read"
    ENFORCEMENT_RECORD = "enforcement:record"
    ENTERPRISE_CREATE = "enterprise:create"
    ENTERPRISE_READ = "enterprise:read"
    ESCALATION_SUSPENSION_APPROVE = "escalation:approve_suspension"
    ESCALATION_READ = "escalation:read"
    ESCALATION_SUSPEND = "escalation:suspend"
    ESCALATION_REHEARSAL_MAKE = "escalation_rehearsal:make"
    ESCALATION_REHEARSAL_READ = "escalation_rehearsal:read"
    ESCALATION_RUN_READ = "escalation_run:read"
    EVIDENCE_ADD = "evidence:add"
    EVIDENCE_READ = "evidence:read"
    HAZARD_READ = "hazard:read"
    INBOX_ACKNOWLEDGE = "inbox:acknowledge"
    INBOX_READ = "inbox:read"
    LEDGER_ATTEST = "ledger:attest"
    LEDGER_IMPORT = "ledger:import"
    LETTER_ANSWER = "letter:answer"
    LETTER_DRAFT = "letter:draft"
    LETTER_ISSUE = "letter:issue"
    LETTER_READ = "letter:read"
    METRIC_DEFINITION_READ = "metric_definition:read"
    ORGANISATION_CONFIRM = "organisation:confirm"
    ORGANISATION_READ = "organisation:read"
    PERSON_CREATE = "person:create"
    PERSON_READ = "person:read"
    POST_CHECK = "post:check"
    SERVICE_KEY_ISSUE = "service_key:issue"
    SESSION_REVOKE = "session:revoke"
    SIGNING_CONTENT_READ = "signing_content:read"
    STATISTICS_READ = "statistics:read"
    WORKLIST_READ = "worklist:read"


_ADMINISTRATORS = frozenset({PostKind.SYSTEM_ADMINISTRATOR, PostKind.SECURITY_ADMINISTRATOR})
_TWO_ADMINISTRATORS = _ADMINISTRATORS
_EVERY_POST = frozenset(PostKind)
_ADMINISTRATIVE_POSTS = _ADMINISTRATORS | {PostKind.AUDIT_ADMINISTRATOR, PostKind.AUDITOR}
_WORKING_POSTS = _EVERY_POST - _ADMINISTRATIVE_POSTS
_OFFICIAL_POSTS = _WORKING_POSTS - _ENTERPRISE_POSTS
_AUDITORS = frozenset({PostKind.AUDIT_ADMINISTRATOR, PostKind.AUDITOR})
_READERS = _WORKING_POSTS | {PostKind.AUDITOR}
_SIGNATORIES = frozenset(
    {PostKind.DEPUTY_HEAD, PostKind.PRINCIPAL_HEAD, PostKind.OFFICE_HEAD, PostKind.GOVERNMENT_HEAD}
)

PERMISSIONS: dict[Permission, frozenset[PostKind | RoleClass]] = {
    Permission.ACCESS_RESTORATION_READ: _ADMINISTRATORS | _AUDITORS,
    Permission.ACCESS_RESTORE: _TWO_ADMINISTRATORS,
    Permission.ACCOUNT_CREATE: frozenset({PostKind.SYSTEM_ADMINISTRATOR}),
    Permission.ACCOUNT_DISABLE: _ADMINISTRATORS,
    Permission.ACCOUNT_READ: _ADMINISTRATIVE_POSTS,
    Permission.APPOINTMENT_CONFIRM: _TWO_ADMINISTRATORS,
    Permission.APPOINTMENT_END: _TWO_ADMINISTRATORS,
    Permission.APPOINTMENT_PROPOSE: _TWO_ADMINISTRATORS,
    Permission.APPOINTMENT_READ: _ADMINISTRATIVE_POSTS | _OFFICIAL_POSTS,
    Permission.AREA_READ: _EVERY_POST | {RoleClass.PLATFORM, RoleClass.ENTERPRISE},
    Permission.AUDIT_READ: _AUDITORS,
    Permission.AUDIT_VERIFY: _AUDITORS,
    Permission.BREAK_GLASS_READ: _ADMINISTRATIVE_POSTS,
    Permission.CALENDAR_IMPORT: frozenset({PostKind.SYSTEM_ADMINISTRATOR}),
    Permission.CALENDAR_READ: _EVERY_POST | {RoleClass.PLATFORM, RoleClass.ENTERPRISE},
    Permission.CASE_FILE_READ: _OFFICIAL_POSTS | {PostKind.AUDITOR},
    Permission.CHANGES_READ: frozenset({RoleClass.PLATFORM, PostKind.OFFICE_CLERK, PostKind.OFFICE_HEAD}),
    Permission.CRITERION_IMPORT: frozenset({PostKind.SYSTEM_ADMINISTRATOR}),
    Permission.CRITERION_READ: _EVERY_POST | {RoleClass.PLATFORM, RoleClass.ENTERPRISE},
    Permission.DISPATCH_HOLD_ORDER: frozenset({PostKind.OFFICE_HEAD}),
    Permission.DISPATCH_HOLD_READ: _OFFICE_POSTS | _AUDITORS,
    Permission.DISPATCH_HOLD_RELEASE: frozenset({PostKind.OFFICE_HEAD}),
    Permission.DELIVERY_PAUSE: _OFFICE_POSTS,
    Permission.DELIVERY_READ: _DEPARTMENT_POSTS | _OFFICE_POSTS | {PostKind.GOVERNMENT_HEAD, PostKind.AUDITOR},
    Permission.DELIVERY_RESOLVE: _DEPARTMENT_POSTS | _OFFICE_POSTS | {PostKind.GOVERNMENT_HEAD},
    Permission.EDITION_LOAD: frozenset(),
    Permission.EDITION_READ: _EVERY_POST | {RoleClass.PLATFORM, RoleClass.ENTERPRISE},
    Permission.ENFORCEMENT_OVERSEE: _OFFICIAL_POSTS | {PostKind.AUDITOR, RoleClass.IMPORT},
    Permission.ENFORCEMENT_READ: _READERS
    | {RoleClass.PLATFORM, RoleClass.ENTERPRISE, RoleClass.OFFICIAL, RoleClass.IMPORT},
    Permission.ENFORCEMENT_RECORD: _DEPARTMENT_POSTS | _OFFICE_POSTS | {RoleClass.OFFICIAL, RoleClass.IMPORT},
    Permission.ENTERPRISE_CREATE: _OFFICIAL_POSTS,
    Permission.ENTERPRISE_READ: _READERS | {RoleClass.PLATFORM, RoleClass.ENTERPRISE},
    Permission.ESCALATION_READ: _READERS | {RoleClass.ENTERPRISE},
    Permission.ESCALATION_REHEARSAL_MAKE: _OFFICE_POSTS,
    Permission.ESCALATION_REHEARSAL_READ: _OFFICE_POSTS | {PostKind.AUDITOR},
    Permission.ESCALATION_RUN_READ: _OFFICE_POSTS | {PostKind.AUDITOR},
    Permission.ESCALATION_SUSPEND: _SIGNATORIES,
    Permission.ESCALATION_SUSPENSION_APPROVE: frozenset({PostKind.OFFICE_HEAD, PostKind.GOVERNMENT_HEAD}),
    Permission.EVIDENCE_ADD: _WORKING_POSTS | {RoleClass.ENTERPRISE},
    Permission.EVIDENCE_READ: _READERS | {RoleClass.ENTERPRISE},
    Permission.HAZARD_READ: _READERS | {RoleClass.PLATFORM, RoleClass.ENTERPRISE},
    Permission.INBOX_ACKNOWLEDGE: _WORKING_POSTS | {RoleClass.ENTERPRISE},
    Permission.INBOX_READ: _WORKING_POSTS | {RoleClass.ENTERPRISE},
    Permission.LEDGER_ATTEST: _OFFICE_POSTS,
    Permission.LEDGER_IMPORT: _OFFICE_POSTS | {RoleClass.IMPORT},
    Permission.LETTER_ANSWER: _WORKING_POSTS | {RoleClass.ENTERPRISE},
    Permission.LETTER_DRAFT: _DEPARTMENT_POSTS | _OFFICE_POSTS,
    Permission.LETTER_ISSUE: _SIGNATORIES,
    Permission.LETTER_READ: _READERS | {RoleClass.ENTERPRISE},
    Permission.METRIC_DEFINITION_READ: _EVERY_POST
    | {RoleClass.PLATFORM, RoleClass.ENTERPRISE, RoleClass.OFFICIAL, RoleClass.IMPORT, RoleClass.REPORT},
    Permission.ORGANISATION_CONFIRM: _TWO_ADMINISTRATORS,
    Permission.ORGANISATION_READ: _EVERY_POST | {RoleClass.PLATFORM, RoleClass.ENTERPRISE},
    Permission.PERSON_CREATE: frozenset({PostKind.SYSTEM_ADMINISTRATOR}),
    Permission.PERSON_READ: _ADMINISTRATIVE_POSTS,
    Permission.POST_CHECK: _ADMINISTRATIVE_POSTS | _OFFICE_POSTS,
    Permission.SERVICE_KEY_ISSUE: frozenset({PostKind.SECURITY_ADMINISTRATOR}),
    Permission.SESSION_REVOKE: frozenset({PostKind.SECURITY_ADMINISTRATOR}),
    Permission.SIGNING_CONTENT_READ: _READERS | {RoleClass.ENTERPRISE},
    Permission.STATISTICS_READ: _READERS | {RoleClass.PLATFORM, RoleClass.REPORT},
    Permission.WORKLIST_READ: _WORKING_POSTS,
}
"""Posts of persons, and role classes of service accounts and jobs; `edition:load` is the owner role's alone."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows a permission reaches, by what its holder is."""

    label: str
    holders: str
    rows: str
    granted_to: frozenset[PostKind | RoleClass]


SCOPES: tuple[Scope, ...] = (
    Scope("企业", "企业岗位、企业服务账号", "本企业的隐患、场所、岗位", _ENTERPRISE_POSTS | {RoleClass.ENTERPRISE}),
    Scope(
        "属地×行业",
        "安委办、苏木乡镇等属地岗位(不限行业)",
        "本单元及下级单元的隐患;以及本机构牵头、挂牌、参与的隐患",
        _OFFICE_POSTS | {PostKind.GOVERNMENT_HEAD, PostKind.TIP_OFFICER, PostKind.REGISTRAR},
    ),
    Scope(
        "部门",
        "监管部门岗位",
        "本单元及下级单元中本部门所管行业的隐患;以及本机构牵头、参与的隐患",
        frozenset(_DEPARTMENT_POSTS),
    ),
    Scope("城市平台", "平台服务账号", "其单元及下级单元的隐患,不含个人信息", frozenset({RoleClass.PLATFORM})),
    Scope("审计", "审计管理员、审计人员", "全部行,只读,个人信息脱敏", frozenset(_AUDITORS)),
    Scope("公众", "未登录者", "只有 /public 之下已公开的内容", frozenset({RoleClass.PUBLIC})),
    Scope(
        "系统",
        "系统管理员、安全管理员,作业、报表、补录登录",
        "账号、岗位、任职、规则;看不到隐患(报表、补录登录除外)",
        _ADMINISTRATORS | {RoleClass.JOB, RoleClass.REPORT, RoleClass.IMPORT},
    ),
)
"""Where a permission reaches; of hazards the words of `WORDS` decide besides."""

BREAK_GLASS_POSTS: frozenset[PostKind] = _ADMINISTRATIVE_POSTS | {PostKind.OFFICE_HEAD}
"""Two of these, on the machine itself, may confirm an appointment or restore an access, and nothing else."""

SCOPE_WORDS: tuple[str, ...] = (
    *(permission.value for permission in Permission),
    *(f"act:{act.value}" for act in Act),
)
"""What a service key may be issued for."""


def has_permission(permission: Permission, actor: Actor) -> bool:
    """Whether the actor may do that: by post, or by role class for a service account, job or import."""
    if not is_in_scope(actor, permission.value):
        return False
    granted = PERMISSIONS[permission]
    if actor.post_kind is not None and not actor.is_service:
        return actor.post_kind in granted
    return actor.role_class in granted
