"""The application's log as an operator gets it, for the length of a test."""

import contextlib
import io
import logging
from collections.abc import Iterator

import structlog

from app.infrastructure.logging import configure_logging


@contextlib.contextmanager
def logging_as_served(level: str) -> Iterator[io.StringIO]:
    """JSON lines of this level and above; the test's own logging is given back afterwards."""
    root = logging.getLogger()
    handlers, before = root.handlers, root.level
    stream = io.StringIO()
    configure_logging(level, stream)
    try:
        yield stream
    finally:
        root.handlers = handlers
        root.setLevel(before)
        structlog.reset_defaults()
