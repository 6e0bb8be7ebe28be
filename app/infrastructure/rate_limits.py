"""How often one address and one principal may ask in a minute, by what they ask for; counted before routing.

Counted in each process alone, on purpose: with w workers behind one proxy an address gets at most w times its number,
which the generous numbers allow for, and no request waits for another process or the database to be counted. What
must hold across processes is not counted here: wrong passwords and second factors stand in rows that every process
reads, and a revoked session is revoked everywhere by its next request.

The peer's address is the server's word: uvicorn believes X-Forwarded-For only from QINGLING_FORWARDED_ALLOW_IPS. It is
kept for a minute, in memory only; of a token only a digest under this process's own key is.
"""

import hashlib
import ipaddress
import math
import re
import secrets
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from app.infrastructure.errors import TooManyRequests
from app.infrastructure.problem_details import render
from app.infrastructure.security_settings import SecuritySettings

MOST_KEYS: Final = 20_000
"""Counters kept at once, some 6 MB; beyond them the one that ends soonest is forgotten."""
RATE_HEADERS: Final = "rate_headers"
"""Where in the request's state the headers wait for the answer."""
_MINUTE: Final = 60
_LONGEST_ADDRESS: Final = 64
_EXEMPT: Final = frozenset({"/healthz", "/readyz"})
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SIGN_IN: Final = re.compile(r"/api/v[0-9]+/session")
_SIGN_ON: Final = re.compile(r"/api/v[0-9]+/session/sign-on(/.*)?", re.DOTALL)
_HEAVY: Final = re.compile(
    r"/api/v[0-9]+/((statistics|imports|exports|enforcements/imports)(/.*)?|hazards/[^/]*/case-file|letters/[^/]*/file"
    r"|escalation-rehearsals)",
    re.DOTALL,
)
_PUBLIC: Final = re.compile(r"/api/v[0-9]+/public(/.*)?", re.DOTALL)
_SLASHES: Final = re.compile(r"/{2,}")


class RateClass(StrEnum):
    """What a request costs the registry."""

    SIGN_IN = "sign_in"
    READ = "read"
    WRITE = "write"
    HEAVY = "heavy"
    PUBLIC = "public"


Rates = Mapping[RateClass, int]
"""Requests a minute of one principal, by class; of one address for the two classes that know no principal."""


def rates_of(settings: SecuritySettings) -> Rates:
    """The numbers an operator set."""
    return {
        RateClass.SIGN_IN: settings.rate_sign_in,
        RateClass.READ: settings.rate_read,
        RateClass.WRITE: settings.rate_write,
        RateClass.HEAVY: settings.rate_heavy,
        RateClass.PUBLIC: settings.rate_public,
    }


def class_of(method: str, path: str, *, bears_token: bool) -> RateClass:
    """The class of a request by its decoded path; however it is written, never a cheaper one than its route's."""
    plain = _SLASHES.sub("/", path).rstrip("/").lower()
    if _SIGN_ON.fullmatch(plain) or (method == "POST" and _SIGN_IN.fullmatch(plain)):
        return RateClass.SIGN_IN
    if not bears_token or _PUBLIC.fullmatch(plain):
        return RateClass.PUBLIC
    if _HEAVY.fullmatch(plain):
        return RateClass.HEAVY
    return RateClass.READ if method in _READING else RateClass.WRITE


class BoundedMemory(Storage):
    """Counters of `limits` in this process: at most `most_keys`, and none outlives its window by another's start."""

    STORAGE_SCHEME = ["bounded-memory"]  # noqa: RUF012 - the base class declares it so

    def __init__(self, clock: Callable[[], float] = time.monotonic, most_keys: int = MOST_KEYS) -> None:
        """`clock` in seconds; its zero means nothing."""
        super().__init__()
        self._clock = clock
        self._most_keys = most_keys
        # In the order of their ends: every window is a minute, and a new one goes to the end.
        self._windows: dict[str, list[float]] = {}

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """What the base class may wrap: nothing here fails."""
        return ()

    def __len__(self) -> int:
        return len(self._windows)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Counts, in a window of `expiry` seconds that starts with its first request."""
        now = self._clock()
        window = self._windows.get(key)
        if window is None or window[1] <= now:
            self._forget(key, now)
            window = self._windows[key] = [0, now + expiry]
        window[0] += amount
        return int(window[0])

    def _forget(self, key: str, now: float) -> None:
        """Drops the key's own ended window, two others that have ended, and whatever is too many."""
        self._windows.pop(key, None)
        for _ in range(2):
            oldest = next(iter(self._windows), None)
            if oldest is None or (self._windows[oldest][1] > now and len(self._windows) < self._most_keys):
                return
            del self._windows[oldest]

    def get(self, key: str) -> int:
        """The count of the running window."""
        window = self._windows.get(key)
        return 0 if window is None or window[1] <= self._clock() else int(window[0])

    def get_expiry(self, key: str) -> float:
        """When the window ends, by the clock."""
        window = self._windows.get(key)
        return self._clock() if window is None else window[1]

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forgets everything; how many counters there were."""
        forgotten = len(self._windows)
        self._windows.clear()
        return forgotten

    def clear(self, key: str) -> None:
        """Forgets one counter."""
        self._windows.pop(key, None)


class _Standing(NamedTuple):
    """Where a caller stands after this request, by the limit nearest to its end."""

    is_within: bool
    remaining: int
    seconds: int
    limit: str


class _Limit(NamedTuple):
    name: str
    item: RateLimitItemPerMinute


class RateLimits:
    """Counts every request before routing, says on each answer of the API what is left, and refuses the excess."""

    def __init__(
        self, app: ASGIApp, rates: Rates, *, address_factor: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`address_factor`: how many principals' worth one address may ask, since an office shares one."""
        self._app = app
        self._clock = clock
        self.counters = BoundedMemory(clock)
        self._limiter = FixedWindowRateLimiter(self.counters)
        self._key = secrets.token_bytes(16)
        shared = {each: 1 if each in (RateClass.SIGN_IN, RateClass.PUBLIC) else address_factor for each in RateClass}
        self._of_address = {each: _limit(f"{each}-address", rates[each] * shared[each]) for each in RateClass}
        self._of_principal = {each: _limit(each, rates[each]) for each in RateClass}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves the request, or answers 429 with the seconds to wait."""
        if scope["type"] != "http" or scope["path"] in _EXEMPT:
            await self._app(scope, receive, send)
            return
        token = _token(scope)
        rate_class = class_of(scope["method"], scope["path"], bears_token=token is not None)
        standing = self._count(rate_class, _address(scope), token)
        self._tell(scope, rate_class, standing, is_known=token is not None)
        if standing.is_within:
            await self._app(scope, receive, send)
        else:
            refusal = TooManyRequests(retry_after=standing.seconds)
            await render(refusal, scope)(scope, receive, send)

    def _count(self, rate_class: RateClass, address: str, token: bytes | None) -> _Standing:
        standing = self._hit(self._of_address[rate_class], address)
        # Not counted past a refused address: tokens made up there would crowd out everybody's counters.
        if token is None or not standing.is_within:
            return standing
        digest = hashlib.blake2b(token, digest_size=16, key=self._key).hexdigest()
        return min(standing, self._hit(self._of_principal[rate_class], digest))

    def _hit(self, limit: _Limit, who: str) -> _Standing:
        is_within = self._limiter.hit(limit.item, who)
        ends, remaining = self._limiter.get_window_stats(limit.item, who)
        return _Standing(is_within, remaining, max(1, math.ceil(ends - self._clock())), limit.name)

    def _tell(self, scope: Scope, rate_class: RateClass, standing: _Standing, *, is_known: bool) -> None:
        limits = [self._of_address[rate_class]] + ([self._of_principal[rate_class]] if is_known else [])
        # The outermost edge sends them, so that even the answer to a fault of ours bears them.
        scope.setdefault("state", {})[RATE_HEADERS] = {
            "RateLimit-Policy": ", ".join(f'"{limit.name}";q={limit.item.amount};w={_MINUTE}' for limit in limits),
            "RateLimit": f'"{standing.limit}";r={standing.remaining};t={standing.seconds}',
        }


def _limit(name: str, amount: int) -> _Limit:
    return _Limit(name, RateLimitItemPerMinute(amount, namespace=name))


def _token(scope: Scope) -> bytes | None:
    """The bearer token, as the sign-in reads it: written in another case or with more blanks it is the same one."""
    given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    text = given.decode("latin-1")
    return text[7:].strip().encode("latin-1") if text[:7].lower() == "bearer " else None


def _address(scope: Scope) -> str:
    peer = scope.get("client")
    return _network(peer[0][:_LONGEST_ADDRESS]) if peer else ""


@lru_cache(maxsize=4096)
def _network(host: str) -> str:
    """An IPv4 address; of an IPv6 address the /64, all of which one subscriber holds."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:  # noqa: PLR2004 - IPv4
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
