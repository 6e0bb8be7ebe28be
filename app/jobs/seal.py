"""Seals all that is settled: positions, leaves, nodes, and a signed head where something is new."""

from dataclasses import dataclass
from typing import Final

from app.audit.merkle import assert_hashes_work
from app.audit.sealing import BATCH, Head, grow, sequence, write_head
from app.audit.signing_key import HeadSigner
from app.jobs.work import Work, signer_of

_NAME: Final = "seal"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one run did; `head` is None when nothing was new."""

    sequenced: int
    leaves: int
    head: Head | None


async def run(work: Work) -> str:
    """The job."""
    sealed = await seal(work, signer_of(work.settings))
    return f"{sealed.leaves} leaves" + (f", head of {sealed.head.size}" if sealed.head else "")


async def seal(work: Work, signer: HeadSigner, *, batch: int = BATCH) -> Sealed:
    """One run: each step a transaction of its own, so that a death anywhere leaves whole steps."""
    assert_hashes_work()
    async with work.transaction(_NAME) as context:
        sequenced = await sequence(context)
    leaves = await _grown(work, batch)
    async with work.transaction(_NAME) as context:
        head = await write_head(context, signer)
    return Sealed(sequenced, leaves, head)


async def _grown(work: Work, batch: int) -> int:
    leaves = 0
    while True:
        async with work.transaction(_NAME) as context:
            added = await grow(context, batch)
        leaves += added
        if added < batch:
            return leaves
