"""A list as keyset pages: what every list's filter has in common, and the page of a statement in order of one id."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute
from starlette.datastructures import URL

from app.infrastructure.context import Context
from app.infrastructure.pagination import (
    DEFAULT_PAGE_SIZE,
    LARGEST_PAGE,
    LONGEST_CURSOR,
    Cursors,
    list_scope,
    next_link,
    split_page,
)

_KEY: Final = "page_key"


class Paging(BaseModel):
    """Base of a list's filter. FastAPI flattens a model of query parameters only whole, so the page stands in it."""

    model_config = ConfigDict(extra="forbid")
    cursor: str | None = Field(default=None, max_length=LONGEST_CURSOR, description="上一页返回的 next_cursor")
    limit: int = Field(default=DEFAULT_PAGE_SIZE, ge=1, le=LARGEST_PAGE, description="每页条数")

    def scope(self, name: str) -> str:
        """What a cursor of this list is bound to: the list and its filters, not the page."""
        return list_scope(name, self.model_dump(mode="json", exclude={"cursor", "limit"}))


async def page_by_id(
    context: Context,
    name: str,
    statement: Select[Any, *tuple[Any, ...]],
    key: InstrumentedAttribute[int],
    wanted: Paging,
    cursors: Cursors,
) -> dict[str, Any]:
    """Items, newest first, and the cursor of the next page; InvalidParameter for one of another list or filter."""
    scope = wanted.scope(name)
    if wanted.cursor is not None:
        (after,) = cursors.read(scope, wanted.cursor, (int,))
        statement = statement.where(key < after)
    keyed = statement.add_columns(key.label(_KEY)).order_by(key.desc()).limit(wanted.limit + 1)
    shown, last = split_page((await context.session.execute(keyed)).mappings().all(), wanted.limit)
    return {
        "items": [{name: value for name, value in row.items() if name != _KEY} for row in shown],
        "next_cursor": None if last is None else cursors.write(scope, [last[_KEY]]),
    }


def linked(response: Response, url: URL, page: Mapping[str, Any]) -> dict[str, Any]:
    """The page as answered, with the Link header to the next one where there is one."""
    if page["next_cursor"]:
        response.headers["Link"] = next_link(url, page["next_cursor"])
    return dict(page)
