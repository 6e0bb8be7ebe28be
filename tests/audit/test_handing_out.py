"""Heads leave the building: into a folder that only grows, to an address that takes them; and tell on old backups."""

import asyncio
import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import SecretStr

from app.audit.handing_out import HeadConflict, file_name, largest_left_in, leave_in_folder
from app.infrastructure.database import SystemPrincipal
from app.infrastructure.security import canonical_json
from app.infrastructure.security_settings import SecuritySettings
from app.infrastructure.settings import SettingsRefused
from app.jobs import hand_out_heads
from app.jobs.hand_out_heads import NotTaken, refuse_older_than_handed_out
from app.regulation.vocabulary import RoleClass
from tests.audit.conftest import SIGNER, Trail

HANDED = "SELECT size, destination FROM head_handover ORDER BY 1, 2"


@pytest.fixture
def security(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings of trust, signing with the tests' key; no pause between tries."""
    monkeypatch.setattr(hand_out_heads, "_PAUSES", (0.0, 0.0))

    def make(**given: Any) -> SecuritySettings:
        return SecuritySettings(audit_key=SecretStr(bytes(range(32)).hex()), **given)

    return make


def hand_out(trail: Trail, security: SecuritySettings) -> str:
    async def handed() -> str:
        async with trail.working(security=security) as work:
            return await hand_out_heads.run(work)

    return asyncio.run(handed())


def start(trail: Trail, security: SecuritySettings) -> None:
    """What the worker asks before it starts."""

    async def asked() -> None:
        async with trail.working(security=security) as work:
            principal = SystemPrincipal(RoleClass.JOB, "test")
            await refuse_older_than_handed_out(work.database, principal, work.settings)

    asyncio.run(asked())


def verified(document: dict[str, Any]) -> int:
    """The size of a head document, checked as docs/audit-format.md tells a stranger to."""
    key = bytes.fromhex(document["key"]["public_key"])
    assert document["key"]["key_id"] == document["head"]["key_id"] == hashlib.sha256(key).hexdigest()
    Ed25519PublicKey.from_public_bytes(key).verify(
        bytes.fromhex(document["signature"]), canonical_json(document["head"])
    )
    return int(document["head"]["size"])


class Taker:
    """An address that takes heads, or does not."""

    def __init__(self) -> None:
        taken: list[tuple[dict[str, str], bytes]] = []
        answers: list[int] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(answers.pop(0) if answers else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.taken, self.answers = taken, answers
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/heads"


@pytest.fixture
def taker() -> Iterator[Taker]:
    made = Taker()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_the_folder_gets_one_file_and_one_line_a_head(trail: Trail, tmp_path: Path, security: Any) -> None:
    folder = tmp_path / "outside"
    folder.mkdir()
    wanted, sizes = security(heads_folder=folder), []
    for _ in range(2):
        sizes.append(trail.seal_all())
        hand_out(trail, wanted)
        hand_out(trail, wanted)
        trail.report()
    names = sorted(path.name for path in folder.iterdir())
    assert names == [*(file_name(size) for size in sizes), "tree-heads.log"]
    lines = (folder / "tree-heads.log").read_bytes().splitlines(keepends=True)
    assert lines == [(folder / file_name(size)).read_bytes() for size in sizes]
    assert [verified(json.loads(line)) for line in lines] == sizes
    assert trail.rows(HANDED) == [(size, "folder") for size in sizes]


def test_a_head_given_but_not_noted_is_given_again_without_a_trace(trail: Trail, tmp_path: Path, security: Any) -> None:
    trail.seal_all()
    wanted = security(heads_folder=tmp_path)
    hand_out(trail, wanted)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("tree-head*")}
    trail.forge("DELETE FROM head_handover")
    hand_out(trail, wanted)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("tree-head*")} == before


def test_a_line_the_log_lacks_is_added(tmp_path: Path) -> None:
    document = {"head": {"size": 3}, "key": {}, "signature": ""}
    leave_in_folder(tmp_path, document)
    (tmp_path / "tree-heads.log").unlink()
    leave_in_folder(tmp_path, document)
    assert (tmp_path / "tree-heads.log").read_bytes() == canonical_json(document) + b"\n"


def test_another_head_of_the_same_size_is_refused_and_replaces_nothing(tmp_path: Path) -> None:
    leave_in_folder(tmp_path, {"head": {"size": 3, "root": "a"}})
    with pytest.raises(HeadConflict):
        leave_in_folder(tmp_path, {"head": {"size": 3, "root": "b"}})
    assert largest_left_in(tmp_path) == (3, canonical_json({"head": {"size": 3, "root": "a"}}) + b"\n")


def test_an_address_gets_the_signed_head_once(trail: Trail, taker: Taker, security: Any) -> None:
    size = trail.seal_all()
    wanted = security(heads_webhook_url=taker.url)
    hand_out(trail, wanted)
    hand_out(trail, wanted)
    ((headers, body),) = taker.taken
    assert verified(json.loads(body)) == size
    assert headers["webhook-id"] == f"tree-head-{size}"
    version, signature = headers["webhook-signature"].split(",")
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    Ed25519PublicKey.from_public_bytes(SIGNER.public_key).verify(base64.b64decode(signature), signed)
    assert version == "v1a"
    assert trail.rows(HANDED) == [(size, "webhook")]


def test_an_address_that_fails_is_tried_again_under_the_same_id(trail: Trail, taker: Taker, security: Any) -> None:
    trail.seal_all()
    wanted = security(heads_webhook_url=taker.url)
    taker.answers += [503, 302, 500]
    with pytest.raises(NotTaken):
        hand_out(trail, wanted)
    assert trail.rows(HANDED) == []
    hand_out(trail, wanted)
    assert len({(headers["webhook-id"], body) for headers, body in taker.taken}) == 1
    assert len(taker.taken) == 4


def test_a_destination_that_fails_keeps_the_other_not_waiting(trail: Trail, tmp_path: Path, security: Any) -> None:
    size = trail.seal_all()
    with pytest.raises(NotTaken):
        hand_out(trail, security(heads_folder=tmp_path, heads_webhook_url="http://127.0.0.1:9/heads"))
    assert trail.rows(HANDED) == [(size, "folder")]


def test_nothing_is_handed_out_before_the_first_sealing(trail: Trail, tmp_path: Path, security: Any) -> None:
    assert hand_out(trail, security(heads_folder=tmp_path)) == "handed to nobody"
    assert not list(tmp_path.glob("tree-head*"))


def test_a_start_on_an_older_backup_is_refused_in_one_sentence(trail: Trail, tmp_path: Path, security: Any) -> None:
    folder = tmp_path / "outside"
    folder.mkdir()
    wanted = security(heads_folder=folder)
    start(trail, wanted)
    size = trail.seal_all()
    hand_out(trail, wanted)
    start(trail, wanted)
    trail.report()
    trail.seal_all()
    start(trail, wanted)
    trail.forge("DELETE FROM head_handover", f"DELETE FROM tree_head WHERE size >= {size}")
    with pytest.raises(SettingsRefused, match="较早的备份"):
        start(trail, wanted)


def test_a_start_on_a_rewritten_history_is_refused(trail: Trail, tmp_path: Path, security: Any) -> None:
    folder = tmp_path / "outside"
    folder.mkdir()
    wanted = security(heads_folder=folder)
    trail.seal_all()
    hand_out(trail, wanted)
    trail.forge("UPDATE tree_head SET root_sm3 = root_sha256")
    with pytest.raises(SettingsRefused, match="改写"):
        start(trail, wanted)


def test_a_start_beside_a_head_nobody_can_read_is_refused(trail: Trail, tmp_path: Path, security: Any) -> None:
    for content in ("", "[]", '{"no": "head"}', "\xff"):
        (tmp_path / file_name(3)).write_bytes(content.encode("latin-1"))
        with pytest.raises(SettingsRefused, match="无法读取"):
            start(trail, security(heads_folder=tmp_path))
