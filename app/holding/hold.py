"""暂停发文: what changes what letters would say holds dispatch, in its own transaction, until an office has rehearsed.

First start, import, restore, another edition (design 3.3). Released in `app/holds`.
"""

from sqlalchemy import text

from app.audit.record import Subject, record
from app.infrastructure.context import Context
from app.regulation.vocabulary import HoldReason

_HOLD = text(
    """
    INSERT INTO dispatch_hold (reason, note) VALUES (:reason, :note)
    ON CONFLICT (reason) WHERE released_at IS NULL DO NOTHING RETURNING id
    """
)
HOW_TO_RELEASE = (
    "发文已暂停:请最高一级安委办负责人先演练(POST /api/v1/escalation-rehearsals),"
    "查看结果后解除(POST /api/v1/dispatch-holds/{id}/release)。"
)
"""What a command tells whoever has just held dispatch by it."""


async def hold_dispatch(context: Context, reason: HoldReason, note: str) -> bool:
    """Holds dispatch for that reason; False where an open hold has it already, which stays as it is."""
    held = (await context.session.execute(_HOLD, {"reason": reason.value, "note": note})).scalar_one_or_none()
    if held is None:
        return False
    await record(context, "dispatch:hold:placed", Subject("dispatch_hold", held), {"reason": reason.value})
    return True
