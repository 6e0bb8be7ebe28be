"""A process that owns an embedded server, for tests that kill it: `python -m tests.support.server_starter ORDER`.

It says one JSON line per event: progress, ready (with the address) or refused, serving_after_interrupt, stopped.
It ends when its standard input does.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import psycopg

from app.infrastructure.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError


def say(event: str, text: str = "") -> None:
    print(json.dumps({"event": event, "text": text}), flush=True)  # noqa: T201 - its output is what it is for


def become(uid: int, gid: int) -> None:
    """Another user, for good: only after Python was started and read what that user may not reach."""
    os.chdir("/")
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def own(order: dict[str, Any]) -> None:
    """Own a server until standard input ends or a signal says so."""
    server = EmbeddedPostgres(
        Path(order["data_folder"]),
        binaries=Path(order["binaries"]) if "binaries" in order else None,
        progress=lambda message: say("progress", message),
    )
    with server:
        try:
            say("ready", server.conninfo("postgres"))
            sys.stdin.read()
        except KeyboardInterrupt:
            with psycopg.connect(server.conninfo("postgres")) as connection:
                connection.execute("SELECT 1")
            say("serving_after_interrupt")
    say("stopped")


if __name__ == "__main__":
    # Whoever runs the tests in the background of a shell has it ignored, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    its_order = json.loads(sys.argv[1])
    if "uid" in its_order:
        become(its_order["uid"], its_order["gid"])
    try:
        own(its_order)
    except EmbeddedPostgresError as refused:
        say("refused", str(refused))
        sys.exit(1)
