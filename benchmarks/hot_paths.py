"""`python -m benchmarks.hot_paths`: report, read one, list 50 and sign, each as a ratio to a limit of the same run.

Everything is on: authentication, permissions, row-level security, audit, idempotency, logging. One worker of
`qingling serve`, 16 connections, whoever asks in turn. The limit is pgbench sending the same statements as the same
login (prepared, 16 clients), or for reading one a bare FastAPI route; rounds of both alternate, and of each round's
ratio the median counts. Exit 1 when a floor is missed.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from benchmarks import pgbench
from benchmarks.costs import Costs, password_ms
from benchmarks.limits import Limits, captured
from benchmarks.load import Answers, Client, request
from benchmarks.paths import Paths
from benchmarks.registry_at_size import LEVELS, SAMPLES, Loaded, registry_at_size
from benchmarks.serving import Served, bare_route, cpu_seconds_below, grown, qingling

FLOORS: Final = {"report": 0.10, "read": 0.15, "list": 0.13, "sign": 0.14}
LARGEST_RESIDENT_MB: Final = 120.0
# Signatures a second that pgbench or the API could use up, generously: of each there must be rounds enough.
_SIGNATURES_A_SECOND: Final = 800
_MOST_UNEVEN: Final = 1.25


@dataclass
class Measured:
    """One path over all rounds."""

    name: str
    limit_name: str
    answers: list[Answers] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    server_ms: list[float] = field(default_factory=list)
    postgres_ms: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(one.rate / limit for one, limit in zip(self.answers, self.limits, strict=True))

    def row(self) -> dict[str, Any]:
        """What is printed."""
        latencies = sorted(ms for one in self.answers for ms in one.latencies_ms)
        return {
            "path": self.name,
            "limit": self.limit_name,
            "ratio": round(self.ratio, 3),
            "floor": FLOORS.get(self.name),
            "per_second": round(median(one.rate for one in self.answers)),
            "limit_per_second": round(median(self.limits)),
            "p50_ms": round(latencies[len(latencies) // 2], 2),
            "p99_ms": round(latencies[len(latencies) * 99 // 100], 2),
            "server_cpu_ms": round(median(self.server_ms), 3),
            "postgres_cpu_ms": round(median(self.postgres_ms), 3),
            "client_share": round(median(one.client_cpu_seconds / one.seconds for one in self.answers), 2),
            "failures": sum(one.failures for one in self.answers),
        }


@dataclass
class Run:
    """The measuring: what serves, what loads, and how far the rounds to sign are used up."""

    paths: Paths
    limits: Limits
    client: Client
    api: Served
    bare: Served
    seconds: int
    deepest: int = 0

    def rounds(self, count: int) -> tuple[list[Measured], float]:
        """Every path in turn, `count` times; and how much longer a page far behind takes than the first."""
        measured = {
            name: Measured(name, "bare route" if name == "read" else "pgbench")
            for name in ("report", "read", "list", "sign")
        }
        informed = Measured("read (SQL)", "pgbench")
        uneven = []
        self._warm_up()
        for _ in range(count):
            self._round(measured["report"], self.paths.reports(), lambda: self._pgbench(self.limits.report))
            self._round(measured["read"], self.paths.readings(), self._bare)
            informed.answers.append(measured["read"].answers[-1])
            informed.server_ms.append(measured["read"].server_ms[-1])
            informed.postgres_ms.append(measured["read"].postgres_ms[-1])
            informed.limits.append(self._without_look_up(self._pgbench(self.limits.read)))
            self._round(measured["list"], self.paths.pages(), lambda: self._pgbench(self.limits.listing))
            self._round(measured["sign"], self._signatures(), self._pgbench_signing, each_once=True)
            uneven.append(self._depth())
        return [*measured.values(), informed], median(uneven)

    def _warm_up(self) -> None:
        for requests in (self.paths.reports(), self.paths.readings(), self.paths.pages()):
            self.client.load(self.api.port, requests, 1)

    def _round(
        self, measured: Measured, requests: list[bytes], limit: Callable[[], float], *, each_once: bool = False
    ) -> None:
        postmaster = self.paths.loaded.postmaster
        server, postgres = self.api.cpu_seconds, cpu_seconds_below(postmaster)
        answers = self.client.load(self.api.port, requests, self.seconds, each_once=each_once)
        if answers.failures:
            print(answers.refused.decode("utf-8", "replace"), file=sys.stderr)
        measured.answers.append(answers)
        done = len(answers.latencies_ms)
        measured.server_ms.append(1000 * (self.api.cpu_seconds - server) / done)
        measured.postgres_ms.append(1000 * grown(postgres, cpu_seconds_below(postmaster)) / done)
        measured.limits.append(limit())

    def _bare(self) -> float:
        return self.client.load(self.bare.port, [request("GET", "/ping")], self.seconds).rate

    def _pgbench(self, scripts: list[Any], variables: dict[str, int] | None = None) -> float:
        return pgbench.run(self.paths.loaded, scripts, self.seconds, variables).rate

    def _without_look_up(self, rate: float) -> float:
        """What pgbench would reach without asking first which hazard is next."""
        alone = pgbench.run(self.paths.loaded, [self.limits.looked_up], 1).rate
        return 1 / (1 / rate - 1 / alone)

    def _signatures(self) -> list[bytes]:
        unsigned = self._proved_again()
        return self.paths.signatures(unsigned[-self.seconds * _SIGNATURES_A_SECOND // 8 :])

    def _pgbench_signing(self) -> float:
        counters = {f"step{level}": 0 for level in LEVELS} | {"first": self._proved_again().start}
        return self._without_look_up(self._pgbench(self.limits.sign, counters))

    def _proved_again(self) -> range:
        """The rounds that are left, their step-ups fresh."""
        unsigned = self.paths.unsigned()
        if len(unsigned) < self.seconds * _SIGNATURES_A_SECOND // len(LEVELS):
            raise RuntimeError("the rounds to sign are used up: fewer or shorter rounds, please")
        self.paths.prove_again(unsigned)
        return unsigned

    def _depth(self) -> float:
        number, deep = self.paths.deep_pages()
        first = self.client.load(self.api.port, self.paths.first_pages(), self.seconds / 2)
        far = self.client.load(self.api.port, deep, self.seconds / 2)
        self.deepest = number
        return first.rate / far.rate


def main() -> int:
    """Measures, prints, and says by its exit code whether every floor is passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hazards", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.hazards < 100 * SAMPLES:
        parser.error(f"fewer than {100 * SAMPLES} hazards leave a single enterprise too few to read")
    targets = _SIGNATURES_A_SECOND // len(LEVELS) * asked.seconds * (asked.rounds + 1) + 50
    with registry_at_size(asked.hazards, targets) as loaded, Client() as client:
        print(f"{asked.hazards} hazards loaded", file=sys.stderr)
        found = _measure(loaded, client, asked.rounds, asked.seconds)
    print(json.dumps(found, ensure_ascii=False, indent=1) if asked.json else "\n".join(_table(found)))
    missed = [row["path"] for row in found["paths"] if row["floor"] and row["ratio"] < row["floor"]]
    return int(bool(missed) or found["resident_mb"] > LARGEST_RESIDENT_MB or found["page_unevenness"] > _MOST_UNEVEN)


def _measure(loaded: Loaded, client: Client, rounds: int, seconds: int) -> dict[str, Any]:
    paths = Paths.of(loaded)
    limits = captured(paths, client)
    log = loaded.folder / "served.log"
    with qingling(loaded.environment(), log) as api, bare_route(log) as bare:
        run = Run(paths, limits, client, api, bare, seconds)
        measured, uneven = run.rounds(rounds)
        resident = api.resident_mb
        costs = Costs(paths, client, api, seconds).measured(rounds)
        return {
            "paths": [one.row() for one in measured],
            "resident_mb": round(resident, 1),
            "with_to_without": {name: round(ratio, 2) for name, ratio in costs.items()},
            "step_up_password_ms": round(asyncio.run(password_ms()), 1),
            "page_unevenness": round(uneven, 2),
            "deepest_page": run.deepest,
            "statements": limits.counts(),
        }


def _table(found: dict[str, Any]) -> Iterator[str]:
    yield "path        limit         ratio  floor     /s  limit/s  p50 ms  p99 ms  CPU ms   PG ms  client failed"
    for row in found["paths"]:
        yield (
            f"{row['path']:<12}{row['limit']:<12}{row['ratio']:>7.3f}{row['floor'] or '':>7}{row['per_second']:>7}"
            f"{row['limit_per_second']:>9}{row['p50_ms']:>8.1f}{row['p99_ms']:>8.1f}{row['server_cpu_ms']:>8.2f}"
            f"{row['postgres_cpu_ms']:>8.2f}{row['client_share']:>8.0%}{row['failures']:>7}"
        )
    yield f"resident memory of the worker: {found['resident_mb']} MB (at most {LARGEST_RESIDENT_MB:.0f})"
    yield f"page {found['deepest_page']} takes {found['page_unevenness']} of the first (at most {_MOST_UNEVEN})"
    for name, ratio in found["with_to_without"].items():
        yield f"{name}: {ratio} of the rate without"
    yield f"a step-up's password: {found['step_up_password_ms']} ms of processor time, left out above"
    yield f"statements of a transaction: {found['statements']}"


if __name__ == "__main__":
    sys.exit(main())
