"""The words of the registry: every enumerated value, its Chinese reading and where the word comes from.

Decides nothing; `lifecycle`, `permissions` and `sign_off` do. `docs/glossary.md` joins these words with their articles.
"""

from app.regulation.word import Word as Word  # noqa: PLC0414 - everybody takes it from here


class State(Word):
    """Where a hazard is (design 3.1): four states carry the mission, one leaves it."""

    REPORTED = "reported", "已上报"
    LISTED = "listed", "挂牌督办"
    RECTIFIED = "rectified", "已整改待核查签字"
    CLOSED = "closed", "已销号"
    DISMISSED = "dismissed", "已排除"


class HazardLevel(Word):
    """重大 hazards are listed (挂牌), 重点 ones tracked (挂账)."""

    MAJOR = "major", "重大事故隐患"
    KEY = "key", "重点隐患"


class Channel(Word):
    """How a hazard became known; kept for ever."""

    SELF_REPORT = "self_report", "企业自查上报"
    INSPECTION = "inspection", "督导检查发现"
    TIP = "tip", "群众举报查实"
    ASSIGNED = "assigned", "上级交办"
    REFERRED = "referred", "部门移送"
    ACCIDENT_INVESTIGATION = "accident_investigation", "事故调查发现"


class Act(Word):
    """What a person may do to a hazard; each is one row or more of the lifecycle table."""

    REPORT = "report", "上报"
    AMEND = "amend", "补充修改"
    DETERMINE = "determine", "判定"
    DISMISS = "dismiss", "排除"
    LIST = "list", "挂牌督办"
    LIST_FIXED_ON_THE_SPOT = "list_fixed_on_the_spot", "立查立改登记"
    SUBMIT_PLAN = "submit_plan", "报送整改方案"
    APPROVE_PLAN = "approve_plan", "批准整改方案"
    RETURN_PLAN = "return_plan", "退回整改方案"
    REPORT_PROGRESS = "report_progress", "报告整改进展"
    REQUEST_EXTENSION = "request_extension", "申请延期"
    DECIDE_EXTENSION = "decide_extension", "审批延期"
    TRANSFER = "transfer", "移交监管责任"
    REFUSE_TRANSFER = "refuse_transfer", "拒绝接收移交"
    CHANGE_SUPERVISION_LEVEL = "change_supervision_level", "调整督办层级"
    ORDER_PRODUCTION_MEASURE = "order_production_measure", "责令停产停用"
    LIFT_PRODUCTION_MEASURE = "lift_production_measure", "解除停产停用"
    DECLARE = "declare", "报告整改完成"
    PASS_VERIFICATION = "pass_verification", "现场核查通过"
    FAIL_VERIFICATION = "fail_verification", "现场核查不通过"
    OPEN_WITHDRAWAL = "open_withdrawal", "启动撤销挂牌"
    OPEN_CESSATION = "open_cessation", "启动关停退出"
    SIGN = "sign", "签字"
    REFUSE_SIGNATURE = "refuse_signature", "拒绝签字"
    WITHDRAW_SIGNATURE = "withdraw_signature", "撤回签字"
    CORRECT = "correct", "更正"
    DELIST = "delist", "摘牌"
    PASS_REVISIT = "pass_revisit", "回访合格"
    FAIL_REVISIT = "fail_revisit", "回访不合格"
    RELAPSE = "relapse", "复发"
    IMPORT_OPEN = "import_open", "补录在办"
    IMPORT_CLOSED = "import_closed", "补录已销号"


class PendingStep(Word):
    """What a sign-in still lacks; until then it may do nothing else."""

    PASSWORD_CHANGE = "password_change", "修改口令"
    SECOND_FACTOR = "second_factor", "绑定动态口令"
    SECOND_FACTOR_CODE = "second_factor_code", "输入动态口令"


class BreakGlassDeed(Word):
    """What two persons may do together on the machine itself; it never signs, closes or reads a tipster."""

    RESTORE_ACCESS = "restore_access", "恢复登录"
    CONFIRM_APPOINTMENT = "confirm_appointment", "确认任职"


class Purpose(Word):
    """What a sign-off round decides."""

    CLOSING = "closing", "验收销号"
    WITHDRAWAL = "withdrawal", "撤销挂牌"
    CESSATION = "cessation", "关停退出"


class RoundOutcome(Word):
    """How a round ended; an open round has none."""

    COMPLETED = "completed", "签字完成"
    REFUSED = "refused", "拒绝签字"
    CONTENT_CHANGED = "content_changed", "签字内容变更"
    SIGNER_DISABLED = "signer_disabled", "签字人被停用"


class Party(Word):
    """Whose post signs a level; resolved to one organisation when the round opens."""

    ENTERPRISE = "enterprise", "责任单位"
    TOWNSHIP = "township", "苏木乡镇(街道、园区)"
    LEAD_DEPARTMENT = "lead_department", "监管责任部门"
    HIGHER_DEPARTMENT = "higher_department", "上一级主管部门"
    NAMED_AGENCY = "named_agency", "指定机构"
    SAME_LEVEL_GOVERNMENT = "same_level_government", "本级人民政府"


class OrganisationKind(Word):
    """What an organisation is."""

    GOVERNMENT = "government", "人民政府"
    SAFETY_OFFICE = "safety_office", "安委办"
    REGULATOR = "regulator", "负有安全监管职责的部门"
    TOWNSHIP = "township", "苏木乡镇(街道、园区)"
    AGENCY = "agency", "派驻监察机构"
    ENTERPRISE = "enterprise", "生产经营单位"
    PLATFORM = "platform", "监管平台"


class PostKind(Word):
    """The posts that act; a person acts through an appointment to one."""

    ENTERPRISE_SAFETY_OFFICER = "enterprise_safety_officer", "企业安全管理员"
    ENTERPRISE_SAFETY_HEAD = "enterprise_safety_head", "企业安全管理机构负责人"
    ENTERPRISE_PRINCIPAL = "enterprise_principal", "企业主要负责人"
    ENTERPRISE_CONTROLLER = "enterprise_controller", "企业实际控制人"
    INSPECTOR = "inspector", "主办检查人员"
    SECTION_HEAD = "section_head", "业务科室负责人"
    DEPUTY_HEAD = "deputy_head", "分管负责人"
    PRINCIPAL_HEAD = "principal_head", "部门主要负责人"
    OFFICE_CLERK = "office_clerk", "安委办经办人"
    OFFICE_HEAD = "office_head", "安委办负责人"
    GOVERNMENT_HEAD = "government_head", "政府主要负责人"
    TIP_OFFICER = "tip_officer", "举报受理人员"
    REGISTRAR = "registrar", "登记员"
    SYSTEM_ADMINISTRATOR = "system_administrator", "系统管理员"
    SECURITY_ADMINISTRATOR = "security_administrator", "安全管理员"
    AUDIT_ADMINISTRATOR = "audit_administrator", "审计管理员"
    AUDITOR = "auditor", "审计人员"


class RoleClass(Word):
    """The database role class a session acts under; PostgreSQL's name is `qingling_` and the value."""

    SIGNIN = "signin", "登录"
    PUBLIC = "public", "公众"
    ENTERPRISE = "enterprise", "企业"
    OFFICIAL = "official", "监管人员"
    CUSTODIAN = "custodian", "举报保管人"
    PLATFORM = "platform", "监管平台"
    AUDITOR = "auditor", "审计"
    ADMINISTRATOR = "administrator", "管理员"
    IMPORT = "import", "补录"
    JOB = "job", "定时任务"
    REPORT = "report", "统计"


class DismissReason(Word):
    """Why a report left the mission."""

    UNSUBSTANTIATED = "unsubstantiated", "不成立"
    DUPLICATE = "duplicate", "与已登记隐患重复"
    NOT_MAJOR = "not_major", "不构成重大(一般隐患)"
    REGRADED = "regraded", "降为重点隐患"


class ProductionMeasureKind(Word):
    """安全生产法 art. 65: what stops until the hazard is gone."""

    EVACUATION = "evacuation", "撤出作业人员"
    PARTIAL_STOP = "partial_stop", "局部停产停用"
    FULL_STOP = "full_stop", "全部停产停业停用"


class EvidenceKind(Word):
    """What a piece of evidence shows."""

    BEFORE = "before", "整改前"
    AFTER = "after", "整改后"
    DOCUMENT = "document", "书面材料"
    SCAN = "scan", "签字扫描件"


class DayUnit(Word):
    """How a period is counted (domain 3.6)."""

    CALENDAR = "calendar", "自然日"
    WORKING = "working", "工作日"


class DocumentKind(Word):
    """The documents that several persons complete (design 5)."""

    DECLARATION = "declaration", "整改完成报告"
    VERIFICATION = "verification", "现场核查记录"
    CORRECTION = "correction", "更正单"
    APPOINTMENT = "appointment", "任职确认"
    ATTESTATION = "attestation", "历史台账核对确认"


class Capacity(Word):
    """In what quality a person confirms a document."""

    PRINCIPAL = "principal", "主要负责人"
    CONTROLLER = "controller", "实际控制人"
    SAFETY_HEAD = "safety_head", "安全管理机构负责人"
    INSPECTOR = "inspector", "检查人员"
    PROPOSER = "proposer", "提出人"
    CONFIRMER = "confirmer", "复核人"


class Relation(Word):
    """How the actor's organisation stands to the hazard (design 4, Roles)."""

    RESPONSIBLE = "responsible", "责任单位本身"
    LEAD = "lead", "监管责任部门"
    REGULATOR = "regulator", "本行业属地监管部门"
    TERRITORIAL = "territorial", "属地单元"
    LISTING_OFFICE = "listing_office", "挂牌督办的安委办"
    HIGHER_OFFICE = "higher_office", "上一级安委办"
    ROUND_PARTY = "round_party", "本轮签字单位"
    RECEIVING = "receiving", "拟接收部门"
    ANY = "any", "不限"


class Rung(Word):
    """The steps of the ladder, in order (design 3.3); which are used, when and to whom is the edition's."""

    NOTICE_LETTER = "notice_letter", "函告"
    CIRCULAR = "circular", "通报"
    SUMMONS = "summons", "约谈"
    EXPOSURE = "exposure", "曝光"
    REFERRAL = "referral", "移交"


class EpisodeKind(Word):
    """Whose delay a run up the ladder is about (design 3.3)."""

    TERM = "term", "整改逾期或者缓慢"
    DUTY = "duty", "监管部门逾期"
    REPLY = "reply", "逾期未复函"
    AGGREGATE = "aggregate", "逾期过多"


class EpisodeCause(Word):
    """What opened an episode."""

    OVERDUE = "overdue", "整改逾期"
    SLOW = "slow", "进展缓慢"
    LATE_DUTY = "late_duty", "逾期未履职"
    UNANSWERED = "unanswered", "逾期未复函"
    TOO_MANY = "too_many", "同时逾期过多"


class EpisodeEnd(Word):
    """How an episode ended; an open one has none."""

    CAUGHT_UP = "caught_up", "已赶上进度"
    EXTENDED = "extended", "已批准延期"
    CLOSED = "closed", "已销号或者排除"
    DONE = "done", "已履职"
    ANSWERED = "answered", "已复函"
    RECEDED = "receded", "逾期已减少"


class RaiseReason(Word):
    """Why a rung was raised that night."""

    THRESHOLD = "threshold", "达到规定天数"
    SLOW = "slow", "进展缓慢"
    NO_REPLY = "no_reply", "逾期未复函"


class HoldReason(Word):
    """Why nothing is issued and sent until an office has rehearsed and released it (design 3.3)."""

    FIRST_START = "first_start", "首次启用"
    IMPORT = "import", "导入台账"
    RESTORE = "restore", "恢复数据"
    EDITION_CHANGE = "edition_change", "更换规则版本"
    TOO_MANY_LETTERS = "too_many_letters", "一夜起草过多"
    ORDERED = "ordered", "人工暂停"


class LetterKind(Word):
    """The official letters of supervision; the ladder drafts some, hands write the others."""

    SUPERVISION_NOTICE = "supervision_notice", "督办通知书"
    NOTICE_LETTER = "notice_letter", "函告"
    CIRCULAR = "circular", "通报"
    SUMMONS_NOTICE = "summons_notice", "约谈通知"
    SUMMONS_MINUTES = "summons_minutes", "约谈纪要"
    EXPOSURE_NOTICE = "exposure_notice", "曝光公告"
    REFERRAL_LETTER = "referral_letter", "移交函"
    WARNING_REMINDER = "warning_reminder", "警示提醒"
    URGING_LETTER = "urging_letter", "督促函"
    ASSIGNMENT_ORDER = "assignment_order", "交办单"
    CLOSING_NOTICE = "closing_notice", "销号通知"
    DELISTING_NOTICE = "delisting_notice", "摘牌通知"
    CLOSING_APPROVAL_FORM = "closing_approval_form", "验收销号审批表"


class LetterStatus(Word):
    """Where a letter stands; only an issued one has a number."""

    DRAFT = "draft", "待签发"
    ISSUED = "issued", "已签发"
    DROPPED = "dropped", "未签发即撤销"
    VOIDED = "voided", "签发后作废"


class ServiceManner(Word):
    """How a letter reached its addressee."""

    IN_PERSON = "in_person", "直接送达"
    POST = "post", "邮寄送达"
    PLATFORM = "platform", "平台送达"
    DEEMED = "deemed", "视为送达"


class PenaltyKind(Word):
    """What a penalty consists of (行政处罚法 art. 9); one decision may hold several."""

    WARNING = "warning", "警告"
    PUBLIC_CRITICISM = "public_criticism", "通报批评"
    FINE = "fine", "罚款"
    CONFISCATION = "confiscation", "没收违法所得"
    SUSPENSION = "suspension", "责令停产停业"
    PERMIT_SUSPENSION = "permit_suspension", "暂扣许可证件"
    PERMIT_REVOCATION = "permit_revocation", "吊销许可证件"
    RESTRICTION = "restriction", "限制从业"
    DETENTION = "detention", "行政拘留"
    OTHER = "other", "其他"


class PenaltyLaw(Word):
    """The law a penalty rests on, as far as a counter of enforcement asks for it."""

    WORK_SAFETY = "work_safety_law", "安全生产法"
    COAL_MINES = "coal_mine_regulation", "煤矿安全生产条例"
    OTHER = "other", "其他法律、法规、规章"


class Penalised(Word):
    """Who is penalised: the unit, or a natural person by post; a person's name is kept nowhere."""

    UNIT = "unit", "单位"
    PRINCIPAL = "principal", "主要负责人"
    CONTROLLER = "controller", "实际控制人"
    SAFETY_STAFF = "safety_staff", "安全管理人员"
    OTHER_PERSON = "other_person", "其他责任人员"


class DeliveryChannel(Word):
    """By which way a message reaches whom it is for."""

    INBOX = "inbox", "站内收件箱"
    EMAIL = "email", "电子邮件"
    WEBHOOK = "webhook", "系统接口推送"
    SMS_FILE = "sms_file", "短信文件"
    PUBLICATION = "publication", "公开发布"


class DeliveryStatus(Word):
    """Where a message stands; only a person takes it out of doubt."""

    PENDING = "pending", "待发送"
    CLAIMED = "claimed", "发送中"
    SENT = "sent", "已发送"
    IN_DOUBT = "in_doubt", "是否送出不明"
    DEAD = "dead", "多次发送失败"
    CANCELLED = "cancelled", "不再发送"


class AttemptOutcome(Word):
    """What became of one attempt to send, or what a person said of it."""

    SENT = "sent", "对方已接收"
    REFUSED = "refused", "未送出"
    UNCERTAIN = "uncertain", "是否送出不明"
    CONFIRMED = "confirmed", "经人工核实已送达"
    AGAIN = "again", "经人工核实应重发"
