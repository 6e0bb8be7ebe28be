"""The city's people beyond the demo's, entered by its administrators, and everybody's way in."""

import asyncio
import secrets
from typing import Any

from sqlalchemy import func, update

from app.cli.demo_city import SAMPLE_PASSWORD
from app.infrastructure.owner import owner_transaction
from app.infrastructure.security import token_digest
from app.regulation.vocabulary import PendingStep
from app.tables.people import Account, Session
from tests.matrix import stages
from tests.matrix.cast import BY_NAME, PERSONAS, Entry, Persona
from tests.matrix.tenants import CHEMICAL, NEW, Tenant
from tests.personnel import staff
from tests.support.cluster import TestDatabase
from tests.support.quick_passwords import QUICK
from tests.support.registry import API, Registry

_PROPOSER, _CONFIRMER = "system-admin", "security-admin"
_ENTERPRISE_POSTS = {
    "safety-officer": ("enterprise_safety_officer", "安全管理员"),
    "principal": ("enterprise_principal", "主要负责人"),
    "controller": ("enterprise_controller", "实际控制人"),
}
# login → organisation (by name), post kind, title
_OFFICIALS = {
    "dongsheng-government-head": ("东胜区人民政府", "government_head", "区政府主要负责人"),
    "dongsheng-tip-officer": ("东胜区安委办", "tip_officer", "举报受理人员"),
    "dongsheng-registrar": ("东胜区安委办", "registrar", "登记员"),
    "township-inspector": ("样例镇人民政府", "inspector", "安全检查员"),
    "city-inspector1": ("鄂尔多斯市应急管理局", "inspector", "主办检查人员"),
    "city-inspector2": ("鄂尔多斯市应急管理局", "inspector", "协办检查人员"),
    "disabled-inspector": ("东胜区应急管理局", "inspector", "检查人员三"),
    "pending-password": ("东胜区应急管理局", "inspector", "检查人员四"),
    "pending-factor": ("东胜区应急管理局", "inspector", "检查人员五"),
}
_SERVICES = {
    "service-chemical": CHEMICAL.name,
    "service-chemical-reader": CHEMICAL.name,
    "service-closed": CHEMICAL.name,
    "service-dongsheng": "东胜区应急管理局",
    "service-platform": "鄂尔多斯市安全生产责任监管平台",
}
KNOWN_IDENTITY = "110101199003070417"
Records = dict[str, int]


def enter(registry: Registry, database: TestDatabase) -> Records:
    """Everybody whom the demo lacks; the ids that the personnel routes are asked about."""
    organisations = _organisations(registry)
    for login in ("city-inspector1", "city-inspector2"):
        _appoint(registry, login, organisations)
    _give_one_password(database)
    for tenant in NEW:
        _enter_enterprise(registry, tenant)
    for login in sorted(set(_OFFICIALS) - {"city-inspector1", "city-inspector2"}):
        _appoint(registry, login, organisations)
    known = staff.person(registry, "已登记", identity_number=KNOWN_IDENTITY)
    records = {"known_person": known, "without_appointment": staff.register(registry, "without-appointment").account}
    organisations |= _organisations(registry)
    for login, organisation in _SERVICES.items():
        sent = {"login_name": login, "organisation_id": organisations[organisation]}
        records[login] = int(registry.post("/service-accounts", sent, by=_PROPOSER)["id"])
    _give_one_password(database)
    return records | {"organisation": organisations["东胜区应急管理局"]}


def _organisations(registry: Registry) -> dict[str, int]:
    found: dict[str, int] = {}
    path: str | None = "/organisations?limit=200"
    while path is not None:
        page = registry.get(path, by=_PROPOSER).body
        found |= {one["name"]: one["id"] for one in page["items"]}
        path = f"/organisations?limit=200&cursor={page['next_cursor']}" if page["next_cursor"] else None
    return found


def _appoint(registry: Registry, login: str, organisations: dict[str, int]) -> None:
    organisation, kind, title = _OFFICIALS[login]
    person = staff.register(registry, login)
    staff.appoint(registry, person.person, staff.post(registry, organisations[organisation], title, kind))


def _enter_enterprise(registry: Registry, tenant: Tenant) -> None:
    """Found by an inspector, whose report enters the enterprise; then its posts are filled."""
    inspection = stages.report_document(tenant, channel="inspection")
    registry.post("/hazards", inspection, by=tenant.inspectors[0])
    for post, (kind, title) in _ENTERPRISE_POSTS.items():
        sent = {"enterprise_code": tenant.code, "kind": kind, "title": title}
        post_id = int(registry.post("/posts", sent, by=_PROPOSER)["id"])
        person = staff.register(registry, tenant.login(post))
        staff.appoint(registry, person.person, post_id)


def _give_one_password(database: TestDatabase) -> None:
    async def give() -> None:
        async with owner_transaction(database.migrate_url, label="test") as context:
            quick = {"password_hash": QUICK.hash(SAMPLE_PASSWORD), "password_changed_at": func.registry_now()}
            await context.session.execute(update(Account).where(~Account.is_service).values(quick))

    asyncio.run(give())


def keep_out(registry: Registry) -> dict[str, str]:
    """Tokens that will have expired by the time the matrix asks: a session of hours, a key of a day."""
    accounts = registry.get("/accounts?is_service=true&limit=200", by=_PROPOSER).body["items"]
    chemical = next(one["id"] for one in accounts if one["login_name"] == "service-chemical")
    return {
        "expired_session": _sign_in(registry, "dongsheng-head"),
        "expired_key": _key(registry, chemical, days=1)[0],
        "unknown_token": secrets.token_urlsafe(32),
    }


def sign_everybody_in(registry: Registry, records: Records) -> dict[str, str]:
    """Persona → token or key, in force or ended as its way in says."""
    registry.tokens.clear()
    tokens = {}
    for persona in PERSONAS:
        if persona.entry in (Entry.SESSION, Entry.NO_APPOINTMENT, Entry.DISABLED, Entry.ENDED_SESSION):
            tokens[persona.name] = _sign_in(registry, persona.login)
            records[f"appointment:{persona.name}"] = _appointment(registry, tokens[persona.name])
        elif persona.entry in (Entry.KEY, Entry.REVOKED_KEY):
            scopes = ["hazard:read"] if persona.name == "enterprise_key_to_read" else []
            tokens[persona.name], records[f"key:{persona.name}"] = _key(registry, records[persona.login], scopes=scopes)
    _, records["key:of_all_time"] = _key(registry, records["service-chemical"])
    _end(registry, records, tokens)
    return tokens


def leave_pending(registry: Registry, database: TestDatabase) -> dict[str, str]:
    """Two sign-ins that still lack a step each, put back by the owner to just after the password was right."""
    tokens = {name: _sign_in(registry, BY_NAME[name].login) for name in ("pending_password", "pending_factor")}
    steps = {"pending_password": PendingStep.PASSWORD_CHANGE, "pending_factor": PendingStep.SECOND_FACTOR}

    async def put_back() -> None:
        async with owner_transaction(database.migrate_url, label="test") as context:
            for name, step in steps.items():
                held = update(Session).where(Session.token_sha256 == token_digest(tokens[name]))
                await context.session.execute(held.values(pending=step.value))

    asyncio.run(put_back())
    return tokens


def _end(registry: Registry, records: Records, tokens: dict[str, str]) -> None:
    """What was just opened and is over: a sign-out, a revoked key, two disabled accounts, an ended appointment."""
    ended = registry.client.delete(f"{API}/session", headers={"Authorization": f"Bearer {tokens['ended_session']}"})
    assert ended.status_code == 204, ended.text
    path = f"/service-accounts/{records['service-chemical']}/keys/{records['key:revoked_key']}"
    assert registry.call("DELETE", path, by=_CONFIRMER).status == 204
    person_accounts = registry.get("/accounts?is_service=false&limit=200", by=_PROPOSER).body["items"]
    disabled = next(one for one in person_accounts if one["login_name"] == "disabled-inspector")
    records |= {"account": disabled["id"], "person": disabled["person_id"]}
    for account in (disabled["id"], records["service-closed"]):
        sent = {"for_cause": False, "reason": "离岗"}
        registry.post(f"/accounts/{account}/disablement", sent, by=_PROPOSER)
    held = registry.get(f"/appointments?person_id={disabled['person_id']}", by=_PROPOSER).body["items"][0]
    registry.post(f"/appointments/{held['id']}/ending", {"reason": "离岗"}, by=_PROPOSER)
    records |= {"appointment": held["id"], "post": held["post_id"]}
    account = records["without_appointment"]
    proposed = registry.post(f"/accounts/{account}/access-restorations", {"reason": "遗失手机"}, by=_PROPOSER)
    records["restoration"] = proposed["id"]
    own = registry.get("/sessions", by="coal-safety-officer").body["items"]
    records["session"] = own[0]["id"]


def _sign_in(registry: Registry, login: str) -> str:
    sent = {"login_name": login, "password": SAMPLE_PASSWORD}
    answer = registry.client.post(f"{API}/session", json=sent)
    assert answer.status_code == 201, (login, answer.text)
    return str(answer.json()["token"])


def _appointment(registry: Registry, token: str) -> int:
    held = registry.client.get(f"{API}/session", headers={"Authorization": f"Bearer {token}"}).json()["appointment_id"]
    return held or 0


def sign_in_again(registry: Registry, persona: Persona) -> str:
    """Another session of the persona's, to be ended."""
    return _sign_in(registry, persona.login)


def _key(registry: Registry, account: int, *, days: int = 300, **more: Any) -> tuple[str, int]:
    sent = {"label": "对接", "valid_days": days, **more}
    answer = registry.post(f"/service-accounts/{account}/keys", sent, by=_CONFIRMER)
    return answer["secret"], answer["id"]
