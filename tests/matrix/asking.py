"""How each route is asked: of which target, at which stage, with a document that only authorisation can refuse.

Whoever is expected to be refused sends the real request; whoever is expected to be let in sends a dry run, or where
there is none a document that the service judges and turns down, so that the city stays as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.matrix import stages
from tests.matrix.city import City
from tests.matrix.stages import Walked
from tests.matrix.tenants import TENANTS, Tenant
from tests.support.registry import NOON, photo

NOWHERE: Final = "nowhere"
_UNKNOWN_UUID: Final = "00000000-0000-4000-8000-000000000000"
_UNKNOWN_NUMBER: Final = 999_999
_OF_RECORDS: Final = ("person_id", "account_id", "appointment_id", "organisation_id", "batch", "session_id", "size")
_OF_DESK: Final = ("run", "rehearsal", "hold", "pause")
_OTHER_HASH: Final = "f" * 64


class Subject(StrEnum):
    """What the route's address is about."""

    NONE = "none"
    HAZARD = "hazard"
    REPORT = "report"
    EVIDENCE = "evidence"
    ENTERPRISE = "enterprise"
    RECORD = "record"
    PENALTY = "penalty"
    LETTER = "letter"
    EPISODE = "episode"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a document is written about."""

    city: City
    tenant: Tenant
    hazard: Walked
    persona: str


Body = Callable[[Seen], Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """How one method of one path is asked."""

    subject: Subject = Subject.NONE
    stage: str = "base"
    body: Body | None = None
    turned_down: Body | None = None
    """The document of whoever is let in, where there is no dry run."""
    has_dry_run: bool = False
    query: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    """Below a mount: what is asked for there."""
    record: str = ""
    """Of a personnel route: which of the city's records its address names."""
    other_record: str = ""
    """And which one further down the address: a key, an identity, a restoration."""
    letter: str = "issued"
    """Of a letter's route: which of the tenant's letters."""
    uploads: str = ""
    """`evidence` or `workbook`."""
    ends_session: bool = False


def _fixed(body: Any) -> Body:
    return lambda _seen: body


def _act(stage: str, body: Body) -> Ask:
    return Ask(Subject.HAZARD, stage, body, has_dry_run=True)


def _confirming(kind: str, **more: Any) -> Ask:
    def body(seen: Seen, digest: str | None = None) -> dict[str, Any]:
        given = digest or seen.hazard.documents.get(kind, (0, _OTHER_HASH))[1]
        return {"password": SAMPLE_PASSWORD, "document_sha256": given, **more}

    stage = "declared" if kind == "verifications" else "base"
    return Ask(Subject.HAZARD, stage, body, lambda seen: body(seen, _OTHER_HASH))


def _evidence_of(seen: Seen) -> list[str]:
    return [seen.hazard.evidence] if seen.hazard.evidence else []


def _report(seen: Seen) -> dict[str, Any]:
    is_fire = seen.hazard.stage == "fire"
    return stages.report_document(seen.tenant, **({"sector": "fire"} if is_fire else {}))


def _penalty(seen: Seen) -> dict[str, Any]:
    number = f"罚〔2026〕{uuid4().hex[:8]}号"
    return stages.penalty_document(seen.tenant, seen.city.enterprises[seen.tenant.key], case_number=number)


def _letter(seen: Seen, **more: Any) -> dict[str, Any]:
    return {
        **stages.letter_document(seen.tenant, seen.hazard.id, seen.city.records["organisation"], kind="summons_notice"),
        **more,
    }


def _signature(seen: Seen) -> dict[str, Any]:
    return {"level": 1, "content_sha256": seen.hazard.signing_content, "password": SAMPLE_PASSWORD}


def _tier(seen: Seen) -> int:
    """An office lists at its own tier."""
    return 1 if seen.persona.startswith("city") else seen.tenant.tier


def _notice(seen: Seen) -> dict[str, Any]:
    return {"supervision_tier": 1, "supervision_notice": {"number": "市督1号"}, "note": "提级督办"}


def _verification(seen: Seen) -> dict[str, Any]:
    return {"passed": True, "visited_at": NOON, "findings": "核查情况", "evidence_ids": _evidence_of(seen)}


_REVISIT: Final = {"passed": True, "visited_at": NOON, "findings": "回访情况", "evidence_ids": []}
_DAY: Final = stages.TODAY.isoformat()
_LIFTING: Final = {"document": "复产1号", "lifted_on": _DAY}
_H: Final = "/api/v1/hazards/{reference}"

ACTS: Final[Mapping[str, Ask]] = {
    f"POST {_H}/amendments": _act("reported", lambda seen: {"finders": seen.tenant.says("安全管理员")}),
    f"POST {_H}/determination": _act("reported", _fixed({"comprehensive_reason": "构成重大事故隐患"})),
    f"POST {_H}/dismissal": _act("reported", _fixed({"reason": "unsubstantiated", "note": "经核实不成立"})),
    f"POST {_H}/listing": _act(
        "reported", lambda seen: stages.listing_document(seen.tenant, supervision_tier=_tier(seen))
    ),
    f"POST {_H}/on-the-spot-listing": _act(
        "reported", lambda seen: {"supervision_tier": _tier(seen), "evidence_ids": _evidence_of(seen) * 2}
    ),
    f"POST {_H}/supervision-level": _act("listed", _notice),
    f"POST {_H}/delisting": _act("closed", _fixed({"notice_number": "公告1号", "medium": "市政府网站"})),
    f"POST {_H}/plans": _act("listed", lambda seen: stages.plan_document(seen.tenant)),
    f"POST {_H}/plan-approval": _act("listed", _fixed({})),
    f"POST {_H}/plan-return": _act("listed", _fixed({"note": "请补充预案"})),
    f"POST {_H}/progress": _act("listed", _fixed({"description": "设备已到货"})),
    f"POST {_H}/extensions": _act("listed", _fixed({"new_deadline": "2027-02-20", "note": "设备到货延迟"})),
    f"POST {_H}/extension-decision": _act("listed", _fixed({"granted": False, "note": "理由不足"})),
    f"POST {_H}/transfers": _act(
        "listed", lambda seen: {"to_organisation_id": seen.city.records["organisation"], "note": "移交理由"}
    ),
    f"POST {_H}/transfer-refusal": _act("listed", _fixed({"note": "不属本部门职责"})),
    f"POST {_H}/production-measures": _act("listed", lambda seen: stages.measure_document(seen.tenant)),
    f"POST {_H}/production-measure-lifting": _act("listed", _fixed(_LIFTING)),
    f"POST {_H}/declarations": _act(
        "listed", lambda seen: {"description": "已整改完成", "evidence_ids": _evidence_of(seen)}
    ),
    f"POST {_H}/verifications": _act("declared", _verification),
    f"POST {_H}/revisits": _act("closed", _fixed(_REVISIT)),
    f"POST {_H}/relapses": _act("closed", _fixed({"found_at": NOON, "findings": "再次出现", "note": "复发"})),
    f"POST {_H}/corrections": _act("base", _fixed({"changes": {"finders": "另一人"}, "note": "更正理由"})),
    f"POST {_H}/signatures": _act("round", _signature),
    f"POST {_H}/signature-refusals": _act("round", _fixed({"level": 1, "note": "依据不足"})),
    f"POST {_H}/signature-withdrawals": _act("signed", _fixed({"note": "签错"})),
    f"POST {_H}/withdrawal": _act(
        "listed", lambda seen: {"reason": "unsubstantiated", "note": "不成立", "evidence_ids": _evidence_of(seen)}
    ),
    f"POST {_H}/cessation": _act("listed", lambda seen: {"note": "已关停", "evidence_ids": _evidence_of(seen)}),
}
"""Every act has a dry run."""

READS: Final[Mapping[str, Ask]] = {
    f"GET {_H}": Ask(Subject.HAZARD),
    f"GET {_H}/timeline": Ask(Subject.HAZARD),
    f"GET {_H}/deadline": Ask(Subject.HAZARD),
    f"GET {_H}/signing-content": Ask(Subject.HAZARD, "round"),
    f"GET {_H}/evidence": Ask(Subject.HAZARD),
    f"GET {_H}/case-file": Ask(Subject.HAZARD),
    f"GET {_H}/corrections/{{document_id}}": Ask(Subject.HAZARD),
    f"GET {_H}/declarations/{{document_id}}": Ask(Subject.HAZARD),
    f"GET {_H}/verifications/{{document_id}}": Ask(Subject.HAZARD),
    "GET /api/v1/evidence/{public_id}": Ask(Subject.EVIDENCE),
    "GET /api/v1/enterprises/{enterprise_id}": Ask(Subject.ENTERPRISE),
    "GET /api/v1/enterprises/{enterprise_id}/enforcement-counters": Ask(Subject.ENTERPRISE),
    "GET /api/v1/enforcements/{penalty_id}": Ask(Subject.PENALTY),
    "GET /api/v1/letters/{letter_id}": Ask(Subject.LETTER),
    "GET /api/v1/letters/{letter_id}/file": Ask(Subject.LETTER, query={"form": "docx"}),
    "GET /api/v1/inbox/{message_id}": Ask(Subject.LETTER),
    "GET /api/v1/deliveries/{delivery_id}": Ask(Subject.LETTER),
    "GET /api/v1/escalations/{escalation_id}": Ask(Subject.EPISODE),
}

_TEXT: Final = {"title": "关于整改的函", "paragraphs": [{"text": "请办理。"}]}
_ENDING: Final = {"reason": "内容有误"}
_SERVED: Final = {"manner": "post", "received_by": "收发室", "served_on": "2020-01-02"}
_SUSPENSION: Final = {"until_on": "2026-12-31", "reason": "停产大修"}
DOCUMENTS: Final[Mapping[str, Ask]] = {
    "POST /api/v1/hazards": Ask(Subject.REPORT, body=_report, has_dry_run=True),
    "POST /api/v1/enforcements": Ask(Subject.REPORT, body=_penalty, has_dry_run=True),
    "POST /api/v1/enforcements/imports": Ask(uploads="workbook"),
    "POST /api/v1/enforcements/{penalty_id}/corrections": Ask(
        Subject.PENALTY, body=_fixed({"reason": "更正理由", "changes": {"article": "第一百条"}}), has_dry_run=True
    ),
    # Whoever is let in is turned down: a talk without its order, a version not named, a day long past, a voided letter.
    "POST /api/v1/letters": Ask(
        Subject.REPORT, "listed", lambda seen: _letter(seen, ordered_by="区长"), turned_down=_letter
    ),
    "POST /api/v1/letters/{letter_id}/text": Ask(Subject.LETTER, body=_fixed(_TEXT), letter="draft"),
    "POST /api/v1/letters/{letter_id}/drop": Ask(Subject.LETTER, body=_fixed(_ENDING), letter="draft"),
    "POST /api/v1/letters/{letter_id}/issuing": Ask(Subject.LETTER, letter="draft"),
    "POST /api/v1/letters/{letter_id}/voiding": Ask(Subject.LETTER, body=_fixed(_ENDING)),
    "POST /api/v1/letters/{letter_id}/service": Ask(Subject.LETTER, body=_fixed(_SERVED)),
    "POST /api/v1/letters/{letter_id}/copies/{copy_id}/service": Ask(Subject.LETTER, body=_fixed(_SERVED)),
    "POST /api/v1/letters/{letter_id}/acknowledgement": Ask(Subject.LETTER, letter="voided"),
    "POST /api/v1/letters/{letter_id}/replies": Ask(Subject.LETTER, body=_fixed({"text": "已办理"}), letter="voided"),
    # The second who is let in is told that it was acknowledged; what was sent needs nobody.
    "POST /api/v1/inbox/{message_id}/acknowledgement": Ask(Subject.LETTER),
    "POST /api/v1/deliveries/{delivery_id}/resolution": Ask(Subject.LETTER, body=_fixed({"outcome": "again"})),
    # Whoever is let in is turned down: a day long past; of an approval the second is told that it was given.
    "POST /api/v1/escalations/{escalation_id}/suspensions": Ask(
        Subject.EPISODE, body=_fixed(_SUSPENSION), turned_down=_fixed({**_SUSPENSION, "until_on": "2020-01-02"})
    ),
    "POST /api/v1/escalations/{escalation_id}/suspensions/{suspension_id}/approval": Ask(Subject.EPISODE),
    f"POST {_H}/acknowledgements": Ask(Subject.HAZARD),
    f"POST {_H}/evidence": Ask(Subject.HAZARD, uploads="evidence"),
    f"POST {_H}/corrections/{{document_id}}/confirmations": _confirming("corrections"),
    f"POST {_H}/declarations/{{document_id}}/confirmations": _confirming("declarations"),
    f"POST {_H}/verifications/{{document_id}}/confirmations": _confirming(
        "verifications", certificate_number="执法-001"
    ),
}


def tenant_of(target: str) -> Tenant:
    """Whose the target is; of nobody's, anybody's words will do."""
    key = {"fire": "second", NOWHERE: "chemical"}.get(target, target)
    return next(tenant for tenant in TENANTS if tenant.key == key)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent."""

    method: str
    path: str
    sent: Mapping[str, Any]


def request_of(route: str, ask: Ask, seen: Seen, *, target: str, is_let_in: bool) -> Request:
    """The route's request about a target, as whoever is let in or refused sends it."""
    method, _, template = route.partition(" ")
    if ask.path:
        method, template = "GET", template + ask.path
    sent: dict[str, Any] = {"params": {name: value.format_map(seen.city.records) for name, value in ask.query.items()}}
    if ask.body is not None:
        is_other = is_let_in and ask.turned_down is not None
        sent["json"] = ask.turned_down(seen) if is_other and ask.turned_down is not None else ask.body(seen)
    if ask.has_dry_run and is_let_in:
        sent["params"]["dry_run"] = "true"
    if ask.uploads:
        content = b"no such file" if is_let_in else photo(9_999)
        sent["files"] = {"file": ("a.png", content)}
    if ask.uploads == "evidence":
        sent["data"] = {"kind": "after", "taken_at": NOON}
    headers = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
    if ask.subject is Subject.HAZARD and method == "POST":
        headers["If-Match"] = f'"{seen.hazard.version}"'
    return Request(method, _address(template, ask, seen, target), {**sent, "headers": headers})


def _address(template: str, ask: Ask, seen: Seen, target: str) -> str:
    is_nowhere = target == NOWHERE
    document = seen.hazard.documents.get(_kind_in(template), (_UNKNOWN_NUMBER, ""))[0]
    records = seen.city.records
    values: dict[str, object] = {
        "reference": _UNKNOWN_UUID if is_nowhere else seen.hazard.id,
        "document_id": document,
        "public_id": _UNKNOWN_UUID if is_nowhere else seen.hazard.evidence,
        "enterprise_id": _UNKNOWN_UUID if is_nowhere else seen.city.enterprises[seen.tenant.key],
        "letter_id": _UNKNOWN_UUID if is_nowhere else seen.city.letters[seen.tenant.key][ask.letter],
        "copy_id": _UNKNOWN_UUID if is_nowhere else seen.city.letters[seen.tenant.key]["copy"],
        "message_id": _UNKNOWN_UUID if is_nowhere else seen.city.letters[seen.tenant.key][_message_to(seen)],
        "delivery_id": _UNKNOWN_UUID if is_nowhere else seen.city.letters[seen.tenant.key]["to_enterprise"],
        "penalty_id": _UNKNOWN_UUID if is_nowhere else seen.city.penalties[seen.tenant.key],
        "escalation_id": _UNKNOWN_UUID if is_nowhere else _of_ladder(seen, "episode"),
        "suspension_id": _UNKNOWN_UUID if is_nowhere else _of_ladder(seen, "suspension"),
        **{f"{name}_id": _UNKNOWN_UUID if is_nowhere else seen.city.desk[name] for name in _OF_DESK},
        "year": 2026,
    }
    if ask.record and ask.subject is Subject.RECORD:
        own = _UNKNOWN_NUMBER if is_nowhere else records[ask.record]
        values |= dict.fromkeys(_OF_RECORDS, own)
        other = records.get(ask.other_record, _UNKNOWN_NUMBER)
        values |= dict.fromkeys(("key_id", "identity_id", "restoration_id"), other)
    return template.format_map(values)


def _message_to(seen: Seen) -> str:
    """Of the tenant's messages, the one that somebody of the asker's kind may have been sent."""
    return "to_enterprise" if seen.persona.startswith("enterprise") else "to_department"


def _of_ladder(seen: Seen, what: str) -> str:
    """Of the target's delay; of the hazard of another sector nothing was suspended."""
    of_target = seen.city.ladder["fire" if seen.hazard.stage == "fire" else seen.tenant.key]
    return of_target.get(what, _UNKNOWN_UUID)


def _kind_in(template: str) -> str:
    return next((kind for kind in ("corrections", "declarations", "verifications") if f"/{kind}/" in template), "")
