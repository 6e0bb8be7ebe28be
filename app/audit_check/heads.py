"""Checks heads as the tree reaches their sizes: chain, key, signature, roots; and those held outside at theirs."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import func, select, text

from app.audit.sealing import NO_HEAD_BEFORE, Head, head_of
from app.audit.signing_key import is_signed, key_id_of
from app.audit_check.faults import Fault, FaultKind
from app.audit_check.outside import NOTHING_HELD, Held
from app.infrastructure.context import Context
from app.tables.trees import AuditKey, TreeHead

Roots = Mapping[str, bytes]

HEADS_AT_ONCE: Final = 500
_HANDED: Final = text(
    "SELECT h.size, h.destination FROM head_handover h"
    " WHERE NOT EXISTS (SELECT FROM tree_head t WHERE t.size = h.size) ORDER BY h.size LIMIT 100"
)


class Heads:
    """The registry's heads in the order of their sizes, a few ahead of the tree."""

    def __init__(self, context: Context, held: Held = NOTHING_HELD, *, since: int = 0) -> None:
        self._context = context
        self._held = held
        self._ahead: list[Head] = []
        self._keys: dict[str, AuditKey] = {}
        self._before: Head | None = None
        self._since = since
        self._loaded_through = since
        self._is_all = False
        self.newest = 0
        """Size of the largest head."""
        self.checked = 0

    async def open(self) -> None:
        """Reads the keys, the newest size and the first heads."""
        rows = await self._context.session.execute(select(AuditKey))
        self._keys = {key.key_id: key for key in rows.scalars()}
        self.newest = (await self._context.session.execute(select(func.max(TreeHead.size)))).scalar_one() or 0
        if self._since:
            before = select(TreeHead).where(TreeHead.size <= self._since).order_by(TreeHead.size.desc()).limit(1)
            self._before = next((head_of(row) for row in (await self._context.session.execute(before)).scalars()), None)
        await self.load_through(0)

    async def load_through(self, size: int) -> None:
        """Makes sure that the next heads up to a size are at hand."""
        while not self._is_all and self._loaded_through <= size:
            statement = select(TreeHead).where(TreeHead.size > self._loaded_through)
            rows = await self._context.session.execute(statement.order_by(TreeHead.size).limit(HEADS_AT_ONCE))
            found = [head_of(row) for row in rows.scalars()]
            self._context.session.expunge_all()
            self._ahead += found
            self._is_all = len(found) < HEADS_AT_ONCE
            if found:
                self._loaded_through = found[-1].size

    def wants(self, size: int) -> bool:
        """Whether a head has this size, here or outside: then the roots are asked for."""
        return size in self._held.heads or bool(self._ahead and self._ahead[0].size == size)

    def at(self, size: int, roots: Roots) -> Iterator[Fault]:
        """What is wrong with the heads of this size, given the roots computed from the rows."""
        own = self._ahead.pop(0) if self._ahead and self._ahead[0].size == size else None
        if own is not None:
            yield from self._own_faults(own, roots)
            self._before = own
            self.checked += 1
        for outside in self._held.heads.get(size, ()):
            where = f"外部树头 {outside.name}(大小 {size})"
            if own is None:
                yield Fault(FaultKind.OUTSIDE_HEAD_MISSING, where)
            elif own.signed_bytes() != outside.head.signed_bytes():
                yield Fault(FaultKind.OUTSIDE_HEAD_DIFFERS, where, {"compared": "head"})
            if roots != {"sha256": outside.head.root_sha256, "sm3": outside.head.root_sm3}:
                yield Fault(FaultKind.OUTSIDE_HEAD_DIFFERS, where, {"compared": "rows"})

    def _own_faults(self, head: Head, roots: Roots) -> Iterator[Fault]:
        where = f"树头(大小 {head.size})"
        yield from self.signature_faults(head)
        chained = hashlib.sha256(self._before.signed_bytes()).digest() if self._before else NO_HEAD_BEFORE
        if head.previous_head_sha256 != chained:
            yield Fault(FaultKind.HEAD_CHAIN_BROKEN, where)
        for name, kept in (("sha256", head.root_sha256), ("sm3", head.root_sm3)):
            if roots[name] != kept:
                yield Fault(FaultKind.HEAD_ROOT_DIFFERS, where, {"algorithm": name})

    def signature_faults(self, head: Head) -> Iterator[Fault]:
        """Whether the key is known, is what its name says, and has signed the head."""
        where, key = f"树头(大小 {head.size})", self._keys.get(head.key_id)
        if key is None or key_id_of(key.public_key) != key.key_id:
            yield Fault(FaultKind.HEAD_KEY_WRONG, where, {"key_id": head.key_id})
        elif not is_signed(key.algorithm, key.public_key, head.signed_bytes(), head.signature):
            yield Fault(FaultKind.HEAD_SIGNATURE_WRONG, where)

    async def beyond(self, size: int) -> list[Fault]:
        """Heads larger than the tree, here or outside, and heads handed out that are no longer here."""
        faults = [
            Fault(FaultKind.HEAD_BEYOND_THE_TREE, f"树头(大小 {one.size})", {"rows": size}) for one in self._ahead
        ]
        for held_size, some in self._held.heads.items():
            if held_size > size:
                facts = {"rows": size}
                faults += [
                    Fault(FaultKind.OUTSIDE_HEAD_MISSING, f"外部树头 {one.name}(大小 {held_size})", facts)
                    for one in some
                ]
        handed = await self._context.session.execute(_HANDED)
        faults += [
            Fault(FaultKind.HEAD_HANDED_MISSING, f"树头(大小 {row.size})", {"destination": row.destination})
            for row in handed
        ]
        for key in self._keys.values():
            if key_id_of(key.public_key) != key.key_id:
                faults.append(Fault(FaultKind.HEAD_KEY_WRONG, f"公钥 {key.key_id[:16]}"))
        return faults
