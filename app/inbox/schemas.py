"""What the API takes to list the inbox."""

from enum import StrEnum

from pydantic import Field

from app.infrastructure.keyset import Paging


class MessageKind(StrEnum):
    """What a message brings."""

    LETTER = "letter"
    """公文或者抄送件."""
    DIGEST = "digest"
    """一天的整改期限提示."""


class InboxFilter(Paging):
    """筛选收件箱."""

    unread: bool | None = Field(default=None, description="true 只列未签收的,false 只列已签收的")
    kind: MessageKind | None = Field(default=None, description="letter 公文 · digest 整改期限提示")
