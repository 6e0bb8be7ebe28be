"""The rule book of one hazard: from · act · to · who · conditions · time limit · article, one row per rule.

Decides what is lawful and nothing else: loading facts and writing them is the door's (`hazards/transition.py`).
Where a row names two states to end in, the act ends in the second when the last level signs, or when the refused
level sends the hazard back to listed.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from app.regulation import guards_rectification as rectification
from app.regulation import guards_reporting as reporting
from app.regulation import guards_sign_off as signing
from app.regulation import guards_supervision as supervision
from app.regulation.case import Case
from app.regulation.edition import Edition
from app.regulation.facts import Actor, Attempt, HazardFacts, Unmet
from app.regulation.guards import GUARDS
from app.regulation.permissions import (
    ATTESTOR,
    ENTERPRISE,
    HIGHER_OFFICE,
    INSPECTOR,
    LEAD_DEPARTMENT,
    LISTING_OFFICE,
    RECEIVING_DEPARTMENT,
    REGULATOR,
    SAFETY_OFFICE,
    SIGNER,
    TIP_OFFICER,
    is_act_in_scope,
    is_one_of,
)
from app.regulation.rule import Rule, refuse_contradictions
from app.regulation.sign_off import is_last, level_numbered, next_level
from app.regulation.vocabulary import Act, PostKind, Purpose, Relation, RoleClass, State

REPORTED, LISTED, RECTIFIED, CLOSED, DISMISSED = State
_DUE_FACTS = (
    rectification.enough_inspectors_were_there,
    rectification.every_inspector_has_a_certificate,
    rectification.no_inspector_rectified,
    rectification.the_visit_is_proved_by_time_and_position,
    reporting.the_back_entry_is_within_the_window,
)
_HOLDS_THE_LEVEL = (
    signing.the_signer_is_a_natural_person,
    signing.the_previous_level_has_signed,
    signing.the_signer_holds_the_levels_post,
    signing.the_signer_is_in_the_levels_organisation,
    signing.the_signer_signed_no_other_level,
    signing.the_signer_did_not_rectify,
)
_SIGNS = (
    *_HOLDS_THE_LEVEL,
    signing.the_content_is_what_was_read,
    signing.the_identity_was_proved_again,
    signing.paper_is_used_only_where_allowed,
)
_TAKES_BACK = (signing.the_signer_is_a_natural_person, signing.the_newest_signature_is_the_actors)
_MEASURE = (supervision.the_measures_document_scope_and_dates_are_given,)
_LIFT = (
    supervision.a_measure_is_in_force,
    supervision.a_full_stop_is_lifted_only_when_closed,
    supervision.the_lifting_document_is_given,
)
_CORRECTION = (reporting.the_correction_leaves_the_untouchable, reporting.a_second_person_confirmed)
_ONE_REPORT_TWO_SIGNATURES = "阿拉善盟孪井滩示范区任务清单第一(三)“一报告、双签字”;16号令第十八条"
_FOUR_SIGNATURES = "指导意见三(三)14“四级签字”;三年行动方案三(三)21“审核把关销号”;《煤矿安全生产条例》第四十八条"
_STOP = "《安全生产法》第六十五条第三款"
_REVISIT = "阿拉善盟孪井滩示范区任务清单第一(四)“督导回访”"
_LEDGER = "指导意见三(二)13、三(三)14(台账);办公室内部建议值:历史台账一次补录"

# fmt: off
LIFECYCLE: tuple[Rule, ...] = (
    # -------------------------------------------------------------------------------- 上报与判定
    Rule("L-01", None, Act.REPORT, (REPORTED,), (ENTERPRISE, INSPECTOR, TIP_OFFICER),
         "《安全生产法》第四十一条;指导意见三(二)13;三年行动方案三(三)20、22",
         (reporting.the_six_ledger_fields_are_given, reporting.the_finding_is_not_in_the_future,
          reporting.the_channel_is_the_reporters, reporting.a_tip_is_verified_first, reporting.the_site_is_given,
          reporting.both_receivers_are_named, reporting.the_back_entry_is_within_the_window), "determine"),
    Rule("L-02", REPORTED, Act.AMEND, (REPORTED,), (ENTERPRISE, INSPECTOR, TIP_OFFICER), "指导意见三(二)13",
         (reporting.the_amender_reported_it, reporting.the_hazard_is_not_determined_yet)),
    Rule("L-03", REPORTED, Act.DETERMINE, (REPORTED,), (REGULATOR,),
         "《安全生产法》第四十一条、第一百一十八条;指导意见四(二)",
         (reporting.the_hazard_is_not_determined_yet,
          reporting.a_clause_in_force_or_a_comprehensive_judgement_is_given), "list"),
    Rule("L-04", REPORTED, Act.DISMISS, (DISMISSED,), (REGULATOR,), "《安全生产法》第四十一条;三年行动方案三(三)21",
         (reporting.the_dismissal_has_a_lawful_reason,), note_required=True),
    # -------------------------------------------------------------------------------- 挂牌督办
    Rule("L-05", REPORTED, Act.LIST, (LISTED,), (SAFETY_OFFICE,), "《安全生产法》第四十一条;16号令第二十条",
         (reporting.a_determination_exists, supervision.a_lead_department_is_named, supervision.a_deadline_is_given,
          supervision.requirements_are_given, supervision.a_supervision_notice_is_given)),
    Rule("L-06", REPORTED, Act.LIST_FIXED_ON_THE_SPOT, (RECTIFIED,), (INSPECTOR, SAFETY_OFFICE),
         "三年行动方案二(二)“边查边改、立查立改”",
         (reporting.a_determination_exists, supervision.a_lead_department_is_named,
          supervision.before_and_after_are_shown)),
    Rule("L-07", LISTED, Act.SUBMIT_PLAN, (LISTED,), (ENTERPRISE,),
         "16号令第十五条;市应急管理局2024年度述法报告下一步(四)",
         (supervision.no_plan_is_approved_yet, supervision.the_plan_is_complete), "decide_plan"),
    Rule("L-08", LISTED, Act.APPROVE_PLAN, (LISTED,), (LEAD_DEPARTMENT,), "16号令第十五条;三年行动方案三(三)21",
         (supervision.a_plan_awaits_its_decision,)),
    Rule("L-09", LISTED, Act.RETURN_PLAN, (LISTED,), (LEAD_DEPARTMENT,), "16号令第十五条;三年行动方案三(三)21",
         (supervision.a_plan_can_be_returned,), note_required=True),
    Rule("L-10", LISTED, Act.REPORT_PROGRESS, (LISTED,), (ENTERPRISE,), "三年行动方案三(三)22“动态更新”",
         (reporting.the_back_entry_is_within_the_window,)),
    Rule("L-11", LISTED, Act.REQUEST_EXTENSION, (LISTED,), (ENTERPRISE,),
         "青岛市“3+X”暂行制度(2012)参照;办公室内部建议值",
         (supervision.the_deadline_has_not_passed, supervision.extensions_are_left, supervision.no_extension_is_pending,
          supervision.the_extension_is_within_its_limits), "decide_extension", note_required=True),
    Rule("L-12", LISTED, Act.DECIDE_EXTENSION, (LISTED,), (LISTING_OFFICE,),
         "青岛市“3+X”暂行制度(2012)参照;办公室内部建议值",
         (supervision.an_extension_is_pending, supervision.the_decision_is_given,
          supervision.a_grant_keeps_within_the_number, supervision.the_extension_is_within_its_limits),
         note_required=True),
    Rule("L-13", LISTED, Act.TRANSFER, (LISTED,), (LEAD_DEPARTMENT, SAFETY_OFFICE),
         "《安全生产法》第六十九条;指导意见三(一)3",
         (supervision.no_transfer_is_pending, supervision.the_new_owner_is_named), "answer_transfer",
         note_required=True),
    Rule("L-14", LISTED, Act.REFUSE_TRANSFER, (LISTED,), (RECEIVING_DEPARTMENT, SAFETY_OFFICE),
         "《安全生产法》第六十九条;指导意见三(一)3“严禁推诿扯皮”",
         (supervision.a_transfer_awaits_its_answer,), note_required=True),
    Rule("L-15", LISTED, Act.CHANGE_SUPERVISION_LEVEL, (LISTED,), (HIGHER_OFFICE, LISTING_OFFICE),
         "16号令第二十条;三年行动方案三(三)21",
         (supervision.the_higher_office_decides, supervision.a_supervision_notice_is_given,
          supervision.the_deadline_is_not_put_off), note_required=True),
    # -------------------------------------------------------------------------------- 停产停用
    Rule("L-16a", REPORTED, Act.ORDER_PRODUCTION_MEASURE, (REPORTED,), (REGULATOR,), _STOP, _MEASURE),
    Rule("L-16b", LISTED, Act.ORDER_PRODUCTION_MEASURE, (LISTED,), (REGULATOR,), _STOP, _MEASURE),
    Rule("L-16c", RECTIFIED, Act.ORDER_PRODUCTION_MEASURE, (RECTIFIED,), (REGULATOR,), _STOP, _MEASURE),
    Rule("L-17a", REPORTED, Act.LIFT_PRODUCTION_MEASURE, (REPORTED,), (REGULATOR,), _STOP, _LIFT),
    Rule("L-17b", LISTED, Act.LIFT_PRODUCTION_MEASURE, (LISTED,), (REGULATOR,), _STOP, _LIFT),
    Rule("L-17c", RECTIFIED, Act.LIFT_PRODUCTION_MEASURE, (RECTIFIED,), (REGULATOR,), _STOP, _LIFT),
    Rule("L-17d", CLOSED, Act.LIFT_PRODUCTION_MEASURE, (CLOSED,), (REGULATOR,), _STOP, _LIFT),
    # -------------------------------------------------------------------------------- 整改与核查
    Rule("L-18", LISTED, Act.DECLARE, (RECTIFIED,), (ENTERPRISE,), _ONE_REPORT_TWO_SIGNATURES,
         (supervision.no_round_is_open, rectification.the_plan_is_approved, rectification.the_enterprise_signed_twice,
          rectification.evidence_is_attached), "verify"),
    Rule("L-19", RECTIFIED, Act.DECLARE, (RECTIFIED,), (ENTERPRISE,), _ONE_REPORT_TWO_SIGNATURES,
         (rectification.it_was_fixed_on_the_spot, rectification.it_is_not_declared_yet,
          rectification.the_enterprise_signed_twice), "verify"),
    Rule("L-20", RECTIFIED, Act.PASS_VERIFICATION, (RECTIFIED,), (INSPECTOR,),
         "《安全生产法》第六十七条、第六十八条;16号令第二十三条",
         (supervision.no_round_is_open, rectification.a_declaration_awaits_verification, *_DUE_FACTS), "sign"),
    Rule("L-21", RECTIFIED, Act.FAIL_VERIFICATION, (LISTED,), (INSPECTOR,),
         "《安全生产法》第六十七条、第六十八条;16号令第二十三条",
         (supervision.no_round_is_open, rectification.a_declaration_awaits_verification, *_DUE_FACTS,
          supervision.the_return_has_a_deadline), note_required=True),
    # -------------------------------------------------------------------------------- 四级签字
    Rule("L-22", RECTIFIED, Act.SIGN, (RECTIFIED, CLOSED), (SIGNER,), _FOUR_SIGNATURES,
         _SIGNS, "sign", purpose=Purpose.CLOSING),
    Rule("L-23", RECTIFIED, Act.REFUSE_SIGNATURE, (RECTIFIED, LISTED), (SIGNER,), _FOUR_SIGNATURES,
         _HOLDS_THE_LEVEL, note_required=True, purpose=Purpose.CLOSING),
    Rule("L-24", RECTIFIED, Act.WITHDRAW_SIGNATURE, (RECTIFIED,), (SIGNER,), _FOUR_SIGNATURES,
         _TAKES_BACK, note_required=True, purpose=Purpose.CLOSING),
    # -------------------------------------------------------------------------------- 撤销挂牌、关停退出
    Rule("L-25", LISTED, Act.OPEN_WITHDRAWAL, (LISTED,), (LISTING_OFFICE, LEAD_DEPARTMENT),
         "三年行动方案三(三)21“审核把关”",
         (supervision.no_round_is_open, rectification.the_withdrawal_has_a_lawful_reason,
          rectification.proof_is_attached), "sign", note_required=True),
    Rule("L-26", LISTED, Act.OPEN_CESSATION, (LISTED,), (LISTING_OFFICE, LEAD_DEPARTMENT),
         "16号令第二十三条;三年行动方案三(三)21",
         (supervision.no_round_is_open, rectification.proof_is_attached), "sign", note_required=True),
    Rule("L-27", LISTED, Act.SIGN, (LISTED, DISMISSED), (SIGNER,), _FOUR_SIGNATURES,
         _SIGNS, "sign", purpose=Purpose.WITHDRAWAL),
    Rule("L-28", LISTED, Act.SIGN, (LISTED, CLOSED), (SIGNER,), _FOUR_SIGNATURES,
         _SIGNS, "sign", purpose=Purpose.CESSATION),
    Rule("L-29", LISTED, Act.REFUSE_SIGNATURE, (LISTED,), (SIGNER,), _FOUR_SIGNATURES,
         _HOLDS_THE_LEVEL, note_required=True, purpose=Purpose.WITHDRAWAL),
    Rule("L-30", LISTED, Act.REFUSE_SIGNATURE, (LISTED,), (SIGNER,), _FOUR_SIGNATURES,
         _HOLDS_THE_LEVEL, note_required=True, purpose=Purpose.CESSATION),
    Rule("L-31", LISTED, Act.WITHDRAW_SIGNATURE, (LISTED,), (SIGNER,), _FOUR_SIGNATURES,
         _TAKES_BACK, note_required=True, purpose=Purpose.WITHDRAWAL),
    Rule("L-32", LISTED, Act.WITHDRAW_SIGNATURE, (LISTED,), (SIGNER,), _FOUR_SIGNATURES,
         _TAKES_BACK, note_required=True, purpose=Purpose.CESSATION),
    # -------------------------------------------------------------------------------- 更正
    Rule("L-33a", REPORTED, Act.CORRECT, (REPORTED,), (SAFETY_OFFICE,), "指导意见三(三)14",
         _CORRECTION, note_required=True),
    Rule("L-33b", LISTED, Act.CORRECT, (LISTED,), (SAFETY_OFFICE,), "指导意见三(三)14",
         _CORRECTION, note_required=True),
    Rule("L-33c", RECTIFIED, Act.CORRECT, (RECTIFIED,), (SAFETY_OFFICE,), "指导意见三(三)14", _CORRECTION,
         note_required=True),
    Rule("L-33d", CLOSED, Act.CORRECT, (CLOSED,), (SAFETY_OFFICE,), "指导意见三(三)14",
         _CORRECTION, note_required=True),
    # -------------------------------------------------------------------------------- 销号以后
    Rule("L-34", CLOSED, Act.DELIST, (CLOSED,), (LISTING_OFFICE,), "青岛市“3+X”暂行制度(2012)摘牌公布,参照",
         (rectification.it_was_publicly_listed, rectification.it_is_not_delisted_yet), "revisit"),
    Rule("L-35", CLOSED, Act.PASS_REVISIT, (CLOSED,), (INSPECTOR, SAFETY_OFFICE), _REVISIT,
         (rectification.the_closing_is_recent_enough, reporting.the_back_entry_is_within_the_window)),
    Rule("L-36", CLOSED, Act.FAIL_REVISIT, (LISTED,), (INSPECTOR, SAFETY_OFFICE), _REVISIT,
         (rectification.the_closing_is_recent_enough, supervision.a_deadline_is_given,
          reporting.the_back_entry_is_within_the_window), note_required=True),
    Rule("L-37", CLOSED, Act.RELAPSE, (LISTED,), (INSPECTOR, SAFETY_OFFICE),
         "指导意见三(三)15“同类隐患反复出现”;" + _REVISIT,
         (rectification.the_closing_is_recent_enough, supervision.a_deadline_is_given,
          reporting.the_back_entry_is_within_the_window), note_required=True),
    # -------------------------------------------------------------------------------- 历史台账
    Rule("L-38", None, Act.IMPORT_OPEN, (LISTED,), (SAFETY_OFFICE,), _LEDGER,
         (reporting.the_paper_past_is_still_open, reporting.the_day_of_finding_is_known)),
    Rule("L-39", None, Act.IMPORT_CLOSED, (CLOSED,), (ATTESTOR,), _LEDGER,
         (reporting.the_paper_past_is_still_open, reporting.the_day_of_finding_is_known,
          reporting.it_was_closed_before_go_live, reporting.two_persons_attested)),
)
# fmt: on

refuse_contradictions(LIFECYCLE, GUARDS)

_RULES = {(rule.from_state, rule.act, rule.purpose): rule for rule in LIFECYCLE}
_ROUND_ACTS = frozenset({Act.SIGN, Act.REFUSE_SIGNATURE, Act.WITHDRAW_SIGNATURE})


def rules_of(act: Act) -> tuple[Rule, ...]:
    """Every row of an act."""
    return tuple(rule for rule in LIFECYCLE if rule.act is act)


def rule_for(state: State | None, act: Act, purpose: Purpose | None = None) -> Rule | None:
    """The row of an act in a state; `purpose` is the open round's and matters to acts on a round only."""
    return _RULES.get((state, act, purpose if act in _ROUND_ACTS else None))


def rule_of(facts: HazardFacts | None, act: Act) -> Rule | None:
    """The row of an act on this hazard as it stands."""
    if facts is None:
        return rule_for(None, act)
    return rule_for(facts.state, act, facts.round.purpose if facts.round else None)


def may(facts: HazardFacts | None, act: Act, actor: Actor, relations: frozenset[Relation]) -> bool:
    """Whether post and relation permit the act; in a state without it, whether they would in any other."""
    rule = rule_of(facts, act)
    if rule is None and facts is not None and relations - {Relation.ANY}:
        relations |= _relations_nobody_has_yet(facts)
    rows = (rule,) if rule else rules_of(act)
    return is_act_in_scope(actor, act) and any(is_one_of(row.who, actor, relations) for row in rows)


def _relations_nobody_has_yet(facts: HazardFacts) -> frozenset[Relation]:
    """Where nothing is determined, listed or signed yet, who is concerned is told of the state, not sent away."""
    parties = {
        Relation.LEAD: facts.lead_organisation_id,
        Relation.LISTING_OFFICE: facts.listing_office_id,
        Relation.HIGHER_OFFICE: facts.listing_office_id,
        Relation.RECEIVING: facts.transfer_pending_id,
        Relation.ROUND_PARTY: facts.round,
    }
    return frozenset(relation for relation, party in parties.items() if party is None)


def check(
    facts: HazardFacts | None,
    actor: Actor,
    relations: frozenset[Relation],
    attempt: Attempt,
    edition: Edition,
    now: datetime,
) -> tuple[Unmet, ...]:
    """Every condition the attempt does not meet, at once; a wrong state is the one reason `illegal_transition`."""
    case = Case(facts, actor, relations, attempt, edition, now)
    rule = rule_of(facts, attempt.act)
    if rule is None:
        return (_illegal(case),)
    return tuple(_unmet(case, rule))


def _unmet(case: Case, rule: Rule, *, with_particulars: bool = True) -> Iterator[Unmet]:
    for condition in rule.conditions:
        if with_particulars or not condition.asks_particulars:
            fault = condition(case)
            if fault is not None:
                yield Unmet(fault.code, fault.message, rule.id, fault.article, fault.remedy, fault.field)


def _illegal(case: Case) -> Unmet:
    act, facts = case.attempt.act, case.facts
    if act in _ROUND_ACTS and facts is not None and facts.round is None:
        message = f"没有进行中的签字轮次,不能{act.label}"
    else:
        message = f"“{facts.state.label if facts else '尚未登记'}”状态下不能{act.label}"
    homes = dict.fromkeys(rule.from_state.label if rule.from_state else "尚未登记" for rule in rules_of(act))
    remedy = "可以办理的状态:" + "、".join(homes)
    return Unmet("illegal_transition", message, rules_of(act)[0].id, rules_of(act)[0].article, remedy)


def allowed_acts(
    facts: HazardFacts, actor: Actor, relations: frozenset[Relation], edition: Edition, now: datetime
) -> tuple[Act, ...]:
    """What this actor may do to this hazard now, whatever the particulars; a signer is asked for the level due."""
    due = next_level(facts.round) if facts.round else None
    particulars = {"level": due.level} if due else {}
    purpose = facts.round.purpose if facts.round else None
    found = []
    for rule in _open_to(facts.state, purpose, actor.role_class, actor.post_kind, actor.is_service, relations):
        case = Case(facts, actor, relations, Attempt(rule.act, particulars), edition, now)
        if is_act_in_scope(actor, rule.act) and not any(_unmet(case, rule, with_particulars=False)):
            found.append(rule.act)
    return tuple(found)


@lru_cache(maxsize=4096)
def _open_to(
    state: State,
    purpose: Purpose | None,
    role_class: RoleClass,
    post_kind: PostKind | None,
    is_service: bool,  # noqa: FBT001 - a key of the cache like the others
    relations: frozenset[Relation],
) -> tuple[Rule, ...]:
    """The rows that a post in these relations may act by, conditions aside, in the order of the acts."""
    somebody = Actor(role_class, post_kind=post_kind, is_service=is_service)
    rows = (rule_for(state, act, purpose) for act in Act)
    return tuple(row for row in rows if row and is_one_of(row.who, somebody, relations))


def next_state(rule: Rule, facts: HazardFacts | None, attempt: Attempt) -> State:
    """Where a lawful attempt leads: the row's state, or the second one when it completes or sends back."""
    if rule.to_state is not None:
        return rule.to_state
    stays, ends = rule.to_states
    level = level_numbered(facts.round, attempt.particulars["level"]) if facts and facts.round else None
    if facts is None or facts.round is None or level is None:
        raise LookupError(f"{rule.id} 须有进行中的签字轮次和级别(level)")
    if rule.act is Act.REFUSE_SIGNATURE:
        return ends if level.refusal_returns_to == "listed" else stays
    return ends if is_last(facts.round, level) else stays


def clock_started(rule: Rule, ends_in: State) -> str | None:
    """The regulator's clock an act starts: its row's, the delisting's by a closing, the verification's by a return."""
    if ends_in in (State.CLOSED, State.DISMISSED) and rule.from_state is not ends_in:
        return "delist" if ends_in is State.CLOSED else None
    if rule.act is Act.REFUSE_SIGNATURE and ends_in is State.RECTIFIED:
        return "verify"
    return rule.starts_clock
