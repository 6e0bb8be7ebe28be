"""Keeps every refused act in `access_event`, in a transaction of its own: the act's was rolled back."""

from fastapi import Request
from sqlalchemy import insert

from app.accounts.authentication import bearer_token, database_of, request_id
from app.infrastructure.database import Principal, Token
from app.infrastructure.errors import RegistryError, Unauthenticated
from app.infrastructure.middleware import route_template
from app.tables.history import AccessEvent


async def record_refusal(request: Request, refusal: RegistryError) -> None:
    """One row: what was refused, on which route, to which account; nothing of what was sent."""
    principal: Principal = None
    if not isinstance(refusal, Unauthenticated) and request.headers.get("authorization"):
        principal = Token(bearer_token(request))
    try:
        await _record(request, refusal, principal)
    except Unauthenticated:
        # Its own wrong proof ended the sign-in; the account's stream says whose.
        await _record(request, refusal, None)


async def _record(request: Request, refusal: RegistryError, principal: Principal) -> None:
    async with database_of(request).transaction(principal, request_id=request_id(request)) as context:
        row = {
            "kind": "refusal",
            "code": refusal.code,
            "route": f"{request.method} {route_template(request.scope)}",
            "account_id": context.actor.account_id,
            "request_id": context.request_id,
        }
        # inline: the public may write here, not read, so the id is not asked back
        await context.session.execute(insert(AccessEvent).values(row).inline())
