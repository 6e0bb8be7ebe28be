"""Conditions of declaring, verifying, revisiting and delisting."""

from datetime import timedelta

from app.regulation.case import Case, guard
from app.regulation.deadlines import business_date
from app.regulation.vocabulary import Capacity, DismissReason, HazardLevel


@guard("16号令第十五条;五落实", "请先报送方案并经监管责任部门批准", asks_particulars=False)
def the_plan_is_approved(case: Case) -> str | None:
    """A major hazard is rectified by an approved plan; the paper past brings none."""
    hazard = case.hazard
    if hazard.level is HazardLevel.KEY and not case.edition.key_profile.plan_approval_required:
        return None
    stands = hazard.plan_status == "approved" or hazard.is_legacy
    return None if stands else "整改方案尚未批准,不能报告整改完成"


@guard(
    "阿拉善盟孪井滩示范区任务清单第一(三)“一报告、双签字”", "请由主要负责人和实际控制人分别签字", field="confirmations"
)
def the_enterprise_signed_twice(case: Case) -> str | None:
    """Principal and actual controller signed; where they are one person, the head of the safety body signs second.

    Particulars: confirmations (Capacity → person id).
    """
    signed = case.given("confirmations") or {}
    principal, controller = signed.get(Capacity.PRINCIPAL), signed.get(Capacity.CONTROLLER)
    if principal is None:
        return "缺少主要负责人签字(confirmations.principal)"
    if case.hazard.level is HazardLevel.KEY and not case.edition.key_profile.controller_signature_required:
        return None
    second = controller if controller not in (None, principal) else signed.get(Capacity.SAFETY_HEAD)
    if second is None:
        return "缺少第二人签字:实际控制人;与主要负责人为同一人时由安全管理机构负责人签字(confirmations)"
    return "两个签字不得为同一自然人" if second == principal else None


@guard("16号令第十八条", "请附整改后证据", field="evidence_kinds")
def evidence_is_attached(case: Case) -> str | None:
    """Something shows the rectification (particular: evidence_kinds, of each piece)."""
    return "没有附整改证据(evidence_kinds)" if case.lacks("evidence_kinds") else None


@guard("安全生产治本攻坚三年行动方案二(二)“立查立改”", "只有立查立改的隐患可以补报整改完成报告", asks_particulars=False)
def it_was_fixed_on_the_spot(case: Case) -> str | None:
    """The hazard was listed as fixed on the spot."""
    return None if case.hazard.fixed_on_the_spot else "该隐患不是立查立改登记的"


@guard("安全生产治本攻坚三年行动方案二(二)“立查立改”", "整改完成报告只报一次", asks_particulars=False)
def it_is_not_declared_yet(case: Case) -> str | None:
    """No declaration of this cycle is on file."""
    return None if case.hazard.declaration_id is None else "本轮已有整改完成报告"


@guard("16号令第二十三条", "请等责任单位报告整改完成(双签字)", asks_particulars=False)
def a_declaration_awaits_verification(case: Case) -> str | None:
    """The enterprise declared, and nothing has been verified since."""
    if case.hazard.declaration_id is None:
        return "责任单位尚未报告整改完成"
    return None if case.hazard.verification_id is None else "本轮现场核查已经通过"


@guard(
    "《安全生产法》第六十七条、第六十八条", "请由两名以上持证检查人员现场核查并分别确认", field="inspector_person_ids"
)
def enough_inspectors_were_there(case: Case) -> str | None:
    """As many different inspectors as the edition says, at least two, confirmed the visit.

    Particulars: inspector_person_ids (person ids).
    """
    wanted = max(2, case.edition.limits.verification_inspectors)
    persons = {person for person in case.given("inspector_person_ids") or () if person is not None}
    return None if len(persons) >= wanted else f"现场核查须有 {wanted} 名以上检查人员(inspector_person_ids)"


@guard("《安全生产法》第六十七条", "请填写执法证件号", field="certificates")
def every_inspector_has_a_certificate(case: Case) -> str | None:
    """Each inspector names an enforcement certificate (particular: certificates, person id → number)."""
    certificates = case.given("certificates") or {}
    missing = [person for person in case.given("inspector_person_ids") or () if not certificates.get(person)]
    return f"有 {len(missing)} 名检查人员没有填写执法证件号(certificates)" if missing else None


@guard("指导意见三(三)14;整改与核查分离", "请由没有参加整改的检查人员核查", field="inspector_person_ids")
def no_inspector_rectified(case: Case) -> str | None:
    """Whoever rectified does not verify (particular: inspector_person_ids)."""
    inspectors = set(case.given("inspector_person_ids") or ())
    return "参加整改的人员不得核查" if inspectors & case.hazard.rectifier_person_ids else None


@guard("16号令第二十三条“现场审查”", "请附带有时间和位置的现场照片", field="evidence_time_and_position")
def the_visit_is_proved_by_time_and_position(case: Case) -> str | None:
    """On-site evidence carries time and position (particular: evidence_time_and_position)."""
    return None if case.given("evidence_time_and_position") else "核查证据没有时间和位置(evidence_time_and_position)"


@guard("安全生产治本攻坚三年行动方案三(三)21", "请写明不成立、重复或者降级,并附证明", field="reason")
def the_withdrawal_has_a_lawful_reason(case: Case) -> str | None:
    """A withdrawal is for being unsubstantiated, a duplicate of a named hazard, or regraded to key.

    Particulars: reason (DismissReason), duplicate_of (hazard id, for a duplicate).
    """
    reason = case.given("reason")
    if reason not in {DismissReason.UNSUBSTANTIATED, DismissReason.DUPLICATE, DismissReason.REGRADED}:
        return "撤销挂牌的理由(reason)须为:不成立、重复、降为重点"
    if reason == DismissReason.REGRADED and case.hazard.level is HazardLevel.KEY:
        return "重点隐患不再降级(reason)"
    if reason != DismissReason.DUPLICATE:
        return None
    other = case.given("duplicate_of")
    return "须写明与哪一项重复(duplicate_of)" if other in (None, case.hazard.hazard_id) else None


@guard("安全生产治本攻坚三年行动方案三(三)21“审核把关”", "请附证明材料", field="proof")
def proof_is_attached(case: Case) -> str | None:
    """The reason is proved (particular: proof, pieces of evidence)."""
    return "没有附证明材料(proof)" if case.lacks("proof") else None


@guard("青岛市“3+X”暂行制度(2012)摘牌公布", "没有挂牌的不摘牌", asks_particulars=False)
def it_was_publicly_listed(case: Case) -> str | None:
    """Only a listed major hazard is delisted: not a tracked one, not one fixed on the spot."""
    hazard = case.hazard
    never_listed = hazard.fixed_on_the_spot and hazard.cycle == 1
    return "该隐患没有挂牌" if hazard.level is HazardLevel.KEY or never_listed else None


@guard("青岛市“3+X”暂行制度(2012)摘牌公布", "摘牌只办一次", asks_particulars=False)
def it_is_not_delisted_yet(case: Case) -> str | None:
    """The hazard was not delisted since it closed."""
    return None if case.hazard.delisted_at is None else "该隐患已经摘牌"


@guard("办公室内部建议值(limits.revisit_days)", "请作为新隐患上报,并注明与原隐患的联系", asks_particulars=False)
def the_closing_is_recent_enough(case: Case) -> str | None:
    """A revisit comes within the edition's days after the closing."""
    closed_at = case.hazard.closed_at
    days = case.edition.limits.revisit_days
    if closed_at is None:
        return "没有销号时间"
    late = case.today > business_date(closed_at) + timedelta(days=days)
    return f"销号已超过 {days} 日,不再按原隐患回访" if late else None
