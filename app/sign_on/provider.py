"""The configured sign-on provider over HTTP: its metadata, its keys, and the exchange of a code for an ID token.

Every address is the configured issuer's own: nothing a user or a token says leads anywhere, no redirect is followed,
no answer is read beyond a limit. What asks it is imported with the first question, as in `id_token`.
"""

import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from app.infrastructure.security_settings import SecuritySettings
from app.sign_on.id_token import Expected, SignedOn, TokenRefused, UnknownKey, keys_of, signed_on

if TYPE_CHECKING:
    import httpx
    from joserfc.jwk import KeySet

_DISCOVERY: Final = "/.well-known/openid-configuration"
_TIMEOUT: Final = 5.0
_LONGEST_ANSWER: Final = 256 * 1024
_KEPT_SECONDS: Final = 3600.0
_REFETCH_SECONDS: Final = 60.0


class ProviderUnusable(Exception):
    """The provider did not answer as one must; the one argument says why, for our own log."""


@dataclass(frozen=True, slots=True)
class _Metadata:
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The secrets of one sign-on, derived from its state and never kept."""

    nonce: str
    code_verifier: str


class Provider:
    """One issuer, as the operator configured it; metadata and keys are read when first needed and kept an hour."""

    def __init__(
        self, settings: SecuritySettings, clock: Callable[[], int], *, refetch_seconds: float = _REFETCH_SECONDS
    ) -> None:
        """`clock`: seconds since 1970 as the issuer counts them; `refetch_seconds`: no unknown key id asks sooner."""
        self._clock = clock
        self._refetch_seconds = refetch_seconds
        self.issuer = settings.sign_on_issuer or ""
        self.redirect_url = settings.sign_on_redirect_url or ""
        self._client_id = settings.sign_on_client_id or ""
        self._secret = settings.sign_on_client_secret
        self._trusted = ssl.create_default_context(cafile=settings.sign_on_ca_file)
        self._metadata: tuple[float, _Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    @classmethod
    def configured(cls, settings: SecuritySettings, clock: Callable[[], int]) -> "Provider | None":
        """The provider, where the operator names one."""
        return cls(settings, clock) if settings.sign_on_issuer else None

    async def authorization_url(self, state: str, proof: Proof) -> str:
        """Where the browser is sent; ProviderUnusable when the provider cannot be asked."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415 - see the module
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415 - see the module

        metadata = await self._read_metadata()
        url: str = prepare_grant_uri(
            metadata.authorization_endpoint,
            client_id=self._client_id,
            response_type="code",
            redirect_uri=self.redirect_url,
            scope="openid",
            state=state,
            nonce=proof.nonce,
            code_challenge=create_s256_code_challenge(proof.code_verifier),
            code_challenge_method="S256",
        )
        return url

    async def signed_on(self, code: str, proof: Proof) -> SignedOn:
        """Whom the provider signed in, and how; ProviderUnusable, TokenRefused."""
        metadata = await self._read_metadata()
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_url,
            "code_verifier": proof.code_verifier,
            "client_id": self._client_id,
        }
        answer = await self._ask("POST", metadata.token_endpoint, sent)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderUnusable("no_id_token")
        expected = Expected(self.issuer, self._client_id, proof.nonce, self._clock())
        try:
            return signed_on(token, await self._read_keys(_KEPT_SECONDS), expected)
        except UnknownKey:
            # Rotated since: asked once more, and no more often than once a minute, whatever tokens say.
            return signed_on(token, await self._read_keys(self._refetch_seconds), expected)

    async def _read_metadata(self) -> _Metadata:
        if self._metadata is None or time.monotonic() - self._metadata[0] > _KEPT_SECONDS:
            document = await self._ask("GET", self.issuer.rstrip("/") + _DISCOVERY)
            if document.get("issuer") != self.issuer:
                raise ProviderUnusable("another_issuer")
            endpoints = _Metadata(*(self._own(document, name) for name in _Metadata.__dataclass_fields__))
            self._metadata = (time.monotonic(), endpoints)
        return self._metadata[1]

    async def _read_keys(self, kept: float) -> "KeySet":
        if self._keys is None or time.monotonic() - self._keys[0] > kept:
            document = await self._ask("GET", (await self._read_metadata()).jwks_uri)
            self._keys = (time.monotonic(), keys_of(document))
        return self._keys[1]

    def _own(self, document: dict[str, Any], name: str) -> str:
        """An endpoint of the issuer's own host: metadata that leads elsewhere is not believed."""
        url = document.get(name)
        if not isinstance(url, str) or _origin(url) != _origin(self.issuer):
            raise ProviderUnusable("endpoint_elsewhere")
        return url

    async def _ask(self, method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        import httpx  # noqa: PLC0415 - see the module

        auth = None
        if form is not None and self._secret is not None:
            auth = httpx.BasicAuth(quote(self._client_id, safe=""), quote(self._secret.get_secret_value(), safe=""))
        try:
            async with (
                httpx.AsyncClient(verify=self._trusted, timeout=_TIMEOUT, trust_env=False) as client,
                client.stream(
                    method,
                    url,
                    data=form,
                    auth=auth or httpx.USE_CLIENT_DEFAULT,
                    headers={"Accept": "application/json"},
                    follow_redirects=False,
                ) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise ProviderUnusable(f"status_{answer.status_code}")
                return _parsed(await _limited(answer))
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            raise ProviderUnusable(type(failed).__name__) from failed


async def _limited(answer: "httpx.Response") -> bytes:
    content = bytearray()
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > _LONGEST_ANSWER:
            raise ProviderUnusable("answer_too_long")
    return bytes(content)


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as malformed:
        raise ProviderUnusable("answer_no_json") from malformed
    if not isinstance(document, dict):
        raise ProviderUnusable("answer_no_object")
    return document


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        return parts.scheme, parts.hostname, parts.port
    except ValueError:
        return "", None, None


REFUSALS: Final = (ProviderUnusable, TokenRefused)
"""Why a callback signs nobody in, as far as the provider goes."""
