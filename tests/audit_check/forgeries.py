"""Every kind of manipulation tried, by name; and the two that only heads held outside can show."""

import hashlib
import json
from functools import partial

from sqlalchemy import text

from app.audit.signing_key import Ed25519Signer, key_id_of
from tests.audit_check.forging import Forgery, Hand, alter, remove

ANOTHER_KEY = Ed25519Signer(bytes(range(1, 33)))
TOLD = "event LIKE 'hazard_%_recorded'"


async def reworded(hand: Hand) -> int:
    """A payload says that the act was at another version; the event's id."""
    event = await hand.pick("audit_event", TOLD)
    row = await hand.one("SELECT payload FROM audit_event WHERE id = :id", id=event)
    said = json.loads(row.payload)
    said["particulars"]["note"] = hand.random.randrange(10**6)
    payload = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    await hand.do("UPDATE audit_event SET payload = :payload WHERE id = :id", payload=payload, id=event)
    return int(event)


async def reworded_only(hand: Hand) -> None:
    await reworded(hand)


async def reworded_and_hashed(hand: Hand) -> None:
    event = await reworded(hand)
    await hand.do("UPDATE audit_event SET sha256 = sha256(previous_sha256 || payload) WHERE id = :id", id=event)


async def reworded_and_rechained(hand: Hand) -> None:
    await reworded(hand)
    await hand.rechain()


async def reworded_with_a_new_tree(hand: Hand) -> None:
    await reworded_and_rechained(hand)
    await hand.regrow()


async def reworded_with_new_heads(hand: Hand) -> None:
    """Everything but the signatures."""
    await reworded_and_rechained(hand)
    await hand.resign(await hand.regrow(), None)


async def signed_by_a_stranger(hand: Hand) -> None:
    """The heads are signed by a key the registry does not list."""
    await reworded_and_rechained(hand)
    await hand.resign(await hand.regrow(), ANOTHER_KEY)


async def key_replaced(hand: Hand) -> None:
    """Another public key under the old name."""
    await hand.do("UPDATE audit_key SET public_key = :key", key=ANOTHER_KEY.public_key)


async def key_removed(hand: Hand) -> None:
    await hand.do("DELETE FROM audit_key")


async def swapped(hand: Hand, table: str, column: str, where: str = "true") -> None:
    """Two rows exchange what they say."""
    first = await hand.pick(table, where, "ctid::text")
    query = f"SELECT a.{column} AS a, b.{column} AS b, b.ctid::text AS row FROM {table} a, {table} b"
    different = (
        f" WHERE a.ctid = CAST(:first AS tid) AND b.{column} <> a.{column} AND {where.replace('event', 'b.event')}"
    )
    found = await hand.context.session.execute(text(query + different + " ORDER BY b.ctid"), {"first": first})
    pair = hand.random.choice(found.all())
    statement = f"UPDATE {table} SET {column} = :value WHERE ctid = CAST(:row AS tid)"
    await hand.do(statement, value=pair.b, row=first)
    await hand.do(statement, value=pair.a, row=pair.row)


async def positions_swapped(hand: Hand) -> None:
    """Two rows exchange their places in the one sequence."""
    rows = (await hand.context.session.execute(text("SELECT * FROM sequence_position"))).all()
    first, second = hand.random.sample(rows, 2)
    await hand.do("DELETE FROM sequence_position WHERE position IN (:a, :b)", a=first.position, b=second.position)
    for place, row in ((first, second), (second, first)):
        await hand.do(
            "INSERT INTO sequence_position (position, transition_id, audit_event_id, assigned_at)"
            " VALUES (:p, :t, :e, :at)",
            p=place.position,
            t=row.transition_id,
            e=row.audit_event_id,
            at=place.assigned_at,
        )


async def event_removed_and_rechained(hand: Hand) -> None:
    await remove(hand, "audit_event")
    await hand.rechain()


async def event_removed_with_its_position(hand: Hand) -> None:
    event = await hand.pick("audit_event")
    await hand.do("DELETE FROM sequence_position WHERE audit_event_id = :id", id=event)
    await hand.do("DELETE FROM audit_event WHERE id = :id", id=event)
    await hand.rechain()


async def act_removed_with_its_event(hand: Hand) -> None:
    act = await hand.one("SELECT * FROM hazard_transition WHERE restates IS NULL ORDER BY random() LIMIT 1")
    told = "FROM audit_event WHERE hazard_id = :hazard AND transaction_id = CAST(:xid AS text)::xid8 AND event = :event"
    values = {"hazard": act.hazard_id, "xid": str(act.transaction_id), "event": f"hazard:{act.act}:recorded"}
    await hand.do(f"DELETE FROM sequence_position WHERE audit_event_id IN (SELECT id {told})", **values)
    await hand.do(f"DELETE {told}", **values)
    await hand.do("DELETE FROM sequence_position WHERE transition_id = :id", id=act.id)
    await hand.do("DELETE FROM hazard_transition WHERE id = :id", id=act.id)
    await hand.rechain()


async def stream_removed(hand: Hand) -> None:
    """A subject's whole stream, with every event of it."""
    stream = await hand.pick("audit_stream")
    await hand.do("DELETE FROM audit_event WHERE stream_id = :id", id=stream)
    await hand.do("DELETE FROM audit_stream WHERE id = :id", id=stream)


async def hazard_removed(hand: Hand) -> None:
    """A hazard is erased with its history, its stream and its positions; T11."""
    hazard = {"id": await hand.pick("hazard")}
    for column, table in (("transition_id", "hazard_transition"), ("audit_event_id", "audit_event")):
        await hand.do(
            f"DELETE FROM sequence_position WHERE {column} IN (SELECT id FROM {table} WHERE hazard_id = :id)", **hazard
        )
    for table in ("signature", "sealed_closing", "evidence", "hazard_transition", "audit_event", "audit_stream"):
        await hand.do(f"DELETE FROM {table} WHERE hazard_id = :id", **hazard)
    await hand.do("DELETE FROM hazard WHERE id = :id", **hazard)


async def event_put_between(hand: Hand) -> None:
    """An event is copied in behind an older one, and the stream made right again."""
    event = await hand.pick("audit_event")
    await hand.do("UPDATE audit_event SET serial = serial * 1000")
    await hand.do(
        "INSERT INTO audit_event (stream_id, serial, hazard_id, event, payload, previous_sha256, sha256, account_id,"
        " request_id, recorded_at, transaction_id) SELECT stream_id, serial + 1, hazard_id, event, payload,"
        " previous_sha256, sha256, account_id, request_id, recorded_at, transaction_id FROM audit_event WHERE id = :id",
        id=event,
    )
    await _renumbered(hand)


async def _renumbered(hand: Hand) -> None:
    await hand.do(
        "UPDATE audit_event e SET serial = -n.serial FROM (SELECT id, row_number() OVER (PARTITION BY stream_id"
        " ORDER BY serial) AS serial FROM audit_event) n WHERE n.id = e.id"
    )
    await hand.do("UPDATE audit_event SET serial = -serial")
    await hand.rechain()


async def act_put_in(hand: Hand) -> None:
    """A restating copy that no correction made."""
    act = await hand.pick("hazard_transition", "restates IS NULL AND act <> 'correct'")
    names = (
        await hand.one(
            "SELECT string_agg(attname, ', ') AS names FROM pg_attribute WHERE attnum > 0 AND NOT"
            " attisdropped AND attrelid = 'hazard_transition'::regclass AND attname NOT IN ('id', 'restates')"
        )
    ).names
    await hand.do(
        f"INSERT INTO hazard_transition ({names}, restates) SELECT {names}, id FROM hazard_transition WHERE id = :id",
        id=act,
    )


async def event_retold(hand: Hand) -> None:
    """An event's name is another's, in column and payload."""
    event = await hand.pick("audit_event", TOLD)
    await hand.do(
        "UPDATE audit_event SET event = :other, payload = convert_to(replace(convert_from(payload, 'UTF8'), event,"
        " :other), 'UTF8') WHERE id = :id",
        id=event,
        other="hazard:evidence:seen",
    )
    await hand.rechain()


async def leaf_with_its_row(hand: Hand) -> None:
    """A transition and everything in the tree above it; the heads stay."""
    await alter(hand, "hazard_transition")
    await hand.regrow()


async def node_too_many(hand: Hand) -> None:
    size = (await hand.one("SELECT max(size) AS size FROM tree_head")).size
    await hand.do(
        "INSERT INTO tree_node (algorithm, level, index, hash) VALUES (:a, :level, :at, :hash)",
        a=hand.random.choice(("sha256", "sm3")),
        level=hand.random.randrange(12),
        at=size + hand.random.randrange(5),
        hash=hashlib.sha256(b"surplus").digest(),
    )


async def evidence_put_in(hand: Hand) -> None:
    row = await hand.pick("evidence")
    await hand.do(
        "INSERT INTO evidence (hazard_id, kind, sha256, size_bytes, media_type, file_name, account_id)"
        " SELECT hazard_id, kind, sha256(sha256), size_bytes, media_type, file_name, account_id FROM evidence"
        " WHERE id = :id",
        id=row,
    )


async def content_rewritten(hand: Hand) -> None:
    """What was signed is another text, with its right hash."""
    round_id = await hand.pick("signing_round", "EXISTS (SELECT FROM signature s WHERE s.round_id = signing_round.id)")
    await hand.do(
        "UPDATE signing_round SET content = content || ' ', content_sha256 ="
        " sha256(convert_to(content || ' ', 'UTF8')) WHERE id = :id",
        id=round_id,
    )


async def plan_reworded(hand: Hand) -> None:
    """A measure of a plan is another, and the plan's own hash is made to fit nothing in particular."""
    row = await hand.pick("plan")
    await hand.do("UPDATE plan SET measures = measures || '。', document_sha256 = sha256('') WHERE id = :id", id=row)


async def document_changed(hand: Hand, table: str, change: str) -> None:
    """What a document that nobody signed says is something else."""
    row = await hand.pick(table)
    assert await hand.do(f"UPDATE {table} SET {change} WHERE id = :id", id=row) == 1


async def document_removed(hand: Hand) -> None:
    """A document of some act is gone."""
    table = hand.random.choice(("determination", "listing", "plan", "plan_decision", "progress", "correction"))
    await remove(hand, table)


async def document_put_in(hand: Hand) -> None:
    """An act that reported a progress has reported another beside it; or an act that reports none has."""
    act = await hand.one("SELECT id, hazard_id FROM hazard_transition WHERE restates IS NULL ORDER BY random() LIMIT 1")
    await hand.do(
        "INSERT INTO progress (hazard_id, cycle, transition_id, account_id, person_id, appointment_id, description)"
        " SELECT :hazard, cycle, :act, account_id, person_id, appointment_id, description FROM progress LIMIT 1",
        hazard=act.hazard_id,
        act=act.id,
    )


async def document_of_no_act(hand: Hand) -> None:
    """A document names an act that never was."""
    row = await hand.pick("plan_decision")
    await hand.do(
        "INSERT INTO plan_decision (hazard_id, cycle, transition_id, account_id, plan_id, approved, reason)"
        " SELECT hazard_id, cycle, transition_id + 1000000, account_id, plan_id, NOT approved, '退回'"
        " FROM plan_decision WHERE id = :id",
        id=row,
    )


async def signed_by_another(hand: Hand) -> None:
    """Another person under a signature, the seal made right again."""
    row = await hand.pick("signature")
    await hand.do("UPDATE signature SET person_id = person_id + 1 WHERE id = :id", id=row)
    await hand.do("UPDATE sealed_closing_signature SET person_id = person_id + 1 WHERE signature_id = :id", id=row)
    await hand.do(
        "UPDATE sealed_closing c SET seal_sha256 = sha256(convert_to(wall_seal_text(r), 'UTF8'))"
        " FROM signing_round r WHERE r.id = c.round_id"
    )


async def several(hand: Hand) -> None:
    """Some manipulations one after the other."""
    for forgery in hand.random.sample(list(SINGLE.values()), hand.random.randint(2, 5)):
        await forgery(hand)


async def tail_cut_off(hand: Hand) -> None:
    """Everything after an older head is gone: rows, positions, nodes, heads; streams and hazards end there again."""
    size = (await hand.one("SELECT size FROM tree_head ORDER BY size DESC OFFSET 1 LIMIT 1")).size
    late = "(SELECT {0} FROM sequence_position WHERE position > :size AND {0} IS NOT NULL)"
    await hand.do(f"DELETE FROM audit_event WHERE id IN {late.format('audit_event_id')}", size=size)
    await hand.do(f"DELETE FROM hazard_transition WHERE id IN {late.format('transition_id')}", size=size)
    await hand.do("DELETE FROM sequence_position WHERE position > :size", size=size)
    await hand.do("DELETE FROM tree_node WHERE (index + 1) << level > :size", size=size)
    await hand.do("DELETE FROM tree_head WHERE size > :size", size=size)
    await hand.do("DELETE FROM hazard h WHERE NOT EXISTS (SELECT FROM hazard_transition t WHERE t.hazard_id = h.id)")
    await hand.do("DELETE FROM evidence e WHERE NOT EXISTS (SELECT FROM hazard h WHERE h.id = e.hazard_id)")
    await hand.rechain()


async def newest_head_removed(hand: Hand) -> None:
    """The rows stay; the registry will seal them again and say that it never had."""
    await hand.do("DELETE FROM tree_head WHERE size = (SELECT max(size) FROM tree_head)")


async def rewritten_with_the_key(hand: Hand) -> None:
    """Another history from the beginning, signed by whoever has the key."""
    await reworded_and_rechained(hand)
    await hand.resign(await hand.regrow(), hand.key)


async def rewritten_with_a_key_put_in_its_place(hand: Hand) -> None:
    """Another history, signed by a new key that the registry now lists."""
    await reworded_and_rechained(hand)
    await hand.do(
        "INSERT INTO audit_key (key_id, algorithm, public_key) VALUES (:id, 'ed25519', :key)",
        id=key_id_of(ANOTHER_KEY.public_key),
        key=ANOTHER_KEY.public_key,
    )
    await hand.resign(await hand.regrow(), ANOTHER_KEY)


ALTERED = (
    "hazard_transition",
    "audit_event",
    "audit_stream",
    "signature",
    "sealed_closing",
    "sealed_closing_signature",
    "signature_withdrawal",
    "hazard",
    "evidence",
    "tree_node",
    "tree_head",
)
REMOVED = (*ALTERED[:-4], "evidence", "tree_node", "tree_head", "sequence_position")
SINGLE: dict[str, Forgery] = {
    **{f"a column of {table}": partial(alter, table=table) for table in ALTERED},
    **{f"a row of {table} removed": partial(remove, table=table) for table in REMOVED if table != "hazard"},
    "a payload reworded": reworded_only,
    "a payload reworded and hashed": reworded_and_hashed,
    "two payloads swapped": partial(swapped, table="audit_event", column="payload", where=TOLD),
    "two transitions' states swapped": partial(swapped, table="hazard_transition", column="to_state"),
    "two nodes swapped": partial(swapped, table="tree_node", column="hash"),
    "two positions swapped": positions_swapped,
    "an event of the middle removed with its position": event_removed_with_its_position,
    "an act removed with its event": act_removed_with_its_event,
    "a stream removed": stream_removed,
    "a hazard erased": hazard_removed,
    "an act put in": act_put_in,
    "an event retold": event_retold,
    "a node too many": node_too_many,
    "evidence put in": evidence_put_in,
    "signed content rewritten": content_rewritten,
    "another signer, the seal made right": signed_by_another,
    "a plan reworded": plan_reworded,
    "a progress note changed": partial(document_changed, table="progress", change="description = '已全部完成'"),
    "a listing's requirements changed": partial(document_changed, table="listing", change="requirements = '已免除'"),
    "a determination's reasons changed": partial(document_changed, table="determination", change="cited_text = '无'"),
    "a hazard's circumstances changed": partial(document_changed, table="hazard", change="circumstances = '已无隐患'"),
    "a document moved to another hour": partial(
        document_changed, table="verification", change="visited_at = visited_at + interval '1 hour'"
    ),
    "a document removed": document_removed,
    "a document put in": document_put_in,
    "a document of no act": document_of_no_act,
    "the key replaced": key_replaced,
    "the key removed": key_removed,
}
FOUND: dict[str, Forgery] = {
    **SINGLE,
    "a chain recomputed": reworded_and_rechained,
    "an event removed and the chain recomputed": event_removed_and_rechained,
    "an event put between": event_put_between,
    "chain and tree recomputed": reworded_with_a_new_tree,
    "a transition and its tree recomputed": leaf_with_its_row,
    "chain, tree and heads recomputed": reworded_with_new_heads,
    "all recomputed, signed by a stranger": signed_by_a_stranger,
    "several": several,
}
UNSEEN_WITHOUT_OUTSIDE_HEADS: dict[str, Forgery] = {
    "the tail cut off with its heads": tail_cut_off,
    "the newest head removed": newest_head_removed,
    "all rewritten with the key": rewritten_with_the_key,
    "all rewritten with a key put in its place": rewritten_with_a_key_put_in_its_place,
}
"""docs/audit.md names exactly these."""
IN_THE_MANUAL = {
    "the tail cut off with its heads": "截去尾部",
    "the newest head removed": "删去最新的树头",
    "all rewritten with the key": "整体改写历史并以系统的密钥",
    "all rewritten with a key put in its place": "整体改写历史并以另换的密钥",
}
"""How the line of each begins there."""
