"""The enforcement system of a department (互联网+执法): what its key may do, and what it is never shown."""

from typing import Any
from uuid import uuid4

import pytest

from tests.enforcement import penalties
from tests.support import walk
from tests.support.registry import Answered, Registry


def key(registry: Registry, *scopes: str) -> str:
    """A key of the department's own machine, for these words alone."""
    department = penalties.organisation(registry, "东胜区应急管理局")
    opened = {"login_name": f"service-{uuid4().hex[:12]}", "organisation_id": department}
    account = registry.post("/service-accounts", opened, by="system-admin")["id"]
    wanted = {"label": "执法系统", "valid_days": 90, "scopes": list(scopes)}
    return str(registry.post(f"/service-accounts/{account}/keys", wanted, by="security-admin")["secret"])


def sent(registry: Registry, token: str, method: str, path: str, body: Any = None) -> Answered:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}
    return registry.call(method, path, by=None, headers=headers, **({"json": body} if body else {}))


def test_a_key_for_recording_records_its_departments_decisions(registry: Registry) -> None:
    token = key(registry, "enforcement:record")
    taken = sent(registry, token, "POST", "/enforcements", penalties.document(penalties.enterprise(registry)))
    assert (taken.status, taken.body["organisation"]["name"]) == (201, "东胜区应急管理局")
    foreign = sent(registry, token, "POST", "/enforcements", penalties.document(penalties.mine(registry)))
    assert foreign.status == 404


def test_a_key_is_shown_no_hazard(registry: Registry) -> None:
    token = key(registry, "enforcement:record", "enforcement:read")
    hazard = walk.listed(registry)
    decided = penalties.document(penalties.enterprise(registry), hazard=hazard)
    taken = sent(registry, token, "POST", "/enforcements", decided)
    assert (taken.status, taken.body["hazard"]) == (201, None)
    assert sent(registry, token, "GET", f"/enforcements/{taken.body['id']}").body["hazard"] is None
    assert sent(registry, token, "GET", f"/enforcements?hazard={hazard}").status == 403


@pytest.mark.parametrize("scope", ["enforcement:read", "statistics:read"])
def test_a_key_for_something_else_records_nothing(registry: Registry, scope: str) -> None:
    token = key(registry, scope)
    answer = sent(registry, token, "POST", "/enforcements", penalties.document(penalties.enterprise(registry)))
    assert (answer.status, answer.code) == (403, "out_of_key_scope")


def test_without_an_idempotency_key_a_machine_records_nothing(registry: Registry) -> None:
    token = key(registry, "enforcement:record")
    decided = penalties.document(penalties.enterprise(registry))
    answer = registry.call("POST", "/enforcements", by=None, json=decided, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status, answer.code) == (400, "idempotency_key_required")


def test_what_is_overseen_no_machine_is_shown(registry: Registry) -> None:
    token = key(registry)
    for path in ("/enforcements/warnings", "/enforcements/missing", "/enforcements/missing/hazards"):
        assert sent(registry, token, "GET", path).status == 403
