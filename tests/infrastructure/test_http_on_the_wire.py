"""What only a real server shows: bytes no client library would send, bodies that never end, proxies that lie."""

import contextlib
import json
import socket
from collections.abc import Iterator

import pytest

from tests.support.edge_server import BODY_LIMIT, Served, edge_server

HOST = b"Host: registry.example\r\n"
UNLIMITED = dict.fromkeys(("rate_sign_in", "rate_public", "rate_read", "rate_write"), 10**9)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with edge_server(UNLIMITED) as server:
        yield server


def asked(line: str, *headers: str, body: bytes = b"") -> bytes:
    head = "".join(f"{one}\r\n" for one in headers)
    return f"{line} HTTP/1.1\r\n{head}".encode("latin-1") + HOST + b"Connection: close\r\n\r\n" + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def header(answer: bytes, name: str) -> str | None:
    for line in answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        found, _, value = line.decode("latin-1").partition(": ")
        if found.lower() == name:
            return value
    return None


@pytest.mark.parametrize(
    ("request_line", "wanted"),
    [
        ("GET /api/v1/bodies", 200),
        ("GET http://elsewhere.example/api/v1/bodies", 200),
        ("GET /%61pi/v1/bodies", 200),
        ("GET /api/v1/bodies/", 404),
        ("GET //api/v1/bodies", 404),
        ("GET /api/v1/%2e%2e/v1/bodies", 404),
        ("GET /api/v1/bodies%00", 404),
        ("OPTIONS *", 404),
        ("TRACE *", 404),
        ("TRACE /api/v1/bodies", 405),
        ("CONNECT /api/v1/bodies", 405),
        ("CONNECT elsewhere.example:443", 400),
        ("PURGE /api/v1/bodies", 405),
        ("PUT /api/v1/bodies", 405),
        ("INVENT /api/v1/bodies", 400),
        ("GET /api/v1/b\u00e9", 400),
    ],
)
def test_a_request_line_is_served_or_refused(served: Served, request_line: str, wanted: int) -> None:
    assert status(served.send(asked(request_line))) == wanted


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_a_method_nobody_declared_is_told_which_are(served: Served, method: str) -> None:
    answer = served.send(asked(f"{method} /api/v1/bodies"))
    assert (status(answer), header(answer, "allow")) == (405, "GET, POST")


def test_the_server_names_neither_itself_nor_its_version(served: Served) -> None:
    assert header(served.send(asked("GET /api/v1/bodies")), "server") is None
    assert b"uvicorn" not in served.send(b"\x16\x03\x01\x02\x00").lower()


@pytest.mark.parametrize(
    "content",
    [
        b"GET /api/v1/bodies HTTP/1.1\r\n\r\n",
        b"GET /api/v1/bodies HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
        b"GET /api/v1/bodies HTTP/1.1\nHost: a\n\n",
        b"GET /api/v1/bodies HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET /api/v1/bodies HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
        asked("POST /api/v1/bodies", "Content-Length: 1", "Content-Length: 1", body=b"a"),
        asked("POST /api/v1/bodies", "Content-Length: 1", "Content-Length: 2", body=b"aa"),
        asked("POST /api/v1/bodies", "Content-Length: 1, 1", body=b"a"),
        asked("POST /api/v1/bodies", "Content-Length: +1", body=b"a"),
        asked("POST /api/v1/bodies", "Content-Length: 1", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        asked("POST /api/v1/bodies", "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
        asked("POST /api/v1/bodies", "Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
        asked("POST /api/v1/bodies", "Transfer-Encoding: chunked", body=b"zz\r\n\r\n"),
        asked("POST /api/v1/bodies", "Authorization: Bearer a", "Authorization: Bearer b"),
        asked("POST /api/v1/bodies", "Idempotency-Key: a", "Idempotency-Key: b"),
        asked("POST /api/v1/bodies", 'If-Match: "1"', 'If-Match: "2"'),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_two_readers_could_read_differently_is_refused_and_the_connection_ends(
    served: Served, content: bytes
) -> None:
    answer = served.send(content)
    assert (status(answer), header(answer, "connection")) == (400, "close")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_body_longer_than_declared_is_another_request_and_no_part_of_this_one(served: Served) -> None:
    answer = served.send(asked("POST /api/v1/bodies", "Content-Length: 3", body=b"abcTRAILING"))
    assert status(answer) == 200
    assert b'"bytes":3' in answer


def test_a_body_shorter_than_declared_is_answered_by_nothing_and_served_by_nobody(served: Served) -> None:
    for address in ("bodies", "documents"):
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
            connection.sendall(asked(f"POST /api/v1/{address}", "Content-Length: 100", body=b'{"a'))
        assert status(served.send(asked("GET /api/v1/bodies"))) == 200


def test_no_connection_is_upgraded(served: Served) -> None:
    upgrade = ("Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    content = b"GET /api/v1/nothing HTTP/1.1\r\nConnection: Upgrade, close\r\n" + HOST
    answer = served.send(content + "".join(f"{one}\r\n" for one in upgrade).encode() + b"\r\n")
    assert status(answer) == 404


def test_a_head_of_more_than_32_kib_is_refused(served: Served) -> None:
    assert status(served.send(asked("GET /api/v1/bodies", "X-Filler: " + "x" * 30_000))) == 200
    answer = served.send(asked("GET /api/v1/bodies", "X-Filler: " + "x" * 33_000))
    assert (status(answer), header(answer, "connection")) == (431, "close")
    many = [f"X-{number}: 1" for number in range(8000)]
    assert status(served.send(asked("GET /api/v1/bodies", *many))) == 431


@contextlib.contextmanager
def flood(served: Served, head: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(head)
        yield connection


def poured(connection: socket.socket, part: bytes, at_most: int) -> int:
    """How many bytes the server took before it ended the connection."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < at_most:
            sent += connection.send(part)
    return sent


@pytest.mark.parametrize("part", [b"x" * 65536, b"X-A: b\r\n" * 8192], ids=["one endless header", "endless headers"])
def test_a_head_that_never_ends_is_cut_off_and_weighs_nothing(served: Served, part: bytes) -> None:
    before = served.resident()
    with flood(served, b"GET /api/v1/bodies HTTP/1.1\r\n" + HOST + b"X-Filler: ") as connection:
        sent = poured(connection, part, 400 * 2**20)
    assert sent < 16 * 2**20
    assert served.resident() - before < 16 * 2**20


CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
CHUNKED = ("Transfer-Encoding: chunked", "Content-Type: application/json")


@pytest.mark.parametrize("address", ["bodies", "documents"])
def test_a_body_without_a_declared_length_is_refused_one_chunk_beyond_the_limit(served: Served, address: str) -> None:
    with flood(served, asked(f"POST /api/v1/{address}", *CHUNKED)) as connection:
        connection.sendall(CHUNK * (BODY_LIMIT // 65536 + 1))
        answer = connection.recv(65536)
    assert (status(answer), header(answer, "connection")) == (413, "close")


@pytest.mark.parametrize("address", ["bodies", "documents"])
def test_four_hundred_megabytes_are_cut_off_and_weigh_nothing(served: Served, address: str) -> None:
    before = served.resident()
    with flood(served, asked(f"POST /api/v1/{address}", *CHUNKED)) as connection:
        sent = poured(connection, CHUNK, 400 * 2**20)
    # What the system's own socket buffers hold was sent and read by nobody.
    assert sent < BODY_LIMIT + 8 * 2**20
    assert served.resident() - before < 8 * 2**20


def test_a_declared_length_beyond_the_limit_is_refused_before_a_byte_is_read(served: Served) -> None:
    with flood(served, asked("POST /api/v1/bodies", f"Content-Length: {400 * 2**20}")) as connection:
        answer = connection.recv(65536)
    assert (status(answer), header(answer, "connection")) == (413, "close")


def told(answer: bytes) -> list[int]:
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


@pytest.fixture(scope="module")
def limited() -> Iterator[Served]:
    with edge_server({"rate_sign_in": 3}) as server:
        yield server


def sign_in(peer: str, path: str = "/api/v1/session") -> bytes:
    return asked(f"POST {path}", "Content-Length: 0", f"X-Forwarded-For: {peer}")


def test_requests_sent_in_one_go_are_each_counted(limited: Served) -> None:
    last = sign_in("198.51.100.1")
    statuses = told(limited.send(last.replace(b"Connection: close\r\n", b"") * 5 + last))
    assert statuses == [200] * 3 + [429] * 3


def test_behind_a_trusted_proxy_only_the_address_it_appended_counts(limited: Served) -> None:
    invented = [limited.send(sign_in(f"203.0.113.{number}, 198.51.100.2")) for number in range(5)]
    assert [status(answer) for answer in invented] == [200] * 3 + [429] * 2
    assert header(invented[-1], "retry-after") is not None
    assert json.loads(invented[0].partition(b"\r\n\r\n")[2])["peer"] == "198.51.100.2"
    assert status(limited.send(sign_in("203.0.113.1, 198.51.100.3"))) == 200


@pytest.mark.parametrize(
    ("path", "peer"),
    [
        ("/%61pi/v1/%73ession", "198.51.100.4"),
        ("/api/v1/session?a=1", "198.51.100.5"),
        ("/api/v1/session#x", "198.51.100.6"),
        ("//API/v1/Session/", "198.51.100.7"),
        ("http://elsewhere.example/api/v1/session", "198.51.100.8"),
    ],
)
def test_an_address_written_otherwise_is_counted_as_the_same(limited: Served, path: str, peer: str) -> None:
    assert [status(limited.send(sign_in(peer))) for _ in range(2)] == [200, 200]
    limited.send(sign_in(peer, path))
    assert status(limited.send(sign_in(peer))) == 429


def test_health_is_told_however_often_it_is_asked(limited: Served) -> None:
    assert {status(limited.send(asked("GET /healthz"))) for _ in range(20)} == {200}


def test_who_is_no_trusted_proxy_cannot_say_for_whom_it_asks() -> None:
    with edge_server({"rate_sign_in": 3}, forwarded_allow_ips="192.0.2.1") as limited:
        names = ("X-Forwarded-For: 203.0.113.{}", "Forwarded: for=203.0.113.{}", "X-Real-IP: 203.0.113.{}")
        answers = [
            limited.send(asked("POST /api/v1/session", "Content-Length: 0", *(name.format(number) for name in names)))
            for number in range(5)
        ]
    assert [status(answer) for answer in answers] == [200] * 3 + [429] * 2
