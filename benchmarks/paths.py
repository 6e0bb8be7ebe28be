"""The four paths that are measured: the requests of each, by everybody it is for in turn, and their SQL for pgbench."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from app.hazards.listing import HazardFilter
from app.infrastructure.pagination import Cursors
from app.infrastructure.settings import Settings
from app.regulation.vocabulary import State
from benchmarks.load import UNIQUE, request
from benchmarks.registry_at_size import READERS, SAMPLES, STRIDE, Loaded
from tests.support.registry import COAL, IDENTITY_KEY
from tests.support.walk import SIGNERS, Cast, report_document

API: Final = "/api/v1"
_PAGE: Final = 50
_SIGNED: Final = """
SELECT coalesce(max(b.position) FILTER (WHERE b.position < %s), 0) + 1,
       coalesce(min(b.position) FILTER (WHERE b.position >= %s), %s)
  FROM benchmark.target b JOIN hazard h ON h.id = b.hazard_id WHERE h.version > b.version
"""
_REPORTERS: Final = {
    "chemical-safety-officer": report_document(),
    "coal-safety-officer": report_document(Cast(sector="coal_mine", unit_code="150622"), enterprise=COAL),
    "dongsheng-inspector1": report_document(channel="inspection"),
}


@dataclass(frozen=True)
class Paths:
    """Makes the requests of each path over one loaded registry."""

    loaded: Loaded
    cursors: Cursors

    @classmethod
    def of(cls, loaded: Loaded) -> "Paths":
        """The cursors are made as the API makes them, with its key."""
        settings = Settings(data_dir=loaded.folder, identity_key=SecretStr(IDENTITY_KEY))
        return cls(loaded, Cursors(settings.cursor_key_bytes()))

    def reports(self) -> list[bytes]:
        """上报, by two enterprises and an inspector; every one with an idempotency key of its own."""
        return [self._report(login, key=UNIQUE.decode()) for login in _REPORTERS]

    def reports_without_key(self) -> list[bytes]:
        """The same without the header."""
        return [self._report(login, key=None) for login in _REPORTERS]

    def _report(self, login: str, key: str | None) -> bytes:
        body = json.dumps(_REPORTERS[login], ensure_ascii=False).encode()
        headers = {} if key is None else {"idempotency_key": key}
        return request("POST", f"{API}/hazards", self.loaded.tokens[login], body, **headers)

    def readings(self) -> list[bytes]:
        """查看隐患, each reader one of their own in turn."""
        with self.loaded.superuser() as connection:
            rows = connection.execute("SELECT login, public_id FROM benchmark.reading ORDER BY position, login")
            return [request("GET", f"{API}/hazards/{row[1]}", self.loaded.tokens[row[0]]) for row in rows]

    def pages(self, after: Sequence[int] | None = None) -> list[bytes]:
        """查询台账: a page of what is listed, each reader in turn, at a random place or behind the given hazards."""
        places = list(after) if after is not None else self._random_places()
        return [self._page(login, place) for place in places for login in READERS]

    def first_pages(self) -> list[bytes]:
        """The newest page of two who see everything."""
        return [self._page(login, None) for login in ("city-office-head", "city-auditor")]

    def deep_pages(self) -> tuple[int, list[bytes]]:
        """Page 10,000 of the same two, or the last full one of a smaller ledger; its number."""
        with self.loaded.superuser() as connection:
            ids = [
                row[0] for row in connection.execute("SELECT id FROM hazard WHERE state = 'listed' ORDER BY id DESC")
            ]
        number = min(10_000, len(ids) // _PAGE - 1)
        return number, [
            self._page(login, ids[(number - 1) * _PAGE - 1]) for login in ("city-office-head", "city-auditor")
        ]

    def _random_places(self) -> list[int]:
        chosen = random.Random(7)  # noqa: S311 - repeatable, not secret
        return [chosen.randrange(self.loaded.hazards // 10, self.loaded.hazards) * STRIDE for _ in range(SAMPLES)]

    def _page(self, login: str, after: int | None) -> bytes:
        query = f"state=listed&limit={_PAGE}"
        if after is not None:
            scope = HazardFilter(state=State.LISTED).scope("hazards")
            query += f"&cursor={self.cursors.write(scope, [after])}"
        return request("GET", f"{API}/hazards?{query}", self.loaded.tokens[login])

    def signatures(self, positions: range, level: int | None = None) -> list[bytes]:
        """签字 of the rounds at these positions, the last first, the levels in turn; each can be given once."""
        with self.loaded.superuser() as connection:
            rows = connection.execute(
                "SELECT level, public_id, version, content_sha256, step_up_id FROM benchmark.target"
                " WHERE position >= %s AND position < %s AND level = coalesce(%s, level) ORDER BY position DESC, level",
                [positions.start, positions.stop, level],
            ).fetchall()
        return [self._signature(*row) for row in rows]

    def unsigned(self) -> range:
        """Positions whose rounds nobody has signed: the API uses them from the end, pgbench from the beginning."""
        middle = self.loaded.targets // 2
        with self.loaded.superuser() as connection:
            (row,) = connection.execute(_SIGNED, [middle, middle, self.loaded.targets]).fetchall()
        return range(row[0], row[1])

    def prove_again(self, positions: range) -> None:
        """Makes the step-ups of these positions fresh: one is good for the edition's minutes."""
        with self.loaded.superuser() as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SELECT benchmark.prove_again(int8range(%s, %s))", [positions.start, positions.stop])

    def _signature(self, level: int, public_id: object, version: int, content: str, step_up: int) -> bytes:
        body = json.dumps({"level": level, "content_sha256": content, "step_up_id": step_up}).encode()
        token = self.loaded.tokens[SIGNERS[level - 1]]
        headers = {"if_match": f'"{version}"', "idempotency_key": UNIQUE.decode()}
        return request("POST", f"{API}/hazards/{public_id}/signatures", token, body, **headers)
