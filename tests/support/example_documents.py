"""A document of the shape that an operation's documentation asks for."""

from collections.abc import Callable
from typing import Any, Final

_DEEPEST: Final = 6
_DATED: Final = {"date": "2026-11-20", "date-time": "2026-11-20T08:00:00+08:00"}


def example_body(document: dict[str, Any], operation: dict[str, Any], text: Callable[[str], str]) -> Any:
    """Every field filled, each text with what `text` says for the field of that name."""
    content: dict[str, dict[str, Any]] = operation.get("requestBody", {}).get("content", {})
    schema: dict[str, Any] = next((each["schema"] for each in content.values()), {})
    return _example(document, schema, ("", 0), text)


def _example(document: dict[str, Any], schema: dict[str, Any], at: tuple[str, int], text: Callable[[str], str]) -> Any:
    schema, (name, depth) = _resolved(document, schema), at
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type", "string")
    if kind == "object":
        fields = schema.get("properties", {}) if depth < _DEEPEST else {}
        return {each: _example(document, inner, (each, depth + 1), text) for each, inner in fields.items()}
    if kind == "array":
        return [_example(document, schema.get("items", {}), (name, depth + 1), text)] if depth < _DEEPEST else []
    return _scalar(schema, kind, text(name))


def _scalar(schema: dict[str, Any], kind: str, text: str) -> Any:
    if kind == "boolean":
        return False
    return _DATED.get(schema.get("format", ""), text) if kind == "string" else schema.get("minimum", 1)


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while True:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        elif several := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            schema = several[0]
        else:
            return schema
