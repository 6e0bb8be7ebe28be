"""What a route never declared is refused, not ignored: unknown query parameters, and a body that is not JSON."""

from typing import Any, Final

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from app.infrastructure.errors import FieldError, InvalidParameter
from app.infrastructure.middleware import matched_route
from app.infrastructure.problem_details import MOST_FIELD_ERRORS, shown_name

_WITHOUT_A_DOCUMENT: Final = frozenset({"GET", "HEAD", "OPTIONS"})


async def only_declared_parameters(request: Request) -> None:
    """InvalidParameter naming each query parameter that the route does not declare: a misspelt filter filters nothing.

    A dependency of the whole API; a misspelt `dry_run` would otherwise be the act itself.
    """
    if not request.query_params:
        return
    declared = _query_names(matched_route(request.scope).dependant)
    unknown = [name for name in request.query_params if name not in declared]
    if unknown:
        message = "没有这个查询参数，请核对名称或删去。"
        fields = tuple(
            FieldError(f"/{shown_name(name)}", "unknown_parameter", message, "query")
            for name in unknown[:MOST_FIELD_ERRORS]
        )
        named = "、".join(shown_name(name) for name in unknown[:3])
        raise InvalidParameter("unknown_parameter", f"没有这样的查询参数：{named}。请核对名称或删去。", fields=fields)


def _query_names(dependant: Dependant) -> frozenset[str]:
    names: set[str] = set()
    for field in dependant.query_params:
        names |= _names_of_a_model(field.field_info.annotation) or {field.alias}
    return frozenset(names).union(*(_query_names(below) for below in dependant.dependencies))


def _names_of_a_model(annotation: Any) -> set[str]:  # noqa: ANN401 - whatever a parameter may be annotated with
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return set()
    return {field.alias or name for name, field in annotation.model_fields.items()}


async def only_json_documents(request: Request) -> None:
    """HTTPException 415 for a body of another content type than the route's, or of none: JSON, or a multipart form."""
    content_type = request.headers.get("content-type", "")
    if request.method in _WITHOUT_A_DOCUMENT:
        return
    body_field = matched_route(request.scope).body_field
    takes_form = body_field is not None and isinstance(body_field.field_info, Form)
    if takes_form and content_type and not _is_multipart(content_type):
        # A form of another kind cannot carry the file, and its stream was read already.
        raise HTTPException(415)
    if not takes_form and not _is_json(content_type) and await request.body():
        raise HTTPException(415)


def _is_multipart(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
