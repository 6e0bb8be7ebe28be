"""案卷: complete, provable without this program, the same for the same, for officials in scope and auditors alone."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from app.audit.merkle import ALGORITHMS, verify_inclusion
from app.audit_check.outside import head_in
from tests.audit_check.conftest import CANARY, Trail
from tests.support import walk
from tests.support.registry import Answered

OFFICIAL, AUDITOR = "dongsheng-head", "city-auditor"


def taken(trail: Trail, hazard: str, *, by: str = OFFICIAL, **wanted: str) -> Answered:
    return trail.registry.call("GET", f"/hazards/{hazard}/case-file", by=by, params=wanted)


def opened(trail: Trail, hazard: str, *, by: str = OFFICIAL, **wanted: str) -> zipfile.ZipFile:
    answer = taken(trail, hazard, by=by, **wanted)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    return zipfile.ZipFile(io.BytesIO(answer.body))


def document(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


def test_every_entry_is_listed_with_its_hash(trail: Trail) -> None:
    archive = opened(trail, trail.hazards["closed"])
    manifest = document(archive, "manifest.json")

    found = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    del found["manifest.json"]
    assert found == manifest["entries"]
    assert manifest["hazard"]["id"] == trail.hazards["closed"]
    assert manifest["hazard"]["state"] == "closed"
    assert manifest["unsealed"] == []
    assert "怎样核对" in archive.read("README.txt").decode()


def test_the_case_holds_every_act_document_round_signature_and_seal(trail: Trail) -> None:
    archive = opened(trail, trail.hazards["closed"])
    names = archive.namelist()
    acts = [row["act"] for row in document(archive, "transitions.json")]

    assert acts[0] == "report"
    assert acts[-4:] == ["sign"] * 4
    for table, count in {"determination": 1, "listing": 1, "plan": 1, "declaration": 1, "verification": 1}.items():
        assert len([name for name in names if name.startswith(f"documents/{table}-")]) == count
    assert len([name for name in names if name.startswith("documents/signature-")]) == 4
    (round_name,) = [name for name in names if name.startswith("documents/signing_round-")]
    signed = document(archive, round_name)
    content = hashlib.sha256(signed["content"].encode()).hexdigest()
    assert signed["content_sha256"] == f"\\x{content}"
    (sealed,) = [name for name in names if name.startswith("documents/sealed_closing-")]
    assert document(archive, sealed)["content_sha256"] == signed["content_sha256"]


def test_each_event_is_chained_and_each_row_is_proved_to_the_signed_head(trail: Trail) -> None:
    archive = opened(trail, trail.hazards["closed"])
    before = bytes(32)
    payloads = sorted(name for name in archive.namelist() if name.endswith(".payload"))
    for name in payloads:
        told = document(archive, name.replace(".payload", ".json"))
        assert told["previous_sha256"] == before.hex()
        before = hashlib.sha256(before + archive.read(name)).digest()
        assert told["sha256"] == before.hex()

    proofs = [name for name in archive.namelist() if name.startswith("proofs/position-")]
    assert len(proofs) == len(payloads) + len(document(archive, "transitions.json"))
    for name in proofs:
        proof = document(archive, name)
        head = head_in(json.dumps(proof["head"]))
        assert head is not None
        roots = {"sha256": head.root_sha256, "sm3": head.root_sm3}
        for h in ALGORITHMS:
            path = [bytes.fromhex(one) for one in proof["paths"][h.name]]
            leaf, index = proof["leaf"].encode(), proof["position"] - 1
            assert verify_inclusion(h, leaf, index, head.size, path, of_root=roots[h.name])
            assert not verify_inclusion(h, leaf + b" ", index, head.size, path, of_root=roots[h.name])


def test_the_same_case_is_the_same_bytes_but_for_the_manifests_instant(trail: Trail) -> None:
    first, second = (opened(trail, trail.hazards["signed_again"]) for _ in range(2))

    assert first.namelist() == second.namelist()
    assert [one.date_time for one in first.infolist()] == [one.date_time for one in second.infolist()]
    differing = [name for name in first.namelist() if first.read(name) != second.read(name)]
    assert differing in (["manifest.json"], [])
    manifests = [document(archive, "manifest.json") for archive in (first, second)]
    for manifest in manifests:
        manifest.pop("as_of")
    assert manifests[0] == manifests[1]


def test_evidence_comes_only_when_asked_for_and_as_it_was_kept(trail: Trail) -> None:
    hazard = trail.hazards["closed"]
    listed = document(opened(trail, hazard), "evidence.json")
    assert not [name for name in opened(trail, hazard).namelist() if name.startswith("evidence/")]

    archive = opened(trail, hazard, with_evidence="true")
    kept = {name.split("/")[1].split(".")[0] for name in archive.namelist() if name.startswith("evidence/")}
    assert kept == {piece["sha256"] for piece in listed}
    assert all(hashlib.sha256(archive.read(f"evidence/{sha}.png")).hexdigest() == sha for sha in kept)


def test_rows_not_sealed_yet_are_named_and_have_no_proof(trail: Trail) -> None:
    hazard = walk.reported(trail.registry)
    manifest = document(opened(trail, hazard), "manifest.json")
    assert [row["type"] for row in manifest["unsealed"]] == ["transition", "audit_event"]

    trail.seal()
    assert document(opened(trail, hazard), "manifest.json")["unsealed"] == []


def test_who_may_take_a_case_file(trail: Trail) -> None:
    hazard = trail.hazards["closed"]
    assert opened(trail, hazard, by=AUDITOR).testzip() is None
    for login in ("chemical-principal", "system-admin", "audit-admin"):
        refused = taken(trail, hazard, by=login)
        assert (refused.status, refused.code) == (403, "not_permitted"), login
    foreign = taken(trail, hazard, by="jungar-head")
    nothing = taken(trail, "00000000-0000-4000-8000-000000000000", by="jungar-head")
    assert foreign.status == nothing.status == 404
    assert foreign.code == nothing.code


@pytest.mark.parametrize("login", [OFFICIAL, AUDITOR])
def test_taking_a_case_file_is_on_record(trail: Trail, login: str) -> None:
    hazard = trail.hazards["closed"]
    before = trail.value("SELECT count(*) FROM access_event WHERE kind = 'read' AND code = 'case_file'")
    opened(trail, hazard, by=login)

    assert trail.value("SELECT count(*) FROM access_event WHERE kind = 'read' AND code = 'case_file'") == before + 1
    newest = "(SELECT {0} FROM access_event WHERE code = 'case_file' ORDER BY id DESC LIMIT 1)"
    assert trail.value(f"SELECT {newest.format('subject')}") == hazard
    assert trail.value(f"SELECT {newest.format('account_id')} IS NOT NULL") is True


def test_a_case_file_names_posts_and_never_persons(trail: Trail) -> None:
    for login in (OFFICIAL, AUDITOR):
        archive = opened(trail, trail.hazards["closed"], by=login)
        text = "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
        assert CANARY not in text
        assert {post["post_kind"] for post in document(archive, "posts.json")} >= {"inspector", "deputy_head"}
