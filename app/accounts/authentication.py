"""Turns a bearer token into a context: one request, one transaction, committed before the response is sent."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import Depends, Request

from app.accounts.key_scopes import refuse_out_of_scope
from app.infrastructure.context import Context
from app.infrastructure.database import Database, Glimpse, Token
from app.infrastructure.driver import Statement
from app.infrastructure.errors import NotPermitted, Unauthenticated
from app.infrastructure.middleware import route_template
from app.regulation.facts import Actor
from app.regulation.vocabulary import PendingStep

_SCHEME = "bearer "
_SESSION: Final = "/api/v1/session"
_COMPLETED_BY: Final[Mapping[PendingStep, frozenset[str]]] = {
    PendingStep.PASSWORD_CHANGE: frozenset({_SESSION, f"{_SESSION}/password"}),
    PendingStep.SECOND_FACTOR: frozenset(
        {_SESSION, f"{_SESSION}/second-factor", f"{_SESSION}/second-factor/confirmation"}
    ),
    PendingStep.SECOND_FACTOR_CODE: frozenset({_SESSION, f"{_SESSION}/second-factor/confirmation"}),
}
"""The routes a sign-in may use that still lacks something."""


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
        _admit(request, context.actor, context.pending)
        yield replace(context, vault=request.app.state.vault)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever asks to read one thing, before any transaction: at a glimpse if that will do, else in their own."""

    request: Request

    async def glimpse(self, look: Callable[[Actor], Statement]) -> Glimpse | None:
        """The one row that the look finds for the holder of the token; None where a transaction has to be asked."""
        found = await database_of(self.request).glimpse(Token(bearer_token(self.request)), look)
        if found is not None:
            _admit(self.request, found.holder.actor, found.holder.pending)
        return found

    def transaction(self) -> AbstractAsyncContextManager[Context]:
        """As `signed_in`."""
        return asynccontextmanager(signed_in)(self.request)


async def reader(request: Request) -> Reader:
    """The reader of this request."""
    return Reader(request)


async def known_reader(request: Request) -> Reader:
    """The same, its token looked at before anything else of the request is found wrong."""
    known = Reader(request)
    async with known.transaction():
        return known


def _admit(request: Request, actor: Actor, pending: PendingStep | None) -> None:
    refuse_incomplete(request, pending)
    refuse_out_of_scope(actor, str(getattr(request.scope.get("route"), "operation_id", "")))


def refuse_incomplete(request: Request, pending: PendingStep | None) -> None:
    """NotPermitted for a sign-in that still lacks something, everywhere but where it is completed or ended."""
    if pending is None or route_template(request.scope) in _COMPLETED_BY[pending]:
        return
    raise NotPermitted(
        "sign_in_incomplete",
        f"登录尚未完成:须先{pending.label}。",
        remedy=f"请先{pending.label},再办理业务。",
        facts={"pending": pending.value},
    )


SignedInToRead = Annotated[Reader, Depends(reader)]
KnownReader = Annotated[Reader, Depends(known_reader)]
SignedIn = Annotated[Context, Depends(signed_in, scope="function")]
