"""Gateways that messages are posted to: honest ones, slow ones, and those that take a message and say otherwise."""

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

HONEST, DROPPING, FAILING, SLOW, REFUSING = "honest", "dropping", "failing", "slow", "refusing"
_LONGER_THAN_ASKED: Final = 3.0


@dataclass
class Gateway:
    """Counts what came over the wire; every second message is treated as its temper has it, the rest taken."""

    url: str = ""
    temper: str = HONEST
    wire: Counter[str] = field(default_factory=Counter)
    """Copies of each thing told, whatever id they came under."""
    ids: dict[str, set[str]] = field(default_factory=dict)
    """Ids each thing came under: a gateway that knows ids takes each once."""
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    mistreated: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, headers: dict[str, str], body: bytes) -> bool:
        """Counts a message; whether it is to be mistreated."""
        data = json.loads(body)["data"]
        about = json.dumps([data.get("letter"), data.get("copy"), data.get("hazards")])
        with self._lock:
            self.received.append((headers, body))
            first = about not in self.seen
            self.seen.add(about)
            mistreat = self.temper != HONEST and first and len(self.seen) % 2 == 1
            if self.temper != REFUSING or not mistreat:
                self.wire[about] += 1
                self.ids.setdefault(about, set()).add(headers["webhook-id"])
            self.mistreated += mistreat
        return mistreat


class _Handler(BaseHTTPRequestHandler):
    gateway: Gateway

    def do_POST(self) -> None:
        """Takes a message, and answers by the gateway's temper."""
        body = self.rfile.read(int(self.headers["content-length"]))
        status = 202
        if self.gateway.take({name.lower(): value for name, value in self.headers.items()}, body):
            if self.gateway.temper == DROPPING:
                self.close_connection = True
                return
            if self.gateway.temper == SLOW:
                self.gateway.released.wait(_LONGER_THAN_ASKED)
            status = {FAILING: 500, REFUSING: 429}.get(self.gateway.temper, 202)
        # Who asked may have died meanwhile.
        with contextlib.suppress(ConnectionError):
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keeps quiet."""


@contextlib.contextmanager
def open_gateway(temper: str = HONEST) -> Iterator[Gateway]:
    """A gateway on this machine while the block runs."""
    gateway = Gateway(temper=temper)
    handler = type("Handler", (_Handler,), {"gateway": gateway})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        gateway.url = f"http://127.0.0.1:{server.server_address[1]}/messages"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield gateway
        finally:
            gateway.released.set()
            server.shutdown()
            thread.join()
