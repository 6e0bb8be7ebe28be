"""Whose X-Forwarded-For is believed, and how many requests came through a proxy that the operator did not name.

All clients behind an unnamed one share its address: its rates and its waits. Counted in this process alone; no address
is kept.
"""

from typing import Any, Final, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_FORWARDED: Final = frozenset({b"x-forwarded-for", b"forwarded"})
_PEER: Final = "qingling.peer"
_WARNING: Final = (
    "有 {count} 个请求带有 X-Forwarded-For 或 Forwarded,但来源不是登记的反向代理:其后的用户都算作同一地址,"
    "限速和登录等待由他们共担。请把代理的地址写入 QINGLING_FORWARDED_ALLOW_IPS,并让它发送 X-Forwarded-For,"
    "然后重新启动;没有设置反向代理的,是有人自行添加了请求头,不必处理"
)


class Unnamed:
    """How many such requests there were."""

    def __init__(self) -> None:
        self.count = 0

    def warnings(self) -> list[str]:
        """What readiness says of them."""
        return [_WARNING.format(count=self.count)] if self.count else []


class BelievedProxies:
    """Outermost: uvicorn's own reading of the headers of the proxies named, and a look at what it left alone."""

    def __init__(self, app: ASGIApp, named: str, unnamed: Unnamed) -> None:
        self._app = app
        self._unnamed = unnamed
        self._believing = ProxyHeadersMiddleware(cast("Any", self._look), named)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves the request under the client's address, where a named proxy tells it."""
        scope[_PEER] = scope.get("client")
        await self._believing(cast("Any", scope), cast("Any", receive), cast("Any", send))

    async def _look(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_forwarded = any(name in _FORWARDED for name, _ in scope.get("headers", ()))
        if is_forwarded and scope.get("client") == scope[_PEER]:
            self._unnamed.count += 1
        await self._app(scope, receive, send)
