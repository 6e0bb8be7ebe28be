"""For each operation of the documentation: requests that carry every canary, as it wants them and as it never would."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from tests.canaries.canaries import CODE, IDENTITY_NUMBER, NAME, PASSWORD, PHONE, RECOVERY_CODE, SERVICE_KEY, TIP, TOKEN
from tests.support.example_documents import example_body

_BY_NAME: Final = (
    ("password", PASSWORD),
    ("recovery", RECOVERY_CODE),
    ("identity_number", IDENTITY_NUMBER),
    ("phone", PHONE),
    ("token", TOKEN),
    ("secret", SERVICE_KEY),
    ("code", CODE),
    ("name", NAME),
)
_TEXTS: Final = (PASSWORD, CODE, RECOVERY_CODE, TOKEN, SERVICE_KEY, PHONE, IDENTITY_NUMBER, NAME, TIP)
# A refusal names the unknown field, so that its sender finds it: never one that is plainly a secret or a number.
_AS_NAMES: Final = (PASSWORD, CODE, TOKEN, SERVICE_KEY, PHONE, IDENTITY_NUMBER)
_EVERYTHING: Final = " ".join(_TEXTS)


@dataclass(frozen=True, slots=True)
class Hostile:
    """One request; `content` is sent as it is."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None


def hostile_requests(document: dict[str, Any]) -> Iterator[tuple[str, Hostile]]:
    """(operation, request) for all of it."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for request in _of_operation(document, path, method.upper(), operation):
                yield f"{method.upper()} {path}", request


def _of_operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Iterator[Hostile]:
    parameters = operation.get("parameters", [])
    plain = _filled(path, parameters, {})
    queries = [one["name"] for one in parameters if one["in"] == "query"]
    for text in (PHONE, IDENTITY_NUMBER, TOKEN, NAME, f"{TIP}\0"):
        yield Hostile(method, _filled(path, parameters, dict.fromkeys(_path_names(parameters), text)), {}, {}, None)
        yield Hostile(method, plain, dict.fromkeys(queries, text) | {"unknown": text})
    yield Hostile(method, plain, {text: text for text in (PHONE, IDENTITY_NUMBER, TOKEN)})
    yield Hostile(method, plain, headers={"Idempotency-Key": _ascii(_EVERYTHING), "If-Match": f'"{TOKEN}"'})
    yield Hostile(method, plain, headers={"Authorization": f"Bearer {TOKEN}"})
    yield Hostile(method, plain, headers={"Authorization": f"Bearer {SERVICE_KEY}"})
    yield Hostile(method, plain, headers={"X-Request-ID": TOKEN, "Accept-Language": PHONE, "X-Filler": TOKEN * 900})
    if method in {"POST", "PATCH", "PUT"}:
        for content in _contents(example_body(document, operation, _text)):
            yield Hostile(method, plain, headers={"If-Match": '"0"'}, content=content)


def _contents(wanted: Any) -> Iterator[bytes]:
    written = json.dumps(wanted, ensure_ascii=False)
    yield written.encode()
    yield written.encode()[:-2] + b", "
    yield written.replace(NAME, NAME + "\\u0000").replace(TIP, TIP + "\\ud800").encode()
    yield written.encode("gbk")
    yield json.dumps({text: text for text in _AS_NAMES} | (wanted if isinstance(wanted, dict) else {})).encode()
    yield json.dumps(_wrong_types(wanted)).encode()
    yield json.dumps([_EVERYTHING] * 3, ensure_ascii=False).encode()
    yield (written[:-1] + "," + written[1:]).encode()
    yield json.dumps(_longer(wanted), ensure_ascii=False).encode()


def _wrong_types(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _wrong_types(inner) for name, inner in value.items()}
    return [_EVERYTHING] if isinstance(value, str) else _EVERYTHING


def _longer(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _longer(inner) for name, inner in value.items()}
    return f"{value}{_EVERYTHING * 40}" if isinstance(value, str) else value


def _path_names(parameters: list[dict[str, Any]]) -> list[str]:
    return [one["name"] for one in parameters if one["in"] == "path"]


def _filled(path: str, parameters: list[dict[str, Any]], values: dict[str, str]) -> str:
    for name in _path_names(parameters):
        path = path.replace(f"{{{name}}}", quote(values.get(name, "1"), safe=""))
    return path


def _text(name: str) -> str:
    return next((canary for part, canary in _BY_NAME if part in name), TIP)


def _ascii(text: str) -> str:
    return text.encode("ascii", "ignore").decode()[:190].strip()
