"""Constraint name → stable code and Chinese message: met when two acts race, or when a check above is missing.

What only our own code can break (a digest's length, a serial's gap) has no row: its SQLSTATE alone is told.
"""

from typing import Final

CONSTRAINT_MESSAGES: Final[dict[str, tuple[str, str]]] = {
    # Places, enterprises, organisations
    "ex_unit_period_no_overlap": ("unit_periods_overlap", "同一属地单元的名称、代码期间不得重叠，请核对起止日期。"),
    "uq_enterprise_code": ("enterprise_exists", "该统一社会信用代码的企业已经登记，请直接使用已有企业。"),
    "ck_enterprise_code_is_gb32100": (
        "enterprise_code_format",
        "统一社会信用代码应为 18 位半角数字和大写字母，请核对营业执照。",
    ),
    "ck_enterprise_code_or_reason": (
        "enterprise_code_or_reason",
        "企业应填统一社会信用代码；没有代码的应写明原因，二者只填一项。",
    ),
    "uq_organisation_code": ("organisation_exists", "该代码的机构已经登记，请直接使用已有机构。"),
    "uq_organisation_unit_name": ("organisation_exists", "本属地已有同名机构，请直接使用已有机构。"),
    "uq_organisation_enterprise_id": ("organisation_exists", "该企业的机构已经登记，请直接使用已有机构。"),
    "ck_organisation_enterprise_has_its_own": (
        "organisation_enterprise_mismatch",
        "企业类机构必须对应一家企业，其他机构不得对应企业，请改正。",
    ),
    "uq_site_enterprise_id_unit_id_name": ("site_exists", "该企业在本属地已有同名场所，请直接使用已有场所。"),
    "ck_site_position_is_in_china": (
        "position_outside_china",
        "经纬度不在我国范围内，请核对是否填反（经度 73 至 136，纬度 3 至 54）。",
    ),
    "ck_site_position_is_whole": ("position_incomplete", "经度和纬度应同时填写或同时不填，请补全。"),
    # Persons, accounts, appointments
    "uq_person_identity_digest": ("person_exists", "该身份证号码的人员已经登记，一人只登记一次，请直接使用已有人员。"),
    "uq_account_login_name": ("login_name_taken", "该登录名已被使用，请换一个。"),
    "ck_account_service_has_no_password": (
        "service_account_with_password",
        "服务账号只用密钥登录，不得设置口令，请去掉口令。",
    ),
    "ck_account_service_has_no_person": (
        "account_person_mismatch",
        "个人账号必须对应自然人，服务账号不得对应自然人，请改正。",
    ),
    "ck_account_service_has_organisation": (
        "service_account_without_organisation",
        "服务账号必须归属一个机构，请补充机构。",
    ),
    # Passwords, second factors, restored accesses
    "uq_second_factor_one_waiting": (
        "enrolment_in_progress",
        "该账号正在另一处绑定动态口令，请稍候重试。",
    ),
    "uq_second_factor_one_in_force": (
        "second_factor_in_force",
        "该账号的动态口令刚刚在另一处绑定，请刷新后核对。",
    ),
    "ck_access_restoration_confirmed_by_another": (
        "restoration_confirmed_by_another",
        "恢复登录须由申请人以外的另一名管理员确认，请由他人确认。",
    ),
    "ck_access_restoration_proposed_by_another": (
        "own_access_not_restored",
        "不得为本人申请恢复登录，请由另一名管理员申请。",
    ),
    "ck_access_restoration_not_of_the_confirmer": (
        "own_access_not_restored",
        "不得确认为本人恢复登录，请由另一名管理员确认。",
    ),
    "uq_access_restoration_step_up_id": (
        "step_up_already_used",
        "这次身份复核已经用过，请重新复核身份后再确认。",
    ),
    "uq_post_organisation_id_title": ("post_exists", "该机构已有同名岗位，请直接使用已有岗位。"),
    "ex_appointment_one_holder_at_a_time": (
        "post_already_held",
        "同一岗位在同一时间只能有一人任职（含代签），请先调整已有任职的终止日期。",
    ),
    "ex_appointment_one_duty_a_person": (
        "duties_exclude_each_other",
        "三员分立：系统管理员、安全管理员、审计管理员（含审计人员）与其他岗位，同一人在同一时间只能担任一类，请另选人员。",
    ),
    "ck_appointment_acting_has_an_end": ("acting_without_end", "代签任职必须写明终止日期，请补充。"),
    "ck_appointment_confirmed_by_another": (
        "confirmed_by_the_proposer",
        "任职须由提出人以外的另一名管理员确认，请由他人确认。",
    ),
    "ck_appointment_never_back_dated": (
        "appointment_back_dated",
        "任职自确认之时起算，不得倒签，请把起始时间改到确认之后。",
    ),
    "ck_appointment_period_is_forward": ("period_backward", "任职终止时间应晚于起始时间，请核对。"),
    # Editions, criteria, ledgers
    "uq_area_code": ("area_exists", "该代码的区域文件已经载入，不得重复载入。"),
    "uq_area_content_sha256": ("area_exists", "内容相同的区域文件已经载入，不得重复载入。"),
    "uq_edition_content_sha256": ("edition_exists", "内容相同的规则版本已经载入，不得重复载入。"),
    "uq_criterion_document_clause_from": (
        "criterion_exists",
        "该判定标准条款在这一生效日期已有记录，请核对条款号和生效日期。",
    ),
    "ck_criterion_period_is_forward": ("period_backward", "条款失效日期应晚于生效日期，请核对。"),
    "uq_legacy_batch_file_sha256": (
        "ledger_already_imported",
        "内容相同的台账文件已经导入，重复导入不会改变任何记录。",
    ),
    "uq_legacy_row_ledger_number": ("ledger_number_taken", "该台账编号已有历史记录，请核对编号。"),
    "uq_legacy_record_legacy_row_id": ("ledger_row_already_sealed", "该历史台账行已经封存，不得重复认证。"),
    "ck_legacy_record_closed_after_found": ("closed_before_found", "销号日期早于发现日期，请核对台账原件。"),
    "ck_clock_setting_sealed_at_zero": (
        "clock_is_sealed",
        "登记时钟已经封存，不得调整；只有演示和测试可以使用可调时钟。",
    ),
    "ck_registry_setting_only_one": ("already_initialised", "系统已经初始化，初始化只能进行一次。"),
    # Hazards
    "ck_hazard_exactly_one_responsible_party": (
        "one_responsible_party",
        "一条隐患有且只有一个责任单位，请在企业和其他责任单位中只填一个。",
    ),
    "ck_hazard_listed_has_owner": ("listed_without_owner", "挂牌督办必须已有判定、牵头部门、台账编号和期限，请补齐。"),
    "ck_hazard_closed_has_instant": ("closed_without_instant", "销号必须由系统记录时间，不得直接改动状态。"),
    "uq_hazard_ledger_number": ("ledger_number_taken", "该台账编号已被使用，请核对编号。"),
    "uq_hazard_transition_hazard_id_version": (
        "changed_meanwhile",
        "他人刚刚办理了这条隐患，本次办理没有生效，请刷新后重试。",
    ),
    "ck_hazard_party_period_is_forward": ("period_backward", "参与期间的终止时间应晚于起始时间，请核对。"),
    "uq_evidence_hazard_id_sha256_kind": ("evidence_exists", "同一份证据已经上传到这条隐患，不必重复上传。"),
    "ck_evidence_size_is_positive": ("evidence_empty", "证据文件是空的，请重新选择文件。"),
    "uq_document_evidence_document_evidence": (
        "evidence_already_attached",
        "同一份证据已经附在这份文书上，不必重复添加。",
    ),
    # Supervision
    "ck_determination_has_a_basis": (
        "determination_without_basis",
        "判定必须有依据：判定标准条款、引用条文或综合判定理由至少填一项。",
    ),
    "ck_determination_comprehensive_is_reasoned": ("reason_missing", "综合判定必须写明理由，请补充。"),
    "ck_dismissal_duplicate_names_survivor": (
        "duplicate_without_survivor",
        "以重复为由的，必须指明保留的隐患；其他事由不得填写。",
    ),
    "ck_dismissal_not_duplicate_of_itself": ("duplicate_of_itself", "不得把隐患认定为与自身重复，请改填保留的隐患。"),
    "ck_listing_deadline_is_given": ("deadline_missing", "挂牌督办必须定整改期限，请补充期限。"),
    "ck_listing_requirements_are_given": ("requirements_missing", "挂牌督办必须写明整改要求，请补充。"),
    "ck_supervision_change_tier_changes": ("tier_unchanged", "提级或降级后的层级与现在相同，请改选层级。"),
    "ck_transfer_goes_elsewhere": ("transfer_to_the_same", "不得移送给现在的牵头部门，请改选接收部门。"),
    "uq_transfer_refusal_transfer_id": ("transfer_already_refused", "这次移送已被拒收，不得重复办理。"),
    # Letters
    "uq_dispatch_hold_open": ("dispatch_already_held", "以同一原因暂停发文正在生效,无须再次暂停,请刷新后核对。"),
    # Letters and what is sent
    "uq_delivery_pause_open": ("delivery_already_paused", "暂停发送正在生效，无须再次暂停，请刷新后核对。"),
    "uq_delivery_attempt_delivery_id_number_outcome": (
        "delivery_resolved_meanwhile",
        "这条信息刚刚由他人核实处理，请刷新后核对。",
    ),
    "uq_delivery_address_in_use": ("address_in_use", "该单位在这一渠道刚刚设置了接收地址，请核对后重试。"),
    "uq_letter_copy_letter_id_organisation_id": ("copy_repeated", "同一机构在一件公文中只抄送一次，请去掉重复的。"),
    "uq_letter_copy_letter_id_enterprise_id": ("copy_repeated", "同一企业在一件公文中只抄送一次，请去掉重复的。"),
    "uq_letter_number": ("letter_number_taken", "该发文字号已经使用，本次签发没有生效，请重新签发。"),
    "uq_letter_item_raised_rung_id": (
        "rung_already_told",
        "所列事项刚刚写入了另一件公文，本次办理没有生效，请刷新后核对。",
    ),
    "uq_letter_item_letter_id_position": ("changed_meanwhile", "他人正在修改这件公文所列事项，请刷新后重试。"),
    "ck_letter_one_addressee": ("one_addressee", "一件公文只有一个主送单位，机构和企业须填且只填一项。"),
    "ck_letter_copy_one_reader": ("one_reader", "抄送单位的机构和企业须填且只填一项。"),
    "ck_letter_ended_has_reason": ("reason_missing", "撤销草稿、作废公文必须写明理由，请补充。"),
    "ck_letter_dispatched_after_issuing": ("letter_is_not_issued", "公文尚未签发，不能登记发出。"),
    "ck_letter_served_after_issuing": ("letter_is_not_issued", "公文尚未签发，不能登记送达。"),
    "ck_letter_service_receipt_names_receiver": ("receiver_missing", "登记送达必须写明签收人（岗位），请补充。"),
    "uq_letter_service_letter_id": ("already_served", "这件公文刚刚由他人登记了送达，不重复登记，请刷新后核对。"),
    "uq_letter_service_copy_id": ("already_served", "这件抄送件刚刚由他人登记了送达，不重复登记，请刷新后核对。"),
    "uq_penalty_supersedes_id": (
        "penalty_corrected_meanwhile",
        "这一处罚记录刚被他人更正，请刷新后在最新的记录上更正。",
    ),
    "ck_penalty_amount_is_positive": ("amount_not_positive", "罚款、没收的金额应大于 0，请核对处罚决定书。"),
    "ck_penalty_amount_is_of_money": (
        "amount_mismatch",
        "处罚种类含罚款的应填金额；不含罚款、没收的不填金额，请核对。",
    ),
    "ck_penalty_published_after_decision": ("published_out_of_order", "公开日期不得早于处罚决定日期，请核对。"),
    "ck_extension_request_is_later": ("extension_not_later", "申请的期限应晚于现行期限，请核对日期。"),
    "uq_extension_decision_extension_request_id": ("extension_already_decided", "这次延期申请已有决定，不得重复决定。"),
    "ck_extension_decision_granted_names_date": (
        "extension_date_mismatch",
        "同意延期必须写明新期限，不同意的不得填写期限，请改正。",
    ),
    "ck_extension_decision_refusal_is_reasoned": ("reason_missing", "不同意延期必须写明理由，请补充。"),
    "uq_production_measure_lift_production_measure_id": (
        "measure_already_lifted",
        "这项停产措施已经解除，不得重复办理。",
    ),
    # Rectification
    "uq_plan_hazard_id_plan_version": ("changed_meanwhile", "整改方案刚被他人更新，本次提交没有生效，请刷新后重试。"),
    "uq_plan_decision_plan_id_approved": ("plan_already_decided", "这份整改方案已有审批意见，不得重复审批。"),
    "ck_plan_decision_return_is_reasoned": ("reason_missing", "退回整改方案必须写明理由，请补充。"),
    "ck_progress_percent_is_share": ("percent_out_of_range", "整改进度应在 0 至 100 之间，请核对。"),
    "ck_verification_two_or_more_inspectors": ("two_inspectors_needed", "现场核查须有两名以上检查人员，请补充。"),
    "ck_verification_failure_is_reasoned": ("reason_missing", "核查不通过必须写明理由，请补充。"),
    "ck_correction_field_may_change": (
        "field_not_correctable",
        "原定期限、状态、版本和整改轮次不得更正，请改用相应的办理事项。",
    ),
    "uq_document_confirmation_step_up_id": ("step_up_already_used", "这次身份复核已经用过，请重新复核身份后再确认。"),
    "uq_document_confirmation_one_person_once": ("already_confirmed", "同一人对同一文书只能确认一次，请由另一人确认。"),
    "uq_document_confirmation_one_capacity_once": (
        "capacity_already_confirmed",
        "这一身份的确认已有人作出，不得重复确认。",
    ),
    # Sign-off
    "ck_round_request_closing_needs_no_request": (
        "closing_is_not_requested",
        "销号轮次由核查通过自动开启，不得另行申请。",
    ),
    "ck_round_request_duplicate_names_survivor": (
        "duplicate_without_survivor",
        "以重复为由的，必须指明保留的隐患；其他事由不得填写。",
    ),
    "ck_round_request_withdrawal_names_reason": (
        "withdrawal_reason_mismatch",
        "撤销必须选择事由，关停退出不得填写撤销事由，请改正。",
    ),
    "ck_round_request_withdrawal_reason_fits": (
        "withdrawal_reason_unfit",
        "挂牌后不得以“不属重大隐患”直接撤销，请改用降为重点的事由。",
    ),
    "uq_round_level_round_id_level": ("level_exists", "同一轮次的每一级只能设一次。"),
    "uq_round_end_round_id": ("round_already_ended", "这一签字轮次已经结束，请刷新后核对。"),
    "ck_round_end_refusal_is_reasoned": ("reason_missing", "拒签必须写明理由，请补充。"),
    "ck_round_end_refusal_names_level": ("refusal_without_level", "拒签必须注明级次。"),
    "uq_signature_step_up_id": ("step_up_already_used", "这次身份复核已经用过，请重新复核身份后再签字。"),
    "ck_signature_electronic_has_step_up": ("step_up_missing", "电子签字必须有本次身份复核，请复核身份后再签字。"),
    "ck_signature_paper_has_scan": ("scan_missing", "纸质签字必须附签字页扫描件，请补充。"),
    "uq_signature_withdrawal_signature_id": ("signature_already_withdrawn", "这一签字已经撤回，不得重复撤回。"),
    "uq_sealed_closing_round_id": ("already_closed", "这一轮次已经封存销号，不得重复销号。"),
    "uq_sealed_closing_hazard_id_cycle": ("already_closed", "这一整改轮次已经封存销号，不得重复销号。"),
    "uq_sealed_closing_signature_signature_id": ("signature_already_used", "一个签字只能用于一次销号。"),
    "uq_sealed_closing_signature_level": ("signature_already_used", "每一级在一次销号中只用一个签字。"),
}

_FAMILIES: Final[tuple[tuple[str, str, str], ...]] = (
    ("_is_given", "text_missing_or_too_long", "有文字未填写、只有空格或超过长度，请补充或精简后重新提交。"),
    ("_is_known", "value_unknown", "有选项不在规定的取值之内，请从规定的取值中选择。"),
    ("_period_is_forward", "period_backward", "终止时间应晚于起始时间，请核对。"),
)


def message_of_constraint(name: str) -> tuple[str, str] | None:
    """Code and message of a constraint: its own row, else its family's (`…_is_given`, `…_is_known`), else None."""
    if name in CONSTRAINT_MESSAGES:
        return CONSTRAINT_MESSAGES[name]
    return next(((code, message) for ending, code, message in _FAMILIES if name.endswith(ending)), None)
