"""The embedded server and the process that owns it: killed, interrupted, another user's, two at once."""

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psycopg
import pytest

from app.infrastructure.embedded_postgres import EmbeddedPostgres
from app.infrastructure.postgres_binaries import find_binaries
from app.infrastructure.server_process import Postmaster
from tests.support.polling import until
from tests.support.run import REPOSITORY

AS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not AS_ROOT, reason="only root can start a process as somebody else")


class Owner:
    """A process that owns a server in the folder; root may make it an ordinary user's."""

    def __init__(
        self,
        data_folder: Path,
        user: pwd.struct_passwd | None = None,
        binaries: Path | None = None,
        groups: list[int] | None = None,
    ) -> None:
        order: dict[str, str | int] = {"data_folder": str(data_folder)}
        if user is not None:
            order |= {"uid": user.pw_uid, "gid": user.pw_gid}
        if binaries is not None:
            order |= {"binaries": str(binaries)}
        self.cluster = data_folder / "postgres" / "cluster"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.server_starter", json.dumps(order)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            extra_groups=groups,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # The end of its input is its order to stop.
        self.process.communicate(timeout=60)
        assert until(lambda: self.server is None)

    def hears(self, event: str) -> str:
        """The text of the next such event; fails when the process ends without it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said: dict[str, str] = json.loads(line)
            if said["event"] == event:
                return said["text"]
        assert self.process.stderr is not None
        raise AssertionError(f"ended without {event}: {self.process.stderr.read()}")

    @property
    def server(self) -> int | None:
        return Postmaster(self.cluster).pid

    def ends(self) -> tuple[int, str, str]:
        """Exit status, the rest of what it said, and its errors."""
        output, errors = self.process.communicate(timeout=60)
        return self.process.returncode, output, errors


def user_owns(folder: Path, user: pwd.struct_passwd) -> Path:
    folder.mkdir()
    os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


@pytest.fixture
def place() -> Iterator[Path]:
    """A short folder anybody can pass."""
    folder = Path(tempfile.mkdtemp(prefix="ql-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ordinary_users() -> list[pwd.struct_passwd]:
    """Two users that are neither root nor the account root's servers run as; root becomes them."""
    users = [each for each in pwd.getpwall() if each.pw_uid not in (0, pwd.getpwnam("nobody").pw_uid)]
    return users[:2]


@pytest.fixture
def reachable(place: Path) -> Path:
    """The wheel's programs where every user can execute them: a checkout in /root is closed to others."""
    wheel = find_binaries(None).parents[1]
    site = place / "site"
    shutil.copytree(wheel / "pginstall", site / wheel.name / "pginstall", ignore=shutil.ignore_patterns("include"))
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), site / f"{wheel.name}.libs")
    for folder, _, files in os.walk(site):
        Path(folder).chmod(0o755)
        for name in files:
            Path(folder, name).chmod(0o755)
    return site / wheel.name / "pginstall" / "bin"


def test_the_server_ends_when_its_owner_is_killed_and_the_next_start_finds_every_row(place: Path) -> None:
    with Owner(place / "data") as owner:
        address = owner.hears("ready")
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        owner.process.kill()
        assert until(lambda: owner.server is None)
    with Owner(place / "data") as owner, psycopg.connect(owner.hears("ready")) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_a_killed_owners_folder_in_the_shared_temp_goes_with_the_next_start(place: Path) -> None:
    long = place / ("l" * 100) / "data"
    with Owner(long) as owner:
        door = psycopg.conninfo.conninfo_to_dict(owner.hears("ready"))["host"]
        owner.process.kill()
    assert place not in Path(str(door)).parents
    with Owner(long) as owner:
        owner.hears("ready")
        assert not Path(str(door)).exists()


def test_a_start_right_after_the_kill_waits_for_the_server_that_is_still_stopping(place: Path) -> None:
    with Owner(place / "data") as killed:
        killed.hears("ready")
        server = killed.server
        assert server is not None
        os.kill(server, signal.SIGSTOP)
        killed.process.kill()
        killed.process.wait()
        with Owner(place / "data") as following:
            assert str(server) in following.hears("progress")
            os.kill(server, signal.SIGCONT)
            following.hears("ready")
            assert following.server not in (None, server)


def test_sigterm_ends_owner_and_server_in_that_order_of_waiting(place: Path) -> None:
    with Owner(place / "data") as owner:
        owner.hears("ready")
        owner.process.terminate()
        status, _, errors = owner.ends()
        assert owner.server is None
        assert status == 128 + signal.SIGTERM
        assert errors == ""
    assert "database system is shut down" in (place / "data" / "postgres.log").read_text()


def test_ctrl_c_reaches_the_owner_first_and_a_second_one_does_not_break_the_stopping(place: Path) -> None:
    with Owner(place / "data") as owner:
        owner.hears("ready")
        os.killpg(owner.process.pid, signal.SIGINT)
        owner.hears("serving_after_interrupt")
        os.killpg(owner.process.pid, signal.SIGINT)
        status, _, errors = owner.ends()
        assert owner.server is None
    assert "embedded_postgres.py" not in errors.replace("server_starter", "")
    assert status in (0, -signal.SIGINT)


def test_rows_survive_a_server_killed_outright_and_its_recovery(place: Path) -> None:
    with EmbeddedPostgres(place / "data") as server:
        with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept SELECT generate_series(1, 100000)")
            killed = Postmaster(place / "data" / "postgres" / "cluster").pid
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
        assert until(lambda: not server.running)
    with EmbeddedPostgres(place / "data") as server:
        with psycopg.connect(server.conninfo("postgres")) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (100000,)
        assert "was not properly shut down" in (place / "data" / "postgres.log").read_text()


def test_a_start_bears_with_a_killed_servers_last_process_until_it_lets_the_memory_go(place: Path) -> None:
    log = place / "data" / "postgres.log"
    with Owner(place / "data") as killed, psycopg.connect(killed.hears("ready")) as connection:
        server, last = killed.server, connection.info.backend_pid
        assert server is not None
        os.kill(last, signal.SIGSTOP)
        os.kill(server, signal.SIGKILL)
        killed.process.kill()
        killed.process.wait()
        with Owner(place / "data") as following:
            assert until(lambda: "is still in use" in log.read_text())
            os.kill(last, signal.SIGCONT)
            following.hears("ready")
            connection.close()


def test_an_owner_killed_while_the_databases_are_made_leaves_nothing_that_blocks_the_next_start(place: Path) -> None:
    home = place / "data" / "postgres"
    with Owner(place / "data") as owner:
        assert until(lambda: any(home.glob("cluster.partial-*")))
        owner.process.kill()
        owner.process.wait()
    with Owner(place / "data") as owner, psycopg.connect(owner.hears("ready")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not any(home.glob("cluster.partial-*"))


@only_root
def test_started_by_root_it_runs_as_nobody_without_roots_groups(place: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    with Owner(place / "data", groups=[0, 4]) as owner:
        owner.hears("ready")
        status = Path(f"/proc/{owner.server}/status").read_text()
    assert "Uid:\t" + "\t".join([str(nobody.pw_uid)] * 4) in status
    assert "Gid:\t" + "\t".join([str(nobody.pw_gid)] * 4) in status
    assert "Groups:\t \n" in status


@only_root
def test_an_ordinary_users_server_runs_as_that_user(
    place: Path, ordinary_users: list[pwd.struct_passwd], reachable: Path
) -> None:
    user = ordinary_users[0]
    with Owner(user_owns(place / "theirs", user) / "data", user, reachable) as owner:
        owner.hears("ready")
        assert Path(f"/proc/{owner.server}").stat().st_uid == user.pw_uid
        assert (place / "theirs" / "data").stat().st_mode & 0o777 == 0o700


@only_root
def test_two_users_and_root_run_their_servers_at_once(
    place: Path, ordinary_users: list[pwd.struct_passwd], reachable: Path
) -> None:
    """With paths too long for a socket, so that all three need the shared temporary folder."""
    with contextlib.ExitStack() as running:
        roots = running.enter_context(Owner(place / ("r" * 100) / "data"))
        addresses = {roots.hears("ready")}
        for user in ordinary_users:
            folder = user_owns(place / (user.pw_name * 100)[:100], user)
            owner = running.enter_context(Owner(folder / "data", user, reachable))
            addresses.add(owner.hears("ready"))
        assert len(addresses) == 3
        for address in addresses:
            with psycopg.connect(address) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)


@only_root
def test_a_folder_made_by_another_user_is_refused_in_one_sentence(
    place: Path, ordinary_users: list[pwd.struct_passwd], reachable: Path
) -> None:
    user = ordinary_users[0]
    folder = user_owns(place / "theirs", user)
    folder.chmod(0o711)
    with Owner(folder / "data", user, reachable) as owner:
        owner.hears("ready")
    (folder / "data").chmod(0o711)
    with Owner(folder / "data") as by_root:
        assert f"属于 uid {user.pw_uid}" in by_root.hears("refused")


def test_a_folder_that_cannot_be_written_is_refused_in_one_sentence(
    place: Path, ordinary_users: list[pwd.struct_passwd]
) -> None:
    read_only = place / "read-only"
    read_only.mkdir(mode=0o555)
    with Owner(read_only / "data", ordinary_users[0] if AS_ROOT else None) as owner:
        sentence = owner.hears("refused")
        assert str(read_only) in sentence
        assert "QINGLING_DATA_DIR" in sentence
        status, _, errors = owner.ends()
        assert status == 1
        assert errors == ""
