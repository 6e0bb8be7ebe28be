"""What the API takes to record a penalty, to correct one and to list them."""

import re
from decimal import Decimal
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from app.hazards.acting import Document
from app.infrastructure.fields import BusinessDate, Clean, CleanLine, CleanText, Identifier
from app.infrastructure.keyset import Paging
from app.regulation.vocabulary import Penalised, PenaltyKind, PenaltyLaw

_YUAN: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?", re.ASCII)


def _yuan(value: object) -> object:
    """A number in JSON may have lost its fen on the way: only its text is exact."""
    if value is None or isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not _YUAN.fullmatch(value) or not Decimal(value):
        message = '金额应写成文字,以元为单位,大于 0,最多两位小数,如 "50000.00"。'
        raise PydanticCustomError("yuan_malformed", message)  # type: ignore[arg-type,unused-ignore]  # ours
    return Decimal(value)


Yuan = Annotated[
    Decimal,
    BeforeValidator(_yuan),
    Field(json_schema_extra={"type": "string", "pattern": _YUAN.pattern, "example": "50000.00"}),
]
"""Yuan, exact to the fen, as a string."""
CaseNumber = Annotated[str, Clean(100)]
Kinds = Annotated[list[PenaltyKind], Field(min_length=1, max_length=len(PenaltyKind))]


class NewPenalty(Document):
    """行政处罚决定: of natural persons only the post, never a name."""

    enterprise_id: UUID = Field(description="企业 id")
    hazard: CleanLine | None = Field(default=None, max_length=64, description="所涉隐患的 id 或台账编号")
    sector: CleanLine | None = Field(default=None, max_length=60, description="行业领域代码;写明隐患的可不填")
    organisation_id: Identifier | None = Field(default=None, description="决定机关;不填为本机构")
    case_number: CaseNumber = Field(description="处罚决定书文号")
    decided_on: BusinessDate = Field(description="处罚决定日期")
    law: PenaltyLaw = Field(description="处罚所依据的法律;执法次数按此计算")
    article: CleanLine = Field(description="条、款、项")
    kinds: Kinds = Field(description="处罚种类,可并处")
    amount: Yuan | None = Field(default=None, description="罚款、没收的金额,元")
    penalised: Penalised = Field(default=Penalised.UNIT, description="被处罚人;自然人只写岗位")
    producing_with_major_hazard: bool = Field(default=False, description="有重大事故隐患仍然进行生产")
    published_on: BusinessDate | None = Field(default=None, description="处罚决定公开日期")
    criminal_transfer_number: CaseNumber | None = Field(default=None, description="涉嫌犯罪案件移送书文号")


class PenaltyChanges(Document):
    """What of a penalty was recorded wrongly, as it should be; what is left out stays."""

    hazard: CleanLine | None = Field(default=None, max_length=64, description="所涉隐患;null 为与隐患无关")
    sector: CleanLine = Field(default="", max_length=60)
    case_number: CaseNumber = ""
    decided_on: BusinessDate | None = None
    law: PenaltyLaw | None = None
    article: CleanLine = ""
    kinds: Kinds | None = None
    amount: Yuan | None = None
    penalised: Penalised | None = None
    producing_with_major_hazard: bool = False
    published_on: BusinessDate | None = None
    criminal_transfer_number: CaseNumber | None = None

    @field_validator("decided_on", "law", "kinds", "penalised", mode="before")
    @classmethod
    def _stays_or_is_given(cls, value: object) -> object:
        """What every decision has may be left out, not emptied."""
        if value is None:
            raise PydanticCustomError("value_missing", "这一项不能清空;不更正的,请不要写。")
        return value


class PenaltyCorrection(Document):
    """更正: a reason, and what is right; or that the decision itself was set aside (复议、诉讼撤销)."""

    reason: CleanText = Field(description="更正理由")
    revoked: bool = Field(default=False, description="处罚决定已被撤销,不再计入执法次数")
    changes: PenaltyChanges = Field(default_factory=PenaltyChanges)


class PenaltyFilter(Paging):
    """筛选行政处罚."""

    enterprise: UUID | None = Field(default=None, description="企业 id")
    hazard: CleanLine | None = Field(default=None, max_length=64, description="隐患 id 或台账编号")
    unit: CleanLine | None = Field(default=None, max_length=40, description="属地单元代码,含下级")
    sector: CleanLine | None = Field(default=None, max_length=60, description="行业领域代码")
    kind: PenaltyKind | None = Field(default=None, description="处罚种类")
    decided_from: BusinessDate | None = Field(default=None, description="决定日期不早于")
    decided_to: BusinessDate | None = Field(default=None, description="决定日期不晚于")


class WarningFilter(Paging):
    """翻页查看达到提醒次数的企业."""


class MissingBy(Document):
    """按监管责任部门或者属地单元统计."""

    by: Literal["department", "unit"] = Field(default="department", description="department 部门、unit 属地单元")


class MissingFilter(Paging):
    """筛选没有执法措施的在办重大事故隐患."""

    department: Identifier | None = Field(default=None, description="监管责任部门")
    unit: CleanLine | None = Field(default=None, max_length=40, description="属地单元代码,含下级")
