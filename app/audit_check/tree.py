"""Recomputes the tree from the rows: positions, leaves, every node above them, and the roots where heads stand."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import func, select, text

from app.audit.leaves import leaves_between
from app.audit.merkle import ALGORITHMS, Growing, Hash, Place, edge_places, leaf_hash
from app.audit.sealing import leaf_count
from app.audit_check.faults import Fault, FaultKind
from app.audit_check.heads import Heads
from app.infrastructure.context import Context
from app.tables.history import SequencePosition

BATCH: Final = 1000
"""Positions held at once."""

_NODES: Final = text(
    """
    SELECT n.level, n.index, n.hash
      FROM unnest(CAST(:levels AS smallint[]), CAST(:indexes AS bigint[])) AS p(level, index)
      JOIN tree_node n ON n.algorithm = :algorithm AND n.level = p.level AND n.index = p.index
    """
)
_NODE_COUNTS: Final = text("SELECT algorithm, count(*) AS nodes FROM tree_node GROUP BY algorithm")
# As the sequencer sees it: a row of a transaction older than those that have positions should have its own.
_WITHOUT_POSITION: Final = text(
    """
    WITH era AS (SELECT * FROM sequence_epoch ORDER BY epoch DESC LIMIT 1),
    last AS (SELECT p.position, coalesce(t.transaction_id, a.transaction_id) AS xid FROM sequence_position p
               LEFT JOIN hazard_transition t ON t.id = p.transition_id
               LEFT JOIN audit_event a ON a.id = p.audit_event_id ORDER BY p.position DESC LIMIT 1),
    reached AS (SELECT CASE WHEN last.position > coalesce(era.through_position, 0) THEN last.xid ELSE era.horizon END
                  AS xid FROM last LEFT JOIN era ON true)
    (SELECT 'transition' AS kind, t.id FROM hazard_transition t
      WHERE t.transaction_id <= (SELECT xid FROM reached)
        AND NOT EXISTS (SELECT FROM sequence_position p WHERE p.transition_id = t.id) ORDER BY t.id LIMIT 100)
    UNION ALL
    (SELECT 'audit_event', a.id FROM audit_event a
      WHERE a.transaction_id <= (SELECT xid FROM reached)
        AND NOT EXISTS (SELECT FROM sequence_position p WHERE p.audit_event_id = a.id) ORDER BY a.id LIMIT 100)
    """
)


class Tree:
    """One pass over the positions, both hash functions at once; `since` begins at a head that is already trusted."""

    def __init__(self, context: Context, heads: Heads, *, since: int = 0) -> None:
        self._context = context
        self._heads = heads
        self._since = since
        self._stored = 0
        self.size = since
        """Positions looked at, at the end all there are."""

    async def faults(self) -> AsyncIterator[Fault | int]:
        """Every fault of the sequence, the tree and the heads; between them how many positions have been looked at."""
        await self._heads.open()
        newest = (await self._context.session.execute(select(func.max(SequencePosition.position)))).scalar_one() or 0
        self._stored = max(await leaf_count(self._context), self._heads.newest)
        growing = [await self._begun(h) for h in ALGORITHMS]
        while self.size < newest:
            last = min(self.size + BATCH, newest)
            await self._heads.load_through(last)
            for fault in await self._chunk(growing, last):
                yield fault
            yield last - self.size
            self.size = last
        for fault in [*await self._heads.beyond(newest), *await self._surplus(newest), *await self._unplaced()]:
            yield fault

    async def _begun(self, h: Hash) -> Growing:
        known = await stored_nodes(self._context, h, edge_places(self._since))
        return Growing(h, self._since, {place: known.get(place, bytes(32)) for place in edge_places(self._since)})

    async def roots_at_the_beginning(self) -> dict[str, bytes]:
        """The roots at `since`, from the stored nodes."""
        return {h.name: (await self._begun(h)).root() for h in ALGORITHMS}

    async def _chunk(self, growing: Sequence[Growing], last: int) -> list[Fault]:
        data = await leaves_between(self._context, self.size + 1, last)
        positions = range(self.size + 1, last + 1)
        faults = list(await self._missing([one for one in positions if one not in data]))
        leaves = [(0, position - 1) for position in positions]
        kept = [await stored_nodes(self._context, h, leaves) for h in ALGORITHMS]
        made: list[dict[Place, bytes]] = [{}, {}]
        for position in positions:
            for number, h in enumerate(ALGORITHMS):
                place = (0, position - 1)
                computed = leaf_hash(h, data[position]) if position in data else None
                if position in data and position <= self._stored and kept[number].get(place) != computed:
                    fault = Fault(FaultKind.LEAF_DIFFERS, f"位置 {position}", {"algorithm": h.name})
                    faults.append(fault)
                # The stored leaf goes on where there is one: one changed row is one fault, not one at every level.
                leaf = kept[number].get(place) or computed or bytes(32)
                made[number].update(growing[number].append(leaf)[1:])
            if self._heads.wants(position):
                faults += self._heads.at(position, {h.name: growing[n].root() for n, h in enumerate(ALGORITHMS)})
        for number, h in enumerate(ALGORITHMS):
            faults += await self._inner(h, made[number])
        return faults

    async def _inner(self, h: Hash, made: Mapping[Place, bytes]) -> list[Fault]:
        kept = await stored_nodes(self._context, h, made)
        return [
            Fault(FaultKind.NODE_DIFFERS, f"{h.name} 节点(层 {level},序 {index})")
            for (level, index), computed in made.items()
            if (index + 1) << level <= self._stored and kept.get((level, index)) != computed
        ]

    async def _missing(self, positions: Sequence[int]) -> Iterator[Fault]:
        if not positions:
            return iter(())
        there = select(SequencePosition.position).where(SequencePosition.position.in_(positions))
        given = set((await self._context.session.execute(there)).scalars())
        return (
            Fault(
                FaultKind.POSITION_WITHOUT_ROW if position in given else FaultKind.POSITION_MISSING, f"位置 {position}"
            )
            for position in positions
        )

    async def _surplus(self, newest: int) -> list[Fault]:
        """Nodes beyond those that so many leaves make: 2n less one for each subtree along the edge."""
        counted = {row.algorithm: row.nodes for row in await self._context.session.execute(_NODE_COUNTS)}
        leaves = min(self._stored, newest)
        expected = 2 * leaves - leaves.bit_count()
        return [
            Fault(FaultKind.NODE_SURPLUS, f"{h.name} 节点", {"stored": counted.get(h.name, 0), "expected": expected})
            for h in ALGORITHMS
            if counted.get(h.name, 0) > expected
        ]

    async def _unplaced(self) -> list[Fault]:
        rows = await self._context.session.execute(_WITHOUT_POSITION)
        return [Fault(FaultKind.ROW_WITHOUT_POSITION, f"{row.kind} {row.id}") for row in rows]


async def stored_nodes(context: Context, h: Hash, places: Iterable[Place]) -> dict[Place, bytes]:
    """The stored hashes at these places; a place that is not stored is absent."""
    wanted = list(places)
    if not wanted:
        return {}
    parameters = {
        "algorithm": h.name,
        "levels": [level for level, _ in wanted],
        "indexes": [index for _, index in wanted],
    }
    rows = await context.session.execute(_NODES, parameters)
    return {(level, at): kept for level, at, kept in rows}
