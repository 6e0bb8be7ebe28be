"""验收销号审批表、销号通知、摘牌通知: drafted by the night for every closing and delisting that has none yet."""

from app.escalation.night.batches import FAILURES, Night, note_failure, refuse_lost_connection
from app.infrastructure.context import Transactions
from app.letters.closings.drafting import PAPERS, Evening, draft, waiting


async def draft_closing_papers(transactions: Transactions, night: Night) -> None:
    """One a transaction; one that fails is told of and keeps no other waiting: the next night tries it again."""
    evening = Evening(night.on, night.run_id, night.edition_id, night.edition)
    for paper in PAPERS:
        async with transactions() as context:
            keys = await waiting(context, evening, paper)
        for key in keys:
            try:
                async with transactions() as context:
                    drafted = await draft(context, evening, paper, key)
            except FAILURES as error:
                refuse_lost_connection(error)
                await note_failure(transactions, night, "closing_papers", error, subject=f"{paper.kind.value} {key}")
            else:
                night.counts["closing_papers_drafted"] += drafted
