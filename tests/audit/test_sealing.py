"""Sealing: every row once, in its place, under a signed head; killed or doubled, it goes on where it was."""

import asyncio
import hashlib

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from app.audit.leaves import leaves_between
from app.audit.merkle import ALGORITHMS, SHA256, SM3, leaf_hash, node_hash, root
from app.audit.sealing import TrailBroken, head_of_size, heads
from app.audit.signing_key import Ed25519Signer, is_signed, key_id_of
from tests.audit.conftest import SIGNER, Trail
from tests.support.cluster import libpq_address
from tests.support.polling import until

NODES = "SELECT algorithm, level, index, hash FROM tree_node ORDER BY 1, 2, 3"


def leaves_of(trail: Trail) -> list[bytes]:
    """The leaf data of every position, in order."""
    (newest,) = trail.rows("SELECT max(position) FROM sequence_position")[0]
    data = trail.as_job(lambda context: leaves_between(context, 1, newest))
    return [data[position] for position in range(1, newest + 1)]


def stored_tree_is_right(trail: Trail) -> bool:
    """Whether every complete subtree is stored, with its right hash, and nothing else."""
    expected = []
    for h in ALGORITHMS:
        level, hashes = 0, [leaf_hash(h, data) for data in leaves_of(trail)]
        while hashes:
            expected += [(h.name, level, index, one) for index, one in enumerate(hashes)]
            pairs = zip(hashes[::2], hashes[1::2], strict=False)
            level, hashes = level + 1, [node_hash(h, left, right) for left, right in pairs]
    return sorted(trail.rows(NODES)) == sorted(expected)


def heads_are_right(trail: Trail) -> bool:
    """Whether each head has the roots of its size, follows the one before and is signed."""
    data, before = leaves_of(trail), bytes(32)
    for head in reversed(trail.as_job(lambda context: heads(context, limit=1000))):
        for h, found in ((SHA256, head.root_sha256), (SM3, head.root_sm3)):
            assert found == root(h, [leaf_hash(h, leaf) for leaf in data[: head.size]])
        assert head.previous_head_sha256 == before
        ((algorithm, key),) = trail.rows("SELECT algorithm, public_key FROM audit_key WHERE key_id = %s", head.key_id)
        assert is_signed(algorithm, key, head.signed_bytes(), head.signature)
        before = hashlib.sha256(head.signed_bytes()).digest()
    return True


def test_every_row_comes_under_a_head_and_nothing_new_makes_no_head(trail: Trail) -> None:
    trail.report()
    size = trail.seal_all()
    rows = "SELECT (SELECT count(*) FROM hazard_transition) + (SELECT count(*) FROM audit_event)"
    assert size == trail.rows(rows)[0][0] >= 4
    assert stored_tree_is_right(trail)
    assert heads_are_right(trail)
    again = trail.seal()
    assert (again.sequenced, again.leaves, again.head) == (0, 0, None)


def test_heads_of_many_runs_in_small_batches_are_one_chain(trail: Trail) -> None:
    for number in range(1, 4):
        trail.report()

        def has_one_more(wanted: int = number) -> bool:
            # Whatever else is open on the server holds back the horizon for as long.
            trail.seal(batch=3)
            return len(trail.rows("SELECT FROM tree_head")) >= wanted

        assert until(has_one_more, 20)
    trail.seal_all()
    assert len(trail.rows("SELECT FROM tree_head")) >= 3
    assert stored_tree_is_right(trail)
    assert heads_are_right(trail)


FAILING = {
    "positions": "BEFORE INSERT ON sequence_position",
    "nodes": "BEFORE INSERT ON tree_node",
    "head": "BEFORE INSERT ON tree_head",
    "key": "BEFORE INSERT ON audit_key",
    "commit of nodes": "AFTER INSERT ON tree_node DEFERRABLE INITIALLY DEFERRED",
    "commit of the head": "AFTER INSERT ON tree_head DEFERRABLE INITIALLY DEFERRED",
}


def is_stopped(trail: Trail) -> bool:
    try:
        trail.seal(batch=4)
    except DBAPIError as failure:
        return "stopped" in str(failure)
    return False


@pytest.mark.parametrize("moment", FAILING.values(), ids=FAILING.keys())
def test_a_sealer_stopped_anywhere_is_gone_on_from_there(trail: Trail, moment: str) -> None:
    trail.report()
    trail.report()
    constraint = "CONSTRAINT " if "DEFERRABLE" in moment else ""
    with psycopg.connect(libpq_address(trail.database.superuser_url), autocommit=True) as server:
        server.execute(
            "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF coalesce((to_jsonb(NEW) ->> 'index')::int, 9) > 4 THEN RAISE 'stopped'; END IF; RETURN NEW; END $$"
        )
        server.execute(f"CREATE {constraint}TRIGGER stop {moment} FOR EACH ROW EXECUTE FUNCTION stop()".encode())
        assert until(lambda: is_stopped(trail))
        server.execute("DROP FUNCTION stop() CASCADE")
    trail.seal_all()
    assert stored_tree_is_right(trail)
    assert heads_are_right(trail)


def test_sealers_at_once_make_one_tree(trail: Trail) -> None:
    for _ in range(3):
        trail.report()

    async def together() -> None:
        await asyncio.gather(*(trail._seal(SIGNER, 2) for _ in range(4)))  # noqa: SLF001 - the coroutine of `seal`

    asyncio.run(together())
    trail.seal_all()
    assert stored_tree_is_right(trail)
    assert heads_are_right(trail)


def test_a_new_key_signs_on_and_the_old_one_stays_listed(trail: Trail) -> None:
    trail.report()
    trail.seal_all()
    successor = Ed25519Signer(bytes(range(1, 33)))
    trail.report()

    def has_signed() -> bool:
        # Whatever else is open on the server holds back the horizon for as long.
        trail.seal(successor)
        return (key_id_of(successor.public_key),) in trail.rows("SELECT key_id FROM audit_key")

    assert until(has_signed, 20)
    keys = {key for (key,) in trail.rows("SELECT key_id FROM audit_key")}
    assert keys == {key_id_of(SIGNER.public_key), key_id_of(successor.public_key)}
    assert heads_are_right(trail)


def test_a_row_removed_before_it_was_sealed_stops_the_sealing(trail: Trail) -> None:
    trail.seal_all()
    trail.report()
    (newest,) = trail.rows("SELECT max(id) FROM audit_event")[0]

    def has_its_position() -> bool:
        # Whatever else is open on the server holds back the horizon for as long.
        with psycopg.connect(libpq_address(trail.database.job_url)) as job:
            job.execute("SET ROLE qingling_job")
            job.execute("SELECT sequence_new_rows()")
        return trail.rows("SELECT max(audit_event_id) FROM sequence_position")[0] == (newest,)

    assert until(has_its_position, 20)
    trail.forge(f"DELETE FROM audit_event WHERE id = {newest}")
    with pytest.raises(TrailBroken):
        trail.seal()


REFUSED = {
    "a smaller head": ("head_moves_on", {"size": "size - 1"}),
    "the same head again": ("head_moves_on", {}),
    "a head beyond the tree": ("head_of_another_size", {"size": "size + 1", "previous_head_sha256": "%(hash)s"}),
    "a head of another chain": ("head_of_another_chain", {"size": "size + 1"}),
}


@pytest.mark.parametrize(("code", "changed"), REFUSED.values(), ids=REFUSED.keys())
def test_the_database_refuses(trail: Trail, code: str, changed: dict[str, str]) -> None:
    trail.report()
    size = trail.seal_all()
    head = trail.as_job(lambda context: head_of_size(context, size))
    columns = ("size", "root_sha256", "root_sm3", "previous_head_sha256", "sealed_at", "key_id", "signature")
    values = ", ".join(changed.get(column, column) for column in columns)
    copied = f"INSERT INTO tree_head SELECT {values} FROM tree_head WHERE size = {size}"
    parameters = {"hash": hashlib.sha256(head.signed_bytes()).digest()}
    with psycopg.connect(libpq_address(trail.database.job_url)) as job:
        job.execute("SET ROLE qingling_job")
        with pytest.raises(psycopg.Error) as refusal:
            job.execute(copied.encode(), parameters)
    assert refusal.value.diag.message_hint == code


@pytest.mark.parametrize("table", ["tree_node", "tree_head", "audit_key", "sequence_epoch", "head_handover"])
def test_what_was_sealed_is_changed_by_nobody(trail: Trail, table: str) -> None:
    trail.report()
    trail.seal_all()
    with psycopg.connect(libpq_address(trail.database.superuser_url), autocommit=True) as server:
        if table == "head_handover":
            server.execute("INSERT INTO head_handover (size, destination) SELECT max(size), 'folder' FROM tree_head")
        (column,) = server.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass ORDER BY attnum DESC LIMIT 1",
            [table],
        ).fetchone() or ("",)
        for statement in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(psycopg.Error) as refusal:
                server.execute(statement.encode())
            assert refusal.value.diag.message_hint == "never_changes"
    with psycopg.connect(libpq_address(trail.database.app_url)) as app, pytest.raises(psycopg.Error):
        app.execute(f"INSERT INTO {table} DEFAULT VALUES".encode())
