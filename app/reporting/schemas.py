"""What the API takes to report, amend, determine and dismiss a hazard; field names are the particulars of the rules."""

from datetime import date
from typing import Annotated

from pydantic import Field

from app.hazards.acting import Document
from app.infrastructure.fields import (
    BusinessDate,
    CleanLine,
    CleanText,
    EnterpriseCode,
    Identifier,
    Latitude,
    Longitude,
)
from app.regulation.vocabulary import Channel, DismissReason, HazardLevel

SectorCode = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,59}$", max_length=60, description="行业领域代码")]


class EnterpriseReference(Document):
    """责任单位: by its code; a unit without one is created with the reason why."""

    code: EnterpriseCode | None = Field(default=None, description="统一社会信用代码(GB 32100)")
    name: CleanLine = Field(description="单位名称;首次登记时使用")
    no_code_reason: CleanLine | None = Field(default=None, description="没有统一社会信用代码的原因")


class SiteReference(Document):
    """场所: where the hazard is."""

    unit_code: CleanLine = Field(description="属地单元代码")
    name: CleanLine = Field(description="场所名称")
    longitude: Longitude | None = None
    latitude: Latitude | None = None


class LedgerFields(Document):
    """The six ledger fields of 指导意见 三(二)13."""

    finders: CleanText = Field(description="排查人员")
    found_on: BusinessDate = Field(description="排查时间(日期)")
    location: CleanText = Field(description="具体部位或者场所")
    circumstances: CleanText = Field(description="具体情形")
    reported_to: CleanText = Field(description="报送情况")
    monitoring_measures: CleanText = Field(description="监控措施")


class HazardReport(LedgerFields):
    """上报一项隐患."""

    channel: Channel = Field(description="发现方式")
    sector: SectorCode
    enterprise: EnterpriseReference
    site: SiteReference
    level: HazardLevel = Field(default=HazardLevel.MAJOR, description="初步认定的等级,以判定为准")
    tip_verified: bool = Field(default=False, description="举报是否已经查实")


class HazardAmendment(Document):
    """Only what is given is amended."""

    finders: CleanText | None = None
    found_on: BusinessDate | None = None
    location: CleanText | None = None
    circumstances: CleanText | None = None
    reported_to: CleanText | None = None
    monitoring_measures: CleanText | None = None


class HazardDetermination(Document):
    """判定: a clause in force today, or a reasoned 综合判定."""

    level: HazardLevel = HazardLevel.MAJOR
    criterion_ids: list[Identifier] = Field(default_factory=list, max_length=20, description="判定标准条款")
    comprehensive_reason: CleanText | None = Field(default=None, description="综合判定理由")
    lead_organisation_id: Identifier | None = Field(default=None, description="监管责任部门;不填为作出判定的部门")
    note: CleanText | None = None


class HazardDismissal(Document):
    """排除: unsubstantiated, a duplicate, or not major."""

    reason: DismissReason
    note: CleanText = Field(description="理由")
    duplicate_of: CleanLine | None = Field(default=None, description="与哪一项重复:隐患 id 或台账编号")
    to_key: bool = Field(default=False, description="不构成重大而构成重点的,同时登记为重点隐患")


class CorrectedFields(Document):
    """Only what is given is corrected; 发现方式, 原整改期限, 签字 and the database's times never are."""

    finders: CleanText | None = None
    found_on: BusinessDate | None = None
    location: CleanText | None = None
    circumstances: CleanText | None = None
    reported_to: CleanText | None = None
    monitoring_measures: CleanText | None = None
    sector: SectorCode | None = None
    unit_code: CleanLine | None = None


class CorrectionDraft(Document):
    """更正单."""

    changes: CorrectedFields
    note: CleanText = Field(description="更正理由")

    @staticmethod
    def day(text: str) -> date:
        """A corrected day as kept in the draft."""
        return date.fromisoformat(text)
