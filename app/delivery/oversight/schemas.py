"""What the API takes to look after deliveries and to pause them."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.infrastructure.fields import CleanText
from app.infrastructure.keyset import Paging
from app.regulation.vocabulary import DeliveryChannel, DeliveryStatus

LONGEST_NOTE = 500
Note = Annotated[CleanText, Field(max_length=LONGEST_NOTE)]


class DeliveryFilter(Paging):
    """筛选发送情况."""

    status: DeliveryStatus | None = Field(default=None, description="状态")
    channel: DeliveryChannel | None = Field(default=None, description="渠道")
    letter: UUID | None = Field(default=None, description="公文 id")


class Finding(StrEnum):
    """What a person found out about a message that lies in doubt or dead."""

    CONFIRMED = "confirmed"
    """已经送出."""
    AGAIN = "again"
    """没有送出,再发一次."""


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Resolution(_Sent):
    """核实结果."""

    outcome: Finding = Field(description="confirmed 经核实已经送出 · again 再发一次")
    note: Note | None = Field(default=None, description="怎样核实的;再发曝光的必填")
    is_not_out: bool = Field(default=False, description="再发曝光前须填 true:已经核实上一次没有公开")


class PauseFilter(Paging):
    """筛选暂停发送."""

    is_open: bool | None = Field(default=None, description="尚未解除(true)或者已解除(false)")


class NewPause(_Sent):
    """暂停一切发送."""

    note: Note = Field(description="为什么暂停")
