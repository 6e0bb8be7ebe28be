"""`qingling audit` and `qingling worker` as an operator meets them; and what readiness says when they do not run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from app.audit.signing_key import key_id_of
from app.infrastructure.security_settings import SecuritySettings
from app.infrastructure.settings import Settings, SettingsRefused
from app.jobs.work import replace_key, signer_of
from tests.audit.conftest import Trail
from tests.audit.test_handing_out import hand_out
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.command import qingling as run_qingling
from tests.support.polling import until
from tests.support.registry import open_registry, settled_database
from tests.support.walk import reported
from tests.support.wall_city import City

QINGLING = Path(sys.executable).with_name("qingling")
LATE_ROWS = "有记录超过 30 分钟未封入审计树"
LATE_HEADS = "审计树头超过 30 分钟未交存到目录"


def known(trail: Trail, **variables: str) -> dict[str, str]:
    return {
        "QINGLING_DATA_DIR": str(trail.folder),
        "QINGLING_DATABASE_URL": trail.database.app_url,
        "QINGLING_JOB_DATABASE_URL": trail.database.job_url,
        **variables,
    }


def qingling(trail: Trail, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run_qingling(*arguments, settings=known(trail, **variables))


@contextmanager
def running_worker(trail: Trail, **variables: str) -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QINGLING_")}
    process = subprocess.Popen(
        [QINGLING, "worker"],
        env=kept | known(trail, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def test_seal_heads_and_key_show_what_others_should_note(trail: Trail) -> None:
    assert "尚未封存" in qingling(trail, "audit", "heads").stdout
    told: list[str] = []

    def sealed() -> bool:
        told.append(qingling(trail, "audit", "seal").stdout)
        return any("新封存 2 条" in one for one in told)

    assert until(sealed, 60), told
    assert "没有新的记录" in qingling(trail, "audit", "seal").stdout
    shown = qingling(trail, "audit", "heads")
    assert shown.stdout.startswith("大小 2 "), shown.stderr
    ((key_id,),) = trail.rows("SELECT key_id FROM audit_key")
    assert key_id in qingling(trail, "audit", "key").stdout


def test_without_the_job_login_the_command_says_what_is_missing(trail: Trail) -> None:
    ended = qingling(trail, "audit", "seal", QINGLING_JOB_DATABASE_URL="")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "QINGLING_JOB_DATABASE_URL" in ended.stderr


def test_the_worker_seals_at_once_and_ends_when_told(trail: Trail) -> None:
    with running_worker(trail) as process:
        assert until(lambda: trail.rows("SELECT FROM tree_head") != [], 60)
        process.send_signal(signal.SIGTERM)
        shown, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in shown
    assert '"job_done"' in shown


def test_a_killed_worker_leaves_nothing_that_the_next_one_trips_over(trail: Trail) -> None:
    with running_worker(trail) as process:
        assert until(lambda: trail.rows("SELECT FROM sequence_position") != [], 60)
        process.kill()
        process.communicate(timeout=30)
    with running_worker(trail):
        assert until(lambda: trail.rows("SELECT max(size) FROM tree_head") == [(2,)], 60)


@pytest.mark.parametrize("command", ["worker", "serve"])
def test_nothing_starts_on_an_older_backup(trail: Trail, tmp_path: Path, command: str) -> None:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "tree-head-000000000007.json").write_text('{"head":{"size":7}}\n')
    ended = qingling(trail, command, QINGLING_HEADS_FOLDER=str(folder), QINGLING_PORT="18977")
    assert ended.returncode == 2
    assert "较早的备份" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_key_is_made_once_for_its_owner_alone_and_replaced_on_demand(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first = signer_of(settings)
    assert signer_of(settings).public_key == first.public_key
    assert (tmp_path / "keys" / "audit.key").stat().st_mode & 0o777 == 0o600
    second = replace_key(settings)
    assert key_id_of(second.public_key) != key_id_of(first.public_key)
    assert signer_of(settings).public_key == second.public_key
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["audit.key"]
    assert (tmp_path / "keys" / "audit.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("given", ["abc", "00" * 31, "x" * 64])
def test_a_key_of_another_form_is_refused_without_being_shown(tmp_path: Path, given: str) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "audit.key").write_text(given)
    with pytest.raises(SettingsRefused, match="64 位十六进制") as refusal:
        signer_of(Settings(data_dir=tmp_path))
    assert given not in str(refusal.value)


@pytest.fixture
def settled(cluster: Cluster) -> Iterator[TestDatabase]:
    with settled_database(cluster) as database:
        yield database


def test_readiness_warns_of_rows_that_wait_too_long_and_of_heads_not_handed_out(
    settled: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QINGLING_HEADS_FOLDER", str(tmp_path / "outside"))
    trail = Trail(City(), settled, tmp_path)
    # What the first start told of itself is not what waits here.
    (tmp_path / "outside").mkdir()
    trail.seal_all()
    hand_out(trail, SecuritySettings(heads_folder=tmp_path / "outside"))

    def warnings(minutes: int) -> str:
        with psycopg.connect(libpq_address(settled.superuser_url)) as connection:
            connection.execute("UPDATE clock_setting SET offset_seconds = offset_seconds + %s", [minutes * 60])
        with open_registry(settled, tmp_path) as registry:
            told: list[str] = registry.client.get("/readyz").json()["warnings"]
        return " ".join(told)

    with open_registry(settled, tmp_path) as registry:
        reported(registry)
    assert LATE_ROWS not in warnings(20)
    assert LATE_ROWS in warnings(20)
    trail.seal_all()
    assert LATE_ROWS not in warnings(0)
    assert LATE_HEADS not in warnings(0)
    told = warnings(40)
    assert LATE_HEADS in told
    assert LATE_ROWS not in told
