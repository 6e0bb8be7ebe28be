"""常设授权: the 函告 that go by themselves, one transaction each: whoever dies between leaves the rest as drafts.

Not while dispatch is held, and never more of them than a night may send without an office having seen them.
"""

from typing import Final

from sqlalchemy import text

from app.escalation.drafting import hold_too_many
from app.escalation.night.batches import FAILURES, Night, note_failure, refuse_lost_connection
from app.infrastructure.context import Transactions
from app.infrastructure.errors import RuleNotMet
from app.letters.issuing import issue_under_standing_authorisation
from app.regulation.vocabulary import LetterKind

_WAITING: Final = text(
    """
    SELECT l.id, coalesce(l.drafted_at <= (SELECT max(h.released_at) FROM dispatch_hold h
                           WHERE h.reason = 'too_many_letters'), false) AS was_released
      FROM letter l
     WHERE l.status = 'draft' AND l.run_id IS NOT NULL AND l.kind = :kind AND l.signatory_post_kind = :post
       AND l.business_date <= :night
     ORDER BY l.id
    """
)
_HELD: Final = text("SELECT EXISTS (SELECT 1 FROM dispatch_hold WHERE released_at IS NULL)")
_ENDED: Final = "letter_has_no_item_left"


async def issue_what_is_authorised(transactions: Transactions, night: Night) -> None:
    """Issues the drafts the edition's authorisation covers, also those an earlier night was killed before."""
    standing = night.edition.ladder.standing_authorisation
    if standing is None or not standing.covers(LetterKind.NOTICE_LETTER, night.on):
        return
    asked = {"kind": LetterKind.NOTICE_LETTER.value, "post": standing.post.value, "night": night.on}
    async with transactions() as context:
        if (await context.session.execute(_HELD)).scalar_one():
            return
        waiting = (await context.session.execute(_WAITING, asked)).all()
        most = night.edition.ladder.max_letters_per_night
        if sum(not row.was_released for row in waiting) > most:
            note = f"{night.on.isoformat()} 常设授权待发函告 {len(waiting)} 件,超过 {most} 件"
            await hold_too_many(context, night, note)
            night.counts["dispatch_held"] += 1
            return
    for row in waiting:
        if not await _issue(transactions, night, row.id):
            return


async def _issue(transactions: Transactions, night: Night, letter_id: int) -> bool:
    """One letter; False where dispatch was held meanwhile. One that cannot go keeps no other waiting."""
    try:
        async with transactions() as context:
            number = await issue_under_standing_authorisation(context, letter_id)
    except RuleNotMet as refusal:
        return refusal.code == _ENDED
    except FAILURES as error:
        refuse_lost_connection(error)
        await note_failure(transactions, night, "issue", error, subject=f"letter {letter_id}")
        return True
    night.counts["letters_issued"] += number is not None
    return True
