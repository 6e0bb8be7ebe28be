"""P-24, P-06: neither API nor `serve` starts where the login, a wall, a limit or the server's durability is not right.

What is planted of a role is planted on logins of this test's own: the cluster's are everybody's.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from app.infrastructure.database import Database
from app.infrastructure.embedded_postgres import EmbeddedPostgres
from app.infrastructure.safe_login import Limits, UnsafeLogin, WritesWouldBeLost
from app.infrastructure.settings import Settings
from app.main import create_app
from app.tables.roles import APP_LOGIN, LIMITS
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.run import REPOSITORY, RUN_VARIABLE

OF_APP = LIMITS[APP_LOGIN]
# The server's own default of these is as tight as ours, or is ours.
# What the server itself is set to as we want it, a login must be set otherwise to have lost.
OTHERWISE = {
    "work_mem": "1GB",
    "TimeZone": "UTC",
    "log_error_verbosity": "default",
    "log_min_duration_sample": "0",
    "log_min_duration_statement": "0",
    "log_min_error_statement": "error",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "-1",
}
TIMES = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[TestDatabase]:
    with cluster.temporary_database() as made:
        yield made


@pytest.fixture
def login(cluster: Cluster) -> Iterator[str]:
    """A login made as qingling_app is made, for one test alone."""
    name = f"startup_{secrets.token_hex(4)}"
    limits = [f"ALTER ROLE {name} SET {setting} TO {_value(setting, value)}" for setting, value in OF_APP.items()]
    cluster.execute(f"CREATE ROLE {name} LOGIN NOINHERIT PASSWORD '{name}'", *limits)
    yield name
    cluster.execute(f"DROP ROLE {name}")


def _value(setting: str, value: str) -> str:
    return value if setting == "search_path" else f"'{value}'"


def address_of(database: TestDatabase, login: str) -> str:
    url = make_url(database.app_url).set(username=login, password=login)
    return url.render_as_string(hide_password=False)


async def _check(url: str, limits: Limits, *, lasting: bool) -> None:
    asked = Database.at(url, pool_size=1)
    try:
        await (asked.refuse_losing_writes() if lasting else asked.refuse_unsafe_login(limits))
    finally:
        await asked.close()


def check(url: str, limits: Limits = LIMITS) -> None:
    asyncio.run(_check(url, limits, lasting=False))


def check_durability(url: str) -> None:
    asyncio.run(_check(url, LIMITS, lasting=True))


def refusal(url: str, limits: Limits = LIMITS) -> str:
    with pytest.raises(UnsafeLogin) as refused:
        check(url, limits)
    return one_sentence(refused.value)


def one_sentence(refused: Exception) -> str:
    said = str(refused)
    assert "\n" not in said
    assert said.endswith("。")
    assert said.count("。") == 1
    return said


@contextlib.contextmanager
def planted(database: TestDatabase, plant: str, remove: str) -> Iterator[None]:
    with psycopg.connect(libpq_address(database.superuser_url), autocommit=True) as superuser:
        superuser.execute(plant.encode())
        try:
            yield
        finally:
            superuser.execute(remove.encode())


def test_a_login_made_by_the_roles_of_ours_passes(database: TestDatabase, login: str) -> None:
    check(address_of(database, login), {login: OF_APP})
    check(database.app_url)


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        ("ALTER ROLE {login} SUPERUSER", "超级用户"),
        ("ALTER ROLE {login} BYPASSRLS", "BYPASSRLS"),
        ("ALTER ROLE {login} INHERIT", "INHERIT"),
        ("GRANT qingling_owner TO {login}", "所有者"),
        ("GRANT qingling_wall TO {login}", "所有者"),
    ],
)
def test_a_login_that_passes_the_walls_is_refused(
    cluster: Cluster, database: TestDatabase, login: str, plant: str, says: str
) -> None:
    cluster.execute(plant.format(login=login))
    said = refusal(address_of(database, login), {login: OF_APP})
    assert says in said
    assert login in said
    assert "qingling roles --sql" in said


def test_a_login_that_can_become_one_that_bypasses_is_refused(
    cluster: Cluster, database: TestDatabase, login: str
) -> None:
    cluster.execute(f"CREATE ROLE {login}_free NOLOGIN BYPASSRLS", f"GRANT {login}_free TO {login}")
    try:
        assert "可以切换为" in refusal(address_of(database, login), {login: OF_APP})
    finally:
        cluster.execute(f"DROP ROLE {login}_free")


SECURED = "ALTER TABLE planted ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
FUNCTION = "CREATE FUNCTION planted() RETURNS int LANGUAGE sql SECURITY DEFINER {path} AS 'SELECT 1'"
FIXED = "SET search_path = pg_catalog, public, pg_temp"
OPEN_WALLS = {
    "a table without row-level security": (
        "CREATE TABLE planted (id int)",
        "DROP TABLE planted",
        ("FORCE ROW LEVEL SECURITY", "没有任何行级策略", "planted"),
    ),
    "a table that does not force it": (
        "ALTER TABLE hazard NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE hazard FORCE ROW LEVEL SECURITY",
        ("FORCE ROW LEVEL SECURITY", "hazard"),
    ),
    "a table with it disabled": (
        "ALTER TABLE evidence DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE evidence ENABLE ROW LEVEL SECURITY",
        ("FORCE ROW LEVEL SECURITY", "evidence"),
    ),
    "a table without a policy": (
        f"CREATE TABLE planted (id int); {SECURED}",
        "DROP TABLE planted",
        ("没有任何行级策略", "planted"),
    ),
    "a view with its owner's rights": (
        "CREATE VIEW planted AS SELECT id FROM hazard",
        "DROP VIEW planted",
        ("security_invoker", "planted"),
    ),
    "a view that says it is not the invoker's": (
        "CREATE VIEW planted WITH (security_invoker = false) AS SELECT id FROM hazard",
        "DROP VIEW planted",
        ("security_invoker", "planted"),
    ),
    "a materialized view": (
        "CREATE MATERIALIZED VIEW planted AS SELECT 1 AS id",
        "DROP MATERIALIZED VIEW planted",
        ("物化视图", "planted"),
    ),
    "a function with an open search_path": (
        FUNCTION.format(path="") + "; ALTER FUNCTION planted() OWNER TO qingling_wall",
        "DROP FUNCTION planted",
        ("search_path", "planted"),
    ),
    "a function whose search_path lets temporary tables in first": (
        FUNCTION.format(path="SET search_path = public") + "; ALTER FUNCTION planted() OWNER TO qingling_wall",
        "DROP FUNCTION planted",
        ("pg_temp", "planted"),
    ),
    "a function of another owner": (
        FUNCTION.format(path=FIXED) + "; ALTER FUNCTION planted() OWNER TO qingling_owner",
        "DROP FUNCTION planted",
        ("所有者不是 qingling_wall", "planted"),
    ),
}


@pytest.mark.parametrize("fault", OPEN_WALLS)
def test_a_wall_with_a_gap_is_refused(database: TestDatabase, fault: str) -> None:
    plant, remove, says = OPEN_WALLS[fault]
    with planted(database, plant, remove):
        said = refusal(database.app_url)
    assert all(word in said for word in says), said
    check(database.app_url)


def test_what_is_a_view_of_the_invokers_and_a_function_of_the_walls_is_taken(database: TestDatabase) -> None:
    plant = "CREATE VIEW planted WITH (security_invoker = on) AS SELECT id FROM hazard"
    with planted(database, plant, "DROP VIEW planted"):
        check(database.app_url)
    plant = FUNCTION.format(path=FIXED) + "; ALTER FUNCTION planted() OWNER TO qingling_wall"
    with planted(database, plant, "DROP FUNCTION planted"):
        check(database.app_url)


# libpq itself refuses a session that may only read where the application wants to write.
@pytest.mark.parametrize("setting", sorted(set(OF_APP) - {"default_transaction_read_only"}))
def test_a_login_that_lost_one_of_its_limits_is_refused(
    cluster: Cluster, database: TestDatabase, login: str, setting: str
) -> None:
    kept = {name: value for name, value in OF_APP.items() if name != setting}
    cluster.execute(f"ALTER ROLE {login} RESET ALL")
    cluster.execute(*(f"ALTER ROLE {login} SET {name} TO {_value(name, value)}" for name, value in kept.items()))
    if setting in OTHERWISE:
        cluster.execute(f"ALTER ROLE {login} SET {setting} TO '{OTHERWISE[setting]}'")
    assert f"({setting})" in refusal(address_of(database, login), {login: OF_APP})


@pytest.mark.parametrize("setting", TIMES)
@pytest.mark.parametrize("value", ["0", "'10min'"])
def test_a_limit_without_end_or_beyond_ours_is_refused(
    cluster: Cluster, database: TestDatabase, login: str, setting: str, value: str
) -> None:
    cluster.execute(f"ALTER ROLE {login} SET {setting} TO {value}")
    assert f"({setting})" in refusal(address_of(database, login), {login: OF_APP})


def test_a_tighter_limit_is_taken(cluster: Cluster, database: TestDatabase, login: str) -> None:
    cluster.execute(*(f"ALTER ROLE {login} SET {setting} TO '700ms'" for setting in TIMES))
    check(address_of(database, login), {login: OF_APP})


def test_a_login_of_nobody_we_know_is_refused(database: TestDatabase, login: str) -> None:
    assert "不认识数据库登录" in refusal(address_of(database, login))


def test_the_api_does_not_start(database: TestDatabase, tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, identity_key=SecretStr("0123456789abcdef" * 4), database_url=SecretStr(database.app_url)
    )
    with (
        planted(database, "CREATE TABLE planted (id int)", "DROP TABLE planted"),
        pytest.raises(UnsafeLogin, match="planted"),
        TestClient(create_app(settings, Database.at(database.app_url, pool_size=1))),
    ):
        pass


def serve(database: TestDatabase, folder: Path) -> str:
    """What `qingling serve` says, all of it, on a database it must refuse."""
    environment = {
        **os.environ,
        "QINGLING_DATABASE_URL": database.app_url,
        "QINGLING_DATA_DIR": str(folder),
        "QINGLING_IDENTITY_KEY": "0123456789abcdef" * 4,
    }
    environment.pop(RUN_VARIABLE)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)]
    ended = subprocess.run(
        command, check=False, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    return one_sentence(ValueError(ended.stderr.splitlines()[-1]))


@pytest.fixture
def durable() -> Iterator[EmbeddedPostgres]:
    """A server as `demo` and `serve` start it, nothing saved on durability."""
    folder = Path(tempfile.mkdtemp(prefix="ql-"))
    folder.chmod(0o711)
    with EmbeddedPostgres(folder / "data") as server:
        yield server
    shutil.rmtree(folder)


def test_the_embedded_servers_writes_last_and_each_setting_that_loses_them_is_refused(
    durable: EmbeddedPostgres,
) -> None:
    url = durable.url("postgres")
    with capture_logs() as told:
        check_durability(url)
    assert told == []
    with psycopg.connect(libpq_address(url), autocommit=True) as superuser:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            superuser.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            superuser.execute("SELECT pg_reload_conf()")
            _await_setting(libpq_address(url), setting, "off")
            with pytest.raises(WritesWouldBeLost, match=setting) as refused:
                check_durability(url)
            one_sentence(refused.value)
            superuser.execute(f"ALTER SYSTEM RESET {setting}".encode())
            superuser.execute("SELECT pg_reload_conf()")
            _await_setting(libpq_address(url), setting, "on")
    check_durability(url)


def test_a_cluster_without_checksums_is_warned_of_and_starts() -> None:
    folder = Path(tempfile.mkdtemp(prefix="ql-"))
    folder.chmod(0o711)
    with EmbeddedPostgres(folder / "data") as server:
        programs = server.binaries.folder
    cluster_folder = folder / "data" / "postgres" / "cluster"
    subprocess.run([programs / "pg_checksums", "--disable", "--pgdata", cluster_folder], check=True)
    with EmbeddedPostgres(folder / "data") as server, capture_logs() as told:
        check_durability(server.url("postgres"))
    assert [one["event"] for one in told] == ["data_checksums_off"]
    shutil.rmtree(folder)


def _await_setting(address: str, setting: str, value: str) -> None:
    """A connection made before the server has reread its file would still see the old value."""
    for _ in range(2000):
        with psycopg.connect(address) as connection:
            row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
        if row == (value,):
            return
    raise AssertionError(f"{setting} never became {value}")


def test_a_login_whose_commits_do_not_wait_is_refused_by_serve(
    cluster: Cluster, database: TestDatabase, tmp_path: Path
) -> None:
    cluster.execute(f"ALTER DATABASE {database.name} SET synchronous_commit TO off")
    try:
        assert "synchronous_commit" in serve(database, tmp_path)
    finally:
        cluster.execute(f"ALTER DATABASE {database.name} RESET synchronous_commit")


def test_serve_says_one_sentence_and_ends(database: TestDatabase, tmp_path: Path) -> None:
    with planted(database, "CREATE TABLE planted (id int)", "DROP TABLE planted"):
        said = serve(database, tmp_path)
    assert "planted" in said
