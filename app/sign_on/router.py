"""The routes of single sign-on and of the identities that sign in through it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly, created
from app.infrastructure.errors import NotFound
from app.infrastructure.fields import Identifier
from app.infrastructure.problem_details import problem_responses
from app.infrastructure.settings import Settings
from app.sign_in.dependencies import desk_of
from app.sign_on import identities
from app.sign_on.provider import Provider
from app.sign_on.schemas import Callback, NewIdentity
from app.sign_on.service import SignOn

router = APIRouter(tags=["登录"], responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503))
_IDENTITIES = "/accounts/{account_id}/sign-on-identities"
_COOKIE_SECONDS = 600


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.sign_on
    if provider is None:
        raise NotFound("sign_on_not_configured", "本系统没有配置单点登录。", remedy="请以登录名和口令登录。")
    return provider


def _sign_on(request: Request) -> SignOn:
    settings: Settings = request.app.state.settings
    spared = settings.security.sign_on_second_factors
    return SignOn(desk_of(request), _provider(request), settings.cursor_key_bytes(), spared)


def _cookie(provider: Provider) -> str:
    """`__Host-` keeps other hosts from setting it, and needs https."""
    return "__Host-qingling_sign_on" if provider.redirect_url.startswith("https:") else "qingling_sign_on"


@router.get(
    "/session/sign-on",
    status_code=302,
    response_class=Response,
    operation_id="begin_sign_on",
    summary="单点登录:前往登录服务",
)
async def begin_sign_on(request: Request) -> Response:
    """Redirects to the configured provider and to nowhere else; the cookie binds the way back to this browser."""
    provider = _provider(request)
    address, browser = await _sign_on(request).begin()
    answer = Response(status_code=302, headers={"Location": address, "Cache-Control": "no-store"})
    secure = provider.redirect_url.startswith("https:")
    answer.set_cookie(_cookie(provider), browser, _COOKIE_SECONDS, secure=secure, httponly=True, samesite="lax")
    return answer


@router.get("/session/sign-on/callback", status_code=201, operation_id="complete_sign_on", summary="单点登录:返回")
async def complete_sign_on(request: Request, sent: Annotated[Callback, Query()]) -> Response:
    """Opens a session as signing in with a password does; every failure is one 401."""
    provider = _provider(request)
    answer = await _sign_on(request).complete(sent, request.cookies.get(_cookie(provider), ""))
    response = created(answer)
    response.delete_cookie(_cookie(provider), secure=provider.redirect_url.startswith("https:"), httponly=True)
    return response


@router.get(_IDENTITIES, operation_id="list_sign_on_identities", summary="查看单点登录身份")
async def list_identities(account_id: Identifier, context: SignedIn) -> dict[str, Any]:
    """Every identity of an account, removed ones included."""
    return {"items": await identities.identities_of(context, account_id)}


@router.post(_IDENTITIES, status_code=201, operation_id="bind_sign_on_identity", summary="绑定单点登录身份")
async def bind_identity(request: Request, account_id: Identifier, once: OnceOnly, body: NewIdentity) -> Response:
    """Binds a subject of the configured provider to a person's account."""
    provider: Provider | None = request.app.state.sign_on
    issuer = provider.issuer if provider else None
    return await once.answer(await identities.bind(once.context, account_id, body, issuer))


@router.get(_IDENTITIES + "/{identity_id}", operation_id="read_sign_on_identity", summary="查看一个单点登录身份")
async def read_identity(account_id: Identifier, identity_id: Identifier, context: SignedIn) -> dict[str, Any]:
    """One identity of an account."""
    return await identities.read_identity(context, account_id, identity_id)


@router.delete(
    _IDENTITIES + "/{identity_id}",
    status_code=204,
    response_class=Response,
    operation_id="remove_sign_on_identity",
    summary="解除单点登录身份",
)
async def remove_identity(account_id: Identifier, identity_id: Identifier, context: SignedIn) -> None:
    """Removes a binding, and ends the sign-ins that came by it."""
    await identities.remove(context, account_id, identity_id)
