"""Faults that the crash tests must find: each is planted into a child by the launcher alone."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import psycopg
from fastapi import FastAPI, Request, Response
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp, Receive, Scope, Send

from app.accounts import idempotency
from app.accounts.authentication import bearer_token, database_of, request_id, signed_in
from app.infrastructure import database
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.database import Database, Token
from app.infrastructure.driver import Driver, NamedRow, Statement, in_one_round_trip
from app.tables.rules import IdempotencyKey


def plant(owner: type[Any], name: str, fault: Callable[..., Awaitable[Any]]) -> None:
    """Put a fault in the place of what is right."""
    setattr(owner, name, fault)


def answering_before_commit(app: FastAPI) -> ASGIApp:
    """The answer goes out first, the transaction commits after it."""
    open_: dict[str, AbstractAsyncContextManager[Context]] = {}

    async def uncommitted(request: Request) -> AsyncIterator[Context]:
        transaction = database_of(request).transaction(Token(bearer_token(request)), request_id=request_id(request))
        context = await transaction.__aenter__()
        try:
            yield context
        except BaseException as refused:
            await transaction.__aexit__(type(refused), refused, refused.__traceback__)
            raise
        open_[request_id(request)] = transaction

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        transaction = open_.pop(scope.get("state", {}).get("request_id", ""), None)
        if transaction is not None:
            await transaction.__aexit__(None, None, None)

    app.dependency_overrides[signed_in] = uncommitted
    return served


def swallowing_a_failed_commit(app: FastAPI) -> ASGIApp:
    """Whatever COMMIT says, all is well."""
    original = psycopg.AsyncConnection.commit

    async def careless(connection: psycopg.AsyncConnection[Any]) -> None:
        try:
            await original(connection)
        except psycopg.OperationalError:
            return

    together = in_one_round_trip

    async def careless_together(driver: Driver, *statements: Statement) -> list[list[NamedRow]]:
        try:
            return await together(driver, *statements)
        except DBAPIError:
            if statements[-1].sql != "COMMIT":
                raise
            return []

    plant(psycopg.AsyncConnection, "commit", careless)
    vars(database)["in_one_round_trip"] = careless_together
    return app


def key_in_another_transaction(app: FastAPI) -> ASGIApp:
    """The idempotency key commits before the effect does."""
    registry: Database = app.state.database

    async def keyed_first(once: idempotency.Once, answer: Answer, status: int = 201) -> Response:
        kept = vars(once).copy()
        vars(once)["_key"] = None
        response = await honest(once, answer, status)
        if kept["_key"] is not None and not answer.was_tried_only:
            row: dict[str, object] = {"account_id": once.context.actor.account_id, "key": kept["_key"]}
            row |= {"request_sha256": kept["_request_sha256"], "status": status, "headers": dict(response.headers)}
            row["body"] = None if answer.is_secret else response.body
            token = Token(_tokens[once.context.request_id])
            async with registry.transaction(token, request_id=once.context.request_id) as context:
                await context.session.execute(insert(IdempotencyKey).values(row))
        return response

    async def noting(request: Request) -> AsyncIterator[Context]:
        _tokens[request_id(request)] = bearer_token(request)
        async for context in signed_in(request):
            yield context

    _tokens: dict[str, str] = {}
    honest = idempotency.Once.answer
    plant(idempotency.Once, "answer", keyed_first)
    app.dependency_overrides[signed_in] = noting
    return app


PLANTED: Final[Mapping[str, Callable[[FastAPI], ASGIApp]]] = {
    "answering before COMMIT": answering_before_commit,
    "swallowing a failed COMMIT": swallowing_a_failed_commit,
    "key in another transaction": key_in_another_transaction,
}
