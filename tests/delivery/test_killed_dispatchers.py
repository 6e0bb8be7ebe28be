"""P-17: whatever the gateway does and whenever the dispatcher dies, nothing is lost, and no exposure goes out twice."""

import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.gateways import DROPPING, FAILING, HONEST, REFUSING, SLOW, Gateway, open_gateway
from tests.support.outbox_town import OutboxTown

pytestmark = [pytest.mark.timeout(400), pytest.mark.proof]

LETTERS = 200
RUNS = 60
"""Many more than the deaths need: a test that does not come to its end says so."""
LATER = [pytest.param(temper, marks=pytest.mark.long) for temper in (SLOW, REFUSING)]
"""A gateway that takes a message and does not answer in time is, to the outbox, one that drops the connection; one that
refuses is tried without deaths in `test_channels.py`."""


@dataclass
class Deaths:
    """Runs of the dispatcher, each ending where its fuse says."""

    town: OutboxTown
    gateway: Gateway
    launcher: "subprocess.Popen[str]"
    dice: random.Random
    fault: str = ""
    crashes: int = 0
    ledgers: int = 1
    """How many ledgers the runs take turns with: a worker elsewhere has none of what another noted."""
    timeout: float = 5.0

    def run(self, fuse: int | None, nth: int, last: int | None = None) -> int:
        """One run, ending at that point or before that sending; 0 where it came to its end."""
        assert self.launcher.stdin is not None
        assert self.launcher.stdout is not None
        ledger = self.town.folder / f"ledger-{nth % self.ledgers}"
        order = {
            "fuse": fuse,
            "last": last,
            "fault": self.fault,
            "ledger": str(ledger),
            "timeout": self.timeout,
            "job_url": self.town.database.job_url,
            "publication_url": self.gateway.url,
        }
        self.launcher.stdin.write(json.dumps(order) + "\n")
        self.launcher.stdin.flush()
        code = int(self.launcher.stdout.readline())
        assert code in (0, -9), f"the dispatcher ended by {code}"
        self.crashes += code == -9
        self.town.wait()
        return code

    def until_done(self, deaths: int, longest: int = 260) -> None:
        """Deaths at random points, then runs that may end, until nothing is open any more."""
        for nth in range(deaths):
            if nth % 2:
                self.run(None, nth, last=self.dice.randrange(1, 12))
            else:
                self.run(self.dice.randrange(1, longest), nth)
        for nth in range(deaths, RUNS):
            self.run(None, nth)
            if not self.town.ask(
                "SELECT 1 FROM delivery WHERE channel <> 'inbox' AND status IN ('pending', 'claimed') LIMIT 1"
            ):
                return
        raise AssertionError(f"still open: {self.town.statuses()}")


@contextlib.contextmanager
def deaths_of(town: OutboxTown, temper: str = HONEST, fault: str = "") -> Iterator[Deaths]:
    command = [sys.executable, "-m", "tests.support.dispatch_launcher"]
    with (
        open_gateway(temper) as gateway,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as launcher,
    ):
        try:
            yield Deaths(town, gateway, launcher, random.Random(f"{temper}{fault}"), fault)
        finally:
            launcher.kill()


def test_two_hundred_letters_survive_a_dispatcher_that_dies_anywhere(town: OutboxTown) -> None:
    with deaths_of(town) as deaths:
        deaths.ledgers = 2
        town.wants("webhook", deaths.gateway.url)
        town.issue(LETTERS)
        deaths.until_done(10)
        wire = deaths.gateway.wire
        assert deaths.crashes >= 8
        assert len(wire) == LETTERS, "a letter was lost"
        assert max(wire.values()) <= 1 + deaths.crashes
        # What is doubled was out when a dispatcher died: at most the eight that are out at a time.
        assert sum(wire.values()) - LETTERS <= 8 * deaths.crashes
        assert {len(ids) for ids in deaths.gateway.ids.values()} == {1}, "a gateway that knows ids takes each once"
        assert town.statuses()["webhook", "sent"] == LETTERS


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_two_thousand_letters_survive_a_dispatcher_that_dies_anywhere(town: OutboxTown) -> None:
    with deaths_of(town) as deaths:
        deaths.ledgers = 3
        town.wants("webhook", deaths.gateway.url)
        town.issue(2000)
        deaths.until_done(50, longest=1500)
        assert len(deaths.gateway.wire) == 2000, "a letter was lost"
        assert sum(deaths.gateway.wire.values()) - 2000 <= 8 * deaths.crashes
        assert {len(ids) for ids in deaths.gateway.ids.values()} == {1}


@pytest.mark.parametrize("temper", [DROPPING, FAILING, *LATER])
def test_no_letter_is_lost_by_a_gateway_that_takes_it_and_says_otherwise(town: OutboxTown, temper: str) -> None:
    with deaths_of(town, temper) as deaths:
        deaths.timeout = 1.0
        town.wants("webhook", deaths.gateway.url)
        town.issue(20)
        deaths.until_done(4, longest=90)
        gateway = deaths.gateway
        assert gateway.mistreated >= 3
        assert len(gateway.wire) == 20, "a letter was lost"
        assert max(gateway.wire.values()) <= 2 + deaths.crashes
        assert {len(ids) for ids in gateway.ids.values()} == {1}
        assert town.statuses()["webhook", "sent"] == 20


@pytest.mark.parametrize("temper", [HONEST, DROPPING, FAILING, *LATER])
def test_no_exposure_goes_out_twice_whatever_dies_and_what_is_in_doubt_waits_for_a_person(
    town: OutboxTown, temper: str
) -> None:
    with deaths_of(town, temper) as deaths:
        deaths.timeout = 1.0
        town.issue(16, kind="exposure_notice")
        deaths.until_done(6, longest=70)
        deaths.run(None, RUNS)
        assert set(deaths.gateway.wire.values()) <= {1}, "an exposure went out twice"
        stands = town.statuses()
        assert stands["publication", "sent"] + stands["publication", "in_doubt"] == 16
        out = len(deaths.gateway.wire)
        assert stands["publication", "sent"] <= out
        if temper in {DROPPING, FAILING, SLOW}:
            assert stands["publication", "in_doubt"] >= 2


def test_a_fault_that_marks_before_it_sends_is_found(town: OutboxTown) -> None:
    with deaths_of(town, fault="mark before send") as deaths:
        town.wants("webhook", deaths.gateway.url)
        town.issue(40)
        deaths.until_done(6, longest=120)
        assert len(deaths.gateway.wire) < 40


def test_a_fault_that_sends_under_a_new_id_each_time_is_found(town: OutboxTown) -> None:
    with deaths_of(town, fault="send before mark without id") as deaths:
        deaths.ledgers = 2
        town.wants("webhook", deaths.gateway.url)
        town.issue(40)
        deaths.until_done(6, longest=120)
        assert max(len(ids) for ids in deaths.gateway.ids.values()) > 1


def test_two_dispatchers_at_once_send_each_letter_once(town: OutboxTown, tmp_path: Path) -> None:
    with deaths_of(town) as one, deaths_of(town) as other:
        town.wants("webhook", one.gateway.url)
        town.issue(60)
        order = {
            "fuse": None,
            "last": None,
            "fault": "",
            "ledger": str(tmp_path / "ledger"),
            "timeout": 5.0,
            "job_url": town.database.job_url,
            "publication_url": one.gateway.url,
        }
        for each in (one, other):
            assert each.launcher.stdin is not None
            each.launcher.stdin.write(json.dumps(order) + "\n")
            each.launcher.stdin.flush()
        for each in (one, other):
            assert each.launcher.stdout is not None
            assert each.launcher.stdout.readline() == "0\n"
        assert len(one.gateway.wire) == 60
        assert set(one.gateway.wire.values()) == {1}
