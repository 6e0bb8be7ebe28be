"""An untouched trail has no faults, whole, of one hazard and since a head; it is the auditor's role that reads it."""

from functools import partial

from app.audit_check.verification import Asked, hazard_named
from tests.audit_check.conftest import Trail


def test_a_walked_and_sealed_city_has_no_faults(trail: Trail) -> None:
    report = trail.verify()

    assert report.faults == []
    assert report.events == trail.value("SELECT count(*) FROM audit_event")
    assert report.positions == report.newest_head == trail.value("SELECT count(*) FROM sequence_position")
    assert report.heads == trail.value("SELECT count(*) FROM tree_head") >= 4


def test_each_hazard_alone_has_no_faults(trail: Trail) -> None:
    for reference in trail.hazards.values():
        hazard = trail.as_auditor(partial(hazard_named, reference=reference))
        report = trail.verify(Asked(hazard_id=hazard))
        assert report.faults == []
        assert report.positions >= 2


def test_what_came_after_a_head_has_no_faults(trail: Trail) -> None:
    size = trail.value("SELECT size FROM tree_head ORDER BY size OFFSET 1 LIMIT 1")

    report = trail.verify(Asked(since=size))

    assert report.faults == []
    assert report.positions == trail.value("SELECT count(*) FROM sequence_position") - size
