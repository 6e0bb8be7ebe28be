"""Walks each tenant's hazards by real acts, every free text bearing its tenant's canary, and keeps what came of it."""

from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.letters.papers import organisation
from tests.matrix.tenants import CHEMICAL, COAL, SECOND, TENANTS, Tenant
from tests.support.registry import NOON, Registry, photo
from tests.support.walk import PLAN_FIELDS, SIGNERS

TODAY = date(2026, 11, 24)
FIRE_CANARY = "canary-fire-4be9"
DEADLINE = (TODAY + timedelta(days=60)).isoformat()


@dataclass(slots=True)
class Walked:
    """One hazard of a tenant: its addresses, and the version it stands at."""

    tenant: str
    stage: str
    id: str
    version: int = 0
    ledger_number: str | None = None
    evidence: str = ""
    documents: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Kind → id and hash."""
    signing_content: str = "0" * 64

    def as_json(self) -> dict[str, Any]:
        """For the city's file."""
        return asdict(self)


def report_document(tenant: Tenant, **changed: Any) -> dict[str, Any]:
    """A self-report; every text bears the canary."""
    return {
        "channel": "self_report",
        "sector": tenant.sector,
        "enterprise": tenant.enterprise,
        "site": {"unit_code": tenant.unit_code, "name": f"罐区({tenant.site})"},
        "finders": tenant.says("安全管理员"),
        "found_on": "2026-11-20",
        "location": tenant.says("罐区东侧"),
        "circumstances": tenant.says("报警装置未按标准设置"),
        "reported_to": tenant.says("已报属地"),
        "monitoring_measures": tenant.says("设警戒"),
        **changed,
    }


def listing_document(tenant: Tenant, **changed: Any) -> dict[str, Any]:
    """挂牌督办, 60 days."""
    return {
        "supervision_tier": tenant.tier,
        "deadline": DEADLINE,
        "requirements": tenant.says("按标准重新设置"),
        "supervision_notice": {"number": tenant.says("督办1号"), "release_conditions": tenant.says("验收合格")},
        "note": tenant.says("从严"),
        **changed,
    }


def plan_document(tenant: Tenant) -> dict[str, Any]:
    """A complete plan."""
    milestone = {"name": tenant.says("设备到货"), "due_on": (TODAY + timedelta(days=20)).isoformat()}
    return {name: tenant.says(name) for name in PLAN_FIELDS} | {"milestones": [milestone]}


def measure_document(tenant: Tenant) -> dict[str, Any]:
    """局部停产."""
    day = TODAY.isoformat()
    return {"kind": "partial_stop", "document": tenant.says("停产1号"), "scope": tenant.says("二车间"), "from_on": day}


def penalty_document(tenant: Tenant, enterprise: str, **changed: Any) -> dict[str, Any]:
    """警告 under 安全生产法."""
    return {
        "enterprise_id": enterprise,
        "sector": tenant.sector,
        "case_number": f"罚〔2026〕1号({tenant.penalty})",
        "decided_on": TODAY.isoformat(),
        "law": "work_safety_law",
        "article": "第九十九条",
        "kinds": ["warning"],
        **changed,
    }


def penalty(registry: Registry, tenant: Tenant, enterprise: str) -> str:
    """A penalty that the tenant's department decided; its id."""
    return str(registry.post("/enforcements", penalty_document(tenant, enterprise), by=tenant.head)["id"])


def letter_document(tenant: Tenant, hazard: str, department: int, **changed: Any) -> dict[str, Any]:
    """督促函 about one hazard."""
    return {
        "kind": "urging_letter",
        "addressee": {"organisation_id": department},
        "title": tenant.says("关于督促整改的函"),
        "paragraphs": [{"text": tenant.says("请督促整改")}],
        "hazards": [hazard],
        **changed,
    }


def letters(registry: Registry, tenant: Tenant, hazard: str, enterprise: str) -> dict[str, str]:
    """A draft, an issued letter with its copy to the enterprise, and a voided one."""
    held = registry.get("/session", by=tenant.head).body["appointments"]
    department = organisation(registry, held[0]["organisation"])
    sent = letter_document(tenant, hazard, department, copies=[{"enterprise_id": enterprise}])
    made = [registry.post("/letters", sent, by=tenant.clerk) for _ in range(3)]
    draft, issued, voided = (str(one["id"]) for one in made)
    for each in (issued, voided):
        registry.post(f"/letters/{each}/issuing", None, by=tenant.office_head, version=0)
    registry.post(f"/letters/{voided}/voiding", {"reason": "有误"}, by=tenant.office_head, version=1)
    copy = str(made[1]["copies"][0]["id"])
    for query in ("form=docx", f"form=docx&copy={copy}"):
        assert registry.get(f"/letters/{issued}/file?{query}", by=tenant.office_head).status == 200
    return {"draft": draft, "issued": issued, "voided": voided, "copy": copy}


def messages(registry: Registry, tenant: Tenant, letter: str) -> dict[str, str]:
    """The message that brought the issued letter to the department, and the one that brought the copy."""
    found = registry.get(f"/deliveries?letter={letter}", by=tenant.office_head).body["items"]
    return {"to_enterprise" if one["copy"] else "to_department": str(one["id"]) for one in found}


def pause(registry: Registry) -> str:
    """A pause of all sending that the city's office has ended again."""
    ordered = registry.post("/delivery-pauses", {"note": "网关故障"}, by="city-office-head")
    registry.post(f"/delivery-pauses/{ordered['id']}/release", None, by="city-office-head")
    return str(ordered["id"])


def delay(registry: Registry, tenant: Tenant, hazard: str) -> dict[str, str]:
    """The hazard's delay, and a suspension of it that its office has proposed."""
    (found,) = registry.get(f"/escalations?kind=term&hazard={hazard}", by=tenant.office_head).body["items"]
    sent = {"until_on": "2026-12-31", "reason": tenant.says("停产大修")}
    told = registry.post(f"/escalations/{found['id']}/suspensions", sent, by=tenant.office_head)
    return {"episode": str(found["id"]), "suspension": str(told["suspensions"][0]["id"])}


def late_duty(registry: Registry, hazard: str) -> dict[str, str]:
    """That nobody has determined the hazard in time."""
    (found,) = registry.get(f"/escalations?kind=duty&hazard={hazard}", by="dongsheng-office-head").body["items"]
    return {"episode": str(found["id"])}


def at_the_desk(registry: Registry) -> dict[str, str]:
    """The city's office holds dispatch, rehearses and releases; the night's run."""
    by = "city-office-head"
    hold = registry.post("/dispatch-holds", {"note": "核对公文"}, by=by)["id"]
    rehearsal = registry.post("/escalation-rehearsals", {}, by=by)["id"]
    for one in registry.get("/dispatch-holds?is_open=true", by=by).body["items"]:
        registry.post(f"/dispatch-holds/{one['id']}/release", {"rehearsal_id": rehearsal}, by=by)
    run = registry.get("/escalation-runs", by=by).body["items"][0]["id"]
    return {"run": str(run), "rehearsal": str(rehearsal), "hold": str(hold)}


class Walk:
    """One hazard on its way."""

    def __init__(self, registry: Registry, tenant: Tenant, **changed: Any) -> None:
        self.registry, self.tenant = registry, tenant
        by = tenant.login("safety-officer")
        found = registry.post("/hazards", report_document(tenant, **changed), by=by)
        self.walked = Walked(tenant.key, "reported", str(found["id"]))
        self._shade = 17 * (1 + [one.key for one in TENANTS].index(tenant.key))

    @property
    def _path(self) -> str:
        return f"/hazards/{self.walked.id}"

    def _act(self, act: str, body: Any, by: str) -> Any:
        return self.registry.act(self.walked.id, act, body, by=by)

    def upload(self, by: str) -> str:
        """A photo with a name that bears the canary; its id."""
        self._shade += 1
        said = {"file_name": f"{self.tenant.canary}.png", "kind": "after", "taken_at": NOON}
        answer = self.registry.call(
            "POST",
            f"{self._path}/evidence",
            by=by,
            files={"file": ("a.png", photo(self._shade))},
            data={**said, "longitude": "109.98", "latitude": "39.81"},
        )
        assert answer.status == 201, answer.body
        self.walked.evidence = str(answer.body["id"])
        return self.walked.evidence

    def to_listed(self) -> None:
        """Determined, listed, a production measure ordered."""
        tenant = self.tenant
        reason = {"comprehensive_reason": tenant.says("构成重大事故隐患"), "note": tenant.says("判定说明")}
        self._act("determination", reason, tenant.head)
        self._act("listing", listing_document(tenant), tenant.clerk)
        self._act("production-measures", measure_document(tenant), tenant.head)
        self.walked.stage = "listed"

    def to_planned(self) -> None:
        """A plan approved, progress reported."""
        tenant, officer = self.tenant, self.tenant.login("safety-officer")
        self.registry.post(f"{self._path}/plans", plan_document(tenant), by=officer)
        self._act("plan-approval", {"note": tenant.says("同意方案")}, tenant.head)
        progress = {"description": tenant.says("设备已订购"), "milestone": tenant.says("设备到货")}
        self.registry.post(f"{self._path}/progress", progress, by=officer)

    def to_declared(self) -> None:
        """一报告双签字."""
        tenant, officer = self.tenant, self.tenant.login("safety-officer")
        said = {"description": tenant.says("已整改完成"), "measures_taken": tenant.says("更换")}
        sent = {**said, "evidence_ids": [self.upload(officer)]}
        draft = self.registry.post(f"{self._path}/declarations", sent, by=officer)
        for post in ("principal", "controller"):
            self._confirm("declarations", draft, tenant.login(post))
        self.walked.documents["declarations"] = (draft["id"], draft["document_sha256"])
        self.walked.stage = "rectified"

    def draft_verification(self, *, passed: bool) -> dict[str, Any]:
        """A record of a visit, not yet confirmed."""
        first = self.tenant.inspectors[0]
        evidence = self.upload(first)
        sent = {
            "passed": passed,
            "visited_at": self.registry.hazard(self.walked.id, by=first)["read_at"],
            "findings": self.tenant.says("核查情况"),
            "note": None if passed else self.tenant.says("未完成"),
            "evidence_ids": [evidence],
        }
        draft: dict[str, Any] = self.registry.post(f"{self._path}/verifications", sent, by=first)
        self.walked.documents["verifications"] = (draft["id"], draft["document_sha256"])
        return draft

    def verify(self, *, passed: bool) -> None:
        """现场核查 by two inspectors."""
        draft = self.draft_verification(passed=passed)
        for number, inspector in enumerate(self.tenant.inspectors):
            self._confirm("verifications", draft, inspector, certificate_number=f"{self.tenant.canary}-{number}")
        self.walked.stage = "round" if passed else "listed"

    def sign(self, levels: int) -> None:
        """The first levels' signatures."""
        for level, signer in enumerate(SIGNERS[:levels], 1):
            content = self.registry.get(f"{self._path}/signing-content", by=signer).body["content_sha256"]
            sent = {"level": level, "content_sha256": content, "password": SAMPLE_PASSWORD}
            self._act("signatures", sent | {"note": self.tenant.says("同意销号")}, signer)
        self.walked.stage = "closed" if levels == len(SIGNERS) else "round"

    def draft_correction(self) -> None:
        """A correction nobody has confirmed yet."""
        tenant = self.tenant
        sent = {"changes": {"finders": tenant.says("另一名安全管理员")}, "note": tenant.says("更正理由")}
        draft = self._act("corrections", sent, tenant.clerk)
        self.walked.documents["corrections"] = (draft["id"], draft["document_sha256"])

    def _confirm(self, kind: str, draft: dict[str, Any], by: str, **extra: Any) -> None:
        sent = {"password": SAMPLE_PASSWORD, "document_sha256": draft["document_sha256"], **extra}
        self.registry.post(f"{self._path}/{kind}/{draft['id']}/confirmations", sent, by=by)

    def done(self, stage: str) -> Walked:
        """The hazard as it stands, under the matrix's name of its stage."""
        shown = self.registry.hazard(self.walked.id)
        self.walked.stage, self.walked.version = stage, shown["version"]
        self.walked.ledger_number = shown["ledger_number"]
        if shown["round"]:
            self.walked.signing_content = shown["round"]["content_sha256"]
        return self.walked


def base(registry: Registry, tenant: Tenant) -> Walked:
    """Listed again after a failed verification: every kind of document there is, none of them pending."""
    walk = Walk(registry, tenant)
    walk.to_listed()
    walk.to_planned()
    walk.to_declared()
    walk.verify(passed=False)
    walk.draft_correction()
    return walk.done("base")


def every_stage(registry: Registry) -> list[Walked]:
    """The chemical works' hazards, one in each stage."""
    stages = {}
    for stage in ("reported", "listed", "declared", "round", "signed", "closed"):
        walk = stages[stage] = Walk(registry, CHEMICAL)
        if stage == "reported":
            walk.upload(CHEMICAL.login("safety-officer"))
            continue
        walk.to_listed()
        walk.to_planned()
        if stage == "listed":
            continue
        walk.to_declared()
        if stage == "declared":
            walk.draft_verification(passed=True)
            continue
        walk.verify(passed=True)
        walk.sign({"round": 0, "signed": 1, "closed": 4}[stage])
    for walk in stages.values():
        walk.draft_correction()
    return [walk.done(stage) for stage, walk in stages.items()]


def coal_stages(registry: Registry) -> list[Walked]:
    """The other district's, in two more states."""
    reported, listed = Walk(registry, COAL), Walk(registry, COAL)
    reported.upload(COAL.login("safety-officer"))
    listed.to_listed()
    listed.to_planned()
    return [reported.done("reported"), listed.done("listed")]


def of_another_sector(registry: Registry) -> Walked:
    """The second enterprise's, in a sector that the chemicals' department does not supervise."""
    walk = Walk(registry, SECOND, sector="fire", location=FIRE_CANARY, circumstances=FIRE_CANARY)
    walk.upload(SECOND.login("safety-officer"))
    walk.draft_correction()
    return walk.done("fire")
