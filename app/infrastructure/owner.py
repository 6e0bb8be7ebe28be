"""A transaction as the owner of the schema, for the few commands that set a registry up; no request ever has one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.infrastructure.constraint_errors import translate
from app.infrastructure.context import Context
from app.regulation.facts import Actor
from app.regulation.vocabulary import RoleClass

_BECOME_OWNER: Final = text("SET LOCAL ROLE qingling_owner")
_NOW: Final = text("SELECT registry_now()")


@asynccontextmanager
async def owner_transaction(url: URL | str, *, label: str) -> AsyncIterator[Context]:
    """One transaction of the migrating login as `qingling_owner`; `label` says in the trail which command it was."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+psycopg"), hide_parameters=True)
    try:
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            await session.execute(_BECOME_OWNER)
            started: datetime = (await session.execute(_NOW)).scalar_one()
            yield Context(session, Actor(RoleClass.ADMINISTRATOR, label=label), started, label)
    except SQLAlchemyError as error:
        refusal = translate(error)
        if refusal is None:
            raise
        raise refusal from error
    finally:
        await engine.dispose()
