"""The machine's clock, for the edges that run before there is a database; everything else asks `registry_now()`."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def today_in_shanghai() -> date:
    """Today in Asia/Shanghai by this machine's clock."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()
