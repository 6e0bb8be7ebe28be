"""RFC 9457: the one table from kinds of refusal to HTTP, and the handlers that render it. The input is never echoed."""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Annotated, Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from app.infrastructure.constraint_errors import translate
from app.infrastructure.errors import (
    AlreadyDone,
    Conflict,
    FieldError,
    IllegalTransition,
    InvalidInput,
    InvalidParameter,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    ProofFailed,
    RegistryError,
    RuleNotMet,
    StaleVersion,
    TemporarilyUnavailable,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    VersionRequired,
)
from app.infrastructure.retrying import refuse_or_try_again
from app.infrastructure.validation_messages import message_of

MEDIA_TYPE: Final = "application/problem+json"
MOST_FIELD_ERRORS: Final = 50
_ANY_OBJECT: Final = {"application/json": {"schema": {"type": "object"}}}
_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}

RefusalRecorder = Callable[[Request, RegistryError], Awaitable[None]]
"""Keeps a refused act (in a transaction of its own: the act's was rolled back)."""

STATUS: Final[Mapping[type[RegistryError], tuple[int, str, str]]] = {
    RegistryError: (409, "未予受理", "Refused"),
    NotFound: (404, "未找到", "Not found"),
    NotPermitted: (403, "无权办理", "Not permitted"),
    IllegalTransition: (409, "当前状态不允许", "Not possible in this state"),
    RuleNotMet: (409, "办理条件未满足", "Rule not met"),
    ProofFailed: (409, "身份验证未通过", "Not proved"),
    Conflict: (409, "与已有记录冲突", "Conflict"),
    AlreadyDone: (409, "已经办理", "Already done"),
    StaleVersion: (412, "内容已更新", "Stale version"),
    VersionRequired: (428, "须注明所依据的版本", "Version required"),
    InvalidInput: (422, "提交内容有误", "Invalid input"),
    InvalidParameter: (400, "请求参数有误", "Invalid parameter"),
    TooLarge: (413, "内容过大", "Too large"),
    Unauthenticated: (401, "尚未登录", "Not signed in"),
    TooManyRequests: (429, "请求过于频繁", "Too many requests"),
    TemporarilyUnavailable: (503, "暂时无法办理", "Temporarily unavailable"),
    OutcomeUnknown: (503, "结果尚不确定", "Outcome unknown"),
}
"""Kind → status, Chinese title, English title."""

_OF_THE_TRANSPORT: Final[Mapping[int, tuple[str, str, str, str]]] = {
    400: ("malformed_request", "请求有误", "Bad request", "请求的格式无法识别，请检查后重新提交。"),
    404: ("not_found", "未找到", "Not found", "没有这个地址，请核对。"),
    405: (
        "method_not_allowed",
        "方法不允许",
        "Method not allowed",
        "这个地址不接受这种请求方法，请改用 Allow 所列方法。",
    ),
    406: ("not_acceptable", "无法提供所需格式", "Not acceptable", "无法提供所要求的格式，请改用 application/json。"),
    413: ("too_large", "内容过大", "Too large", "提交的内容超过了允许的大小，请缩小或分次提交。"),
    414: ("query_too_long", "查询条件过长", "Query too long", "查询条件不得超过 8192 字节，请减少筛选项。"),
    431: (
        "head_too_large",
        "请求头过大",
        "Request head too large",
        "请求头不得超过 32 KiB，请减少或缩短请求头后重试。",
    ),
    415: ("unsupported_media_type", "格式不支持", "Unsupported media type", "请以 application/json 提交。"),
    500: (
        "internal_error",
        "系统内部错误",
        "Internal error",
        "系统内部出错，本次操作没有完成。请记下 instance 编号并联系管理员。",
    ),
}
"""Status that no refusal of ours stands for → code, Chinese title, English title, detail."""

_OF_THE_EDGE: Final = (400, 414, 429, 431)
"""What any address may answer before its route is asked."""
# No token and no number of a person, which somebody may have sent in a name's place.
_SHOWABLE: Final = re.compile(r"(?!.*[0-9]{6})[A-Za-z0-9_.\-\u4e00-\u9fff]{1,40}")
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_logger: Final = structlog.get_logger("qingling.problem")


class ProblemField(BaseModel):
    """One malformed field."""

    model_config = ConfigDict(populate_by_name=True)
    where: Annotated[str, Field(alias="in", description="body, query, path, header, cookie")]
    pointer: Annotated[str, Field(description="RFC 6901")]
    code: str
    message: str


class ProblemUnmet(BaseModel):
    """One condition of the act that does not hold."""

    code: str
    message: str
    rule: str | None = None
    article: str | None = None
    remedy: str | None = None
    field: str | None = None


class Problem(BaseModel):
    """Every refusal: RFC 9457 with our stable code, the rule, its article and the remedy."""

    type: Annotated[str, Field(description="/problems/<code>")]
    title: str
    status: int
    detail: str
    instance: Annotated[str, Field(description="urn:uuid:<请求编号>")]
    code: str
    rule: str | None = None
    article: str | None = None
    remedy: str | None = None
    address: str | None = None
    facts: dict[str, Any] | None = None
    errors: list[ProblemField] | None = None
    unmet: list[ProblemUnmet] | None = None


def status_of(error: RegistryError) -> int:
    """The HTTP status of a refusal."""
    return _row(error)[0]


def _row(error: RegistryError) -> tuple[int, str, str]:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def render(error: RegistryError, scope: MutableMapping[str, Any]) -> Response:
    """The response to a refusal, in Chinese; with an English title when the caller prefers English."""
    status, chinese, english = _row(error)
    body = {
        "code": error.code,
        "detail": error.message,
        "rule": error.rule,
        "article": error.article,
        "remedy": error.remedy,
        "facts": dict(error.facts),
        **_particulars(error),
    }
    return _response(scope, status, (chinese, english), body, _headers(error))


def render_status(status: int, scope: MutableMapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """The response for a status that no refusal of ours stands for (405, 415, 500 …)."""
    known = status if status in _OF_THE_TRANSPORT else (400 if status < 500 else 500)  # noqa: PLR2004 - HTTP's classes
    code, chinese, english, detail = _OF_THE_TRANSPORT[known]
    return _response(scope, status, (chinese, english), {"code": code, "detail": detail}, headers or {})


def _particulars(error: RegistryError) -> dict[str, Any]:
    if isinstance(error, RuleNotMet):
        names = ("code", "message", "rule", "article", "remedy", "field")
        return {"unmet": [_without_blanks((name, getattr(unmet, name)) for name in names) for unmet in error.unmet]}
    if isinstance(error, InvalidInput):
        return {"errors": [_field(field) for field in error.fields[:MOST_FIELD_ERRORS]]}
    if isinstance(error, AlreadyDone):
        return {"address": error.address}
    return {}


def _field(field: FieldError) -> dict[str, str]:
    return {"in": field.where, "pointer": field.pointer, "code": field.code, "message": field.message}


def _headers(error: RegistryError) -> dict[str, str]:
    if isinstance(error, (TooManyRequests, TemporarilyUnavailable)):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, AlreadyDone):
        return {"Location": error.address}
    return {}


def _without_blanks(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if value not in (None, "", {}, [])}


def _response(
    scope: MutableMapping[str, Any],
    status: int,
    titles: tuple[str, str],
    body: Mapping[str, Any],
    headers: Mapping[str, str],
) -> Response:
    english = prefers_english(Headers(scope=scope).get("accept-language", ""))
    state = scope.setdefault("state", {})
    state["problem_code"] = body["code"]
    problem = {
        "type": f"/problems/{body['code']}",
        "title": titles[1] if english else titles[0],
        "status": status,
        "instance": f"urn:uuid:{state.get('request_id', '')}",
        **body,
    }
    # A Chinese detail under an English title is said to be both, so that a reader's software does not guess.
    language = {"Content-Language": "en, zh-CN" if english else "zh-CN", "Vary": "Accept-Language"}
    content = json.dumps(_without_blanks(problem.items()), ensure_ascii=False, separators=(",", ":"))
    return Response(content, status, {**language, **headers}, MEDIA_TYPE)


def prefers_english(accept_language: str) -> bool:
    """Whether Accept-Language ranks English above Chinese; Chinese wins every tie."""
    best = {"en": 0.0, "zh": 0.0, "*": 0.0}
    for part in accept_language[:200].split(","):
        tag, _, weight = part.strip().partition(";q=")
        primary = tag.strip().lower().split("-")[0]
        if primary in best:
            best[primary] = max(best[primary], _weight(weight))
    return best["en"] > max(best["zh"], best["*"])


def _weight(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](\.[0-9]{0,3})?", text, re.ASCII) else float(not text)


def invalid_input(errors: Iterable[Mapping[str, Any]]) -> InvalidInput:
    """The refusal for pydantic's findings: 400 when a parameter is at fault, 422 when only the document is."""
    fields = tuple(_found(error) for error in list(errors)[:MOST_FIELD_ERRORS])
    in_the_document = all(field.where == "body" for field in fields)
    return InvalidInput(fields=fields) if in_the_document else InvalidParameter(fields=fields)


def _found(error: Mapping[str, Any]) -> FieldError:
    where, *path = error["loc"] or ("body",)
    # pydantic places a JSON syntax error by its offset, which no pointer can name.
    steps: list[object] = [] if error["type"] == "json_invalid" else path
    return FieldError("".join(f"/{shown_name(step)}" for step in steps), error["type"], message_of(error), str(where))


def shown_name(step: object) -> str:
    """A name of the caller's as a pointer shows it: itself when plainly a name, else `?`."""
    return str(step) if _SHOWABLE.fullmatch(str(step)) else "?"


def install_problem_handlers(app: FastAPI, *, record_refusal: RefusalRecorder | None = None) -> None:
    """Every refusal of this app as problem+json, in the documentation too; refused acts go to `record_refusal`."""

    @app.exception_handler(RegistryError)
    async def refused(request: Request, error: RegistryError) -> Response:
        refuse_or_try_again(request.scope, error.__cause__)
        if isinstance(error.__cause__, SQLAlchemyError):
            _logger.warning("database_refused", code=error.code, exc_info=error.__cause__)
        if record_refusal is not None and _is_worth_a_record(request, error):
            await _recorded(record_refusal, request, error)
        return render(error, request.scope)

    @app.exception_handler(SQLAlchemyError)
    async def refused_by_the_database(request: Request, error: SQLAlchemyError) -> Response:
        refusal = translate(error)
        if refusal is None:
            raise error
        refusal.__cause__ = error
        return await refused(request, refusal)

    @app.exception_handler(UnicodeEncodeError)
    async def not_storable(request: Request, _error: UnicodeEncodeError) -> Response:
        # A lone surrogate in a field that is not `Clean`: the database cannot carry it.
        message = "有文字含有不成对的代理字符，无法保存，请重新输入。"
        return await refused(request, InvalidInput("character_refused", message))

    app.exception_handler(RequestValidationError)(_malformed)
    app.exception_handler(HTTPException)(_of_the_framework)
    _document(app)


def _is_worth_a_record(request: Request, error: RegistryError) -> bool:
    """Every refused act; of reads, those somebody signed in may not do or may not see: a search for what is not his."""
    # Where the database has no connection left, waiting for one to say so would double the caller's wait.
    if isinstance(error, TemporarilyUnavailable):
        return False
    is_somebody = "authorization" in request.headers
    return request.method not in _SAFE_METHODS or (is_somebody and isinstance(error, (NotPermitted, NotFound)))


async def _malformed(request: Request, error: RequestValidationError) -> Response:
    return render(invalid_input(error.errors()), request.scope)


async def _of_the_framework(request: Request, error: HTTPException) -> Response:
    headers = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"Allow": ", ".join(_methods_of(request))}
    return render_status(error.status_code, request.scope, headers)


def _methods_of(request: Request) -> list[str]:
    """What the address takes: the framework names only the methods of the first route that has it."""
    routes: list[BaseRoute] = request.app.routes
    asked = ({**request.scope, "method": method} for method in _METHODS)
    return [scope["method"] for scope in asked if any(route.matches(scope)[0] is Match.FULL for route in routes)]


async def _recorded(record_refusal: RefusalRecorder, request: Request, error: RegistryError) -> None:
    try:
        await record_refusal(request, error)
    except PoolTimeoutError:
        # Every connection is in use: a trace of each of many would only keep the machine busier.
        _logger.error("refusal_not_recorded", code=error.code, because="no free connection")  # noqa: TRY400 - as said
    except (SQLAlchemyError, RegistryError):
        # The caller is owed the refusal even when its record cannot be kept; the operator is owed this line.
        _logger.exception("refusal_not_recorded", code=error.code)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may answer with these statuses.

    By reference: a model given here would be built anew for each status of each route, twice.
    """
    return {status: {"description": _title_of(status), "content": _CONTENT} for status in statuses}


def _title_of(status: int) -> str:
    titles = {row[0]: row[1] for row in reversed(list(STATUS.values()))}
    titles |= {known: row[1] for known, row in _OF_THE_TRANSPORT.items()}
    return titles.get(status, "未予受理")


def _document(app: FastAPI) -> None:
    describe = app.openapi

    def with_problems() -> dict[str, Any]:
        schema = describe()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(own.pop("$defs"))
        schemas["Problem"] = own
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for path in schema.get("paths", {}).values():
            for operation in path.values():
                _describe_tries(operation)
                _describe_problems(operation["responses"])
        return schema

    app.openapi = with_problems  # type: ignore[method-assign] # FastAPI's own documented way to extend the document


def _describe_tries(operation: Mapping[str, Any]) -> None:
    if any(one["name"] == "dry_run" for one in operation.get("parameters", ())):
        told = {"description": "只核对条件(dry_run=true),没有办理", "content": _ANY_OBJECT}
        operation["responses"].setdefault("200", told)


def _describe_problems(responses: dict[str, dict[str, Any]]) -> None:
    for response in responses.values():
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        if schema.get("$ref") == "#/components/schemas/HTTPValidationError":
            response["content"] = _CONTENT
    if "422" in responses:
        responses["422"]["description"] = STATUS[InvalidInput][1]
        # FastAPI answers 422 to a malformed parameter as well; here that is a bad request.
        responses.setdefault("400", {"description": STATUS[InvalidParameter][1], "content": _CONTENT})
    for status in _OF_THE_EDGE:
        responses.setdefault(str(status), {"description": _title_of(status), "content": _CONTENT})
    responses.setdefault("default", {"description": "其他未予受理的情形", "content": _CONTENT})
