"""单点登录: a browser goes to the configured provider and comes back with a proof of who it is.

The account is found by (issuer, subject) as an administrator bound it, never by a name or an address of mail. Whatever
fails is one refusal in one wording; why stands in our own log.
"""

from dataclasses import dataclass, replace
from typing import Final

import structlog
from sqlalchemy import select

from app.credentials.rules import Holder, lacks_second_factor
from app.credentials.second_factor import is_enrolled
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.database import SystemPrincipal
from app.infrastructure.errors import TemporarilyUnavailable, Unauthenticated
from app.regulation.vocabulary import PendingStep, RoleClass
from app.sign_in.completing import admit
from app.sign_in.service import Desk, open_session
from app.sign_on import attempts
from app.sign_on.attempts import Begun
from app.sign_on.id_token import SignedOn
from app.sign_on.provider import REFUSALS, Provider, ProviderUnusable
from app.sign_on.schemas import Callback
from app.tables.people import Account, PersonDisablement
from app.tables.sign_on import SignOnIdentity

_SIGNIN: Final = SystemPrincipal(RoleClass.SIGNIN, "单点登录")
_RETRY_AFTER: Final = 30
_log = structlog.get_logger(__name__)


class _Refused(Exception):
    """Nobody is signed in; the argument says why, for our own log."""


@dataclass(frozen=True, slots=True)
class _Bound:
    """Whose sign-on it is, and by which identity."""

    holder: Holder
    identity_id: int


@dataclass(frozen=True, slots=True)
class SignOn:
    """One request's part of a sign-on."""

    desk: Desk
    provider: Provider
    key: bytes
    """The installation's, under which nonce and verifier are derived."""
    second_factors: frozenset[str]
    """What the provider may say of a sign-in that proves a second factor."""

    async def begin(self) -> tuple[str, str]:
        """Where to send the browser and what it must bring back in its cookie; TemporarilyUnavailable."""
        begun = attempts.draw()
        try:
            address = await self.provider.authorization_url(begun.state, attempts.proof_of(begun.state, self.key))
        except ProviderUnusable as failed:
            _log.warning("sign_on_provider_unusable", reason=str(failed), request_id=self.desk.request_id)
            raise TemporarilyUnavailable(
                "sign_on_unavailable", "登录服务暂时无法使用。", retry_after=_RETRY_AFTER
            ) from failed
        async with self.desk.database.transaction(_SIGNIN, request_id=self.desk.request_id) as context:
            await attempts.keep(context, begun)
        return address, begun.browser

    async def complete(self, sent: Callback, browser: str) -> Answer:
        """The session of whom the provider signed in, its token shown once; Unauthenticated in one wording."""
        try:
            signed_on = await self._proved(sent, browser)
            bound = await self._bound(signed_on.subject)
            return await self._open(bound, await self._pending(bound.holder, signed_on))
        except (*REFUSALS, _Refused) as refused:
            _log.warning("sign_on_refused", reason=str(refused), request_id=self.desk.request_id)
            raise Unauthenticated(
                "sign_on_failed", "单点登录没有成功。", remedy="请从登录入口重新开始;多次失败的,请联系系统管理员。"
            ) from None

    async def _bound(self, subject: str) -> _Bound:
        async with self.desk.database.transaction(_SIGNIN, request_id=self.desk.request_id) as context:
            return await _account_of(context, self.provider.issuer, subject)

    async def _pending(self, holder: Holder, signed_on: SignedOn) -> PendingStep | None:
        """The password's age is the password's affair; two factors are asked here as everywhere.

        An account that has a second factor shows it, unless the provider says that one was shown there: counted in a
        transaction of its own, so that no number of sign-ons buys any number of guesses. TooManyRequests.
        """
        own = replace(_SIGNIN, account_id=holder.account_id)
        async with self.desk.database.transaction(own, request_id=self.desk.request_id) as context:
            if await lacks_second_factor(context, holder, self.desk.rules):
                return PendingStep.SECOND_FACTOR
            is_asked = await is_enrolled(context, holder.account_id)
        if not is_asked or signed_on.methods & self.second_factors:
            return None
        async with self.desk.database.transaction(_SIGNIN, request_id=self.desk.request_id) as context:
            await admit(context, self.desk, holder.account_id)
        return PendingStep.SECOND_FACTOR_CODE

    async def _open(self, bound: _Bound, pending: PendingStep | None) -> Answer:
        own = replace(_SIGNIN, account_id=bound.holder.account_id)
        async with self.desk.database.transaction(own, request_id=self.desk.request_id) as context:
            hours = self.desk.rules.max_hours
            opened = await open_session(
                context, bound.holder, None, pending, hours, sign_on_identity_id=bound.identity_id
            )
            # Looked at again behind the session: who removes the binding at this instant waits for the session.
            await _refuse_removed(context, bound.identity_id)
            return opened

    async def _proved(self, sent: Callback, browser: str) -> SignedOn:
        """Whom the provider names; the attempt is used up first, in its own transaction, whatever comes of it."""
        if not sent.state or not browser:
            raise _Refused("no_state")
        async with self.desk.database.transaction(_SIGNIN, request_id=self.desk.request_id) as context:
            is_ours = await attempts.use(context, Begun(sent.state, browser))
        if not is_ours:
            raise _Refused("unknown_state")
        if sent.error is not None or not sent.code:
            raise _Refused("provider_refused")
        if sent.iss is not None and sent.iss != self.provider.issuer:
            raise _Refused("another_issuer")
        # No transaction is open while the provider is asked.
        return await self.provider.signed_on(sent.code, attempts.proof_of(sent.state, self.key))


async def _account_of(context: Context, issuer: str, subject: str) -> _Bound:
    """The account bound to exactly this subject of this issuer, while it and its person may sign in."""
    found = (
        select(Account.id, Account.person_id, Account.password_changed_at, SignOnIdentity.id.label("identity_id"))
        .join(SignOnIdentity, SignOnIdentity.account_id == Account.id)
        .where(
            SignOnIdentity.issuer == issuer,
            SignOnIdentity.subject == subject,
            SignOnIdentity.removed_at.is_(None),
            Account.disabled_at.is_(None),
            Account.is_service.is_(False),
            ~select(PersonDisablement.id).where(PersonDisablement.person_id == Account.person_id).exists(),
        )
    )
    account = (await context.session.execute(found)).one_or_none()
    if account is None:
        raise _Refused("nobody_bound")
    return _Bound(Holder(account.id, account.person_id, account.password_changed_at), account.identity_id)


async def _refuse_removed(context: Context, identity_id: int) -> None:
    bound = select(SignOnIdentity.id).where(SignOnIdentity.id == identity_id, SignOnIdentity.removed_at.is_(None))
    if (await context.session.execute(bound)).scalar_one_or_none() is None:
        raise _Refused("nobody_bound")
