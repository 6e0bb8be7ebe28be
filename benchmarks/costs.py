"""What a protection costs: the same requests with it and without it in turn, as the ratio of the two rates.

Row-level security and the audit wall are taken away in the benchmark's own database alone, and put back.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final

from psycopg import sql

from app.infrastructure.security import verify_password
from benchmarks.load import Client
from benchmarks.paths import Paths
from benchmarks.serving import Served, qingling

_PROTECTED: Final = "SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity ORDER BY 1"


_SOME_WORD: Final = "a passphrase of nobody at all"


async def password_ms() -> float:
    """A step-up's password beside the request, in ms of processor time: argon2 as delivered, not as tested."""
    spent = []
    for _ in range(5):
        began = time.process_time()
        # Nobody's hash has the parameters of every new one.
        await verify_password(_SOME_WORD, None)
        spent.append(1000 * (time.process_time() - began))
    return median(spent)


@dataclass(frozen=True)
class Costs:
    """Loads one server with everything on, and beside it what lacks one thing."""

    paths: Paths
    client: Client
    api: Served
    seconds: int

    def measured(self, rounds: int) -> dict[str, float]:
        """By protection: the rate with it, divided by the rate without it; 1 costs nothing."""
        report, read = self.paths.reports(), self.paths.readings()
        found = {
            "idempotency key (report)": self._ratio(
                rounds, lambda: self._rate(report), lambda: self._rate(self.paths.reports_without_key())
            ),
            "row-level security (read)": self._ratio(rounds, lambda: self._rate(read), lambda: self._unprotected(read)),
        }
        environment, log = self.paths.loaded.environment(), self.paths.loaded.folder / "costs.log"
        with qingling(environment, log, QINGLING_TEST_WITHOUT="audit") as unaudited:
            self._without_audit(report, unaudited)
            found["audit chain (report)"] = self._ratio(
                rounds, lambda: self._rate(report), lambda: self._without_audit(report, unaudited)
            )
        return found

    def _ratio(self, rounds: int, with_it: Callable[[], float], without: Callable[[], float]) -> float:
        return median(with_it() / without() for _ in range(rounds))

    def _rate(self, requests: list[bytes], of: Served | None = None) -> float:
        answers = self.client.load((of or self.api).port, requests, self.seconds)
        if answers.failures:
            raise RuntimeError(answers.refused.decode("utf-8", "replace"))
        return answers.rate

    def _unprotected(self, requests: list[bytes]) -> float:
        with self._altered("DISABLE ROW LEVEL SECURITY", "ENABLE ROW LEVEL SECURITY", self._protected()):
            return self._rate(requests)

    def _without_audit(self, requests: list[bytes], of: Served) -> float:
        wall = "TRIGGER wall_commit_audited"
        with self._altered(f"DISABLE {wall}", f"ENABLE {wall}", ["hazard_transition"]):
            return self._rate(requests, of)

    def _protected(self) -> list[str]:
        with self.paths.loaded.superuser() as connection:
            return [row[0] for row in connection.execute(_PROTECTED)]

    @contextmanager
    def _altered(self, taken: str, given_back: str, tables: list[str]) -> Iterator[None]:
        self._alter(taken, tables)
        try:
            yield
        finally:
            self._alter(given_back, tables)

    def _alter(self, change: str, tables: list[str]) -> None:
        with self.paths.loaded.superuser() as connection:
            for table in tables:
                statement = sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(table), sql.SQL(change))
                connection.execute(statement)
