"""Waiting for what another process does."""

import threading
import time
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether the condition came true in time; asked again every fiftieth of a second."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        pause.wait(0.02)
    return condition()
