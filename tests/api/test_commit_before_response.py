"""One request, one transaction, committed before the response: what was answered stands."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.api.watching import Watch
from tests.support import walk
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.registry import API, Registry, open_registry, settled_database

FAIL_AT_COMMIT = """
    CREATE FUNCTION planted_failure() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the commit fails' USING ERRCODE = '58030'; END $$;
    CREATE CONSTRAINT TRIGGER planted_failure AFTER INSERT ON hazard DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION planted_failure()
"""


@pytest.fixture
def alone(cluster: Cluster) -> Iterator[TestDatabase]:
    """A prepared database that a test may spoil."""
    with settled_database(cluster) as database:
        yield database


def test_another_connection_sees_the_act_as_soon_as_the_answer_arrives(registry: Registry, watch: Watch) -> None:
    registry.sign_in("chemical-safety-officer")
    headers = {"Authorization": f"Bearer {registry.tokens['chemical-safety-officer']}"}
    with registry.client.stream("POST", f"{API}/hazards", json=walk.report_document(), headers=headers) as answer:
        # Only the head of the answer is there: its body is still unread.
        assert answer.status_code == 201
        hazard = answer.headers["location"].rsplit("/", 1)[1]
        assert watch.hazard(hazard)["state"] == "reported"


def test_what_fails_at_the_commit_was_never_answered_as_done(alone: TestDatabase, tmp_path: Path) -> None:
    with open_registry(alone, tmp_path) as registry, Watch.of(alone) as watching:
        registry.sign_in("chemical-safety-officer")
        with psycopg.connect(libpq_address(alone.superuser_url), autocommit=True) as connection:
            connection.execute(FAIL_AT_COMMIT)
        with watching.unchanged():
            answer = registry.attempt("/hazards", walk.report_document(), by="chemical-safety-officer")
        assert answer.status == 503, answer.body
        assert answer.headers["content-type"] == "application/problem+json"
        assert "location" not in answer.headers


def test_an_act_whose_audit_row_cannot_be_written_does_not_happen(alone: TestDatabase, tmp_path: Path) -> None:
    with open_registry(alone, tmp_path) as registry, Watch.of(alone) as watching:
        hazard = walk.reported(registry)
        with psycopg.connect(libpq_address(alone.superuser_url), autocommit=True) as connection:
            connection.execute("REVOKE INSERT ON audit_event FROM qingling_enterprise")
        with watching.unchanged(hazard):
            answer = registry.attempt(
                f"/hazards/{hazard}/amendments", {"location": "别处"}, by="chemical-safety-officer"
            )
        assert answer.status >= 400
