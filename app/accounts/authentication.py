"""Turns a bearer token into a context: one request, one transaction, committed before the response is sent."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from app.infrastructure.context import Context
from app.infrastructure.database import Database, Token
from app.infrastructure.errors import Unauthenticated

_SCHEME = "bearer "


def bearer_token(request: Request) -> str:
    """The token of the Authorization header; Unauthenticated without one."""
    header = request.headers.get("authorization", "")
    if not header.lower().startswith(_SCHEME):
        raise Unauthenticated
    return header[len(_SCHEME) :].strip()


def request_id(request: Request) -> str:
    """The id under which this request is logged, audited and answered."""
    return str(request.state.request_id)


def database_of(request: Request) -> Database:
    """The application's database."""
    database: Database = request.app.state.database
    return database


async def signed_in(request: Request) -> AsyncIterator[Context]:
    """The context of whoever holds the token; its transaction commits when the endpoint has returned."""
    principal = Token(bearer_token(request))
    async with database_of(request).transaction(principal, request_id=request_id(request)) as context:
        yield context


SignedIn = Annotated[Context, Depends(signed_in, scope="function")]
