"""What the API takes to rehearse a night, to suspend a rung, and to list runs and escalations."""

from typing import Annotated, Final

from pydantic import Field

from app.hazards.acting import Document
from app.infrastructure.fields import BusinessDate
from app.infrastructure.keyset import Paging
from app.regulation.edition_check import LARGEST_FILE

_EDITION: Final = "按这个规则版本文件(TOML 全文)演练,不加载;不填按当日生效的规则版本"


class NewRehearsal(Document):
    """演练: of today or yesterday, under the edition in force or under a file's text."""

    business_date: BusinessDate | None = Field(default=None, description="为哪一天演练;不填为今天")
    edition_toml: Annotated[str, Field(max_length=LARGEST_FILE)] | None = Field(default=None, description=_EDITION)


class RehearsalFilter(Paging):
    """筛选演练: only the page."""
