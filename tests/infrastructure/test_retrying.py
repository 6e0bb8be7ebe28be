"""A request that may be tried again keeps its body for the next try, but no file that anybody sends."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.infrastructure.retrying import LARGEST_KEPT, MOST_RETRIES, Retrying, TryAgain

_PART = 1 << 16


def scope() -> Scope:
    return {"type": "http", "method": "POST", "headers": [(b"idempotency-key", b"a-key-of-a-client")], "state": {}}


async def serve(size: int, failures: int) -> list[tuple[int, int]]:
    """What each try read of a body of that size, and how many tries were left when it had."""
    parts: Iterator[Message] = (
        {"type": "http.request", "body": b"x" * min(_PART, size - begun), "more_body": begun + _PART < size}
        for begun in range(0, size, _PART)
    )
    tries: list[tuple[int, int]] = []

    async def receive() -> Message:
        return next(parts)

    async def send(_message: Message) -> None:
        raise AssertionError("nothing is answered here")

    async def app(scope: Scope, receive: Receive, _send: Send) -> None:
        read, more = 0, True
        while more:
            message = await receive()
            read, more = read + len(message["body"]), message["more_body"]
        left: int = scope["state"]["tries_left"]
        tries.append((read, left))
        if len(tries) <= failures and left:
            raise TryAgain

    await Retrying(app)(scope(), receive, send)
    return tries


@pytest.mark.parametrize("size", [1, _PART, 3 * _PART + 1, LARGEST_KEPT])
def test_each_try_reads_the_whole_document(size: int) -> None:
    assert asyncio.run(serve(size, failures=2)) == [(size, MOST_RETRIES - number) for number in range(3)]


@pytest.mark.parametrize("size", [LARGEST_KEPT + 1, 8 * LARGEST_KEPT])
def test_what_is_larger_is_read_once_and_kept_nowhere(size: int) -> None:
    assert asyncio.run(serve(size, failures=2)) == [(size, 0)]
