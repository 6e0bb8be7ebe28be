"""P-01, P-02, P-45: eight writers, and the API or PostgreSQL killed under them: nothing answered is lost."""

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2
import pytest

from tests.support.application_process import ApplicationProcess
from tests.support.durable_cluster import DurableCluster
from tests.support.polling import until
from tests.support.registry import API
from tests.support.writers import LOGINS, Log, changed_on_repeat, half_written, lost, signed_in, writing

pytestmark = [pytest.mark.timeout(400), pytest.mark.proof]

SEED = 20261123
READS_BACK_WITHIN = 5.0
"""Seconds after PostgreSQL takes connections again."""
OFF = {"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}


@dataclass(frozen=True)
class Scene:
    """The application's process and its database."""

    served: ApplicationProcess
    durable: DurableCluster

    def kill_the_api(self, log: Log, times: int) -> None:
        """At times of chance's choosing; every second death is at a statement, the others at any instant."""
        chance = random.Random(SEED)
        for number in range(times):
            if number % 2:
                self.served.wait_for_death(60)
            else:
                assert log.grown_by(chance.randint(2, 8))
                self.served.kill()
            self.served.start(fuse=None if number % 2 else chance.randint(50, 300))
        if times % 2:
            self.served.wait_for_death(60)
            self.served.start()
        assert log.grown_by(8)

    def kill_postgresql(self, log: Log, times: int) -> None:
        """All its processes at one stroke; then reads are back in time."""
        chance = random.Random(SEED)
        for _ in range(times):
            assert log.grown_by(chance.randint(2, 12))
            assert self.durable.kill() > 1
            self.durable.start()
            with self.served.client() as client:
                assert until(lambda: reads(client, log) == httpx2.codes.OK, READS_BACK_WITHIN), "no read in time"
        assert log.grown_by(8)

    def assert_nothing_is_lost(self, log: Log) -> None:
        """Every write that was answered is there, as it was answered, and answered so again."""
        with self.durable.connect() as connection:
            assert lost(log.acknowledged, connection) == []
            assert half_written(connection) == []
        with self.served.client() as client:
            assert changed_on_repeat(log.acknowledged, client) == []


@pytest.fixture
def scene(served: ApplicationProcess, durable: DurableCluster) -> Scene:
    return Scene(served, durable)


def reads(client: httpx2.Client, log: Log) -> int:
    token = log.acknowledged[0].headers["Authorization"]
    return client.get(f"{API}/session", headers={"Authorization": token}).status_code


def assert_the_pool_is_free(served: ApplicationProcess) -> None:
    token = signed_in(served)[LOGINS[0]]
    with served.client() as client, ThreadPoolExecutor(30) as pool:
        headers = {"Authorization": f"Bearer {token}"}
        answers = list(pool.map(lambda _: client.get(f"{API}/session", headers=headers).status_code, range(60)))
    assert set(answers) == {httpx2.codes.OK}


def of_the_api(scene: Scene, times: int) -> Log:
    with writing(scene.served, scene.durable.database) as log:
        scene.kill_the_api(log, times)
    scene.assert_nothing_is_lost(log)
    assert log.cut_off
    return log


def of_postgresql(scene: Scene, times: int) -> Log:
    with writing(scene.served, scene.durable.database) as log:
        scene.kill_postgresql(log, times)
    scene.assert_nothing_is_lost(log)
    assert log.cut_off == 0
    assert log.statuses[httpx2.codes.SERVICE_UNAVAILABLE]
    assert set(log.statuses) - {httpx2.codes.CONFLICT} == {200, 201, 503}
    assert_the_pool_is_free(scene.served)
    return log


def test_ten_random_kills_of_the_api_lose_nothing(scene: Scene) -> None:
    of_the_api(scene, 10)


def test_three_kills_of_postgresql_lose_nothing_and_reads_are_back_in_five_seconds(scene: Scene) -> None:
    of_postgresql(scene, 3)


@pytest.fixture
def careless(durable: DurableCluster) -> Iterator[DurableCluster]:
    """For one test COMMIT does not wait for the disk."""
    durable.set(**OFF)
    yield durable
    durable.set(**dict.fromkeys(OFF, ""))


def test_a_database_that_does_not_wait_for_its_disk_is_found_out(scene: Scene, careless: DurableCluster) -> None:
    """The control: with synchronous_commit off the same kill loses what was answered, and these tests see it."""
    with writing(scene.served, careless.database) as log:
        assert log.grown_by(20)
        careless.kill()
    careless.start()
    with careless.connect() as connection:
        assert lost(log.acknowledged, connection)


@pytest.mark.long
def test_three_hundred_random_kills_of_the_api_lose_nothing(scene: Scene) -> None:
    tell("API kills", 300, of_the_api(scene, 300))


@pytest.mark.long
def test_a_hundred_kills_of_postgresql_lose_nothing(scene: Scene) -> None:
    tell("PostgreSQL kills", 100, of_postgresql(scene, 100))


def tell(what: str, times: int, log: Log) -> None:
    """The figures of the note: seen with `-rP`."""
    sys.stdout.write(f"{what} {times}, answered writes {len(log.acknowledged)}, lost 0, cut off {log.cut_off}\n")
