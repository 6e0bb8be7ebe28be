"""Who read what is sensitive, and who was refused it, is on record; auditors alone read the record."""

from typing import Any

import pytest

from tests.audit_check.conftest import Trail
from tests.support.registry import Answered

NEWEST = "SELECT kind, code, route, subject, account_id FROM access_event ORDER BY id DESC LIMIT 1"


def count(trail: Trail) -> int:
    return int(trail.value("SELECT count(*) FROM access_event"))


def account(trail: Trail, login: str) -> int:
    return int(trail.value(f"SELECT id FROM account WHERE login_name = '{login}'"))


def read(trail: Trail, path: str, *, by: str) -> Answered:
    answer = trail.registry.get(path, by=by)
    assert answer.status == 200, (path, answer.status, answer.body)
    return answer


def evidence(trail: Trail) -> str:
    return str(trail.value("SELECT public_id FROM evidence ORDER BY id LIMIT 1"))


def sensitive(trail: Trail) -> dict[str, tuple[str, str, str | None]]:
    """Path, reader and subject of each kind of sensitive read."""
    piece, person = evidence(trail), account(trail, "chemical-principal")
    return {
        "persons": ("/persons", "system-admin", None),
        "person": ("/persons/1", "system-admin", "1"),
        "evidence": (f"/evidence/{piece}", "dongsheng-head", piece),
        "case_file": (f"/hazards/{trail.hazards['closed']}/case-file", "dongsheng-head", trail.hazards["closed"]),
        "audit_events": ("/audit/events", "audit-admin", None),
        "access_events": ("/audit/access-events", "city-auditor", None),
        "counted_hazards": ("/statistics/clearance/hazards?figure=found", "city-auditor", None),
        "sessions": (f"/sessions?account_id={person}", "security-admin", str(person)),
    }


@pytest.mark.parametrize(
    "what",
    ["persons", "person", "evidence", "case_file", "audit_events", "access_events", "counted_hazards", "sessions"],
)
def test_a_sensitive_read_leaves_one_row_that_says_who_and_whose(trail: Trail, what: str) -> None:
    path, login, subject = sensitive(trail)[what]
    trail.registry.sign_in(login)
    before = count(trail)

    read(trail, path, by=login)

    assert count(trail) == before + 1
    kind, code, route, of, by = trail.rows(NEWEST)[0]
    assert (kind, code, of, by) == ("read", what, subject, account(trail, login))
    assert route.startswith("GET /api/v1/")


def test_what_is_not_sensitive_and_ones_own_sessions_leave_none(trail: Trail) -> None:
    trail.registry.sign_in("dongsheng-head")
    before = count(trail)
    for path in (f"/hazards/{trail.hazards['closed']}", "/hazards", "/session", "/sessions"):
        read(trail, path, by="dongsheng-head")
    assert count(trail) == before


def test_a_refused_read_is_kept_as_a_refusal_and_not_as_a_read(trail: Trail) -> None:
    trail.registry.sign_in("chemical-principal")
    trail.registry.sign_in("jungar-head")
    for path, login, code in (
        ("/persons/1", "chemical-principal", "not_permitted"),
        ("/audit/access-events", "chemical-principal", "not_permitted"),
        (f"/hazards/{trail.hazards['closed']}", "jungar-head", "not_found"),
        (f"/evidence/{evidence(trail)}", "jungar-head", "not_found"),
    ):
        before = count(trail)
        assert trail.registry.get(path, by=login).code == code
        assert count(trail) == before + 1
        kind, kept, _, _, by = trail.rows(NEWEST)[0]
        assert (kind, kept, by) == ("refusal", code, account(trail, login))


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/hazards", {"json": {"channel": 7}}, 422),
        ("/hazards", {"content": b"text", "headers": {"Content-Type": "text/plain"}}, 415),
    ],
)
def test_what_is_no_document_at_all_is_answered_and_not_kept(
    trail: Trail, path: str, sent: dict[str, Any], status: int
) -> None:
    trail.registry.sign_in("chemical-safety-officer")
    before = count(trail)
    assert trail.registry.call("POST", path, by="chemical-safety-officer", **sent).status == status
    assert count(trail) == before


def test_auditors_page_and_filter_the_record(trail: Trail) -> None:
    read(trail, "/persons/1", by="system-admin")
    read(trail, "/persons/1", by="system-admin")
    path = f"/audit/access-events?kind=read&code=person&account_id={account(trail, 'system-admin')}&limit=1"

    first = read(trail, path, by="audit-admin").body
    second = read(trail, f"{path}&cursor={first['next_cursor']}", by="audit-admin").body

    rows = [*first["items"], *second["items"]]
    assert [row["code"] for row in rows] == ["person", "person"]
    assert rows[0]["id"] > rows[1]["id"]
    assert trail.registry.get("/audit/access-events?code=Person", by="audit-admin").status == 400
    for login in ("system-admin", "dongsheng-head", "chemical-principal"):
        assert trail.registry.get("/audit/access-events", by=login).status == 403
