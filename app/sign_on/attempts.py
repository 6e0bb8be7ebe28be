"""A sign-on begun and returned from: single use, by the browser that began it, within ten minutes."""

import base64
import hmac
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, insert, update

from app.infrastructure.context import Context
from app.infrastructure.security import new_token, token_digest
from app.sign_on.provider import Proof
from app.tables.sign_on import SignOnAttempt

_LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Begun:
    """What the browser carries: the state through the provider, its own token in a cookie past it."""

    state: str
    browser: str


def draw() -> Begun:
    """Fresh randomness for one sign-on."""
    return Begun(new_token(), new_token())


def proof_of(state: str, key: bytes) -> Proof:
    """The nonce and PKCE verifier of a state, derived under the installation's key: no table holds them."""
    return Proof(_derived(key, "nonce", state), _derived(key, "verifier", state))


def _derived(key: bytes, purpose: str, state: str) -> str:
    message = f"qingling:sign-on:{purpose}:{state}".encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(hmac.digest(key, message, "sha256")).rstrip(b"=").decode()


async def keep(context: Context, begun: Begun) -> None:
    """Writes the attempt down, as digests."""
    row = {
        "state_sha256": token_digest(begun.state),
        "browser_sha256": token_digest(begun.browser),
        "expires_at": context.now + _LIFE,
    }
    await context.session.execute(insert(SignOnAttempt).values(row))


async def use(context: Context, begun: Begun) -> bool:
    """Uses the attempt up; False for one that is unknown, another browser's, over or used before."""
    used = (
        update(SignOnAttempt)
        .where(
            SignOnAttempt.state_sha256 == token_digest(begun.state),
            SignOnAttempt.browser_sha256 == token_digest(begun.browser),
            SignOnAttempt.used_at.is_(None),
            SignOnAttempt.expires_at > context.now,
        )
        .values(used_at=func.registry_now())
        .returning(SignOnAttempt.id)
    )
    return (await context.session.execute(used)).scalar_one_or_none() is not None
