"""首次启用、导入台账、更换规则版本: each command holds dispatch in its own transaction, and says so."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.regulation.edition import SHIPPED_EDITION
from tests.exchange.paper import attest, take
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.command import qingling
from tests.support.registry import settled_database

RELEASED = "dispatch-holds"


def settings(database: TestDatabase, folder: Path) -> dict[str, str]:
    return {
        "QINGLING_DATABASE_URL": database.app_url,
        "QINGLING_MIGRATION_DATABASE_URL": database.migrate_url,
        "QINGLING_IDENTITY_KEY": "0123456789abcdef" * 4,
        "QINGLING_DATA_DIR": str(folder),
    }


def open_holds(database: TestDatabase) -> list[str]:
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        rows = connection.execute("SELECT reason FROM dispatch_hold WHERE released_at IS NULL ORDER BY id")
        return [reason for (reason,) in rows]


def events(database: TestDatabase) -> list[str]:
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        rows = connection.execute(
            "SELECT convert_from(payload, 'UTF8')::jsonb #>> '{particulars,reason}' FROM audit_event"
            " WHERE event = 'dispatch:hold:placed' ORDER BY id"
        )
        return [reason for (reason,) in rows]


@pytest.fixture
def town(cluster: Cluster) -> Iterator[TestDatabase]:
    """The demo's city, dispatch released."""
    with settled_database(cluster) as database:
        assert open_holds(database) == []
        yield database


def test_a_first_start_holds_dispatch_and_says_how_to_release_it(fresh_database: TestDatabase, tmp_path: Path) -> None:
    started = qingling("init", "--go-live", "2026-12-01", settings=settings(fresh_database, tmp_path))
    assert started.returncode == 0, started.stderr
    assert RELEASED in started.stdout
    assert (open_holds(fresh_database), events(fresh_database)) == (["first_start"], ["first_start"])


def test_an_edition_that_is_new_holds_dispatch_and_the_same_text_again_does_not(
    town: TestDatabase, tmp_path: Path
) -> None:
    same = qingling("edition", "load", settings=settings(town, tmp_path))
    assert (same.returncode, RELEASED in same.stdout, open_holds(town)) == (0, False, [])
    other = tmp_path / "other.toml"
    other.write_text(SHIPPED_EDITION.read_text(encoding="utf-8") + "# 另一版本\n", encoding="utf-8")
    new = qingling("edition", "load", str(other), settings=settings(town, tmp_path))
    assert (new.returncode, RELEASED in new.stdout, open_holds(town)) == (0, True, ["edition_change"])


def test_an_edition_that_is_refused_holds_nothing(town: TestDatabase, tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.toml"
    faulty.write_text("name = 1\n", encoding="utf-8")
    assert qingling("edition", "load", str(faulty), settings=settings(town, tmp_path)).returncode == 2
    assert open_holds(town) == []


def test_a_ledger_taken_in_holds_dispatch_and_one_that_is_only_tried_does_not(town: TestDatabase) -> None:
    assert take(town, {}, dry_run=True).batch is None
    assert open_holds(town) == []
    assert take(town, {}).batch is not None
    assert open_holds(town) == ["import"]


def test_a_second_ledger_leaves_the_open_hold_as_it_is(town: TestDatabase) -> None:
    take(town, {})
    batch = take(town, {}, {}).batch
    assert batch is not None
    for login in ("city-clerk1", "city-clerk2"):
        attest(town, batch, login)
    assert (open_holds(town), events(town)) == (["import"], ["first_start", "import"])
