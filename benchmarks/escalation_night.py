"""`python -m benchmarks.escalation_night URL DATE`: one night's terms, in its own process; seconds, counts, memory."""

import asyncio
import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any, Final

from app.escalation.night.batches import treat_terms
from app.escalation.run import begin
from app.infrastructure.database import Database, SystemPrincipal
from app.regulation.vocabulary import RoleClass

JOB: Final = SystemPrincipal(RoleClass.JOB, "job escalate")


async def night(url: str, on: date) -> dict[str, Any]:
    """Runs it; what is printed."""
    opened = Database.at(url, pool_size=1)

    def transactions() -> Any:  # noqa: ANN401 - a context manager of a transaction
        return opened.transaction(JOB, request_id="job escalate")

    try:
        async with transactions() as context:
            begun = await begin(context, on)
        since = time.perf_counter()
        await treat_terms(transactions, begun)
        seconds = time.perf_counter() - since
    finally:
        await opened.close()
    return {"counts": begun.counts, "seconds": seconds, "mb": round(_most_resident_mb(), 1)}


def _most_resident_mb() -> float:
    """Of this program alone: `ru_maxrss` would be that of the process it was forked from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(night(sys.argv[1], date.fromisoformat(sys.argv[2])))))
