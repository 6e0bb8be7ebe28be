"""What a sign-in must have before it may act: a password of its holder's own that is not too old, a second factor."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from app.credentials.second_factor import is_enrolled
from app.infrastructure.context import Context
from app.infrastructure.password_policy import PasswordPolicy
from app.regulation.vocabulary import PendingStep

# Whoever holds any post outside an enterprise may switch to it: officials, administrators, auditors alike.
_HOLDS_OFFICE = text(
    """
    SELECT EXISTS (
        SELECT FROM appointment a JOIN post p ON p.id = a.post_id JOIN organisation o ON o.id = p.organisation_id
         WHERE a.person_id = :person_id AND a.confirmed_at IS NOT NULL AND o.enterprise_id IS NULL
           AND tstzrange(a.valid_from, a.valid_until) @> registry_now())
    """
)


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """What the operator set: of passwords, of the second factor, of how long a sign-in lasts."""

    passwords: PasswordPolicy
    second_factor_required: bool
    max_hours: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose sign-in it is."""

    account_id: int
    person_id: int | None
    password_changed_at: datetime | None


async def pending_step(context: Context, holder: Holder, rules: IdentityRules) -> PendingStep | None:
    """What the sign-in still lacks, one at a time; None once it may act."""
    if _is_too_old(context.now, holder.password_changed_at, rules.passwords.max_age_days):
        return PendingStep.PASSWORD_CHANGE
    if await lacks_second_factor(context, holder, rules):
        return PendingStep.SECOND_FACTOR
    return None


async def lacks_second_factor(context: Context, holder: Holder, rules: IdentityRules) -> bool:
    """Whether the holder must have a second factor and has none."""
    if not rules.second_factor_required or await is_enrolled(context, holder.account_id):
        return False
    return bool((await context.session.execute(_HOLDS_OFFICE, {"person_id": holder.person_id})).scalar_one())


def _is_too_old(now: datetime, changed_at: datetime | None, max_age_days: int) -> bool:
    if changed_at is None:
        return True
    return max_age_days > 0 and now - changed_at > timedelta(days=max_age_days)
