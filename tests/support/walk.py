"""Walks a hazard by its real acts, each by the post that may: reported → listed → rectified → closed."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.support.registry import CHEMICAL, Registry

TODAY = date(2026, 11, 23)
PLAN_FIELDS = (
    "responsibility",
    "measures",
    "funds",
    "time_limit",
    "scheme",
    "emergency_plan",
    "goals_and_tasks",
    "methods_and_measures",
    "funds_and_supplies",
    "organisation_and_staff",
    "schedule_and_requirements",
    "safety_and_emergency",
)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who walks: a district's department and office, an enterprise."""

    department: str = "dongsheng"
    enterprise: str = "chemical"
    sector: str = "hazardous_chemicals"
    unit_code: str = "150602"


CHEMICAL_CAST = Cast()


def report_document(cast: Cast = CHEMICAL_CAST, **changed: Any) -> dict[str, Any]:
    """A self-report with the six ledger fields."""
    return {
        "channel": "self_report",
        "sector": cast.sector,
        "enterprise": CHEMICAL,
        "site": {"unit_code": cast.unit_code, "name": "罐区"},
        "finders": "安全管理员",
        "found_on": "2026-11-20",
        "location": "罐区东侧",
        "circumstances": "可燃气体检测报警装置未按标准设置",
        "reported_to": "已报属地和应急管理局",
        "monitoring_measures": "现场设警戒,专人值守",
        **changed,
    }


def reported(registry: Registry, **changed: Any) -> str:
    """A hazard just reported by its enterprise; its id."""
    answer = registry.post("/hazards", report_document(**changed), by="chemical-safety-officer")
    return str(answer["id"])


def determined(registry: Registry, **changed: Any) -> str:
    """…and determined by the department."""
    hazard = reported(registry, **changed)
    registry.act(
        hazard, "determination", {"comprehensive_reason": "对照判定标准,构成重大事故隐患"}, by="dongsheng-head"
    )
    return hazard


def listing_document(**changed: Any) -> dict[str, Any]:
    """挂牌督办 at the district's tier, 60 days."""
    return {
        "supervision_tier": 2,
        "deadline": (TODAY + timedelta(days=60)).isoformat(),
        "requirements": "按标准重新设置检测报警装置",
        "supervision_notice": {"number": "东安办督〔2026〕1号"},
        **changed,
    }


def listed(registry: Registry, **changed: Any) -> str:
    """…and listed by the district's safety office."""
    hazard = determined(registry)
    registry.act(hazard, "listing", listing_document(**changed), by="dongsheng-clerk")
    return hazard


def plan_document() -> dict[str, Any]:
    """A complete plan."""
    return {name: f"{name}:已落实" for name in PLAN_FIELDS} | {
        "milestones": [{"name": "设备到货", "due_on": (TODAY + timedelta(days=20)).isoformat()}]
    }


def planned(registry: Registry) -> str:
    """…with its plan approved."""
    hazard = listed(registry)
    registry.post(f"/hazards/{hazard}/plans", plan_document(), by="chemical-safety-officer")
    registry.act(hazard, "plan-approval", {}, by="dongsheng-section")
    return hazard


def confirm(registry: Registry, path: str, digest: str, *, by: str, **extra: Any) -> Any:
    """One person's confirmation of a drafted document."""
    body = {"password": SAMPLE_PASSWORD, "document_sha256": digest, **extra}
    return registry.post(f"{path}/confirmations", body, by=by)


def declare(registry: Registry, hazard: str, shade: int = 30) -> Any:
    """一报告双签字: drafted, then signed by principal and controller."""
    evidence = registry.upload(hazard, "after", by="chemical-safety-officer", shade=shade)
    draft = registry.post(
        f"/hazards/{hazard}/declarations",
        {"description": "已按方案整改完成", "evidence_ids": [evidence]},
        by="chemical-safety-officer",
    )
    path = f"/hazards/{hazard}/declarations/{draft['id']}"
    confirm(registry, path, draft["document_sha256"], by="chemical-principal")
    return confirm(registry, path, draft["document_sha256"], by="chemical-controller")


def declared(registry: Registry) -> str:
    """…and declared rectified."""
    hazard = planned(registry)
    declare(registry, hazard)
    return hazard


def verify(registry: Registry, hazard: str, *, passed: bool = True, shade: int = 60, **changed: Any) -> Any:
    """现场核查 by two inspectors."""
    evidence = registry.upload(hazard, "after", by="dongsheng-inspector1", shade=shade)
    visited_at = registry.hazard(hazard, by="dongsheng-inspector1")["read_at"]
    body = {
        "passed": passed,
        "visited_at": visited_at,
        "findings": "现场核查情况",
        "evidence_ids": [evidence],
        **changed,
    }
    draft = registry.post(f"/hazards/{hazard}/verifications", body, by="dongsheng-inspector1")
    path = f"/hazards/{hazard}/verifications/{draft['id']}"
    done = None
    for number in (1, 2):
        done = confirm(
            registry,
            path,
            draft["document_sha256"],
            by=f"dongsheng-inspector{number}",
            certificate_number=f"执法-{number:03d}",
        )
    return done


def verified(registry: Registry) -> str:
    """…and verified on site: the round is open."""
    hazard = declared(registry)
    verify(registry, hazard)
    return hazard


SIGNERS = ("dongsheng-inspector1", "dongsheng-section", "dongsheng-deputy", "dongsheng-head")


def signature(registry: Registry, hazard: str, level: int) -> dict[str, Any]:
    """The document of a signature over what is to be signed now."""
    content = registry.get(f"/hazards/{hazard}/signing-content", by=SIGNERS[level - 1]).body
    return {"level": level, "content_sha256": content["content_sha256"], "password": SAMPLE_PASSWORD}


def sign(registry: Registry, hazard: str, level: int) -> Any:
    """签字 at that level by its post."""
    return registry.act(hazard, "signatures", signature(registry, hazard, level), by=SIGNERS[level - 1])


def closed(registry: Registry) -> str:
    """…and signed at all four levels: closed."""
    hazard = verified(registry)
    for level in range(1, 5):
        sign(registry, hazard, level)
    return hazard
