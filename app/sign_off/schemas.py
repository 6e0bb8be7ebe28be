"""What the API takes to sign, refuse and withdraw, and to ask for a withdrawal of the listing or a cessation."""

from pydantic import Field

from app.credentials.step_up import StepUpGiven
from app.hazards.acting import Document
from app.infrastructure.fields import CleanLine, CleanText
from app.regulation.vocabulary import DismissReason


class SignatureGiven(StepUpGiven, Document):
    """签字: over exactly the content read, at one level, with the person proved again."""

    level: int = Field(ge=1, le=9, description="签字级别")
    content_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="所签内容的 SHA-256,读取签字内容时返回")
    note: CleanText | None = Field(default=None, description="签字意见")


class SignatureRefused(Document):
    """拒绝签字."""

    level: int = Field(ge=1, le=9, description="签字级别")
    note: CleanText = Field(description="拒绝理由")


class SignatureWithdrawn(Document):
    """撤回签字."""

    note: CleanText = Field(description="撤回理由")


class WithdrawalRequest(Document):
    """撤销挂牌: 不成立、重复、降为重点."""

    reason: DismissReason
    note: CleanText = Field(description="理由说明")
    duplicate_of: CleanLine | None = Field(default=None, description="与哪一项重复:隐患 id 或台账编号")
    evidence_ids: list[CleanLine] = Field(max_length=100, description="证明材料")


class CessationRequest(Document):
    """关停退出."""

    note: CleanText = Field(description="理由说明")
    evidence_ids: list[CleanLine] = Field(max_length=100, description="关停、注销的证明材料")
