"""JSON lines on stdout for operators: disposable, without personal data. Evidence is the audit's business, not ours."""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

_WITHHELD: Final = "[withheld]"
_PERSONAL: Final = frozenset(
    {
        "authorization",
        "cookie",
        "email",
        "identity_number",
        "name",
        "password",
        "person_name",
        "phone",
        "statement",
        "parameters",
        "tip",
        "token",
    }
)
_LOOKS_PERSONAL: Final = re.compile(r"(?<![0-9A-Za-z])(?:[1-9][0-9]{16}[0-9Xx]|1[3-9][0-9]{9})(?![0-9A-Za-z])")
_LONGEST: Final = 500
_FRAMES: Final = 12

_Event = MutableMapping[str, Any]


def withhold_personal_data(_logger: object, _method: str, event: _Event) -> _Event:
    """Takes out what names, reaches or unlocks a person, and all but the first line of any text."""
    for key, value in event.items():
        if key in _PERSONAL:
            event[key] = _WITHHELD
        elif isinstance(value, str):
            # asyncio and libraries append the exception's repr, which may quote a whole row, on the lines below.
            event[key] = _LOOKS_PERSONAL.sub(_WITHHELD, value.partition("\n")[0][:_LONGEST])
    return event


def describe_exception(_logger: object, _method: str, event: _Event) -> _Event:
    """Says where it broke and with which SQLSTATE, never the message: PostgreSQL quotes the failing row in it."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = _described(error)
    return event


def _described(error: BaseException) -> Mapping[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    described: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
    }
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, psycopg.Error):
        described |= {"sqlstate": original.sqlstate, "constraint": original.diag.constraint_name}
    cause = error.__cause__
    if cause is not None and cause is not original:
        described["cause"] = f"{type(cause).__module__}.{type(cause).__qualname__}"
    return described


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """One handler for our own lines and for every library's. Start uvicorn with `log_config=None, access_log=False`."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        describe_exception,
        withhold_personal_data,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], name != "uvicorn.access"
