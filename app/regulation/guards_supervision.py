"""Conditions of listing, plans, extensions, transfers, supervision level and production measures."""

from datetime import date, datetime, timedelta

from app.regulation.case import Case, guard
from app.regulation.deadlines import business_date, is_over
from app.regulation.vocabulary import EvidenceKind, HazardLevel, ProductionMeasureKind, Relation, State

PLAN_ELEMENTS = {
    "responsibility": "责任",
    "measures": "措施",
    "funds": "资金",
    "time_limit": "时限",
    "scheme": "方案",
    "emergency_plan": "预案",
}
"""五落实 in both official variants: the fifth is 方案 or 预案, and both are kept."""

PLAN_PARTS = {
    "goals_and_tasks": "目标和任务",
    "methods_and_measures": "方法和措施",
    "funds_and_supplies": "经费和物资",
    "organisation_and_staff": "机构和人员",
    "schedule_and_requirements": "时限和要求",
    "safety_and_emergency": "安全措施和应急预案",
}
"""The six parts of a plan (16号令 art. 15)."""

_WHOLE = 100


@guard(
    "市应急管理局2024年度述法报告下一步(三)“限时整改到位”",
    "请写明不早于今天、不超过规则版本最长期限的整改期限",
    field="deadline",
)
def a_deadline_is_given(case: Case) -> str | None:
    """A deadline is set, from today on, at most the edition's days away (particular: deadline, a date)."""
    return _deadline_fault(case)


def _deadline_fault(case: Case) -> str | None:
    deadline = case.given("deadline")
    if not isinstance(deadline, date) or isinstance(deadline, datetime):
        return "没有写明整改期限(deadline)"
    if deadline < case.today:
        return "整改期限(deadline)不得早于今天"
    days = case.edition.limits.listing_max_days
    return f"整改期限(deadline)不得超过 {days} 日" if (deadline - case.today).days > days else None


@guard(
    "16号令第二十三条;市应急管理局2024年度述法报告下一步(三)",
    "原有期限继续有效;立查立改没有期限的,请写明不早于今天、不超过规则版本最长期限的整改期限",
    field="deadline",
)
def the_return_has_a_deadline(case: Case) -> str | None:
    """A failed verification keeps the running deadline; where there is none it sets one (particular: deadline)."""
    running = case.hazard.current_deadline
    if running is None:
        return _deadline_fault(case)
    if case.lacks("deadline") or case.given("deadline") == running:
        return None
    return "核查不通过不改变整改期限(deadline);延期须另行申请"


@guard("指导意见三(一)3“责任不悬空”", "请指定监管责任部门", field="lead_organisation_id")
def a_lead_department_is_named(case: Case) -> str | None:
    """Somebody owns the hazard (particular: lead_organisation_id, or one already set)."""
    if case.lacks("lead_organisation_id") and case.hazard.lead_organisation_id is None:
        return "没有指定监管责任部门(lead_organisation_id)"
    return None


@guard("16号令第二十条", "请写明整改要求", field="requirements")
def requirements_are_given(case: Case) -> str | None:
    """What is to be rectified is written down (particular: requirements)."""
    return "没有写明整改要求(requirements)" if case.lacks("requirements") else None


@guard("16号令第二十条;《安全生产法》第四十一条“治理督办制度”", "请附督办通知书", field="supervision_notice")
def a_supervision_notice_is_given(case: Case) -> str | None:
    """A major hazard's listing carries its 督办通知书 (particular: supervision_notice)."""
    if case.hazard.level is HazardLevel.KEY and not case.edition.key_profile.notice_required:
        return None
    return "没有督办通知书(supervision_notice)" if case.lacks("supervision_notice") else None


@guard("安全生产治本攻坚三年行动方案二(二)“立查立改”", "请附同一次检查的整改前、整改后证据", field="evidence_kinds")
def before_and_after_are_shown(case: Case) -> str | None:
    """Evidence of one visit shows before and after.

    Particulars: evidence_kinds (EvidenceKind of each piece), evidence_of_one_visit.
    """
    kinds = set(case.given("evidence_kinds") or ())
    missing = [kind.label for kind in (EvidenceKind.BEFORE, EvidenceKind.AFTER) if kind not in kinds]
    if missing:
        return "立查立改缺少证据:" + "、".join(missing)
    return None if case.given("evidence_of_one_visit") else "整改前、整改后证据须来自同一次检查(evidence_of_one_visit)"


@guard("16号令第十五条;五落实", "请补全方案", field="plan")
def the_plan_is_complete(case: Case) -> str | None:
    """五落实 in both variants, the six statutory parts and milestones are there.

    Particulars: plan (mapping with the keys of PLAN_ELEMENTS and PLAN_PARTS, and milestones).
    """
    plan = case.given("plan") or {}
    wanted = {**PLAN_ELEMENTS, **PLAN_PARTS, "milestones": "节点计划"}
    missing = [f"{label}({name})" for name, label in wanted.items() if plan.get(name) in (None, "", [], ())]
    return "整改方案缺少:" + "、".join(missing) if missing else None


@guard(
    "市应急管理局2024年度述法报告下一步(四)“逐一制定具体整改方案”",
    "方案已批准;确需变更的,由监管责任部门退回后重报",
    asks_particulars=False,
)
def no_plan_is_approved_yet(case: Case) -> str | None:
    """One plan per hazard: none is approved."""
    return "整改方案已经批准" if case.hazard.plan_status == "approved" else None


@guard("16号令第十五条", "请等责任单位报送方案", asks_particulars=False)
def a_plan_awaits_its_decision(case: Case) -> str | None:
    """A submitted plan is undecided."""
    return None if case.hazard.plan_status == "submitted" else "没有待审批的整改方案"


@guard("16号令第十五条", "方案没有报送或者已经退回", asks_particulars=False)
def a_plan_can_be_returned(case: Case) -> str | None:
    """A plan is submitted or approved, so that it can be returned."""
    return None if case.hazard.plan_status in ("submitted", "approved") else "没有可退回的整改方案"


@guard("办公室内部建议值(extension);青岛市“3+X”暂行制度(2012)", "逾期后不得申请延期", asks_particulars=False)
def the_deadline_has_not_passed(case: Case) -> str | None:
    """The extension is asked for before expiry, as many days ahead as the edition says."""
    deadline = case.hazard.current_deadline
    if deadline is None:
        return "该隐患没有整改期限,无从延期"
    ahead = case.edition.extension.request_days_before
    if is_over(deadline - timedelta(days=ahead), case.now):
        return "整改期限已过,不能申请延期" if not ahead else f"延期申请须在到期 {ahead} 日前提出"
    return None


@guard("办公室内部建议值(extension.max_times)", "延期次数已用完,请如期整改或者依法处理", asks_particulars=False)
def extensions_are_left(case: Case) -> str | None:
    """Fewer extensions were granted than the edition allows."""
    limit = case.edition.extension.max_times
    return f"延期不得超过 {limit} 次" if case.hazard.extension_granted_count >= limit else None


@guard("办公室内部建议值(extension)", "请等待前一申请的决定", asks_particulars=False)
def no_extension_is_pending(case: Case) -> str | None:
    """No other request awaits its decision."""
    return None if case.hazard.extension_pending_id is None else "已有延期申请待审批"


@guard("办公室内部建议值(extension)", "没有申请,无从决定", asks_particulars=False)
def an_extension_is_pending(case: Case) -> str | None:
    """A request awaits its decision."""
    return "没有待审批的延期申请" if case.hazard.extension_pending_id is None else None


@guard("办公室内部建议值(extension.max_percent_of_original、max_total_days)", "请缩短延期", field="new_deadline")
def the_extension_is_within_its_limits(case: Case) -> str | None:
    """The new deadline lies after the current one, within half the original term and the total days of the edition.

    Particulars: new_deadline (date); a refusal (granted = False) needs none.
    """
    if case.given("granted") is False:
        return None
    new_deadline, current = case.given("new_deadline"), case.hazard.current_deadline
    if not isinstance(new_deadline, date) or current is None:
        return "没有写明延期后的期限(new_deadline)"
    if new_deadline <= current:
        return "延期后的期限(new_deadline)须晚于现期限"
    return _length_fault(case, new_deadline, current)


def _length_fault(case: Case, new_deadline: date, current: date) -> str | None:
    hazard, limits = case.hazard, case.edition.extension
    original = hazard.original_deadline or current
    start = business_date(hazard.listed_at) if hazard.listed_at and not hazard.is_legacy else hazard.found_on
    longest = (original - start).days * limits.max_percent_of_original // _WHOLE
    if (new_deadline - original).days > longest:
        return f"延期合计不得超过原整改期限的 {limits.max_percent_of_original}%({longest} 日)"
    if (new_deadline - start).days > limits.max_total_days:
        return f"整改总期限不得超过 {limits.max_total_days} 日"
    return None


@guard("办公室内部建议值(extension)", "请写明是否同意", field="granted")
def the_decision_is_given(case: Case) -> str | None:
    """The request is granted or refused (particular: granted)."""
    return None if isinstance(case.given("granted"), bool) else "没有写明是否同意(granted)"


@guard("办公室内部建议值(extension.max_times)", "延期次数已用完,只能不予同意", field="granted")
def a_grant_keeps_within_the_number(case: Case) -> str | None:
    """A grant is not one more than the edition allows (particular: granted)."""
    return extensions_are_left.test(case) if case.given("granted") else None


@guard("《安全生产法》第六十九条;指导意见三(一)3“责任不悬空”", "请写明接收部门", field="to_organisation_id")
def the_new_owner_is_named(case: Case) -> str | None:
    """A transfer names another organisation that takes the hazard over (particular: to_organisation_id)."""
    receiver = case.given("to_organisation_id")
    if receiver is None:
        return "没有写明接收部门(to_organisation_id),责任不得悬空"
    return "接收部门就是现监管责任部门" if receiver == case.hazard.lead_organisation_id else None


@guard("《安全生产法》第六十九条", "请等待接收部门答复", asks_particulars=False)
def no_transfer_is_pending(case: Case) -> str | None:
    """No transfer awaits its answer."""
    return None if case.hazard.transfer_pending_id is None else "前一次移交尚未答复"


@guard("《安全生产法》第六十九条", "没有待答复的移交", asks_particulars=False)
def a_transfer_awaits_its_answer(case: Case) -> str | None:
    """A transfer awaits its answer."""
    return "没有待答复的移交" if case.hazard.transfer_pending_id is None else None


@guard("16号令第二十条;湖北省重大隐患挂牌督办(2011)分级督办", "提级由上一级安委办办理", field="supervision_tier")
def the_higher_office_decides(case: Case) -> str | None:
    """The higher office raises; the present office or a higher one lowers (particular: supervision_tier)."""
    wanted, present = case.given("supervision_tier"), case.hazard.supervision_tier
    if not isinstance(wanted, int) or wanted == present:
        return "没有写明新的督办层级(supervision_tier)"
    raising = present is not None and wanted < present
    if raising and Relation.HIGHER_OFFICE not in case.relations:
        return "提级督办须由上一级安委办决定"
    return None


@guard("16号令第二十条", "请写明不晚于现期限的期限,或者不改期限", field="deadline")
def the_deadline_is_not_put_off(case: Case) -> str | None:
    """A change of supervision never brings a later deadline (particular: deadline, optional)."""
    deadline, current = case.given("deadline"), case.hazard.current_deadline
    if deadline is None:
        return None
    if not isinstance(deadline, date) or deadline < case.today:
        return "整改期限(deadline)不得早于今天"
    return "调整督办层级不得推迟整改期限(deadline);延期须另行申请" if current and deadline > current else None


@guard("《安全生产法》第六十五条", "请写明文书、范围、种类和日期", field="document")
def the_measures_document_scope_and_dates_are_given(case: Case) -> str | None:
    """A production measure names kind, document, scope and first day.

    Particulars: kind (ProductionMeasureKind), document, scope, from_on (date), until_on (date, optional).
    """
    names = {"document": "文书", "scope": "范围", "from_on": "起始日期"}
    missing = [f"{label}({name})" for name, label in names.items() if case.lacks(name)]
    if case.given("kind") not in set(ProductionMeasureKind):
        missing.insert(0, "种类(kind)")
    from_on, until_on = case.given("from_on"), case.given("until_on")
    if isinstance(from_on, date) and isinstance(until_on, date) and until_on < from_on:
        return "停产停用措施的终止日期(until_on)不得早于起始日期(from_on)"
    return "停产停用措施缺少:" + "、".join(missing) if missing else None


@guard("《安全生产法》第六十五条", "没有需要解除的措施", asks_particulars=False)
def a_measure_is_in_force(case: Case) -> str | None:
    """A production measure is in force."""
    return "没有正在执行的停产停用措施" if case.hazard.production_measure_id is None else None


@guard("《安全生产法》第六十五条第三款“经审查同意,方可恢复”", "请先完成签字销号", asks_particulars=False)
def a_full_stop_is_lifted_only_when_closed(case: Case) -> str | None:
    """A full stop lasts until the hazard is closed."""
    full = case.hazard.production_measure_kind is ProductionMeasureKind.FULL_STOP
    return "全部停产停业的,销号后方可解除" if full and case.hazard.state is not State.CLOSED else None


@guard("《安全生产法》第六十五条", "请写明解除文书", field="document")
def the_lifting_document_is_given(case: Case) -> str | None:
    """The lifting names its document (particular: document)."""
    return "没有写明解除文书(document)" if case.lacks("document") else None


@guard("16号令第二十三条;指导意见三(三)14", "请等本轮签字结束", asks_particulars=False)
def no_round_is_open(case: Case) -> str | None:
    """No sign-off round is under way."""
    open_round = case.hazard.round
    return None if open_round is None else f"“{open_round.purpose.label}”签字正在进行"
