"""docs/walk-up-the-ladder.md: per commit through the API in this process, in `long` typed in a shell by a demo."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from app.cli.connection import Addresses
from app.cli.serving import prepare_demo
from tests.support.cluster import TestDatabase
from tests.support.command import qingling
from tests.support.registry import IDENTITY_KEY, open_registry, ordinary_settings
from tests.support.running_demo import running_demo
from tests.support.walk_document import Passage, Walker, comparable, passages, walked_in_bash

BEGINS_ON = date(2026, 11, 22)


@pytest.fixture
def walker(fresh_database: TestDatabase, tmp_path: Path) -> Iterator[Walker]:
    """The demo as it starts on the document's day, with its sample ledger."""
    address = Addresses(*map(make_url, (fresh_database.app_url, fresh_database.migrate_url, fresh_database.job_url)))
    settings = ordinary_settings().model_copy(
        update={"data_dir": tmp_path, "database_url": SecretStr(fresh_database.app_url)}
    )
    asyncio.run(prepare_demo(settings, address, BEGINS_ON))
    where = {
        "QINGLING_DATABASE_URL": fresh_database.app_url,
        "QINGLING_MIGRATION_DATABASE_URL": fresh_database.migrate_url,
        "QINGLING_JOB_DATABASE_URL": fresh_database.job_url,
        "QINGLING_IDENTITY_KEY": IDENTITY_KEY,
        "QINGLING_DATA_DIR": str(tmp_path),
    }

    def run(*arguments: str) -> str:
        ended = qingling(*arguments, settings=where)
        return ended.stdout + ended.stderr

    with open_registry(fresh_database, tmp_path) as registry:
        yield Walker(registry, run, tmp_path)


def walk_passages(walker: Walker, walk: list[Passage]) -> None:
    for passage in walk:
        assert comparable(walker.walk(passage.commands)) == comparable(passage.seen), passage.commands


@pytest.mark.timeout(300)
def test_up_to_the_first_rung_served_and_answered_each_passage_prints_what_the_document_says(walker: Walker) -> None:
    first = passages()[:6]
    assert "replies" in first[-1].commands
    walk_passages(walker, first)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_to_its_end_each_passage_prints_what_the_document_says_and_a_year_not_announced_stops_the_night(
    walker: Walker,
) -> None:
    walk_passages(walker, passages())
    ended = walker.qingling("demo-clock", "advance", "--to", "2027-01-02")
    assert ended.splitlines()[-1].startswith("2027-01-01 周五:"), ended
    assert "2027" in ended.splitlines()[-1].split(":", 1)[1]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_typed_in_a_shell_beside_a_running_demo_it_prints_the_same() -> None:
    with tempfile.TemporaryDirectory(prefix="qd-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        folder, seat = Path(name) / "data", Path(name) / "seat"
        seat.mkdir()
        with running_demo(folder, Path(name) / "log", {}, "--clock", BEGINS_ON.isoformat()) as address:
            kept = {name: value for name, value in os.environ.items() if not name.startswith("QINGLING_")}
            seen = walked_in_bash(address, kept | {"QINGLING_DATA_DIR": str(folder)}, seat)
    assert [comparable(one) for one in seen] == [comparable(one.seen) for one in passages()]
