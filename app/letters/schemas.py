"""What the API takes to write, issue, serve and answer letters, and to list them."""

from enum import StrEnum
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.hazards.acting import Document
from app.infrastructure.fields import BusinessDate, CleanLine, CleanText, Identifier
from app.infrastructure.keyset import Paging
from app.regulation.vocabulary import LetterKind, LetterStatus, ServiceManner

HAND_KINDS: Final = (
    LetterKind.SUPERVISION_NOTICE,
    LetterKind.CIRCULAR,
    LetterKind.SUMMONS_NOTICE,
    LetterKind.SUMMONS_MINUTES,
    LetterKind.WARNING_REMINDER,
    LetterKind.URGING_LETTER,
    LetterKind.ASSIGNMENT_ORDER,
    LetterKind.CLOSING_NOTICE,
    LetterKind.DELISTING_NOTICE,
)
"""What a hand may write; they move no rung."""
_SHA256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _by_hand(kind: LetterKind) -> LetterKind:
    if kind not in HAND_KINDS:
        message = "函告、曝光公告、移交函由升级任务起草,审批表由签字生成,不能手工起草。"
        raise PydanticCustomError("kind_not_by_hand", message)
    return kind


def _by_hand_of_person(manner: ServiceManner) -> ServiceManner:
    if manner not in (ServiceManner.IN_PERSON, ServiceManner.POST):
        message = "登记送达只填 in_person(直接送达)或者 post(邮寄送达):平台送达由受文单位签收,视为送达由系统计算。"
        raise PydanticCustomError("manner_not_by_hand", message)
    return manner


class ParagraphRole(StrEnum):
    """How a paragraph is set."""

    BODY = "body"
    HEADING = "heading"
    SUBHEADING = "subheading"


class Reader(Document):
    """主送或者抄送: an organisation or an enterprise."""

    organisation_id: Identifier | None = Field(default=None, description="机构")
    enterprise_id: UUID | None = Field(default=None, description="企业")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.organisation_id is None) == (self.enterprise_id is None):
            raise PydanticCustomError("one_reader", "机构(organisation_id)和企业(enterprise_id)须填且只填一项。")
        return self


class WrittenParagraph(Document):
    """正文的一段."""

    text: CleanText
    role: ParagraphRole = ParagraphRole.BODY


class WrittenParticular(Document):
    """标明名称的一项,如时间、地点、出席人员(写岗位)."""

    label: CleanLine = Field(max_length=40)
    value: CleanText


Paragraphs = Annotated[list[WrittenParagraph], Field(min_length=1, max_length=100, description="正文")]
Particulars = Annotated[list[WrittenParticular], Field(max_length=40, description="时间、地点等单列事项")]


_DEFAULT_WORDS: Final = "列明隐患的警示提醒、督促函、交办单、约谈通知可以不填,用默认文字"


class NewLetter(Document):
    """手工起草的公文: moves no rung; of natural persons only posts."""

    kind: Annotated[LetterKind, AfterValidator(_by_hand)] = Field(description="公文种类")
    addressee: Reader = Field(description="主送")
    copies: list[Reader] = Field(default_factory=list, max_length=50, description="抄送,各只见其管辖的事项")
    title: CleanLine | None = Field(default=None, description=f"标题;{_DEFAULT_WORDS}")
    paragraphs: Paragraphs | None = Field(default=None, description=f"正文;{_DEFAULT_WORDS}")
    particulars: Particulars = Field(default_factory=list)
    hazards: list[CleanLine] = Field(default_factory=list, max_length=200, description="所列隐患的 id 或台账编号")
    asks_reply: bool | None = Field(default=None, description="是否要求复函;不填按规则版本")
    ordered_by: CleanLine | None = Field(default=None, description="决定约谈的领导(写岗位),约谈通知必填")
    reissue_of: UUID | None = Field(default=None, description="所替换的已作废公文")


class NewText(Document):
    """草稿的新标题和正文."""

    title: CleanLine = Field(description="标题")
    paragraphs: Paragraphs
    particulars: Particulars = Field(default_factory=list)


class Ending(Document):
    """撤销草稿或者作废公文的理由."""

    reason: CleanText = Field(description="理由")


class OpenedLetter(Document):
    """一件待签发的公文,及签发人打开时的版本."""

    letter_id: UUID
    version: Annotated[int, Field(ge=0, le=2**31)]


class Batch(Document):
    """一次签发多件: each has been opened, each has its own result."""

    letters: list[OpenedLetter] = Field(min_length=1, max_length=100)


class NewService(Document):
    """送达: who received it is told by post, or as on the receipt."""

    manner: Annotated[ServiceManner, AfterValidator(_by_hand_of_person)] = Field(description="送达方式")
    received_by: CleanLine = Field(max_length=100, description="签收人(岗位)")
    served_on: BusinessDate = Field(description="送达日期")
    evidence_sha256: _SHA256 | None = Field(default=None, description="送达回证扫描件的 SHA-256")


class NewReply(Document):
    """复函."""

    text: CleanText = Field(description="复函内容")
    number: CleanLine | None = Field(default=None, max_length=100, description="复函的发文字号")
    received_on: BusinessDate | None = Field(default=None, description="收到日期;受文单位在线复函的为今天")
    evidence_sha256: _SHA256 | None = Field(default=None, description="复函扫描件的 SHA-256")


class LetterFilter(Paging):
    """筛选公文."""

    kind: LetterKind | None = Field(default=None, description="种类")
    status: LetterStatus | None = Field(default=None, description="状态")
    addressee_organisation: Identifier | None = Field(default=None, description="主送机构")
    addressee_enterprise: UUID | None = Field(default=None, description="主送企业")
    hazard: CleanLine | None = Field(default=None, max_length=64, description="所列隐患的 id 或台账编号")
    number: CleanLine | None = Field(default=None, max_length=80, description="发文字号,括号不拘")
    drafted_from: BusinessDate | None = Field(default=None, description="起草日期不早于")
    drafted_to: BusinessDate | None = Field(default=None, description="起草日期不晚于")
    unanswered: bool | None = Field(default=None, description="应复函而未复函")


class SeriesFilter(Document):
    """筛选发文字号."""

    office_code: CleanLine | None = Field(default=None, max_length=40, description="机关代字")
    year: Annotated[int, Field(ge=2000, le=9998)] | None = Field(default=None, description="年份")
