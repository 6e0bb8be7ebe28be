"""Conditions of signing, refusing and withdrawing a signature. The database holds the same walls once more."""

from app.regulation.case import Case, guard
from app.regulation.sign_off import newest_signed_level, next_level, rectifier_may_sign


@guard("《电子签名法》第十三条", "请由任职人员本人登录签字", asks_particulars=False)
def the_signer_is_a_natural_person(case: Case) -> str | None:
    """A service account never signs."""
    natural = not case.actor.is_service and case.actor.person_id is not None
    return None if natural else "服务账号不得签字"


@guard("指导意见三(三)14“四级签字”", "请按顺序逐级签字", field="level", asks_particulars=False)
def the_previous_level_has_signed(case: Case) -> str | None:
    """The level is the next one: every level below it is signed, and it is not (particular: level)."""
    return _order_fault(case)


def _order_fault(case: Case) -> str | None:
    open_round = case.hazard.round
    if open_round is None:
        return "没有进行中的签字轮次"
    due = next_level(open_round)
    wanted = case.given("level")
    if case.level is None:
        return f"没有第 {wanted} 级签字(level)" if wanted is not None else "没有写明签字级别(level)"
    if due is None or case.level.level < due.level:
        return f"第 {wanted} 级已经签字"
    return f"第 {due.level} 级尚未签字,不得越级" if case.level.level > due.level else None


@guard("指导意见三(三)14“四级签字”", "请由该级岗位的任职人员签字", field="level", asks_particulars=False)
def the_signer_holds_the_levels_post(case: Case) -> str | None:
    """The signer's post is the one the level names (particular: level)."""
    level = case.level
    if level is None or case.actor.post_kind is level.post_kind:
        return None
    return f"第 {level.level} 级由“{level.post_kind.label}”签字"


@guard("指导意见三(三)14“四级签字”", "请由该级所在单位的任职人员签字", field="level", asks_particulars=False)
def the_signer_is_in_the_levels_organisation(case: Case) -> str | None:
    """The signer's appointment is at the organisation the level was resolved to (particular: level)."""
    level = case.level
    if level is None or case.actor.organisation_id == level.organisation_id:
        return None
    return f"第 {level.level} 级须由指定单位({level.party.label})的任职人员签字"


@guard("指导意见三(三)14“四级签字”:一人只签一级", "请由另一名自然人签字", field="level", asks_particulars=False)
def the_signer_signed_no_other_level(case: Case) -> str | None:
    """One level per natural person and round, withdrawn signatures counted; the same level may be signed again."""
    open_round, person_id = case.hazard.round, case.actor.person_id
    if open_round is None or person_id is None:
        return None
    earlier = open_round.past_signer_person_levels.get(person_id)
    if earlier is None:
        earlier = next((one.level for one in open_round.levels if one.signed_by_person_id == person_id), None)
    return f"您在本轮已签过第 {earlier} 级" if earlier not in (None, case.given("level")) else None


@guard("整改与验收分离(指导意见三(三)14)", "请由没有参加整改的人员签字", field="level", asks_particulars=False)
def the_signer_did_not_rectify(case: Case) -> str | None:
    """Whoever rectified signs no level but the enterprise's own (particular: level)."""
    level = case.level
    if level is None or rectifier_may_sign(level):
        return None
    return "参加整改的人员不得在验收环节签字" if case.actor.person_id in case.hazard.rectifier_person_ids else None


@guard(
    "《电子签名法》第十三条“对数据电文内容和形式的任何改动能够被发现”",
    "内容已变更,请重新阅读后再签",
    field="content_sha256",
)
def the_content_is_what_was_read(case: Case) -> str | None:
    """The signature is over the round's content hash (particular: content_sha256, lower-case hex)."""
    open_round = case.hazard.round
    if open_round is None:
        return None
    return (
        None
        if case.given("content_sha256") == open_round.content_sha256
        else "签字内容与本轮内容不一致(content_sha256)"
    )


@guard("《电子签名法》第十三条“仅由电子签名人控制”", "请重新验证身份(再次输入密码)", field="step_up")
def the_identity_was_proved_again(case: Case) -> str | None:
    """A fresh step-up is bound to this content hash and level.

    Particulars: step_up_content_sha256, step_up_level (of an unused step-up of this account; None if there is none).
    """
    if case.lacks("step_up_content_sha256"):
        return "没有重新验证身份"
    same_content = case.given("step_up_content_sha256") == case.given("content_sha256")
    same_level = case.given("step_up_level") == case.given("level")
    return None if same_content and same_level else "身份验证不是为本级、本内容作出的"


@guard("办公室内部建议值(chains.*.levels.paper_allowed)", "请由签字人本人在系统中签字", field="on_paper")
def paper_is_used_only_where_allowed(case: Case) -> str | None:
    """A paper signature exists only at levels the edition marks, never in-person ones (particular: on_paper)."""
    level = case.level
    if not case.given("on_paper") or level is None:
        return None
    return None if level.paper_allowed and not level.in_person else f"第 {level.level} 级不得用纸质签字"


@guard("《电子签名法》第十三条", "只能由签字人本人撤回最近一次有效签字", asks_particulars=False)
def the_newest_signature_is_the_actors(case: Case) -> str | None:
    """Only the newest valid signature can be withdrawn, by the person who gave it."""
    open_round = case.hazard.round
    newest = newest_signed_level(open_round) if open_round else None
    if newest is None:
        return "本轮没有可撤回的签字"
    mine = case.actor.person_id is not None and newest.signed_by_person_id == case.actor.person_id
    return None if mine else "最近一次有效签字不是您的签字"
