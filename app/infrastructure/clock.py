"""The machine's clock, for the edges that run before there is a database and for tokens of those who have no registry.

Everything else asks `registry_now()`, which a demo may move.
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def today_in_shanghai() -> date:
    """Today in Asia/Shanghai by this machine's clock."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def machine_seconds() -> int:
    """Seconds since 1970 by this machine's clock."""
    return int(datetime.now(UTC).timestamp())
