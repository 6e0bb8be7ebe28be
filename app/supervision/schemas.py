"""What the API takes to list, plan, extend, transfer and to order production measures."""

from typing import Any, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.hazards.acting import Document
from app.infrastructure.fields import BusinessDate, CleanLine, CleanText, Identifier, Instant
from app.regulation.vocabulary import DayUnit, ProductionMeasureKind


class SupervisionNotice(Document):
    """督办通知书: what the later letter is drafted from."""

    number: CleanLine = Field(description="督办通知书文号")
    release_conditions: CleanText | None = Field(default=None, description="解除督办的条件")
    report_frequency: CleanLine | None = Field(default=None, description="报告进展的频次")


class DeadlineTerm(Document):
    """A deadline as so many days from today (the day of start does not count)."""

    days: int = Field(ge=1, le=3660)
    unit: DayUnit


class HazardListing(Document):
    """挂牌督办: the deadline as a date or as a term."""

    supervision_tier: int = Field(ge=1, le=5, description="督办层级:1 为最高一级")
    deadline: BusinessDate | None = Field(default=None, description="整改期限(当日 24:00 止)")
    term: DeadlineTerm | None = Field(default=None, description="以天数写明的整改期限;与 deadline 二选一")
    requirements: CleanText = Field(description="整改要求")
    lead_organisation_id: Identifier | None = Field(default=None, description="监管责任部门;不填沿用判定时的部门")
    supervision_notice: SupervisionNotice | None = Field(default=None, description="督办通知书;重大事故隐患必填")
    note: CleanText | None = None

    @model_validator(mode="after")
    def _one_deadline_only(self) -> Self:
        """Neither is the rule book's to refuse; both would leave open which one holds (ValidationError)."""
        if self.deadline is None or self.term is None:
            return self
        both: dict[str, Any] = {"deadline": self.deadline, "term": self.term}
        fault = PydanticCustomError("one_deadline_only", "整改期限(deadline)与天数(term)只能填写一项,请删去其中一项。")
        found = [InitErrorDetails(type=fault, loc=(name,), input=value) for name, value in both.items()]
        raise ValidationError.from_exception_data(type(self).__name__, found)


class OnTheSpotListing(Document):
    """立查立改: found and fixed in one visit, still recorded, declared and signed in full."""

    supervision_tier: int = Field(ge=1, le=5)
    evidence_ids: list[CleanLine] = Field(min_length=2, max_length=50, description="同一次检查的整改前、整改后证据")
    note: CleanText | None = None


class Milestone(Document):
    """One 时间节点 of a plan."""

    name: CleanLine
    due_on: BusinessDate


class RectificationPlan(Document):
    """整改方案: 五落实 (方案 and 预案 both) and the six parts of 16号令 art. 15."""

    responsibility: CleanText = Field(description="责任")
    measures: CleanText = Field(description="措施")
    funds: CleanText = Field(description="资金")
    time_limit: CleanText = Field(description="时限")
    scheme: CleanText = Field(description="方案")
    emergency_plan: CleanText = Field(description="预案")
    goals_and_tasks: CleanText = Field(description="目标和任务")
    methods_and_measures: CleanText = Field(description="方法和措施")
    funds_and_supplies: CleanText = Field(description="经费和物资")
    organisation_and_staff: CleanText = Field(description="机构和人员")
    schedule_and_requirements: CleanText = Field(description="时限和要求")
    safety_and_emergency: CleanText = Field(description="安全措施和应急预案")
    milestones: list[Milestone] = Field(min_length=1, max_length=50, description="时间节点")


class PlanApproval(Document):
    """方案审批: approved."""

    note: CleanText | None = None


class PlanReturn(Document):
    """方案审批: returned."""

    note: CleanText = Field(description="退回理由")


class ProgressReport(Document):
    """整改进展."""

    description: CleanText
    percent: int | None = Field(default=None, ge=0, le=100, description="完成比例(%)")
    milestone: CleanLine | None = Field(default=None, description="达到的时间节点")
    occurred_at: Instant | None = Field(default=None, description="发生时间;不填为现在")


class ExtensionApplication(Document):
    """延期申请."""

    new_deadline: BusinessDate
    note: CleanText = Field(description="延期理由")


class ExtensionRuling(Document):
    """延期审批."""

    granted: bool
    new_deadline: BusinessDate | None = Field(default=None, description="准予延至;不填为申请的期限")
    note: CleanText | None = Field(default=None, description="理由;不同意时必填")


class TransferOrder(Document):
    """移交监管责任."""

    to_organisation_id: Identifier
    note: CleanText = Field(description="移交理由")


class TransferRefusal(Document):
    """拒绝接收."""

    note: CleanText = Field(description="拒绝理由")


class SupervisionLevelChange(Document):
    """提级或降级督办."""

    supervision_tier: int = Field(ge=1, le=5)
    supervision_notice: SupervisionNotice | None = None
    deadline: BusinessDate | None = Field(default=None, description="新期限,不得晚于现期限")
    note: CleanText = Field(description="理由")


class MeasureOrder(Document):
    """责令停产停用 (安全生产法 art. 65)."""

    kind: ProductionMeasureKind
    document: CleanLine = Field(description="文书号")
    scope: CleanText = Field(description="范围")
    from_on: BusinessDate
    until_on: BusinessDate | None = None


class MeasureLifting(Document):
    """解除停产停用."""

    document: CleanLine = Field(description="解除文书号")
    lifted_on: BusinessDate


class Delisting(Document):
    """摘牌."""

    notice_number: CleanLine = Field(description="公告文号")
    medium: CleanLine = Field(description="公布媒介,与挂牌时相同")
