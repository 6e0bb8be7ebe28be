"""What every service function is given first: the transaction, who acts, what time it is, which request this is."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.infrastructure.vault import Vault
from app.regulation.facts import Actor
from app.regulation.vocabulary import PendingStep


@dataclass(frozen=True, slots=True)
class Context:
    """One act's surroundings; there is no other clock, session or actor below the edge."""

    session: AsyncSession
    """Of the one transaction; `Database.transaction` alone commits it."""
    actor: Actor
    now: datetime
    """`registry_now()` of the transaction's first statement, aware."""
    request_id: str
    session_id: int | None = None
    """The sign-in behind the token; None for a service key, a job, a command or nobody."""
    pending: PendingStep | None = None
    """What that sign-in still lacks; until then it is of the class signin."""
    vault: Vault | None = None
    """Opens what is kept sealed; None for a job, which has no use for it."""


Transactions = Callable[[], AbstractAsyncContextManager[Context]]
"""Opens one transaction of a job that needs many."""
