"""Walks that between them do every write the API has; each names the operations it is there for.

A test that takes every write through something (a kill, twenty at once, a count of statements) walks them with a
registry of its own, and fails when an operation is on no journey.
"""

import io
import itertools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import pyotp
from openpyxl import Workbook

from app.cli.demo_city import SAMPLE_PASSWORD
from app.exchange.ledger_columns import LedgerColumn
from app.infrastructure.workbook import Cell
from tests.exchange.ledgers import HEADINGS, cells
from tests.letters import papers
from tests.letters.papers import release_dispatch
from tests.personnel import staff
from tests.support import walk
from tests.support.ladder_desk import CITY_HEAD, night_at
from tests.support.registry import API, Registry

OFFICER, INSPECTOR = "chemical-safety-officer", "dongsheng-inspector1"
CLERK, HEAD, SECTION = "dongsheng-clerk", "dongsheng-head", "dongsheng-section"
PROPOSER, CONFIRMER = staff.PROPOSER, staff.CONFIRMER
NOTE: Final = {"note": "理由"}
SIGN_ON: Final = {
    "sign_on_issuer": "https://sign-on.example",
    "sign_on_client_id": "qingling",
    "sign_on_redirect_url": "https://registry.example/api/v1/session/sign-on/callback",
}
"""A provider that nobody asks: binding a subject needs its name alone."""
_serials: Final = itertools.count(1)


@dataclass(frozen=True)
class Journey:
    """What it does, and the operations (by their id) that no other journey answers for."""

    operations: tuple[str, ...]
    walk: Callable[[Registry], None]


def _nonce() -> str:
    return f"{os.getpid()}-{next(_serials)}"


def _listing(registry: Registry) -> None:
    hazard = walk.reported(registry)
    registry.post(f"/hazards/{hazard}/acknowledgements", None, by=CLERK)
    registry.act(hazard, "amendments", {"location": "罐区西侧"}, by=OFFICER)
    registry.act(hazard, "determination", {"comprehensive_reason": "构成重大事故隐患"}, by=HEAD)
    registry.act(hazard, "listing", walk.listing_document(), by=CLERK)
    registry.post(f"/hazards/{hazard}/plans", walk.plan_document(), by=OFFICER)
    registry.act(hazard, "plan-return", {"note": "资金未落实"}, by=SECTION)
    registry.post(f"/hazards/{hazard}/plans", walk.plan_document(), by=OFFICER)
    registry.act(hazard, "plan-approval", {}, by=SECTION)
    registry.post(f"/hazards/{hazard}/progress", {"description": "设备已到货"}, by=OFFICER)


def _closing(registry: Registry) -> None:
    hazard = walk.closed(registry)
    visit = {"visited_at": registry.hazard(hazard)["read_at"], "findings": "回访情况", "passed": True}
    registry.act(hazard, "revisits", visit, by=INSPECTOR)
    registry.act(hazard, "delisting", {"notice_number": "公告1号", "medium": "网站"}, by=CLERK)
    again = {"found_at": registry.hazard(hazard)["read_at"], "findings": "再次出现", "deadline": "2027-01-15"}
    registry.act(hazard, "relapses", again | NOTE, by=CLERK)


def _other_ends(registry: Registry) -> None:
    registry.act(walk.reported(registry), "dismissal", {"reason": "unsubstantiated", **NOTE}, by=SECTION)
    hazard = walk.determined(registry)
    pictures = [registry.upload(hazard, kind, by=INSPECTOR) for kind in ("before", "after")]
    registry.act(hazard, "on-the-spot-listing", {"supervision_tier": 2, "evidence_ids": pictures}, by=INSPECTOR)
    corrected = walk.reported(registry)
    draft = registry.post(
        f"/hazards/{corrected}/corrections", {"changes": {"finders": "班组长"}, "note": "录入有误"}, by=CLERK
    )
    for by in (CLERK, "dongsheng-office-head"):
        walk.confirm(registry, f"/hazards/{corrected}/corrections/{draft['id']}", draft["document_sha256"], by=by)


def _deadlines(registry: Registry) -> None:
    hazard = walk.listed(registry)
    registry.act(hazard, "extensions", {"new_deadline": "2027-02-10", **NOTE}, by=OFFICER)
    registry.act(hazard, "extension-decision", {"granted": False, **NOTE}, by=CLERK)
    order = {"kind": "partial_stop", "document": "令1号", "scope": "罐区", "from_on": "2026-11-23"}
    registry.act(hazard, "production-measures", order, by=HEAD)
    lifting = {"document": "解1号", "lifted_on": "2026-11-23"}
    registry.act(hazard, "production-measure-lifting", lifting, by=HEAD)
    receiver = staff.organisation(registry, _name_of(registry, "city-emergency-head"))
    registry.act(hazard, "transfers", {"to_organisation_id": receiver, **NOTE}, by=HEAD)
    registry.act(hazard, "transfer-refusal", NOTE, by="city-emergency-head")
    raised = {"supervision_tier": 1, "supervision_notice": {"number": "督1号"}, **NOTE}
    registry.act(hazard, "supervision-level", raised, by="city-clerk1")


def _name_of(registry: Registry, login: str) -> str:
    session = registry.get("/session", by=login).body
    held = {one["id"]: one["organisation"] for one in session["appointments"]}
    return str(held[session["appointment_id"]])


def _rounds(registry: Registry) -> None:
    hazard = walk.listed(registry)
    proof = [registry.upload(hazard, "document", by=CLERK, shade=90)]
    asked = {"reason": "unsubstantiated", "evidence_ids": proof, **NOTE}
    registry.act(hazard, "withdrawal", asked, by=CLERK)
    registry.act(hazard, "signature-refusals", {"level": 1, **NOTE}, by=INSPECTOR)
    registry.act(hazard, "cessation", {"evidence_ids": proof, **NOTE}, by=CLERK)
    walk.sign(registry, hazard, 1)
    registry.act(hazard, "signature-withdrawals", NOTE, by=INSPECTOR)


def _people(registry: Registry) -> None:
    department = staff.organisation(registry, _name_of(registry, HEAD))
    someone = staff.register(registry, f"somebody-{_nonce()}")
    phone = {"phone": "13900000002"}
    assert registry.call("PATCH", f"/persons/{someone.person}", by=PROPOSER, json=phone).status == 200
    appointed = staff.appoint(registry, someone.person, staff.post(registry, department, f"岗位{_nonce()}"))
    registry.post(f"/appointments/{appointed}/ending", {"reason": "调动"}, by=CONFIRMER)
    leaving = {"for_cause": False, "reason": "离岗"}
    registry.post(f"/accounts/{someone.account}/disablement", leaving, by=CONFIRMER)


def _credentials(registry: Registry) -> None:
    someone = staff.register(registry, f"signs-in-{_nonce()}")
    staff.sign_in(registry, someone)
    content = {"content_sha256": "0" * 64}
    changed = {"password": staff.PASSWORD, "new_password": f"Grass-{_nonce()}-Steppe"}
    registry.post("/session/password", changed, by=someone.login)
    password = {"password": changed["new_password"]}
    registry.post("/session/step-ups", content | {"password": SAMPLE_PASSWORD}, by=HEAD)
    _enrol(registry, someone.login, password)
    restorations = f"/accounts/{someone.account}/access-restorations"
    proposed = registry.post(restorations, {"reason": "遗失手机"}, by=PROPOSER)
    confirmed = {"password": SAMPLE_PASSWORD, "document_sha256": proposed["document_sha256"]}
    registry.attempt(f"{restorations}/{proposed['id']}/confirmations", confirmed, by=CONFIRMER)
    another = registry.client.post(
        f"{API}/session", json={"login_name": "coal-safety-head", "password": SAMPLE_PASSWORD}
    ).json()["token"]
    own = registry.get("/sessions", by="coal-safety-head").body["items"]
    ended = next(one["id"] for one in own if not one["is_current"])
    assert another
    registry.call("DELETE", f"/sessions/{ended}", by="coal-safety-head")
    identities = f"/accounts/{someone.account}/sign-on-identities"
    bound = registry.post(identities, {"issuer": SIGN_ON["sign_on_issuer"], "subject": _nonce()}, by=PROPOSER)
    registry.call("DELETE", f"{identities}/{bound['id']}", by=PROPOSER)


def _enrol(registry: Registry, login: str, password: dict[str, str]) -> None:
    answer = registry.attempt("/session/second-factor", password, by=login)
    while answer.status == HTTPStatus.CONFLICT:
        # The answer that showed the secret was lost on its way: the secret is never shown again.
        answer = registry.attempt("/session/second-factor", password, by=login)
    now = datetime.fromisoformat(registry.hazard(walk.reported(registry))["read_at"])
    code = pyotp.TOTP(answer.body["secret"]).at(int(now.timestamp()))
    registry.post("/session/second-factor/confirmation", {"code": code}, by=login)


def _systems(registry: Registry) -> None:
    enterprise = staff.organisation(registry, _name_of(registry, OFFICER))
    opened = {"login_name": f"service-{_nonce()}", "organisation_id": enterprise}
    account = registry.post("/service-accounts", opened, by=PROPOSER)["id"]
    keys = f"/service-accounts/{account}/keys"
    wanted = {"label": "双重预防系统", "valid_days": 90}
    registry.attempt(keys, wanted, by=CONFIRMER)
    issued = registry.get(keys, by=CONFIRMER).body["items"][0]["id"]
    registry.call("DELETE", f"{keys}/{issued}", by=CONFIRMER)
    own = registry.get("/session", by="coal-principal").body["appointment_id"]
    registry.post("/session/appointment", {"appointment_id": own}, by="coal-principal")
    registry.call("DELETE", "/session", by="coal-controller")
    registry.tokens.pop("coal-controller")


def _office(registry: Registry) -> None:
    department = f"准格尔旗试验局{_nonce()}"
    closed = {LedgerColumn.LEDGER_NUMBER: f"ZD2024-{_nonce()}", LedgerColumn.REGULATOR: department}
    files = {"file": ("台账.xlsx", _workbook(closed))}
    batch = registry.call("POST", "/imports/ledger", by="city-clerk1", files=files).body["batch"]
    digest = registry.get(f"/imports/{batch}", by="city-clerk1").body["document_sha256"]
    attestation = {"document_sha256": digest, "password": SAMPLE_PASSWORD}
    for by in ("city-clerk1", "city-clerk2"):
        registry.post(f"/imports/{batch}/attestations", attestation, by=by)
    found = registry.get("/organisations?is_confirmed=false", by=PROPOSER).body["items"]
    unconfirmed = next(one["id"] for one in found if one["name"] == department)
    registry.post(f"/organisations/{unconfirmed}/confirmation", {"sectors": ["fire"]}, by=PROPOSER)
    years = range(2027, 2100)
    year = next(one for one in years if not _is_announced(registry, one))
    days = [date(year, 1, 1), *(date(year, 2, day) for day in range(5, 13)), date(year, 5, 1), date(year, 10, 1)]
    notice = {"source": f"{year}年放假安排", "holidays": [day.isoformat() for day in days]}
    registry.post(f"/calendar/{year}", notice, by=PROPOSER)


def _enforcement(registry: Registry) -> None:
    hazard = walk.listed(registry)
    enterprise = registry.hazard(hazard)["enterprise"]["id"]
    decided = {
        "enterprise_id": enterprise,
        "hazard": hazard,
        "case_number": f"罚〔2026〕{_nonce()}号",
        "decided_on": registry.hazard(hazard)["read_at"][:10],
        "law": "work_safety_law",
        "article": "第九十九条",
        "kinds": ["warning"],
    }
    taken = registry.post("/enforcements", decided, by=HEAD)
    correction = {"reason": "录入有误", "changes": {"article": "第一百条"}}
    registry.post(f"/enforcements/{taken['id']}/corrections", correction, by=HEAD)
    unit = registry.get(f"/enterprises/{enterprise}/enforcement-counters", by=HEAD).body["enterprise"]
    registry.get("/enforcements", by=HEAD)
    files = {"file": ("处罚.xlsx", _penalties(unit["code"], decided["decided_on"]))}
    answer = registry.call("POST", "/enforcements/imports", by=HEAD, files=files)
    assert answer.status == HTTPStatus.CREATED, answer.body


def _letters(registry: Registry) -> None:
    release_dispatch(registry.database)
    hazard = walk.listed(registry)
    sent: dict[str, Any] = {
        "hazards": [hazard],
        "copies": [{"enterprise_id": registry.hazard(hazard)["enterprise"]["id"]}],
    }
    text = {"title": "关于再次督促整改的函", "paragraphs": [{"text": "请于月底前完成。"}]}
    first, second, third = (papers.drafted(registry, **sent) for _ in range(3))
    registry.post(f"/letters/{first['id']}/text", text, by=CLERK, version=0)
    registry.post(f"/letters/{third['id']}/drop", {"reason": "不再需要"}, by=CLERK, version=0)
    out = registry.post(f"/letters/{first['id']}/issuing", None, by=papers.HEAD, version=1)
    registry.get(f"/letters/{second['id']}", by=papers.HEAD)
    batch = {"letters": [{"letter_id": second["id"], "version": 0}]}
    registry.post("/letter-issuings", batch, by=papers.HEAD)
    served = {"manner": "post", "received_by": "收发室", "served_on": out["issued_at"][:10]}
    registry.post(f"/letters/{first['id']}/service", served, by=CLERK)
    registry.post(f"/letters/{first['id']}/copies/{out['copies'][0]['id']}/service", served, by=CLERK)
    registry.post(f"/letters/{second['id']}/acknowledgement", None, by=HEAD)
    registry.post(f"/letters/{second['id']}/replies", {"text": "已督促整改"}, by=HEAD)
    registry.post(f"/letters/{first['id']}/voiding", {"reason": "内容有误"}, by=papers.HEAD, version=2)


def _delivery(registry: Registry) -> None:
    release_dispatch(registry.database)
    paused = registry.post("/delivery-pauses", {"note": "网关故障"}, by="city-office-head")
    registry.post(f"/delivery-pauses/{paused['id']}/release", None, by="city-office-head")
    letter = papers.issued(registry)
    papers.sent(registry)
    message = papers.message_of(registry, letter, by=HEAD)
    registry.post(f"/inbox/{message['id']}/acknowledgement", None, by=HEAD)
    papers.lies_dead(registry.database, letter)
    (dead,) = registry.get(f"/deliveries?letter={letter['id']}&status=dead", by=CLERK).body["items"]
    registry.post(f"/deliveries/{dead['id']}/resolution", {"outcome": "again"}, by=papers.HEAD)


def _ladder(registry: Registry) -> None:
    hazard = walk.listed(registry, deadline=walk.TODAY.isoformat())
    night_at(registry.database, walk.TODAY + timedelta(days=2))
    (delay,) = registry.get(f"/escalations?hazard={hazard}", by=papers.HEAD).body["items"]
    path = f"/escalations/{delay['id']}"
    asked = {"until_on": (walk.TODAY + timedelta(days=60)).isoformat(), "reason": "停产大修"}
    told = registry.post(f"{path}/suspensions", asked, by=papers.HEAD)
    registry.post(f"{path}/suspensions/{told['suspensions'][0]['id']}/approval", None, by=CITY_HEAD)
    registry.get(path, by=OFFICER)
    hold = registry.post("/dispatch-holds", NOTE, by=CITY_HEAD)["id"]
    rehearsal = registry.post("/escalation-rehearsals", {}, by=CITY_HEAD)["id"]
    released = {"rehearsal_id": rehearsal, **NOTE}
    registry.post(f"/dispatch-holds/{hold}/release", released, by=CITY_HEAD)
    run = registry.get("/escalation-runs", by=CITY_HEAD).body["items"][0]["id"]
    registry.get(f"/escalation-runs/{run}", by=CITY_HEAD)


def _penalties(code: str, day: str) -> bytes:
    book = Workbook()
    book.active.append(["处罚决定书文号", "统一社会信用代码", "行业领域", "处罚决定日期", "处罚依据", "处罚种类"])
    book.active.append([f"罚〔2026〕{_nonce()}号", code, "危险化学品", day, "《安全生产法》第九十九条", "警告"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _is_announced(registry: Registry, year: int) -> bool:
    return bool(registry.get(f"/calendar?year={year}", by=PROPOSER).body["is_announced"])


def _workbook(row: Mapping[LedgerColumn, Cell]) -> bytes:
    book, buffer = Workbook(), io.BytesIO()
    sheet: Any = book.active
    sheet.append(list(HEADINGS))
    sheet.append(list(cells(row)))
    book.save(buffer)
    return buffer.getvalue()


JOURNEYS: Final[Mapping[str, Journey]] = {
    "listing": Journey(
        (
            *("report_hazard", "acknowledge_hazard", "amend_hazard", "determine_hazard", "list_hazard"),
            *("submit_plan", "return_plan", "approve_plan", "report_progress"),
        ),
        _listing,
    ),
    "closing": Journey(
        (
            *("add_evidence", "draft_declaration", "confirm_declaration", "draft_verification"),
            *("confirm_verification", "sign_hazard", "record_revisit", "delist_hazard", "record_relapse"),
        ),
        _closing,
    ),
    "other ends": Journey(
        ("dismiss_hazard", "list_hazard_on_the_spot", "draft_correction", "confirm_correction"), _other_ends
    ),
    "deadlines": Journey(
        (
            *("request_extension", "decide_extension", "transfer_hazard", "refuse_transfer"),
            *("order_production_measure", "lift_production_measure", "change_supervision_level"),
        ),
        _deadlines,
    ),
    "rounds": Journey(("request_withdrawal", "refuse_signature", "request_cessation", "withdraw_signature"), _rounds),
    "people": Journey(
        (
            *("register_person", "change_person", "open_account", "create_post", "propose_appointment"),
            *("confirm_appointment", "end_appointment", "disable_account"),
        ),
        _people,
    ),
    "credentials": Journey(
        (
            *("change_password", "make_step_up", "enrol_second_factor", "confirm_second_factor"),
            *("propose_access_restoration", "confirm_access_restoration", "revoke_session"),
            *("bind_sign_on_identity", "remove_sign_on_identity"),
        ),
        _credentials,
    ),
    "systems": Journey(
        (
            *("open_service_account", "issue_service_key", "revoke_service_key"),
            *("choose_appointment", "sign_out"),
        ),
        _systems,
    ),
    "letters": Journey(
        (
            *("draft_letter", "rewrite_letter", "drop_letter", "issue_letter", "issue_letters", "void_letter"),
            *("record_service", "record_copy_service", "acknowledge_letter", "reply_to_letter"),
        ),
        _letters,
    ),
    "delivery": Journey(
        ("order_delivery_pause", "release_delivery_pause", "acknowledge_message", "resolve_delivery"), _delivery
    ),
    "ladder": Journey(
        (
            *("propose_suspension", "approve_suspension", "rehearse_escalation"),
            *("order_dispatch_hold", "release_dispatch_hold"),
        ),
        _ladder,
    ),
    "enforcement": Journey(("record_enforcement", "correct_enforcement", "import_enforcements"), _enforcement),
    "office": Journey(("import_ledger", "attest_import", "confirm_organisation", "announce_calendar"), _office),
}
