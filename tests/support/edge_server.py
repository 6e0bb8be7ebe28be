"""A process that serves a small application behind the real edge: `python -m tests.support.edge_server ORDER`.

It says its port in one line, and ends when its standard input does.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, Request

from app.infrastructure.http_server import server_config
from app.infrastructure.logging import configure_logging
from app.infrastructure.middleware import install_edge, limit_by_path
from app.infrastructure.problem_details import install_problem_handlers
from app.infrastructure.security_settings import SecuritySettings
from app.infrastructure.unnamed_proxy import Unnamed

BODY_LIMIT = 2**20


def application(rates: dict[str, Any]) -> FastAPI:
    """Says what it read; its one address of a session is there to be counted as one."""
    app = FastAPI(redirect_slashes=False)
    router = APIRouter(prefix="/api/v1")

    @router.post("/session")
    @router.post("/bodies")
    async def read_body(request: Request) -> dict[str, object]:
        return {"bytes": len(await request.body()), "peer": request.client and request.client.host}

    @router.post("/documents")
    async def read_document(document: dict[str, object]) -> dict[str, int]:
        return {"names": len(document)}

    @router.get("/bodies")
    async def answer() -> dict[str, str]:
        return {}

    app.include_router(router)
    app.get("/healthz")(answer)
    install_problem_handlers(app)
    install_edge(app, limit_by_path(BODY_LIMIT, {}), SecuritySettings(**rates))
    return app


async def _serve(order: dict[str, Any]) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    app = application(order["rates"])
    unnamed = Unnamed()
    app.get("/unnamed")(lambda: {"count": unnamed.count})
    believed = order["forwarded_allow_ips"]
    server = uvicorn.Server(server_config(app, forwarded_allow_ips=believed, unnamed=unnamed))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    print(listener.getsockname()[1], flush=True)  # noqa: T201 - its output is what it is for
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


@dataclass(frozen=True, slots=True)
class Served:
    """The running process and how to speak to it."""

    port: int
    pid: int

    def send(self, content: bytes, *, patience: float = 10) -> bytes:
        """Everything answered to these bytes until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(content)
            return b"".join(_received(connection))

    def resident(self) -> int:
        """The bytes of memory the process holds."""
        pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _received(connection: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            yield part


@contextlib.contextmanager
def edge_server(rates: Mapping[str, int], *, forwarded_allow_ips: str = "127.0.0.1") -> Iterator[Served]:
    """The process, serving."""
    order = json.dumps({"forwarded_allow_ips": forwarded_allow_ips, "rates": dict(rates)})
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.edge_server", order],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        try:
            assert process.stdout is not None
            yield Served(int(process.stdout.readline()), process.pid)
        finally:
            process.terminate()


if __name__ == "__main__":
    configure_logging("error", sys.stderr)
    asyncio.run(_serve(json.loads(sys.argv[1])))
