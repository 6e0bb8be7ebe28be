"""Sealing: rows get their positions, positions become leaves and nodes, the tree's head is chained and signed.

Each step is a transaction that reads how far the last one came: whoever is killed, is run twice or beside another
leaves nothing half done.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, text, tuple_
from sqlalchemy.dialects import postgresql

from app.audit.leaves import FORMAT, instant, leaves_between
from app.audit.merkle import ALGORITHMS, Growing, Hash, Node, Place, edge_places, leaf_hash
from app.audit.signing_key import HeadSigner, key_id_of
from app.infrastructure.context import Context
from app.infrastructure.security import canonical_json
from app.tables.history import SequencePosition
from app.tables.trees import AuditKey, TreeHead, TreeNode

BATCH: Final = 1000
"""Rows a transaction makes leaves of."""
NO_HEAD_BEFORE: Final = bytes(32)

_SEQUENCE: Final = text("SELECT sequence_new_rows()")
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtext('qingling sealing'))")
_NEWEST_POSITION: Final = select(func.max(SequencePosition.position))
_ADD_NODES: Final = text(
    """
    INSERT INTO tree_node (algorithm, level, index, hash)
    SELECT :algorithm, level, index, hash
      FROM unnest(CAST(:levels AS smallint[]), CAST(:indexes AS bigint[]), CAST(:hashes AS bytea[]))
        AS n(level, index, hash)
    """
)


class TrailBroken(Exception):
    """What is stored contradicts itself, so sealing stops: `qingling audit verify` says where."""


@dataclass(frozen=True, slots=True)
class Head:
    """The tree at one size, as published."""

    size: int
    root_sha256: bytes
    root_sm3: bytes
    previous_head_sha256: bytes
    sealed_at: datetime
    key_id: str
    signature: bytes = b""

    def as_json(self) -> dict[str, str | int]:
        """What is signed, before it is bytes."""
        return {
            "type": "tree_head",
            "format": FORMAT,
            "size": self.size,
            "root_sha256": self.root_sha256.hex(),
            "root_sm3": self.root_sm3.hex(),
            "previous_head_sha256": self.previous_head_sha256.hex(),
            "sealed_at": instant(self.sealed_at),
            "key_id": self.key_id,
        }

    def signed_bytes(self) -> bytes:
        """What the signature covers, and what the next head's `previous_head_sha256` is the hash of."""
        return canonical_json(self.as_json())


async def sequence(context: Context) -> int:
    """Gives positions to the rows of all transactions that are over; how many."""
    given: int = (await context.session.execute(_SEQUENCE)).scalar_one()
    return given


async def grow(context: Context, batch: int = BATCH) -> int:
    """Makes leaves of at most `batch` new positions, and the nodes they complete; how many leaves."""
    await context.session.execute(_ALONE)
    size = await leaf_count(context)
    newest = (await context.session.execute(_NEWEST_POSITION)).scalar_one() or 0
    last = min(size + batch, newest)
    data = await leaves_between(context, size + 1, last)
    missing = set(range(size + 1, last + 1)) - data.keys()
    if missing:
        raise TrailBroken(f"no row stands at position {min(missing)}: it was removed after it was given")
    in_order = [data[position] for position in range(size + 1, last + 1)]
    for h in ALGORITHMS:
        growing = Growing(h, size, await nodes_at(context, h, edge_places(size)))
        made = [node for leaf in in_order for node in growing.append(leaf_hash(h, leaf))]
        await _add(context, h, made)
    return len(in_order)


async def write_head(context: Context, signer: HeadSigner) -> Head | None:
    """The tree's head, signed and chained to the one before; None when that one has this size."""
    await context.session.execute(_ALONE)
    size, before = await leaf_count(context), await newest_head(context)
    if size == (before.size if before else 0):
        return None
    roots = {}
    for h in ALGORITHMS:
        roots[h.name] = Growing(h, size, await nodes_at(context, h, edge_places(size))).root()
    await _register(context, signer)
    chained = hashlib.sha256(before.signed_bytes()).digest() if before else NO_HEAD_BEFORE
    unsigned = Head(size, roots["sha256"], roots["sm3"], chained, context.now, key_id_of(signer.public_key))
    signature = signer.sign(unsigned.signed_bytes())
    columns = {name: getattr(unsigned, name) for name in TreeHead.__table__.c.keys()}  # noqa: SIM118 - a collection's
    await context.session.execute(insert(TreeHead).values(columns | {"signature": signature}))
    return Head(**columns | {"signature": signature})


async def leaf_count(context: Context) -> int:
    """How many leaves the tree has, under a head or not yet."""
    newest = select(func.max(TreeNode.index)).where(TreeNode.algorithm == ALGORITHMS[0].name, TreeNode.level == 0)
    found = (await context.session.execute(newest)).scalar_one()
    return 0 if found is None else int(found) + 1


async def newest_head(context: Context) -> Head | None:
    """The newest signed head."""
    found = await heads(context, limit=1)
    return found[0] if found else None


async def head_of_size(context: Context, size: int) -> Head | None:
    """The head of exactly that size."""
    rows = await context.session.execute(select(TreeHead).where(TreeHead.size == size))
    return next((head_of(row) for row in rows.scalars()), None)


async def heads(context: Context, *, limit: int, below: int | None = None) -> list[Head]:
    """Heads, the newest first; `below`: of smaller size only."""
    statement = select(TreeHead).order_by(TreeHead.size.desc()).limit(limit)
    if below is not None:
        statement = statement.where(TreeHead.size < below)
    return [head_of(row) for row in (await context.session.execute(statement)).scalars()]


def head_of(row: TreeHead) -> Head:
    """The head a row holds."""
    return Head(**{name: getattr(row, name) for name in TreeHead.__table__.c.keys()})  # noqa: SIM118 - a collection's


async def nodes_at(context: Context, h: Hash, places: Iterable[Place]) -> dict[Place, bytes]:
    """The stored hashes at these places; a place that is not stored is absent."""
    wanted = list(set(places))
    if not wanted:
        return {}
    statement = select(TreeNode.level, TreeNode.index, TreeNode.hash).where(
        TreeNode.algorithm == h.name, tuple_(TreeNode.level, TreeNode.index).in_(wanted)
    )
    rows = (await context.session.execute(statement)).mappings()
    return {(row["level"], row["index"]): row["hash"] for row in rows}


async def _add(context: Context, h: Hash, made: Sequence[Node]) -> None:
    parameters: dict[str, Any] = {
        "algorithm": h.name,
        "levels": [node.place[0] for node in made],
        "indexes": [node.place[1] for node in made],
        "hashes": [node.hash for node in made],
    }
    await context.session.execute(_ADD_NODES, parameters)


async def _register(context: Context, signer: HeadSigner) -> None:
    key = {"key_id": key_id_of(signer.public_key), "algorithm": signer.algorithm, "public_key": signer.public_key}
    await context.session.execute(postgresql.insert(AuditKey).values(key).on_conflict_do_nothing())
