"""What signing in needs of installation and request: the operator's rules, the desk, a token's transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from fastapi import Request

from app.accounts.authentication import database_of, request_id
from app.credentials.rules import IdentityRules
from app.infrastructure.context import Context
from app.infrastructure.database import Database, Token
from app.infrastructure.password_policy import PasswordPolicy
from app.infrastructure.settings import Settings
from app.infrastructure.vault import Vault
from app.sign_in.service import Desk


def rules_of(settings: Settings) -> IdentityRules:
    """What the operator set of passwords, of the second factor and of how long a sign-in lasts."""
    security = settings.security
    return IdentityRules(
        PasswordPolicy.configured(security), security.second_factor == "required", settings.session_max_hours
    )


def desk_at(database: Database, settings: Settings, *, address: str, request_id: str) -> Desk:
    """The desk of an installation, for whoever signs in from that address."""
    return Desk(database, rules_of(settings), Vault(settings.identity_key_bytes()), address, request_id)


def desk_of(request: Request) -> Desk:
    """The desk at which this request signs in."""
    address = request.client.host if request.client else ""
    return desk_at(database_of(request), request.app.state.settings, address=address, request_id=request_id(request))


@asynccontextmanager
async def acting(desk: Desk, token: str) -> AsyncIterator[Context]:
    """One transaction of whoever signed in at this desk, for a command that stands in for a request."""
    async with desk.database.transaction(Token(token), request_id=desk.request_id) as context:
        yield replace(context, vault=desk.vault)
