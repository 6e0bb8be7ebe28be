"""How the routes that are about no hazard are asked: signing in, people, reference data, figures, the open pages."""

from collections.abc import Mapping
from typing import Any, Final

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.matrix.asking import ACTS, DOCUMENTS, READS, Ask, Body, Seen, Subject
from tests.matrix.people import KNOWN_IDENTITY

_API: Final = "/api/v1"
_PASSWORD: Final = "Wind-and-steppe-2027"
_HOLIDAYS: Final = {"source": "国办发明电〔2025〕7号", "holidays": [f"2026-10-0{day}" for day in range(1, 8)]}
_SIGN_IN: Final = {"login_name": "city-auditor", "password": SAMPLE_PASSWORD}
_CONFIRMATION: Final = {"password": SAMPLE_PASSWORD, "document_sha256": "f" * 64}


def _said(body: Any) -> Body:
    return lambda _seen: body


def _of(record: str, body: Any = None, turned_down: Any = None, **more: Any) -> Ask:
    return Ask(
        Subject.RECORD,
        body=None if body is None else _said(body),
        turned_down=None if turned_down is None else _said(turned_down),
        record=record,
        **more,
    )


def _about_post(**more: Any) -> Body:
    def body(seen: Seen) -> dict[str, Any]:
        return {name: seen.city.records[value] if isinstance(value, str) else value for name, value in more.items()}

    return body


def _person(number: str) -> Body:
    return _said({"name": "检查人员", "identity_number": number})


def _account(login: str) -> Body:
    return lambda seen: {
        "login_name": login,
        "person_id": seen.city.records["person"],
        "password": _PASSWORD,
    }


def _post(title: str) -> Body:
    return lambda seen: {
        "organisation_id": seen.city.records["organisation"],
        "kind": "inspector",
        "title": title,
    }


def _service(login: str) -> Body:
    return lambda seen: {"login_name": login, "organisation_id": seen.city.records["organisation"]}


SESSION: Final[Mapping[str, Ask]] = {
    f"POST {_API}/session": Ask(body=_said(_SIGN_IN)),
    f"GET {_API}/session": Ask(),
    f"POST {_API}/session/appointment": Ask(
        body=lambda seen: {"appointment_id": seen.city.records.get(f"appointment:{seen.persona}", 0) or 1}
    ),
    f"DELETE {_API}/session": Ask(ends_session=True),
    f"POST {_API}/session/password": Ask(
        body=_said({"password": SAMPLE_PASSWORD, "new_password": _PASSWORD}),
        turned_down=_said({"password": SAMPLE_PASSWORD, "new_password": "short"}),
    ),
    f"POST {_API}/session/second-factor/confirmation": Ask(body=_said({"code": "000000"})),
    f"POST {_API}/session/second-factor": Ask(body=_said({"password": SAMPLE_PASSWORD})),
    f"POST {_API}/session/step-ups": Ask(body=_said({"password": SAMPLE_PASSWORD, "content_sha256": "e" * 64})),
    f"GET {_API}/session/sign-on": Ask(),
    f"GET {_API}/session/sign-on/callback": Ask(query={"code": "c", "state": "s"}),
    f"GET {_API}/sessions": Ask(),
    f"DELETE {_API}/sessions/{{session_id}}": _of("session"),
}
PEOPLE: Final[Mapping[str, Ask]] = {
    f"GET {_API}/persons": Ask(),
    f"POST {_API}/persons": Ask(body=_person("110101199003070097"), turned_down=_person(KNOWN_IDENTITY)),
    f"GET {_API}/persons/{{person_id}}": _of("person"),
    f"PATCH {_API}/persons/{{person_id}}": _of("person", {"phone": "13900000000"}, {}),
    f"GET {_API}/accounts": Ask(),
    f"POST {_API}/accounts": Ask(body=_account("newcomer"), turned_down=_account("city-clerk1")),
    f"GET {_API}/accounts/{{account_id}}": _of("account"),
    f"POST {_API}/accounts/{{account_id}}/disablement": _of("account", {"for_cause": False, "reason": "离岗"}),
    f"GET {_API}/access-restorations": Ask(),
    f"POST {_API}/accounts/{{account_id}}/access-restorations": _of("without_appointment", {"reason": "遗失手机"}),
    f"GET {_API}/accounts/{{account_id}}/access-restorations/{{restoration_id}}": _of(
        "without_appointment", other_record="restoration"
    ),
    f"POST {_API}/accounts/{{account_id}}/access-restorations/{{restoration_id}}/confirmations": _of(
        "without_appointment", _CONFIRMATION, other_record="restoration"
    ),
    f"GET {_API}/accounts/{{account_id}}/sign-on-identities": _of("account"),
    f"POST {_API}/accounts/{{account_id}}/sign-on-identities": _of(
        "account", {"issuer": "https://sign-on.invalid", "subject": "somebody"}
    ),
    f"GET {_API}/accounts/{{account_id}}/sign-on-identities/{{identity_id}}": _of("account"),
    f"DELETE {_API}/accounts/{{account_id}}/sign-on-identities/{{identity_id}}": _of("account"),
    f"GET {_API}/posts": Ask(),
    f"GET {_API}/posts/check": Ask(),
    f"GET {_API}/posts/separation": Ask(),
    f"GET {_API}/break-glass": Ask(),
    f"POST {_API}/posts": Ask(body=_post("新岗位"), turned_down=_post("检查人员三")),
    f"GET {_API}/appointments": Ask(),
    f"POST {_API}/appointments": Ask(
        body=_about_post(person_id="known_person", post_id="post"),
        turned_down=lambda seen: {
            "person_id": seen.city.records["known_person"],
            "post_id": seen.city.records["post"],
            "valid_from": "2020-01-01T00:00:00+08:00",
        },
    ),
    f"GET {_API}/appointments/{{appointment_id}}": _of("appointment"),
    f"POST {_API}/appointments/{{appointment_id}}/confirmations": _of("appointment", _CONFIRMATION),
    f"POST {_API}/appointments/{{appointment_id}}/ending": _of("appointment", {"reason": "离岗"}),
    f"POST {_API}/service-accounts": Ask(body=_service("service-new"), turned_down=_service("service-chemical")),
    f"GET {_API}/service-accounts/{{account_id}}/keys": _of("service-chemical"),
    f"POST {_API}/service-accounts/{{account_id}}/keys": _of("service-closed", {"label": "对接", "valid_days": 9}),
    f"GET {_API}/service-accounts/{{account_id}}/keys/{{key_id}}": _of(
        "service-chemical", other_record="key:revoked_key"
    ),
    f"DELETE {_API}/service-accounts/{{account_id}}/keys/{{key_id}}": _of(
        "service-chemical", other_record="key:revoked_key"
    ),
}
REFERENCE: Final[Mapping[str, Ask]] = {
    f"GET {_API}/units": Ask(),
    f"GET {_API}/organisations": Ask(query={"limit": "200"}),
    f"POST {_API}/organisations/{{organisation_id}}/confirmation": _of("organisation", {}),
    f"GET {_API}/criteria": Ask(),
    f"GET {_API}/calendar": Ask(query={"year": "2026"}),
    f"POST {_API}/calendar/{{year}}": Ask(body=_said(_HOLIDAYS)),
    f"GET {_API}/edition": Ask(),
    f"GET {_API}/enterprises": Ask(),
    f"GET {_API}/hazards": Ask(),
    f"GET {_API}/statistics/clearance": Ask(query={"by": "unit"}),
    f"GET {_API}/statistics/clearance/hazards": Ask(query={"figure": "found"}),
    f"GET {_API}/metric-definitions": Ask(),
    f"GET {_API}/worklist": Ask(),
    f"GET {_API}/letters": Ask(),
    f"GET {_API}/letter-series": Ask(),
    f"POST {_API}/letter-issuings": Ask(
        body=lambda seen: {"letters": [{"letter_id": seen.city.letters["chemical"]["draft"], "version": 99}]}
    ),
    f"GET {_API}/enforcements": Ask(),
    f"GET {_API}/enforcements/warnings": Ask(),
    f"GET {_API}/enforcements/missing": Ask(),
    f"GET {_API}/enforcements/missing/hazards": Ask(),
}
_REHEARSED: Final = {"rehearsal_id": "00000000-0000-4000-8000-000000000000"}
LADDER: Final[Mapping[str, Ask]] = {
    f"GET {_API}/escalations": Ask(),
    f"GET {_API}/escalation-runs": Ask(),
    f"GET {_API}/escalation-runs/{{run_id}}": Ask(Subject.RECORD),
    f"GET {_API}/escalation-rehearsals": Ask(),
    f"POST {_API}/escalation-rehearsals": Ask(body=_said({}), turned_down=_said({"business_date": "2020-01-02"})),
    f"GET {_API}/escalation-rehearsals/{{rehearsal_id}}": Ask(Subject.RECORD),
    f"GET {_API}/dispatch-holds": Ask(),
    f"POST {_API}/dispatch-holds": Ask(body=_said({"note": "核对公文"})),
    f"GET {_API}/dispatch-holds/{{hold_id}}": Ask(Subject.RECORD),
    f"POST {_API}/dispatch-holds/{{hold_id}}/release": Ask(Subject.RECORD, body=_said(_REHEARSED)),
}
DELIVERY: Final[Mapping[str, Ask]] = {
    f"GET {_API}/inbox": Ask(),
    f"GET {_API}/deliveries": Ask(),
    f"GET {_API}/delivery-pauses": Ask(),
    f"POST {_API}/delivery-pauses": Ask(body=_said({"note": "网关故障"})),
    f"GET {_API}/delivery-pauses/{{pause_id}}": Ask(Subject.RECORD),
    f"POST {_API}/delivery-pauses/{{pause_id}}/release": Ask(Subject.RECORD),
}
IMPORTS: Final[Mapping[str, Ask]] = {
    f"POST {_API}/imports/ledger": Ask(uploads="workbook"),
    f"GET {_API}/imports/{{batch}}": _of("batch"),
    f"POST {_API}/imports/{{batch}}/attestations": _of("batch", _CONFIRMATION),
}
AUDIT: Final[Mapping[str, Ask]] = {
    f"GET {_API}/audit/consistency": Ask(query={"from": "{tree_size}", "to": "{tree_size}"}),
    f"GET {_API}/audit/inclusion": Ask(query={"position": "1"}),
    f"GET {_API}/audit/events": Ask(),
    f"GET {_API}/audit/access-events": Ask(),
}
OPEN_PAGES: Final[Mapping[str, Ask]] = {
    f"GET {_API}/public/tree-heads": Ask(),
    f"GET {_API}/public/tree-heads/{{size}}": _of("tree_size"),
    f"GET {_API}/public/audit-keys": Ask(),
    "GET /healthz": Ask(),
    "GET /readyz": Ask(),
    "GET /docs": Ask(),
    "GET /docs/oauth2-redirect": Ask(),
    "GET /redoc": Ask(),
    "GET /openapi.json": Ask(),
    "HEAD /openapi.json": Ask(),
    "MOUNT /static-offline-docs": Ask(path="/swagger-ui.css"),
}
ASKS: Final[Mapping[str, Ask]] = {
    **ACTS,
    **READS,
    **DOCUMENTS,
    **SESSION,
    **PEOPLE,
    **REFERENCE,
    **LADDER,
    **DELIVERY,
    **IMPORTS,
    **AUDIT,
    **OPEN_PAGES,
}
"""Every route the matrix knows how to ask: `METHOD path`."""
