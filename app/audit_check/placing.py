"""One hazard's rows held against the newest head by their inclusion proofs: nothing else of the tree is read."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from app.audit.leaves import leaves_at
from app.audit.merkle import (
    ALGORITHMS,
    Hash,
    Place,
    ProofRefused,
    inclusion_places,
    inclusion_proof,
    leaf_hash,
    root_from_inclusion,
)
from app.audit.sealing import Head, newest_head
from app.audit_check.faults import Fault, FaultKind
from app.audit_check.heads import Heads
from app.audit_check.tree import stored_nodes
from app.infrastructure.context import Context

PLACES_AT_ONCE: Final = 200

_PLACED: Final = text(
    """
    SELECT p.position, 'transition' AS kind, t.id AS row_id
      FROM hazard_transition t LEFT JOIN sequence_position p ON p.transition_id = t.id WHERE t.hazard_id = :hazard
    UNION ALL
    SELECT p.position, 'audit_event', a.id
      FROM audit_event a LEFT JOIN sequence_position p ON p.audit_event_id = a.id WHERE a.hazard_id = :hazard
    ORDER BY 2, 3
    """
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of the trail and where it stands; None where it has no position yet."""

    kind: str
    row_id: int
    position: int | None


@dataclass(frozen=True, slots=True)
class Proof:
    """A leaf's data and its paths to a head, by hash function."""

    placed: Placed
    leaf: bytes
    paths: Mapping[str, Sequence[bytes]]

    def leads_to(self, head: Head) -> bool:
        """Whether both paths end in the head's roots."""
        roots = {"sha256": head.root_sha256, "sm3": head.root_sm3}
        return all(self._root(h, head.size) == roots[h.name] for h in ALGORITHMS)

    def _root(self, h: Hash, size: int) -> bytes | None:
        index = (self.placed.position or 0) - 1
        try:
            return root_from_inclusion(h, leaf_hash(h, self.leaf), index, size, self.paths[h.name])
        except ProofRefused:
            return None

    def as_json(self, head: Mapping[str, Any]) -> dict[str, Any]:
        """The inclusion document of docs/audit-format.md."""
        return {
            "position": self.placed.position,
            "leaf": self.leaf.decode(),
            "head": head,
            "paths": {name: [one.hex() for one in path] for name, path in self.paths.items()},
        }


async def rows_of(context: Context, hazard_id: int) -> list[Placed]:
    """Every transition and event of a hazard."""
    rows = await context.session.execute(_PLACED, {"hazard": hazard_id})
    return [Placed(row.kind, row.row_id, row.position) for row in rows]


async def proofs_of(context: Context, placed: Sequence[Placed], size: int) -> AsyncIterator[Proof]:
    """Inclusion proofs of rows within the size, a few at a time."""
    within = [one for one in placed if one.position is not None and one.position <= size]
    for start in range(0, len(within), PLACES_AT_ONCE):
        some = within[start : start + PLACES_AT_ONCE]
        data = await leaves_at(context, [one.position or 0 for one in some])
        places = {place for one in some for place in inclusion_places((one.position or 0) - 1, size)}
        nodes = {h.name: await stored_nodes(context, h, places) for h in ALGORITHMS}
        for one in some:
            position = one.position or 0
            if position in data:
                yield Proof(
                    one, data[position], {h.name: _path(h, position - 1, size, nodes[h.name]) for h in ALGORITHMS}
                )


def _path(h: Hash, index: int, size: int, nodes: Mapping[Place, bytes]) -> list[bytes]:
    # A node that is missing makes a path that leads nowhere, which is what is to be found.
    return inclusion_proof(h, index, size, lambda level, at: nodes.get((level, at), bytes(32)))


async def placing_faults(context: Context, hazard_id: int) -> AsyncIterator[Fault | int]:
    """The hazard's rows that the newest head does not include, and what is wrong with that head."""
    head, placed = await newest_head(context), await rows_of(context, hazard_id)
    if head is None:
        return
    heads = Heads(context)
    await heads.open()
    for fault in heads.signature_faults(head):
        yield fault
    proved = set()
    async for proof in proofs_of(context, placed, head.size):
        proved.add(proof.placed)
        if not proof.leads_to(head):
            yield Fault(FaultKind.LEAF_DIFFERS, f"位置 {proof.placed.position}", {"row": proof.placed.row_id})
    for one in placed:
        if one.position is not None and one.position <= head.size and one not in proved:
            yield Fault(FaultKind.POSITION_WITHOUT_ROW, f"位置 {one.position}")
    yield len(placed)
