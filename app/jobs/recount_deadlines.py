"""Counts provisional deadlines again, once the year's holidays they ran into have been announced."""

from app.jobs.work import Work
from app.supervision.provisional import recount_provisional_deadlines


async def run(work: Work) -> str:
    """The job; harmless where nothing was announced."""
    async with work.transaction("recount_provisional_deadlines") as context:
        return f"{len(await recount_provisional_deadlines(context))} deadlines"
