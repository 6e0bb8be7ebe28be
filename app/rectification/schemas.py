"""What the API takes to declare, verify, revisit and to withdraw a listing or record a cessation."""

from typing import Annotated

from pydantic import Field

from app.documents.confirming import Confirmation
from app.hazards.acting import Document
from app.infrastructure.fields import BusinessDate, CleanLine, CleanText, Instant, Latitude, Longitude

EvidenceIds = Annotated[list[CleanLine], Field(max_length=100, description="证据 id")]


class DeclarationDraft(Document):
    """整改完成报告的草稿."""

    description: CleanText = Field(description="整改完成情况")
    measures_taken: CleanText | None = Field(default=None, description="采取的措施")
    evidence_ids: EvidenceIds = Field(default_factory=list)


class VerificationDraft(Document):
    """现场核查记录的草稿."""

    passed: bool = Field(description="核查是否通过")
    visited_at: Instant = Field(description="现场核查时间")
    findings: CleanText = Field(description="核查情况")
    note: CleanText | None = Field(default=None, description="不通过的理由")
    deadline: BusinessDate | None = Field(default=None, description="退回整改的期限;立查立改退回时必填")
    evidence_ids: EvidenceIds = Field(default_factory=list)


class InspectorConfirmation(Confirmation):
    """检查人员的确认: in person, with certificate and position."""

    certificate_number: CleanLine = Field(description="执法证件号")
    longitude: Longitude | None = None
    latitude: Latitude | None = None


class RevisitRecord(Document):
    """回访."""

    passed: bool
    visited_at: Instant
    findings: CleanText
    note: CleanText | None = Field(default=None, description="不合格的理由")
    deadline: BusinessDate | None = Field(default=None, description="不合格时的整改期限")
    evidence_ids: EvidenceIds = Field(default_factory=list)


class RelapseRecord(Document):
    """复发."""

    found_at: Instant
    findings: CleanText
    note: CleanText
    deadline: BusinessDate | None = None
