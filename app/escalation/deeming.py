"""视为送达: letters sent so many days ago without a receipt; the day is the true one, however late the night runs."""

from typing import Final

from sqlalchemy import text

from app.escalation.night.batches import Night
from app.infrastructure.context import Transactions

_DEEM: Final = text(
    """
    INSERT INTO letter_service (letter_id, manner, served_on)
    SELECT l.id, 'deemed', l.dispatched_on + :days FROM letter l
     WHERE l.status = 'issued' AND l.served_on IS NULL AND l.dispatched_on + :days <= :night
    ON CONFLICT DO NOTHING
    """
)
_SERVE: Final = text(
    """
    UPDATE letter l SET served_on = s.served_on, served_as = s.manner FROM letter_service s
     WHERE s.letter_id = l.id AND s.copy_id IS NULL AND s.manner = 'deemed' AND l.served_on IS NULL
       AND l.status = 'issued'
    """
)


async def deem_served(transactions: Transactions, night: Night) -> None:
    """Records the service of every letter that has been on its way long enough."""
    bound = {"days": night.edition.ladder.deemed_service_days, "night": night.on}
    async with transactions() as context:
        connection = await context.session.connection()
        await connection.execute(_DEEM, bound)
        night.counts["letters_deemed_served"] += (await connection.execute(_SERVE)).rowcount
