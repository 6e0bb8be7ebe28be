"""Conditions of reporting, determining, dismissing and of taking in the paper past; and those every act may ask."""

from datetime import date, datetime, timedelta

from app.regulation.case import Case, guard
from app.regulation.vocabulary import Channel, DismissReason, HazardLevel, PostKind, RoleClass

LEDGER_FIELDS = {
    "finders": "排查人员",
    "found_on": "排查时间",
    "location": "具体部位或者场所",
    "circumstances": "具体情形",
    "reported_to": "报送情况",
    "monitoring_measures": "监控措施",
}
"""The six ledger fields of 指导意见 三(二)13: particular → its name on the form."""

_SELF_CHECK_POSTS = frozenset(
    {
        PostKind.ENTERPRISE_SAFETY_OFFICER,
        PostKind.ENTERPRISE_SAFETY_HEAD,
        PostKind.ENTERPRISE_PRINCIPAL,
        PostKind.ENTERPRISE_CONTROLLER,
    }
)


@guard("办公室内部建议值:重要办理须留理由", "请在 note 中写明理由", field="note")
def a_reason_is_given(case: Case) -> str | None:
    """A reason is written down (particular: note)."""
    return "没有写明理由(note)" if case.lacks("note") else None


@guard("办公室内部建议值(limits.back_entry_days)", "请如实填写发生时间,或者由安委办以更正处理", field="occurred_at")
def the_back_entry_is_within_the_window(case: Case) -> str | None:
    """What is entered later happened after the hazard's previous act, not in the future, within the edition's days.

    Particulars: occurred_at (aware datetime; missing means now).
    """
    occurred_at = case.given("occurred_at")
    if occurred_at is None:
        return None
    if not isinstance(occurred_at, datetime) or occurred_at.tzinfo is None:
        return "发生时间(occurred_at)须为带时区的时间"
    if occurred_at > case.now:
        return "发生时间(occurred_at)不得晚于现在"
    if case.facts is not None and occurred_at < case.facts.last_act_at:
        return "发生时间(occurred_at)不得早于该隐患的上一次办理时间"
    days = case.edition.limits.back_entry_days
    if case.now - occurred_at > timedelta(days=days):
        return f"发生时间(occurred_at)距今超过 {days} 日,不能事后补录"
    return None


@guard("指导意见三(二)13", "请补全六项台账内容", field="finders")
def the_six_ledger_fields_are_given(case: Case) -> str | None:
    """Finders, time, place, circumstances, reporting and monitoring measures are all given.

    Particulars: finders, found_on (date), location, circumstances, reported_to, monitoring_measures.
    """
    missing = [f"{label}({name})" for name, label in LEDGER_FIELDS.items() if case.lacks(name)]
    return "台账六项内容缺少:" + "、".join(missing) if missing else None


@guard("指导意见三(二)13", "请核对排查日期", field="found_on")
def the_finding_is_not_in_the_future(case: Case) -> str | None:
    """The day of finding has come (particular: found_on, a date)."""
    found_on = case.given("found_on")
    if found_on is not None and (not isinstance(found_on, date) or found_on > case.today):
        return "排查时间(found_on)不得晚于今天"
    return None


@guard("安全生产治本攻坚三年行动方案三(三)22", "请按来源选择发现方式", field="channel")
def the_channel_is_the_reporters(case: Case) -> str | None:
    """The enterprise self-reports, an inspector inspects, a tip officer enters tips (particular: channel)."""
    channel = case.given("channel")
    if channel not in set(Channel):
        return "没有写明发现方式(channel)"
    allowed = _channels_of(case)
    if channel not in allowed:
        return f"该岗位不能以“{Channel(channel).label}”登记"
    return None


def _channels_of(case: Case) -> frozenset[Channel]:
    actor = case.actor
    if actor.post_kind in _SELF_CHECK_POSTS or actor.role_class is RoleClass.ENTERPRISE:
        return frozenset({Channel.SELF_REPORT})
    if actor.post_kind is PostKind.TIP_OFFICER:
        return frozenset({Channel.TIP})
    return frozenset(Channel) - {Channel.SELF_REPORT, Channel.TIP}


@guard("《安全生产法》第七十三条;指导意见三(四)21", "请先核实举报,查实后再登记", field="tip_verified")
def a_tip_is_verified_first(case: Case) -> str | None:
    """Only a verified tip becomes a hazard (particular: tip_verified)."""
    if case.given("channel") == Channel.TIP and not case.given("tip_verified"):
        return "举报尚未查实"
    return None


@guard("安全生产治本攻坚三年行动方案三(三)20", "请选择隐患所在场所", field="site_id")
def the_site_is_given(case: Case) -> str | None:
    """The hazard has a site (particular: site_id)."""
    return "没有写明场所(site_id)" if case.lacks("site_id") else None


@guard(
    "安全生产治本攻坚三年行动方案三(三)20“分别向属地和负有安全监管职责的有关部门报告”",
    "请写明两个接收单位",
    field="receivers",
)
def both_receivers_are_named(case: Case) -> str | None:
    """The report goes to the territorial unit and to the sector's regulator.

    Particulars: territorial_unit_id, regulator_organisation_id.
    """
    names = {"territorial_unit_id": "属地单元", "regulator_organisation_id": "行业监管部门"}
    missing = [f"{label}({name})" for name, label in names.items() if case.lacks(name)]
    return "报告的接收单位缺少:" + "、".join(missing) if missing else None


@guard("指导意见三(二)13", "请由原上报单位修改", asks_particulars=False)
def the_amender_reported_it(case: Case) -> str | None:
    """Whoever reported the hazard amends it: the same account or the same organisation."""
    hazard, actor = case.hazard, case.actor
    same_account = actor.account_id is not None and actor.account_id == hazard.reporter_account_id
    same_organisation = actor.organisation_id is not None and actor.organisation_id == hazard.reporter_organisation_id
    return None if same_account or same_organisation else "只有原上报人或者其所在单位可以修改上报内容"


@guard("《安全生产法》第四十一条", "判定后的内容只能以更正修改", asks_particulars=False)
def the_hazard_is_not_determined_yet(case: Case) -> str | None:
    """No determination has been made."""
    return None if case.hazard.determined_at is None else "该隐患已经判定"


@guard("《安全生产法》第四十一条", "请先作出判定", asks_particulars=False)
def a_determination_exists(case: Case) -> str | None:
    """A determination has been made."""
    return "该隐患尚未判定" if case.hazard.determined_at is None else None


@guard(
    "《安全生产法》第一百一十八条;指导意见四(二)",
    "请引用判定当日有效的条款,或者写明综合判定理由",
    field="criterion_ids",
)
def a_clause_in_force_or_a_comprehensive_judgement_is_given(case: Case) -> str | None:
    """The determination cites a clause in force that day, or gives reasons for a 综合判定.

    Particulars: criterion_ids (ids), criteria_in_force (whether all were in force that day), comprehensive_reason.
    """
    if not case.lacks("comprehensive_reason"):
        return None
    if case.lacks("criterion_ids"):
        return "没有引用判定标准条款(criterion_ids),也没有综合判定理由(comprehensive_reason)"
    return None if case.given("criteria_in_force") else "所引判定标准条款在判定当日不是有效条款"


@guard("《安全生产法》第四十一条", "请选择排除理由", field="reason")
def the_dismissal_has_a_lawful_reason(case: Case) -> str | None:
    """A dismissal is for being unsubstantiated, a duplicate of a named hazard, or not major.

    Particulars: reason (DismissReason), duplicate_of (hazard id, for a duplicate), to_key (a key hazard instead).
    """
    reason = case.given("reason")
    if reason not in set(DismissReason) - {DismissReason.REGRADED}:
        return "排除理由(reason)须为:不成立、重复、不构成重大"
    if case.given("to_key") and (reason != DismissReason.NOT_MAJOR or case.hazard.level is HazardLevel.KEY):
        return "只有不构成重大的才转为重点隐患(to_key)"
    return _duplicate_fault(case)


def _duplicate_fault(case: Case) -> str | None:
    if case.given("reason") != DismissReason.DUPLICATE:
        return None
    if case.lacks("duplicate_of"):
        return "排除理由为重复时须写明与哪一项重复(duplicate_of)"
    if case.given("duplicate_of") == case.hazard.hazard_id:
        return "隐患不能与自身重复(duplicate_of)"
    return None


@guard("办公室内部建议值(limits.legacy_import_days)", "补录期限已过,请按现行程序登记", field="go_live_on")
def the_paper_past_is_still_open(case: Case) -> str | None:
    """The import comes within the edition's days after go-live (particular: go_live_on, a date)."""
    go_live_on = case.given("go_live_on")
    if not isinstance(go_live_on, date):
        return "没有启用日期(go_live_on)"
    days = case.edition.limits.legacy_import_days
    return f"启用已满 {days} 日,不再补录历史台账" if case.today > go_live_on + timedelta(days=days) else None


@guard("指导意见三(二)13", "请在台账中补上发现日期", field="found_on")
def the_day_of_finding_is_known(case: Case) -> str | None:
    """An imported row names its day of finding (particular: found_on)."""
    return "没有发现日期(found_on)" if not isinstance(case.given("found_on"), date) else None


@guard("安全生产治本攻坚三年行动方案三(三)21“审核把关销号”", "启用后销号的,请按现行程序签字", field="closed_on")
def it_was_closed_before_go_live(case: Case) -> str | None:
    """An imported closing lies between finding and go-live (particulars: closed_on, found_on, go_live_on)."""
    closed_on, go_live_on, found_on = (case.given(name) for name in ("closed_on", "go_live_on", "found_on"))
    if not isinstance(closed_on, date) or not isinstance(go_live_on, date):
        return "没有销号日期(closed_on)"
    if closed_on >= go_live_on:
        return "销号日期(closed_on)不在启用之前"
    if isinstance(found_on, date) and closed_on < found_on:
        return "销号日期(closed_on)早于发现日期(found_on)"
    return None


@guard(
    "安全生产治本攻坚三年行动方案三(三)21“审核把关销号”", "请由两名不同的自然人核对确认", field="attestor_person_ids"
)
def two_persons_attested(case: Case) -> str | None:
    """Two different natural persons attested the batch (particular: attestor_person_ids)."""
    return _two_persons_fault(case, "attestor_person_ids", "核对确认")


def _two_persons_fault(case: Case, name: str, label: str) -> str | None:
    persons = {person for person in case.given(name) or () if person is not None}
    return None if len(persons) > 1 else f"{label}须有两名不同的自然人({name})"


@guard("指导意见三(三)14", "请由另一人复核", field="confirmed_by_person_id")
def a_second_person_confirmed(case: Case) -> str | None:
    """Another natural person than the proposer confirmed.

    Particulars: proposed_by_person_id, confirmed_by_person_id.
    """
    proposer, confirmer = case.given("proposed_by_person_id"), case.given("confirmed_by_person_id")
    if proposer is None or confirmer is None:
        return "更正须由一人提出、另一人复核"
    return "提出人和复核人不得为同一自然人" if proposer == confirmer else None


UNTOUCHABLE_FIELDS = {
    "original_deadline": "原整改期限",
    "signature": "签字",
    "signatures": "签字",
    "channel": "发现方式",
    "reported_at": "上报时间",
    "recorded_at": "入库时间",
    "determined_at": "判定时间",
    "listed_at": "挂牌时间",
    "declared_at": "整改完成报告时间",
    "verified_at": "核查时间",
    "closed_at": "销号时间",
    "ledger_number": "台账编号",
}
"""What no correction changes: the original deadline, signatures, and what the database set."""


@guard("《电子签名法》第十三条;指导意见三(三)14", "请只更正可更正的内容", field="changes")
def the_correction_leaves_the_untouchable(case: Case) -> str | None:
    """Old and new are given, and no original deadline, signature or time set by the database is touched.

    Particulars: changes (field → (old, new)).
    """
    changes = case.given("changes")
    if not changes:
        return "没有写明更正内容(changes:原值和新值)"
    forbidden = [label for name, label in UNTOUCHABLE_FIELDS.items() if name in changes]
    return "不得更正:" + "、".join(forbidden) if forbidden else None
