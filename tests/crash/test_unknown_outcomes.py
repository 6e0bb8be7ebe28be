"""P-05: who cannot be told whether the act was done is told just that, and the same key again gives the one answer."""

import secrets
from collections.abc import Iterator
from typing import get_args

import httpx2
import pytest

from tests.crash.drill import Kept
from tests.support.application_process import ApplicationProcess
from tests.support.dropping_proxy import DroppingProxy, Loss, dropping_proxy
from tests.support.durable_cluster import DurableCluster
from tests.support.registry import API
from tests.support.walk import report_document

OFFICER = "chemical-safety-officer"


@pytest.fixture
def proxy(durable: DurableCluster, launched: ApplicationProcess) -> Iterator[DroppingProxy]:
    """The application reaches PostgreSQL through it."""
    with dropping_proxy(durable.database.app_url) as made:
        launched.start(database_url=made.url)
        yield made
        launched.kill()


@pytest.fixture
def client(launched: ApplicationProcess, officer: str) -> Iterator[httpx2.Client]:
    with launched.client() as made:
        made.headers["Authorization"] = f"Bearer {officer}"
        yield made


def report(client: httpx2.Client, key: str) -> httpx2.Response:
    return client.post(f"{API}/hazards", json=report_document(), headers={"Idempotency-Key": key})


def lose_one(proxy: DroppingProxy, durable: DurableCluster, client: httpx2.Client, loss: Loss) -> None:
    """One report whose COMMIT, or the answer to it, is lost; then the same again."""
    key, lost = secrets.token_hex(8), proxy.lost
    with durable.connect() as connection:
        before = Kept.read(connection)
        proxy.lose(loss)
        unknown = report(client, key)
        assert proxy.lost == lost + 1
        assert unknown.status_code == 503, f"answered {unknown.status_code} though nobody can know"
        assert unknown.json()["code"] == "outcome_unknown"
        assert "同一 Idempotency-Key" in unknown.json()["remedy"]
        assert "没有生效" not in unknown.text
        after = Kept.read(connection)
        done = loss == "the answer"
        assert (after.keys - before.keys, bool(after.changed(before))) == (int(done), done)
        told = report(client, key)
        assert told.status_code == 201, told.text
        kept = Kept.read(connection)
        assert kept.keys == before.keys + 1
        assert bool(kept.changed(after)) is not done
    assert client.get(told.headers["location"]).json()["id"] == told.json()["id"]


@pytest.mark.parametrize("loss", get_args(Loss))
def test_a_lost_commit_is_told_as_unknown_and_the_same_key_gives_the_one_answer(
    proxy: DroppingProxy, durable: DurableCluster, client: httpx2.Client, loss: Loss
) -> None:
    for _ in range(5):
        lose_one(proxy, durable, client, loss)


@pytest.mark.long
def test_two_hundred_lost_commits_lose_nothing(
    proxy: DroppingProxy, durable: DurableCluster, client: httpx2.Client
) -> None:
    for number in range(200):
        lose_one(proxy, durable, client, "the answer" if number % 2 else "the COMMIT")


def test_a_read_whose_commit_is_lost_is_read_again(proxy: DroppingProxy, client: httpx2.Client) -> None:
    proxy.lose("the answer")
    assert client.get(f"{API}/hazards").status_code == 200
    assert proxy.lost == 1


def test_a_planted_swallowed_commit_is_found(
    proxy: DroppingProxy, durable: DurableCluster, launched: ApplicationProcess, client: httpx2.Client
) -> None:
    launched.kill()
    launched.start(database_url=proxy.url, planted="swallowing a failed COMMIT")
    with pytest.raises(AssertionError, match="answered 201"):
        lose_one(proxy, durable, client, "the COMMIT")
