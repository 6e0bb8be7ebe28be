"""How uvicorn is told to serve: which heads it still reads, whose X-Forwarded-For it believes, what it keeps quiet."""

from typing import Final

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.infrastructure.request_head import LARGEST_HEAD
from app.infrastructure.unnamed_proxy import BelievedProxies, Unnamed

# Above what the application itself refuses with 431 by more than one read from the socket, 256 KiB.
_UNREADABLE: Final = 16 * LARGEST_HEAD
_GRACE: Final = 20


class BoundedHttp(HttpToolsProtocol):
    """Ends a connection whose head never ends: the parser below would keep every byte of it."""

    def connection_made(self, transport: object) -> None:
        """A head is awaited."""
        super().connection_made(transport)  # type: ignore[arg-type] # as the base class declares it
        self._reads_head, self._head_bytes = False, 0

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        super().on_message_begin()
        self._reads_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """The head is whole: how large it may be, the application says."""
        self._reads_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Counts only what arrives while a head is open."""
        was_open = self._reads_head
        super().data_received(data)
        if was_open and self._reads_head:
            self._head_bytes += len(data)
            if self._head_bytes > _UNREADABLE:
                self.send_400_response("Request head too large.")


def server_config(app: FastAPI, *, forwarded_allow_ips: str, unnamed: Unnamed) -> uvicorn.Config:
    """The configuration of the one server; it prints no line of its own and upgrades no connection."""
    return uvicorn.Config(
        BelievedProxies(app, forwarded_allow_ips, unnamed),
        http=BoundedHttp,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
    )
