"""`qingling serve` and `qingling demo` on their own database: the jobs run for as long as the server beside them."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psycopg
import pytest

from app.cli.connection import registry_of
from app.cli.demo_city import SAMPLE_PASSWORD
from app.infrastructure.settings import Settings
from tests.support.cluster import libpq_address
from tests.support.polling import until
from tests.support.walk import report_document

QINGLING = Path(sys.executable).with_name("qingling")
READY_WITHIN = 150.0
NEXT_MINUTE = 90.0
"""Seconds: heads are sealed each minute, and the machine may be slow."""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qj-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name) / "data"


@contextmanager
def running(command: str, folder: Path) -> Iterator[str]:
    """The command as an operator starts it, ready; the address of its API."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QINGLING_")}
    log = folder.with_name("log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [QINGLING, command, "--port", port],
            env=kept | {"QINGLING_DATA_DIR": str(folder)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or answers_healthy(address), READY_WITHIN)
        assert process.poll() is None, log.read_text("utf-8")
        yield f"{address}/api/v1"
    finally:
        process.terminate()
        process.wait(60)


def answers_healthy(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/healthz", timeout=10).status_code == 200
    except httpx2.TransportError:
        return False


def size_of_the_newest_head(api: str) -> int:
    items = httpx2.get(f"{api}/public/tree-heads", timeout=30).json()["items"]
    return int(items[0]["head"]["size"]) if items else 0


def report_a_hazard(api: str) -> None:
    person = {"login_name": "chemical-safety-officer", "password": SAMPLE_PASSWORD}
    token = httpx2.post(f"{api}/session", json=person, timeout=30).json()["token"]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "a-report-after-the-start"}
    answer = httpx2.post(f"{api}/hazards", json=report_document(), headers=headers, timeout=30)
    assert answer.status_code == 201, answer.text


@pytest.mark.timeout(300)
def test_the_worker_holds_its_login_while_the_server_answers(folder: Path) -> None:
    with running("serve", folder), registry_of(Settings(data_dir=folder)) as addresses:
        assert addresses.job is not None
        with psycopg.connect(libpq_address(str(addresses.job.render_as_string(hide_password=False)))) as job:
            beside = "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
            job.autocommit = True
            assert until(lambda: job.execute(beside).fetchall() != [(0,)])


@pytest.mark.long
@pytest.mark.timeout(400)
def test_what_is_reported_to_the_demo_is_under_a_head_within_a_minute(folder: Path) -> None:
    with running("demo", folder) as api:
        assert until(lambda: size_of_the_newest_head(api) > 0, NEXT_MINUTE)
        before = size_of_the_newest_head(api)
        report_a_hazard(api)
        assert until(lambda: size_of_the_newest_head(api) > before, NEXT_MINUTE)
