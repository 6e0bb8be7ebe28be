"""The table of jobs: name, when, function. When is only a doorbell: each job computes from the database what is due."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from app.jobs import dispatch, escalate, hand_out_heads, print_letters, recount_deadlines, remove_expired, seal
from app.jobs.work import Work


class Job(NamedTuple):
    """One job; `run` answers what it did in a line for the log."""

    name: str
    when: Mapping[str, str]
    """Fields of a cron line, in Asia/Shanghai."""
    run: Callable[[Work], Awaitable[str]]
    at_start: bool = False
    """Whether it is rung at once when the worker starts, for what waited while none ran."""


SCHEDULE: tuple[Job, ...] = (
    Job("seal", {"minute": "*"}, seal.run, at_start=True),
    Job("hand_out_heads", {"minute": "*/10", "second": "30"}, hand_out_heads.run),
    Job(escalate.NAME, {"hour": "0", "minute": "30"}, escalate.run, at_start=True),
    Job(dispatch.NAME, {"minute": "*", "second": "15"}, dispatch.run, at_start=True),
    Job(print_letters.NAME, {"minute": "*", "second": "30"}, print_letters.run, at_start=True),
    Job("remove_expired", {"hour": "2", "minute": "10"}, remove_expired.run),
    Job("recount_provisional_deadlines", {"hour": "2", "minute": "20"}, recount_deadlines.run),
)
