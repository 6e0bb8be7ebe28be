"""单点登录: a browser goes to the configured provider and comes back with a proof of who it is.

The account is found by (issuer, subject) as an administrator bound it, never by a name or an address of mail. Whatever
fails is one refusal in one wording; why stands in our own log.
"""

from dataclasses import dataclass, replace
from typing import Final

import structlog
from sqlalchemy import select

from app.credentials.rules import Holder, IdentityRules, lacks_second_factor
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import TemporarilyUnavailable, Unauthenticated
from app.regulation.vocabulary import PendingStep, RoleClass
from app.sign_in.service import open_session
from app.sign_on import attempts
from app.sign_on.attempts import Begun
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
class SignOn:
    """One request's part of a sign-on."""

    database: Database
    provider: Provider
    key: bytes
    """The installation's, under which nonce and verifier are derived."""
    rules: IdentityRules
    request_id: str

    async def begin(self) -> tuple[str, str]:
        """Where to send the browser and what it must bring back in its cookie; TemporarilyUnavailable."""
        begun = attempts.draw()
        try:
            address = await self.provider.authorization_url(begun.state, attempts.proof_of(begun.state, self.key))
        except ProviderUnusable as failed:
            _log.warning("sign_on_provider_unusable", reason=str(failed), request_id=self.request_id)
            raise TemporarilyUnavailable(
                "sign_on_unavailable", "登录服务暂时无法使用。", retry_after=_RETRY_AFTER
            ) from failed
        async with self.database.transaction(_SIGNIN, request_id=self.request_id) as context:
            await attempts.keep(context, begun)
        return address, begun.browser

    async def complete(self, sent: Callback, browser: str) -> Answer:
        """The session of whom the provider signed in, its token shown once; Unauthenticated in one wording."""
        try:
            holder = await self._holder(await self._proved(sent, browser))
            own = replace(_SIGNIN, account_id=holder.account_id)
            async with self.database.transaction(own, request_id=self.request_id) as context:
                # The password's age is the password's affair; what signing needs is asked here as everywhere.
                lacks = await lacks_second_factor(context, holder, self.rules)
                pending = PendingStep.SECOND_FACTOR if lacks else None
                return await open_session(context, holder, None, pending, self.rules.max_hours)
        except (*REFUSALS, _Refused) as refused:
            _log.warning("sign_on_refused", reason=str(refused), request_id=self.request_id)
            raise Unauthenticated(
                "sign_on_failed", "单点登录没有成功。", remedy="请从登录入口重新开始;多次失败的,请联系系统管理员。"
            ) from None

    async def _holder(self, subject: str) -> Holder:
        async with self.database.transaction(_SIGNIN, request_id=self.request_id) as context:
            return await _account_of(context, self.provider.issuer, subject)

    async def _proved(self, sent: Callback, browser: str) -> str:
        """Whom the provider names; the attempt is used up first, in its own transaction, whatever comes of it."""
        if not sent.state or not browser:
            raise _Refused("no_state")
        async with self.database.transaction(_SIGNIN, request_id=self.request_id) as context:
            is_ours = await attempts.use(context, Begun(sent.state, browser))
        if not is_ours:
            raise _Refused("unknown_state")
        if sent.error is not None or not sent.code:
            raise _Refused("provider_refused")
        if sent.iss is not None and sent.iss != self.provider.issuer:
            raise _Refused("another_issuer")
        # No transaction is open while the provider is asked.
        return await self.provider.subject(sent.code, attempts.proof_of(sent.state, self.key))


async def _account_of(context: Context, issuer: str, subject: str) -> Holder:
    """The account bound to exactly this subject of this issuer, while it and its person may sign in."""
    found = (
        select(Account.id, Account.person_id, Account.password_changed_at)
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
    return Holder(account.id, account.person_id, account.password_changed_at)
