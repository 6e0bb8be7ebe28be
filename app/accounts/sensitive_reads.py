"""Keeps who read what is sensitive in `access_event`, in the read's own transaction: unrecorded, it does not happen.

Sensitive is what a person would ask afterwards who had looked at it: personal details, another's sign-ins, evidence,
whole case files, the trail itself and who asked for it, and lists that leave the system with details. A read that is
refused is no read: its row goes with its transaction, and the refusal is kept instead.
"""

from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import Field
from sqlalchemy import insert, select

from app.accounts.authentication import SignedIn
from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted
from app.infrastructure.fields import LARGEST_IDENTIFIER, Instant
from app.infrastructure.keyset import Paging, page_by_id
from app.infrastructure.middleware import route_template
from app.infrastructure.pagination import Cursors
from app.regulation.permissions import Permission, has_permission
from app.tables.history import AccessEvent

_Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


class AccessEventsAsked(Paging):
    """Which refusals and sensitive reads: of one kind, code or account, recorded since an instant."""

    kind: _Word | None = Field(default=None, description="refusal 拒绝 · read 敏感读取")
    code: _Word | None = Field(default=None, description="拒绝的代码,或读取的种类")
    account_id: Annotated[int, Field(ge=1, le=LARGEST_IDENTIFIER)] | None = Field(default=None, description="账号")
    since: Instant | None = Field(default=None, description="此刻及以后记录的")


async def record_read(context: Context, request: Request, what: str, subject: object = None) -> None:
    """One row: what kind of thing, on which route, which one, by which account; nothing of what it says."""
    row = {
        "kind": "read",
        "code": what,
        "route": f"{request.method} {route_template(request.scope)}",
        "subject": None if subject is None else str(subject),
        "account_id": context.actor.account_id,
        "request_id": context.request_id,
    }
    await context.session.execute(insert(AccessEvent).values(row).inline())


def sensitive(what: str, subject: str | None = None) -> Any:  # noqa: ANN401 - FastAPI's Depends
    """A route's dependency that records its read; `subject` is the parameter that says which one."""

    async def recorded(context: SignedIn, request: Request) -> None:
        await record_read(context, request, what, _named(request, subject))

    return Depends(recorded, scope="function")


def sensitive_of_others(what: str, account: str) -> Any:  # noqa: ANN401 - FastAPI's Depends
    """As `sensitive`, where the parameter names another account than the reader's own."""

    async def recorded(context: SignedIn, request: Request) -> None:
        named = _named(request, account)
        if named is not None and named != str(context.actor.account_id):
            await record_read(context, request, what, named)

    return Depends(recorded, scope="function")


def _named(request: Request, parameter: str | None) -> str | None:
    if parameter is None:
        return None
    found = request.path_params.get(parameter, request.query_params.get(parameter))
    # What is not even printable the route's own declaration refuses, once every dependency was asked.
    return str(found) if found is not None and str(found).isprintable() else None


async def access_events(context: Context, wanted: AccessEventsAsked, cursors: Cursors) -> dict[str, Any]:
    """A page of refusals and sensitive reads, the newest first; NotPermitted for who does not audit."""
    if not has_permission(Permission.AUDIT_READ, context.actor):
        raise NotPermitted
    columns = AccessEvent.__table__.c
    names = ("id", "kind", "code", "route", "subject", "account_id", "request_id", "recorded_at")
    statement = select(*(columns[name] for name in names))
    equal = {"kind": wanted.kind, "code": wanted.code, "account_id": wanted.account_id}
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(columns[name] == value)
    if wanted.since is not None:
        statement = statement.where(AccessEvent.recorded_at >= wanted.since)
    page = await page_by_id(context, "access_events", statement, AccessEvent.id, wanted, cursors)
    items = [{**row, "recorded_at": row["recorded_at"].isoformat()} for row in page["items"]]
    return {**page, "items": items}
