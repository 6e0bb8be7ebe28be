"""How fast a backlog is sealed: fifty thousand events, both trees, from the first position to the signed head."""

import time
from collections.abc import Callable

import pytest

from tests.audit.conftest import Trail

ROWS = 50_000
FLOOR = 1_000
"""Events a second; a city writes some a minute, an import some thousand at once."""
BACKLOG = f"""
    INSERT INTO audit_event (stream_id, serial, event, payload, previous_sha256, sha256, request_id)
    SELECT s.id, n, 'test:load:recorded', convert_to('{{"n":' || n || '}}', 'UTF8'), z,
           sha256(z || convert_to('{{"n":' || n || '}}', 'UTF8')), 'load'
      FROM generate_series(1000, {999 + ROWS}) n, (SELECT min(id) AS id FROM audit_stream) s,
           (SELECT decode(repeat('00', 32), 'hex') AS z) zeros
"""


def sealing_rate(trail: Trail) -> float:
    """Events a second, from unsequenced rows to the head."""
    trail.forge(BACKLOG)
    began = time.monotonic()
    size = trail.seal_all()
    seconds = time.monotonic() - began
    assert size > ROWS
    return size / seconds


@pytest.mark.long
def test_a_backlog_is_sealed_at_a_thousand_events_a_second(
    trail: Trail, record_property: Callable[[str, object], None]
) -> None:
    rate = sealing_rate(trail)
    record_property("events sealed a second", round(rate))
    assert rate >= FLOOR
