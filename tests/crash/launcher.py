"""Serves the application in a child that may die at any moment: `python -m tests.crash.launcher`.

This process imports everything once and holds the port; each start forks a child that serves on it. The first line of
its standard input is its order: database, folder, whose child it is. What it is told then, one JSON line each: start
(with a planted fault, a fuse in points, another database), wait, kill; each is answered with one. It ends when its
standard input does, and its child ends with it.
"""

import asyncio
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import httpx2
import uvicorn
from fastapi import FastAPI

from app.cli.demo_city import SAMPLE_PASSWORD
from app.infrastructure.database import Database
from app.infrastructure.logging import configure_logging
from app.main import create_app
from app.tables.roles import LIMITS
from tests.crash.planted_faults import PLANTED
from tests.support.failpoints import ArmedByHeader, Failpoints
from tests.support.journeys import SIGN_ON
from tests.support.registry import API, ordinary_settings
from tests.support.walk import report_document

_PR_SET_PDEATHSIG = 1


def _die_with(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


@dataclass
class Child:
    """The process that serves now."""

    pid: int
    report: int

    def ended(self, seconds: float) -> dict[str, Any]:
        """Wait for its end: the label it died at, None when it was killed from outside; `ended` False when it lives."""
        handle = os.pidfd_open(self.pid)
        try:
            if not select.select([handle], [], [], seconds)[0]:
                return {"ended": False}
        finally:
            os.close(handle)
        os.waitpid(self.pid, 0)
        said = os.read(self.report, 1000)
        os.close(self.report)
        return {"ended": True, "point": json.loads(said) if said else None}

    def kill(self) -> dict[str, Any]:
        """End it at once; harmless when it is dead already."""
        os.kill(self.pid, signal.SIGKILL)
        return self.ended(10)


@dataclass
class Kitchen:
    """The application as every child is forked with it, used once, so that no child compiles everything anew."""

    listener: socket.socket
    order: dict[str, Any]
    app: FastAPI

    def start(self, told: dict[str, Any]) -> Child:
        """A child that serves; requests sent before it does wait at the port."""
        reading, writing = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid:
            os.close(writing)
            return Child(pid, reading)
        os.close(reading)
        _die_with(parent)
        os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
        self._serve(told, Failpoints(writing, told.get("fuse")))
        os._exit(0)

    def _serve(self, told: dict[str, Any], points: Failpoints) -> None:
        elsewhere = told.get("database_url")
        app = application(self.order | {"database_url": elsewhere}) if elsewhere else self.app
        points.install()
        served = PLANTED[told["planted"]](app) if told.get("planted") else app
        # What a start refuses was looked at once, by the first process: it would cost every child a second.
        config = uvicorn.Config(
            ArmedByHeader(served, points), lifespan="off", log_config=None, access_log=False, server_header=False
        )
        uvicorn.Server(config).run(sockets=[self.listener])


def application(order: dict[str, Any]) -> FastAPI:
    """The application on the order's database."""
    settings = ordinary_settings(**SIGN_ON).model_copy(update={"data_dir": Path(order["data_dir"])})
    return create_app(settings, Database.at(order["database_url"], pool_size=settings.database_pool_size))


async def use_once(app: FastAPI) -> None:
    """A start's checks, a sign-in, a report and reads; then every connection is closed."""
    address = "http://127.0.0.1"
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=address) as client:
        officer = {"login_name": "chemical-safety-officer", "password": SAMPLE_PASSWORD}
        token = (await client.post(f"{API}/session", json=officer)).json()["token"]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"warm-{os.getpid()}"}
        reported = await client.post(f"{API}/hazards", json=report_document(), headers=headers)
        await client.get(reported.headers["location"], headers=headers)
    await app.state.database.refuse_unsafe_login(LIMITS)
    await app.state.database.close()
    # What is there now stays: looking through it again would copy its pages into every child.
    gc.freeze()


def main() -> None:
    """Obey until standard input ends."""
    order = json.loads(sys.stdin.readline())
    _die_with(order["parent"])
    # What is logged goes to standard output: the answers to orders have a channel of their own.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    configure_logging("error")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    kitchen = Kitchen(listener, order, application(order))
    asyncio.run(use_once(kitchen.app))
    child: Child | None = None
    _say(answers, {"port": listener.getsockname()[1]})
    for line in sys.stdin:
        told = json.loads(line)
        match told["do"]:
            case "start":
                child = kitchen.start(told)
                _say(answers, {"pid": child.pid})
            case "wait" if child is not None:
                _say(answers, child.ended(told["seconds"]))
            case "kill" if child is not None:
                _say(answers, child.kill())


def _say(answers: TextIO, what: dict[str, Any]) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
