"""The night: every overdue or slow hazard a rung further, where its rung is due. A missed night is made up at once.

Behind the ladder's own steps come those of letters: what goes by itself under a standing authorisation,
and what closings leave to be written.
"""

from datetime import date
from functools import partial
from typing import Final

from app.escalation.run import STOPPED, Ran, Step, run_night
from app.infrastructure.context import Transactions
from app.jobs.authorised_letters import issue_what_is_authorised
from app.jobs.closing_papers import draft_closing_papers
from app.jobs.work import Work

NAME = "escalate"
_OF_LETTERS: Final[tuple[Step, ...]] = (issue_what_is_authorised, draft_closing_papers)


class NightStopped(Exception):
    """Nothing was raised: what the night needs to know is missing. An operator has to act."""


async def run(work: Work) -> str:
    """The job; raises NightStopped where the run stopped before raising anything."""
    ran = await whole_night(partial(work.transaction, NAME))
    if ran.outcome == STOPPED:
        raise NightStopped(ran.stopped_because)
    told = ", ".join(f"{name} {count}" for name, count in ran.counts.items())
    return f"{ran.business_date.isoformat()}: {told or 'nothing due'}"


async def whole_night(transactions: Transactions, as_of: date | None = None) -> Ran:
    """As `run_night`, with every step a night has."""
    return await run_night(transactions, as_of, _OF_LETTERS)
