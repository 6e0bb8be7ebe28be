"""What the API takes to rehearse a night, to suspend a rung, and to list runs and escalations."""

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from app.hazards.acting import Document
from app.infrastructure.fields import BusinessDate, CleanLine, CleanText
from app.infrastructure.keyset import Paging
from app.regulation.edition_check import LARGEST_FILE
from app.regulation.vocabulary import EpisodeKind, Rung

_EDITION: Final = "按这个规则版本文件(TOML 全文)演练,不加载;不填按当日生效的规则版本"


class NewRehearsal(Document):
    """演练: of today or yesterday, under the edition in force or under a file's text."""

    business_date: BusinessDate | None = Field(default=None, description="为哪一天演练;不填为今天")
    edition_toml: Annotated[str, Field(max_length=LARGEST_FILE)] | None = Field(default=None, description=_EDITION)


class RehearsalFilter(Paging):
    """筛选演练: only the page."""


class RunFilter(Paging):
    """筛选夜间运行."""

    business_date: BusinessDate | None = Field(default=None, description="为哪一天运行")
    outcome: Literal["completed", "with_failures", "stopped"] | None = Field(default=None, description="结果")


class EscalationFilter(Paging):
    """筛选升级督办."""

    kind: EpisodeKind | None = Field(default=None, description="种类")
    is_open: bool | None = Field(default=None, description="尚未结束(true)或者已结束(false)")
    rung: Rung | None = Field(default=None, description="已升到的档")
    unit: CleanLine | None = Field(default=None, max_length=20, description="属地单元代码,含下级")
    hazard: CleanLine | None = Field(default=None, max_length=64, description="隐患的 id 或台账编号")
    enterprise: UUID | None = Field(default=None, description="企业 id")


class NewSuspension(Document):
    """暂缓升档: one rung or every one, until a day (included), with the reason."""

    rung: Rung | None = Field(default=None, description="暂缓哪一档;不填为全部")
    until_on: BusinessDate = Field(description="暂缓到哪一天(含)")
    reason: CleanText = Field(description="理由")
