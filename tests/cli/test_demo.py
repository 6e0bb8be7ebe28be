"""`qingling demo` as a user meets it: ready, stopped without a trace, started with its data, refused in a line."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.support.command import qingling
from tests.support.polling import until

QINGLING = Path(sys.executable).with_name("qingling")
READY_WITHIN = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QINGLING_")}
    return kept | {"QINGLING_DATA_DIR": str(folder), "TZ": "UTC"}


def status_of(port: int, path: str, token: str | None = None) -> int:
    """The status answered, 0 while nobody answers."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        return httpx2.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=10).status_code
    except httpx2.TransportError:
        return 0


def sign_in(port: int) -> str:
    person = {"login_name": "city-office-head", "password": SAMPLE_PASSWORD}
    answer = httpx2.post(f"http://127.0.0.1:{port}/api/v1/session", json=person, timeout=10)
    return str(answer.json()["token"])


@contextmanager
def running_demo(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    process = subprocess.Popen(
        [QINGLING, "demo", "--port", str(port), *arguments],
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        until(lambda: process.poll() is not None or status_of(port, "/readyz") == 200, READY_WITHIN)
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        yield process, port
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def processes_naming(text: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if text in command:
                found.append(int(entry.name))
    return found


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qd-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name) / "data"


@pytest.mark.timeout(300)
def test_the_demo_is_ready_keeps_its_data_and_leaves_no_process(folder: Path) -> None:
    with running_demo(folder) as (process, port):
        first_token = sign_in(port)
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=60)
    assert SAMPLE_PASSWORD in shown
    assert shown.count("curl -s") == 3
    assert "Traceback" not in shown
    assert until(lambda: not processes_naming(str(folder)), 20)

    with running_demo(folder) as (process, port):
        assert status_of(port, "/api/v1/session", first_token) == 200
        process.send_signal(signal.SIGTERM)
        shown, _ = process.communicate(timeout=60)
    assert "Traceback" not in shown
    assert until(lambda: not processes_naming(str(folder)), 20)


@pytest.mark.timeout(300)
def test_fresh_begins_anew(folder: Path) -> None:
    with running_demo(folder) as (_, port):
        old_token = sign_in(port)
    with running_demo(folder, "--fresh") as (_, port):
        assert status_of(port, "/api/v1/session", old_token) == 401


def refused(folder: Path, *arguments: str, **variables: str) -> str:
    """What a refused start says; one line, exit code 2."""
    ended = qingling(*arguments, settings={"QINGLING_DATA_DIR": str(folder), "TZ": "UTC", **variables})
    assert ended.returncode == 2, ended.stderr
    lines = [line for line in ended.stderr.splitlines() if line.strip() and not line.startswith("·")]
    assert len(lines) == 1, ended.stderr
    return lines[0]


def test_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(tmp_path / "data", "demo", "--port", str(port))
    assert str(port) in said
    assert "--port" in said
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    said = refused(blocked / "data", "demo", "--port", str(free_port()))
    assert "QINGLING_DATA_DIR" in said


def test_an_unknown_setting_is_one_sentence(tmp_path: Path) -> None:
    assert "QINGLING_PROT" in refused(tmp_path, "demo", QINGLING_PROT="1")


def test_the_demo_never_listens_beyond_this_machine(tmp_path: Path) -> None:
    assert "QINGLING_HOST" in refused(tmp_path, "demo", QINGLING_HOST="192.0.2.1")


def test_fresh_never_empties_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    said = refused(tmp_path, "demo", "--fresh", "--port", str(free_port()))
    assert "不会清空" in said
    assert (tmp_path / "photos").is_dir()
