"""Stands between the application and PostgreSQL, and loses a COMMIT or the answer to it when told to."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import parse_qs, urlsplit

Loss = Literal["the answer", "the COMMIT"]
_COMMIT: Final = b"COMMIT"
_MOST: Final = 65536


@dataclass
class DroppingProxy:
    """A TCP door to a server's socket; `lose` arms it for the next COMMIT that passes."""

    listener: socket.socket
    upstream: str
    login: str
    database: str
    lost: int = 0
    _loss: Loss | None = None
    _answering: socket.socket | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)
    _pumps: list[threading.Thread] = field(default_factory=list)

    @property
    def url(self) -> str:
        """SQLAlchemy's address of the login's database through this door."""
        port = self.listener.getsockname()[1]
        return f"postgresql+psycopg://{self.login}@127.0.0.1:{port}{self.database}?sslmode=disable"

    def lose(self, loss: Loss) -> None:
        """Of the next COMMIT lose the answer, after the server has given it, or the COMMIT itself."""
        self._loss = loss

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        while not self._stopped.is_set():
            try:
                client, _ = self.listener.accept()
            except TimeoutError:
                continue
            pump = threading.Thread(target=self._pump, args=(client,))
            pump.start()
            self._pumps.append(pump)

    def stop(self) -> None:
        """End every connection."""
        self._stopped.set()
        for pump in self._pumps:
            pump.join()

    def _pump(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, selectors.DefaultSelector() as ready:
            try:
                server.connect(self.upstream)
            except OSError:
                return
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            with contextlib.suppress(OSError):
                while not self._stopped.is_set():
                    if not all(self._passed(key.fileobj, key.data, server) for key, _ in ready.select(0.1)):
                        return

    def _passed(self, source: object, target: socket.socket, server: socket.socket) -> bool:
        """Whether the connection goes on."""
        if not isinstance(source, socket.socket):
            return False
        data = source.recv(_MOST)
        if not data:
            return False
        if _COMMIT in data and self._is_lost(server, is_answer=source is server):
            self.lost += 1
            return False
        target.sendall(data)
        return True

    def _is_lost(self, server: socket.socket, *, is_answer: bool) -> bool:
        """A COMMIT on its way there is lost, or remembered until its answer comes: in pieces, maybe, behind others."""
        if is_answer:
            return self._answering is server
        loss, self._loss = self._loss, None
        if loss == "the answer":
            self._answering = server
        return loss == "the COMMIT"


@contextlib.contextmanager
def dropping_proxy(socket_url: str) -> Iterator[DroppingProxy]:
    """A proxy to the server of a socket address."""
    parts = urlsplit(socket_url)
    where = parse_qs(parts.query)
    upstream = f"{where['host'][0]}/.s.PGSQL.{where['port'][0]}"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        proxy = DroppingProxy(listener, upstream, parts.netloc.rpartition("@")[0], parts.path)
        door = threading.Thread(target=proxy.serve)
        door.start()
        try:
            yield proxy
        finally:
            proxy.stop()
            door.join()
