"""The night: every overdue or slow hazard a rung further, where its rung is due. A missed night is made up at once."""

from functools import partial

from app.escalation.run import STOPPED, run_night
from app.jobs.work import Work

NAME = "escalate"


class NightStopped(Exception):
    """Nothing was raised: what the night needs to know is missing. An operator has to act."""


async def run(work: Work) -> str:
    """The job; raises NightStopped where the run stopped before raising anything."""
    ran = await run_night(partial(work.transaction, NAME))
    if ran.outcome == STOPPED:
        raise NightStopped(ran.stopped_because)
    told = ", ".join(f"{name} {count}" for name, count in ran.counts.items())
    return f"{ran.business_date.isoformat()}: {told or 'nothing due'}"
