"""证据: kept under its hash, its type seen and not believed, never served altered, never replaced."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.api.watching import Watch
from tests.support import walk
from tests.support.cluster import TestDatabase
from tests.support.registry import Answered, Registry, open_registry, photo

OFFICER = "chemical-safety-officer"


def upload(registry: Registry, hazard: str, content: bytes, *, by: str = OFFICER, **data: str) -> Answered:
    path = f"/hazards/{hazard}/evidence"
    return registry.call("POST", path, by=by, files={"file": ("a.png", content)}, data={"kind": "after", **data})


@pytest.fixture(scope="module")
def hazard(registry: Registry) -> str:
    return walk.reported(registry)


def test_evidence_is_kept_under_its_hash_and_leaves_one_audit_event(registry: Registry, watch: Watch) -> None:
    hazard = walk.reported(registry)
    version, before = watch.hazard(hazard)["version"], watch.counts()
    answer = upload(registry, hazard, photo(33), file_name="现场.png")
    assert answer.status == 201, answer.body
    after = watch.counts()
    written = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert written == {"evidence": 1, "audit_event": 1}
    assert watch.hazard(hazard)["version"] == version
    assert answer.body["sha256"] == hashlib.sha256(photo(33)).hexdigest()
    assert (answer.body["media_type"], answer.body["file_name"]) == ("image/png", "现场.png")
    read = registry.get(f"/evidence/{answer.body['id']}", by="dongsheng-head")
    assert read.body == photo(33)
    assert read.headers["content-disposition"].startswith("attachment")
    assert read.headers["x-content-type-options"] == "nosniff"
    listed = registry.get(f"/hazards/{hazard}/evidence", by="dongsheng-head").body["items"]
    assert [one["id"] for one in listed] == [answer.body["id"]]


def test_the_same_photo_twice_is_one_piece(registry: Registry, watch: Watch, hazard: str) -> None:
    first = upload(registry, hazard, photo(34))
    with watch.unchanged():
        second = upload(registry, hazard, photo(34))
    assert second.body["id"] == first.body["id"]


HUGE = io.BytesIO()
Image.new("1", (9000, 9000)).save(HUGE, "PNG")
BAD = {
    "empty": b"",
    "script": b"<script>alert(1)</script>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>',
    "cut off": photo(1)[:40],
    "executable": b"MZ" + b"\x00" * 200,
    "zip": b"PK\x03\x04" + b"\x00" * 100,
    "too many pixels": HUGE.getvalue(),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_what_is_no_photo_nor_document_is_refused(
    registry: Registry, watch: Watch, hazard: str, content: bytes
) -> None:
    with watch.unchanged(hazard):
        answer = upload(registry, hazard, content)
    assert (answer.status, answer.code) == (422, "evidence_refused"), answer.body
    assert answer.body["errors"][0]["pointer"] == "/file"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"kind": "rumour"}, "kind"),
        ({"taken_at": "昨天"}, "taken_at"),
        ({"taken_at": "2026-11-23T12:00:00"}, "taken_at"),
        ({"longitude": "361"}, "longitude"),
        ({"latitude": "NaN"}, "latitude"),
        ({"latitude": "1e500"}, "latitude"),
        ({"file_name": "a\u202egnp.exe"}, "file_name"),
        ({"sha256": "0" * 64}, "sha256"),
    ],
)
def test_a_bad_or_unknown_part_of_the_form_is_named(
    registry: Registry, watch: Watch, hazard: str, data: dict[str, Any], field: str
) -> None:
    with watch.unchanged(hazard):
        answer = upload(registry, hazard, photo(35), **data)
    assert answer.status == 422, answer.body
    assert [one["pointer"] for one in answer.body["errors"]] == [f"/{field}"]


def test_who_does_not_see_the_hazard_neither_adds_nor_reads(registry: Registry, watch: Watch, hazard: str) -> None:
    piece = upload(registry, hazard, photo(36)).body["id"]
    with watch.unchanged(hazard):
        assert upload(registry, hazard, photo(37), by="coal-safety-officer").status == 404
        assert upload(registry, hazard, photo(37), by="system-admin").status in (403, 404)
    assert registry.get(f"/evidence/{piece}", by="jungar-head").status == 404
    assert registry.get(f"/evidence/{piece}", by="coal-principal").status == 404


def test_a_file_altered_on_the_disk_is_never_served(registry: Registry, prepared: TestDatabase, tmp_path: Path) -> None:
    with open_registry(prepared, tmp_path) as other:
        hazard = walk.reported(other)
        answer = upload(other, hazard, photo(38))
        (kept,) = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
        kept.chmod(0o600)
        kept.write_bytes(photo(39))
        read = other.get(f"/evidence/{answer.body['id']}", by=OFFICER)
        assert (read.status, read.code) == (409, "evidence_altered")
        kept.unlink()
        assert other.get(f"/evidence/{answer.body['id']}", by=OFFICER).code == "evidence_altered"


def test_evidence_replaced_after_level_two_is_a_new_piece_and_the_signed_one_stays(
    registry: Registry, watch: Watch
) -> None:
    hazard = walk.verified(registry)
    for level in (1, 2):
        walk.sign(registry, hazard, level)
    cited = registry.get(f"/hazards/{hazard}/evidence", by=OFFICER).body["items"]
    answer = registry.call("PUT", f"/evidence/{cited[0]['id']}", by=OFFICER, content=photo(99))
    assert answer.status == 405
    upload(registry, hazard, photo(99))
    still = registry.get(f"/hazards/{hazard}/evidence", by=OFFICER).body["items"]
    assert still[: len(cited)] == cited
    for level in (3, 4):
        walk.sign(registry, hazard, level)
    sealed = watch.value("SELECT content FROM signing_round ORDER BY id DESC LIMIT 1")
    assert all(one["sha256"] in str(sealed) for one in cited)
    assert hashlib.sha256(photo(99)).hexdigest() not in str(sealed)
