"""Providers to sign on through: the test provider of PyPI in a process of its own, and one that forges as told."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.sign_on import forger
from tests.support.polling import until


@contextlib.contextmanager
def honest_provider() -> Iterator[str]:
    """oidc-provider-mock; its issuer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert until(lambda: _answers(port)), "the provider did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def signs_in(url: str, subject: str) -> dict[str, str]:
    """The person at the provider's page: what it sends the browser back with."""
    answer = httpx.post(url, data={"sub": subject}, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


Change = Callable[[dict[str, Any]], str]


@dataclass
class Forging:
    """A provider under a test's hand: what each document says, and the token it hands out."""

    issuer: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=forger.jwks)
    nonce: str = ""
    forge: Change = forger.token
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    exchanged: list[dict[str, str]] = field(default_factory=list)

    def reset(self, nonce: str) -> None:
        """An honest provider again, about to be asked for this nonce."""
        self.nonce, self.forge, self.status, self.headers = nonce, forger.token, 200, {}
        self.keys = forger.jwks()
        self.asked, self.exchanged = [], []

    def answer(self, path: str) -> Any:
        """The document of a path."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.metadata,
            }
        if path == "/keys":
            return self.keys
        now = int(time.time())
        said = forger.claims(iss=self.issuer, iat=now, exp=now + 300, nonce=self.nonce)
        return {"access_token": "unused", "token_type": "Bearer", "id_token": self.forge(said)}


@contextlib.contextmanager
def forging_provider() -> Iterator[Forging]:
    """The forging provider while the block runs."""
    provider = Forging()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            provider.exchanged.append({name: values[0] for name, values in parse_qs(body).items()})
            self._send()

        def _send(self) -> None:
            provider.asked.append(self.path)
            body = json.dumps(provider.answer(self.path)).encode()
            self.send_response(provider.status)
            for name, value in provider.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield provider
        finally:
            server.shutdown()
