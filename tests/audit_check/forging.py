"""The hands of somebody who controls the whole database: every way to change the trail, some of them thorough."""

import hashlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.audit.leaves import leaves_between
from app.audit.merkle import ALGORITHMS, Growing, leaf_hash
from app.audit.sealing import NO_HEAD_BEFORE, Head, heads
from app.audit.signing_key import Ed25519Signer, key_id_of
from app.infrastructure.context import Context

Forgery = Callable[["Hand"], Awaitable[None]]


class NothingLeft(LookupError):
    """What an earlier forgery of the same hand took away cannot be forged again."""


@dataclass
class Hand:
    """A superuser for whom no trigger fires, in one transaction that is rolled back."""

    context: Context
    random: random.Random
    key: Ed25519Signer

    async def do(self, statement: str, **values: object) -> int:
        """How many rows a statement changed."""
        result: Any = await self.context.session.execute(text(statement), values)
        return int(result.rowcount)

    async def one(self, query: str, **values: object) -> Any:
        """The first row of an answer."""
        return (await self.context.session.execute(text(query), values)).first()

    async def pick(self, table: str, where: str = "true", key: str = "id") -> Any:
        """The key of some row."""
        found = (await self.context.session.execute(text(f"SELECT {key} FROM {table} WHERE {where} ORDER BY 1"))).all()
        if not found:
            raise NothingLeft(table)
        return self.random.choice(found)[0]

    async def rechain(self) -> None:
        """Makes every stream right again from its payloads: serials, links, hashes, heads."""
        await self.do("UPDATE audit_event SET serial = -serial")
        rows = await self.context.session.execute(
            text("SELECT id, stream_id, payload FROM audit_event ORDER BY stream_id, -serial, id")
        )
        stream, serial, head = None, 0, NO_HEAD_BEFORE
        changed, ends = [], {}
        for row in rows.all():
            if row.stream_id != stream:
                stream, serial, head = row.stream_id, 0, NO_HEAD_BEFORE
            serial, before = serial + 1, head
            head = hashlib.sha256(before + row.payload).digest()
            changed.append({"id": row.id, "serial": serial, "before": before, "head": head})
            ends[stream] = {"id": stream, "length": serial, "before": before, "head": head}
        await self.context.session.execute(
            text("UPDATE audit_event SET serial = :serial, previous_sha256 = :before, sha256 = :head WHERE id = :id"),
            changed,
        )
        await self.do(
            "DELETE FROM audit_stream s WHERE NOT EXISTS (SELECT FROM audit_event e WHERE e.stream_id = s.id)"
        )
        await self.context.session.execute(
            text(
                "UPDATE audit_stream SET length = :length, previous_sha256 = :before, head_sha256 = :head"
                " WHERE id = :id"
            ),
            list(ends.values()),
        )

    async def regrow(self) -> dict[int, dict[str, bytes]]:
        """Makes every node right again from the rows; the roots at every size."""
        size = (await self.one("SELECT max(position) AS size FROM sequence_position")).size
        data = await leaves_between(self.context, 1, size)
        await self.do("DELETE FROM tree_node")
        roots: dict[int, dict[str, bytes]] = {number: {} for number in range(1, size + 1)}
        for h in ALGORITHMS:
            growing, nodes = Growing(h, 0, {}), []
            for position in range(1, size + 1):
                nodes += growing.append(leaf_hash(h, data[position]))
                roots[position][h.name] = growing.root()
            rows = [{"a": h.name, "level": place[0], "at": place[1], "hash": value} for place, value in nodes]
            await self.context.session.execute(
                text("INSERT INTO tree_node (algorithm, level, index, hash) VALUES (:a, :level, :at, :hash)"), rows
            )
        return roots

    async def resign(self, roots: dict[int, dict[str, bytes]], signer: Ed25519Signer | None) -> None:
        """Writes every head anew over the roots, chained; signed, or under the old signature."""
        kept = sorted(await heads(self.context, limit=1000), key=lambda head: head.size)
        before = NO_HEAD_BEFORE
        for head in kept:
            key_id = head.key_id if signer is None else key_id_of(signer.public_key)
            made = Head(head.size, roots[head.size]["sha256"], roots[head.size]["sm3"], before, head.sealed_at, key_id)
            await self.do(
                "UPDATE tree_head SET root_sha256 = :a, root_sm3 = :b, previous_head_sha256 = :c, key_id = :d,"
                " signature = :e WHERE size = :size",
                a=made.root_sha256,
                b=made.root_sm3,
                c=before,
                d=key_id,
                e=head.signature if signer is None else signer.sign(made.signed_bytes()),
                size=head.size,
            )
            before = hashlib.sha256(made.signed_bytes()).digest()


PLUS: dict[str, str] = {
    "int": "coalesce({0}, 0) + 1",
    "text": "coalesce({0}, '') || 'x'",
    "bool": "NOT {0}",
    "date": "coalesce({0}, DATE '2026-01-01') + 1",
    "instant": "coalesce({0}, TIMESTAMPTZ '2026-01-01') + interval '1 microsecond'",
    "hash": "sha256({0})",
    "xid": "({0}::text::bigint + 1)::text::xid8",
}
WORDS = {
    "act": "CASE {0} WHEN 'amend' THEN 'report' ELSE 'amend' END",
    "to_state": "CASE {0} WHEN 'closed' THEN 'listed' ELSE 'closed' END",
    "from_state": "CASE {0} WHEN 'closed' THEN 'listed' ELSE 'closed' END",
    "state": "CASE {0} WHEN 'closed' THEN 'listed' ELSE 'closed' END",
    "channel": "CASE {0} WHEN 'self_report' THEN 'inspection' ELSE 'self_report' END",
    "level": "CASE {0} WHEN 'major' THEN 'key' ELSE 'major' END",
    "purpose": "CASE {0} WHEN 'closing' THEN 'cessation' ELSE 'closing' END",
}
COLUMNS: dict[str, dict[str, str]] = {
    "hazard_transition": {
        **dict.fromkeys(("act", "to_state", "from_state", "channel", "level"), "word"),
        **dict.fromkeys(("cycle", "unit_id", "version", "lead_organisation_id", "enterprise_id", "account_id"), "int"),
        **dict.fromkeys(("person_id", "appointment_id", "edition_id", "hazard_id", "extension_count"), "int"),
        **dict.fromkeys(("sector", "rule", "reason", "actor_label"), "text"),
        **dict.fromkeys(("is_determined", "is_legacy", "is_verified"), "bool"),
        **dict.fromkeys(("original_deadline", "current_deadline", "found_on"), "date"),
        **dict.fromkeys(("occurred_at", "recorded_at", "declared_at"), "instant"),
        "transaction_id": "xid",
    },
    "audit_event": {
        **dict.fromkeys(("event", "request_id"), "text"),
        **dict.fromkeys(("account_id", "hazard_id", "stream_id"), "int"),
        **dict.fromkeys(("previous_sha256", "sha256"), "hash"),
        "recorded_at": "instant",
        "transaction_id": "xid",
    },
    "audit_stream": {
        **dict.fromkeys(("length", "subject_id", "hazard_id"), "int"),
        **dict.fromkeys(("previous_sha256", "head_sha256"), "hash"),
        "kind": "text",
    },
    "signature": {
        **dict.fromkeys(("round_id", "person_id", "appointment_id", "account_id", "step_up_id", "hazard_id"), "int"),
        **dict.fromkeys(("transition_id",), "int"),
        "content_sha256": "hash",
        "signed_at": "instant",
        "opinion": "text",
    },
    "sealed_closing": {
        **dict.fromkeys(("cycle", "round_id", "hazard_id"), "int"),
        **dict.fromkeys(("content_sha256", "seal_sha256"), "hash"),
    },
    "sealed_closing_signature": dict.fromkeys(("level", "person_id", "signature_id", "sealed_closing_id"), "int"),
    "signature_withdrawal": dict.fromkeys(("signature_id", "account_id", "hazard_id"), "int"),
    "hazard": {
        "state": "word",
        "level": "word",
        **dict.fromkeys(("version", "cycle", "unit_id", "lead_organisation_id"), "int"),
        **dict.fromkeys(("original_deadline", "current_deadline", "found_on"), "date"),
    },
    "evidence": {"sha256": "hash", "hazard_id": "int"},
    "tree_node": {"hash": "hash", "level": "int", "index": "int"},
    "tree_head": {
        **dict.fromkeys(("root_sha256", "root_sm3", "previous_head_sha256"), "hash"),
        "sealed_at": "instant",
        "size": "int",
        "signature": "twisted",
    },
}
PLUS["twisted"] = "set_byte({0}, 5, get_byte({0}, 5) # 1)"


async def alter(hand: Hand, table: str) -> None:
    """One column of one row says something else."""
    column, kind = hand.random.choice(list(COLUMNS[table].items()))
    changed = (WORDS[column] if kind == "word" else PLUS[kind]).format(column)
    row = await hand.pick(table, key="ctid::text")
    assert await hand.do(f"UPDATE {table} SET {column} = {changed} WHERE ctid = CAST(:row AS tid)", row=row) == 1


async def remove(hand: Hand, table: str) -> None:
    """One row is gone, not the newest head: that one is the tail's."""
    where = "size < (SELECT max(size) FROM tree_head)" if table == "tree_head" else "true"
    row = await hand.pick(table, where, key="ctid::text")
    assert await hand.do(f"DELETE FROM {table} WHERE ctid = CAST(:row AS tid)", row=row) == 1
