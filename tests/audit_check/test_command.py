"""`qingling audit verify` as an auditor runs it: exit codes, words, JSON, and the heads held outside."""

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from app.audit.publishing import HeadsAsked, head_documents
from app.cli import app
from app.infrastructure.errors import InvalidParameter
from app.infrastructure.pagination import Cursors
from app.infrastructure.security import canonical_json
from tests.audit_check.conftest import Trail
from tests.support.cluster import libpq_address
from tests.support.command import qingling


@pytest.fixture(scope="session")
def folder(city: Trail, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The heads as they were handed outside."""
    kept = tmp_path_factory.mktemp("heads")
    page = city.as_auditor(lambda context: head_documents(context, HeadsAsked(limit=200), Cursors(b"k" * 32)))
    for document in page["items"]:
        name = f"tree-head-{document['head']['size']:012d}.json"
        (kept / name).write_bytes(canonical_json(document) + b"\n")
    return kept


def where(trail: Trail, data: Path) -> dict[str, str]:
    return {
        "QINGLING_DATABASE_URL": trail.database.app_url,
        "QINGLING_IDENTITY_KEY": "0123456789abcdef" * 4,
        "QINGLING_DATA_DIR": str(data),
    }


def verify(trail: Trail, data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", "verify", *arguments], env=where(trail, data))


def test_without_faults_it_ends_with_zero_and_says_what_it_was_not_held_against(trail: Trail, tmp_path: Path) -> None:
    done = verify(trail, tmp_path)

    assert done.exit_code == 0, done.output
    assert "没有发现不符" in done.stdout
    assert "未与外部持有的树头比对" in done.stdout


def test_it_holds_against_the_heads_outside_and_from_one_of_them_on(trail: Trail, tmp_path: Path, folder: Path) -> None:
    whole = verify(trail, tmp_path, "--heads", str(folder))
    assert (whole.exit_code, "未与外部" in whole.stdout) == (0, False), whole.stdout

    since = verify(trail, tmp_path, "--since", str(min(folder.iterdir())), "--json")
    assert since.exit_code == 0, since.stdout
    assert json.loads(since.stdout)["clean"] is True


def test_one_hazard_is_verified_by_its_id(trail: Trail, tmp_path: Path) -> None:
    done = verify(trail, tmp_path, "--hazard", trail.hazards["closed"])

    assert (done.exit_code, "只核验了所要求的部分" in done.stdout) == (0, True), done.stdout


def test_a_question_that_cannot_be_asked_ends_with_two(trail: Trail, tmp_path: Path) -> None:
    refused = qingling("audit", "verify", "--hazard", "督〔1999〕1号", settings=where(trail, tmp_path))

    assert refused.returncode == 2, refused.stdout
    assert "Traceback" not in refused.stderr
    assert isinstance(verify(trail, tmp_path, "--since", "nowhere.json").exception, InvalidParameter)


def test_a_changed_row_ends_with_one_and_is_named_with_its_meaning(trail: Trail, tmp_path: Path) -> None:
    forge(trail, "UPDATE hazard_transition SET reason = coalesce(reason, '') || '改' WHERE id = 1")
    try:
        done = verify(trail, tmp_path, "--json")
    finally:
        forge(trail, "UPDATE hazard_transition SET reason = nullif(left(reason, -1), '') WHERE id = 1")

    assert done.exit_code == 1
    fault = json.loads(done.stdout)["faults"][0]
    assert fault["kind"] == "leaf_differs"
    assert fault["where"].startswith("位置 ")
    assert "封存之后被改动" in fault["meaning"]
    assert verify(trail, tmp_path).exit_code == 0


def test_a_head_file_that_is_forged_or_torn_is_a_fault(trail: Trail, tmp_path: Path, folder: Path) -> None:
    document = json.loads(min(folder.iterdir()).read_text())
    document["head"]["size"] += 1
    (tmp_path / "forged.json").write_text(json.dumps(document))

    done = verify(trail, tmp_path, "--heads", str(tmp_path), "--json")

    assert done.exit_code == 1
    assert {fault["kind"] for fault in json.loads(done.stdout)["faults"]} == {"outside_head_unreadable"}


def forge(trail: Trail, statement: str) -> None:
    with psycopg.connect(libpq_address(trail.database.superuser_url)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement.encode())
