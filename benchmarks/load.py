"""The load: 16 keep-alive connections in a process of its own, each sending its next request when the answer is there.

Requests are bytes made beforehand and answers are read no further than their end, so that the client costs little;
its own processor time is reported beside the server's.
"""

import asyncio
import itertools
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self, cast
from uuid import uuid4

import uvloop

CONNECTIONS: Final = 16
UNIQUE: Final = b"00000000-benchmark-key-000000000000"
"""Stands in a request for an idempotency key; each sending puts one of its own there."""
_HEAD_ENDS: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


@dataclass(frozen=True)
class Answers:
    """What one round of load got back."""

    seconds: float
    latencies_ms: list[float]
    statuses: dict[int, int]
    client_cpu_seconds: float
    refused: bytes
    """The beginning of the first answer that was no success."""

    @property
    def rate(self) -> float:
        """Successes a second."""
        return sum(count for status, count in self.statuses.items() if status < 400) / self.seconds  # noqa: PLR2004

    @property
    def failures(self) -> int:
        """Answers that were no success."""
        return sum(count for status, count in self.statuses.items() if status >= 400)  # noqa: PLR2004

    def percentile(self, share: float) -> float:
        """Milliseconds within which that share of the answers came."""
        ordered = sorted(self.latencies_ms) or [0.0]
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class _Connection(asyncio.Protocol):
    """One connection, always waiting for exactly one answer."""

    def __init__(self, requests: Iterator[bytes], until: float, done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._until = until
        self._done = done
        self._buffer = b""
        self._sent_at = 0.0
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.refused = b""

    def itself(self) -> "_Connection":
        """As a loop wants a protocol made."""
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send_next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_ends = self._buffer.find(_HEAD_ENDS)
        if head_ends < 0:
            return
        at = self._buffer.find(_LENGTH) + len(_LENGTH)
        whole = head_ends + len(_HEAD_ENDS) + int(self._buffer[at : self._buffer.find(b"\r\n", at)])
        if len(self._buffer) >= whole:
            self._answered(int(self._buffer[9:12]))

    def _answered(self, status: int) -> None:
        self.latencies.append(time.perf_counter() - self._sent_at)
        self.statuses[status] += 1
        if status >= 400 and not self.refused:  # noqa: PLR2004 - a refusal
            self.refused = self._buffer[:2000]
        self._buffer = b""
        self._send_next()

    def _send_next(self) -> None:
        request = next(self._requests, None) if time.perf_counter() < self._until else None
        if request is None:
            self._transport.close()
            return
        if UNIQUE in request:
            request = request.replace(UNIQUE, uuid4().hex.encode())
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not self._done.done():
            self._done.set_exception(exc)
        elif not self._done.done():
            self._done.set_result(None)


async def _load(port: int, requests: Sequence[bytes], seconds: float, *, each_once: bool) -> Answers:
    loop = asyncio.get_running_loop()
    cpu, began = time.process_time(), time.perf_counter()
    source = iter(requests) if each_once else itertools.cycle(requests)
    connections: list[_Connection] = []
    finished: list[asyncio.Future[None]] = []
    for _ in range(CONNECTIONS):
        done: asyncio.Future[None] = loop.create_future()
        connections.append(_Connection(source, began + seconds, done))
        await loop.create_connection(connections[-1].itself, "127.0.0.1", port)
        finished.append(done)
    await asyncio.gather(*finished)
    statuses: Counter[int] = sum((one.statuses for one in connections), Counter())
    return Answers(
        time.perf_counter() - began,
        [1000 * latency for one in connections for latency in one.latencies],
        dict(statuses),
        time.process_time() - cpu,
        next((one.refused for one in connections if one.refused), b""),
    )


def _run(port: int, requests: Sequence[bytes], seconds: float, each_once: bool) -> Answers:  # noqa: FBT001 - one call
    return uvloop.run(_load(port, requests, seconds, each_once=each_once))


class Client:
    """The process that sends the load."""

    def __init__(self) -> None:
        self._pool = multiprocessing.get_context("spawn").Pool(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.terminate()
        self._pool.join()

    def load(self, port: int, requests: Sequence[bytes], seconds: float, *, each_once: bool = False) -> Answers:
        """Sends the requests in turn for that long; `each_once` stops when they are used up."""
        return self._pool.apply(_run, (port, requests, seconds, each_once))


def request(method: str, path: str, token: str | None = None, body: bytes = b"", **headers: str) -> bytes:
    """One request as it goes over the wire; a header's underscores are its hyphens."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1"]
    if token is not None:
        lines.append(f"authorization: Bearer {token}")
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + _HEAD_ENDS + body
