"""What the API takes to hold dispatch, to release it and to list the holds."""

from uuid import UUID

from pydantic import Field

from app.hazards.acting import Document
from app.infrastructure.fields import CleanText
from app.infrastructure.keyset import Paging


class NewHold(Document):
    """人工暂停发文: the reason is always `ordered`."""

    note: CleanText = Field(description="为什么暂停")


class Release(Document):
    """解除暂停: on which rehearsal it rests."""

    rehearsal_id: UUID = Field(description="解除人本人在暂停之后、今天或者昨天所做的演练")
    note: CleanText | None = Field(default=None, description="说明")


class HoldFilter(Paging):
    """筛选暂停发文."""

    is_open: bool | None = Field(default=None, description="尚未解除(true)或者已解除(false)")
