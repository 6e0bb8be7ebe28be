"""重新验证身份 (P-38): one proof, one content, one level, once; guessing ends the sign-in, never the account."""

from datetime import datetime
from typing import Any

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.api.watching import Watch
from tests.credentials.clock import Clock
from tests.credentials.people import enrol, is_alive, sign_in, token_of, with_token
from tests.personnel import staff
from tests.support import walk
from tests.support.registry import Answered, Registry

SIGNERS = ("dongsheng-inspector1", "dongsheng-section", "dongsheng-deputy", "dongsheng-head")
OTHER_CONTENT = "0" * 64


def step_up(registry: Registry, by: str, content: str, level: int | None = None, **proof: str) -> Answered:
    sent = {"content_sha256": content, "level": level, **(proof or {"password": SAMPLE_PASSWORD})}
    return registry.attempt("/session/step-ups", sent, by=by)


def made(registry: Registry, by: str, content: str, level: int | None = None, **proof: str) -> int:
    answer = step_up(registry, by, content, level, **proof)
    assert answer.status == 201, answer.body
    return int(answer.body["id"])


def content_of(registry: Registry, hazard: str, by: str = SIGNERS[0]) -> str:
    return str(registry.get(f"/hazards/{hazard}/signing-content", by=by).body["content_sha256"])


def attempt_to_sign(registry: Registry, hazard: str, by: str, **sent: Any) -> Answered:
    document = {"level": 1, "content_sha256": content_of(registry, hazard, by), **sent}
    version = registry.hazard(hazard, by=by)["version"]
    return registry.attempt(f"/hazards/{hazard}/signatures", document, by=by, version=version)


def test_a_proof_made_ahead_signs_once(registry: Registry, watch: Watch) -> None:
    hazard, other = walk.verified(registry), walk.verified(registry)
    proof = made(registry, SIGNERS[0], content_of(registry, hazard), 1)
    assert attempt_to_sign(registry, hazard, SIGNERS[0], step_up_id=proof).status == 201
    kept = "SELECT count(*) FROM signature WHERE step_up_id = %(proof)s"
    assert watch.value(kept, proof=proof) == 1
    with watch.unchanged():
        again = attempt_to_sign(registry, other, SIGNERS[0], step_up_id=proof)
    assert again.status == 409


@pytest.mark.parametrize("bound_to", ["another hazard", "another level", "another text", "no level"])
def test_a_proof_for_something_else_signs_nothing(registry: Registry, watch: Watch, bound_to: str) -> None:
    hazard = walk.verified(registry)
    content = content_of(registry, hazard)
    bindings: dict[str, tuple[str, int | None]] = {
        "another hazard": (content_of(registry, walk.verified(registry)), 1),
        "another level": (content, 2),
        "another text": (OTHER_CONTENT, 1),
        "no level": (content, None),
    }
    proof = made(registry, SIGNERS[0], *bindings[bound_to])
    with watch.unchanged():
        refused = attempt_to_sign(registry, hazard, SIGNERS[0], step_up_id=proof)
    assert refused.status == 409
    assert refused.unmet() == {"the_identity_was_proved_again"}


def test_a_proof_of_somebody_else_is_as_good_as_none(registry: Registry, watch: Watch) -> None:
    hazard = walk.verified(registry)
    foreign = made(registry, SIGNERS[1], content_of(registry, hazard), 1)
    with watch.unchanged():
        of_another = attempt_to_sign(registry, hazard, SIGNERS[0], step_up_id=foreign)
        of_nobody = attempt_to_sign(registry, hazard, SIGNERS[0], step_up_id=10**9)
    assert (of_another.status, of_another.code) == (409, "step_up_unknown")
    assert {**of_another.body, "instance": ""} == {**of_nobody.body, "instance": ""}


def test_a_proof_is_good_for_five_minutes(registry: Registry, clock: Clock, watch: Watch) -> None:
    hazard = walk.verified(registry)
    answer = step_up(registry, SIGNERS[0], content_of(registry, hazard), 1)
    clock.advance(minutes=5, seconds=1)
    assert datetime.fromisoformat(answer.body["valid_until"]) < clock.now()
    with watch.unchanged():
        refused = attempt_to_sign(registry, hazard, SIGNERS[0], step_up_id=answer.body["id"])
    assert (refused.status, refused.unmet()) == (409, {"step_up_stale"})


@pytest.mark.parametrize("given", [{}, {"step_up_id": 1, "password": SAMPLE_PASSWORD}, {"step_up_id": 1, "code": "1"}])
def test_one_proof_is_given_not_none_and_not_two(registry: Registry, given: dict[str, object]) -> None:
    sent = {"document_sha256": OTHER_CONTENT, **given}
    refused = registry.attempt("/appointments/1/confirmations", sent, by="security-admin")
    assert refused.status == 422
    assert "step_up_id" in refused.body["errors"][0]["message"]


def test_a_confirmation_takes_a_proof_made_ahead(registry: Registry) -> None:
    someone = staff.register(registry, "confirmed-ahead")
    department = staff.organisation(registry, "东胜区应急管理局")
    proposal = staff.propose(registry, someone.person, staff.post(registry, department, "预先验证岗"))
    content = proposal.body["document_sha256"]
    sent = {"document_sha256": content, "step_up_id": made(registry, "security-admin", content)}
    path = f"/appointments/{proposal.body['id']}/confirmations"
    assert registry.attempt(path, {**sent, "document_sha256": OTHER_CONTENT}, by="security-admin").status == 409
    assert registry.attempt(path, sent, by="security-admin").status == 201


def test_whoever_has_a_second_factor_signs_with_a_code_and_not_with_the_password_alone(
    registry: Registry, clock: Clock, watch: Watch
) -> None:
    hazard, by = walk.verified(registry), SIGNERS[2]
    for level in (1, 2):
        walk.sign(registry, hazard, level)
    bound = enrol(registry, clock, by)
    registry.tokens[by] = bound.token
    third: dict[str, Any] = {"by": by, "level": 3}
    right = clock.code(bound.secret)
    with watch.unchanged():
        by_password = attempt_to_sign(registry, hazard, password=SAMPLE_PASSWORD, **third)
        wrong = attempt_to_sign(registry, hazard, code="000000", **third)
        wrong_password = attempt_to_sign(registry, hazard, code=right, password="不对", **third)
    assert by_password.code == "step_up_code_needed"
    assert (wrong.code, wrong_password.code) == ("step_up_failed", "step_up_failed")
    assert attempt_to_sign(registry, hazard, code=right, **third).status == 201
    assert step_up(registry, by, OTHER_CONTENT, 3, code=right).code == "step_up_failed"


def test_five_wrong_proofs_in_a_row_end_that_sign_in_and_no_other(registry: Registry, watch: Watch) -> None:
    guessed, untouched = token_of(sign_in(registry, "jungar-deputy")), token_of(sign_in(registry, "jungar-deputy"))
    sent = {"content_sha256": OTHER_CONTENT, "password": "不对"}
    right = {**sent, "password": SAMPLE_PASSWORD}
    refusals = "SELECT count(*) FROM access_event WHERE code = 'step_up_failed'"
    told_before = int(str(watch.value(refusals)))
    for _ in range(4):
        assert with_token(registry, guessed, "POST", "/session/step-ups", sent).code == "step_up_failed"
    assert with_token(registry, guessed, "POST", "/session/step-ups", right).status == 201
    for number in range(5):
        assert is_alive(registry, guessed), number
        assert with_token(registry, guessed, "POST", "/session/step-ups", sent).status == 409
    refused = with_token(registry, guessed, "POST", "/session/step-ups", right)
    assert (refused.status, refused.code) == (401, "unauthenticated")
    assert is_alive(registry, untouched)
    assert sign_in(registry, "jungar-deputy").status == 201
    ended = (
        "SELECT count(*) FROM audit_event e JOIN account a ON a.id = e.account_id"
        " WHERE e.event = 'account:session:ended_by_failed_proofs' AND a.login_name = 'jungar-deputy'"
    )
    assert watch.value(ended) == 1
    assert watch.value(refusals) == told_before + 9, "the proof that ended the sign-in is told too"


def test_a_password_shown_between_guesses_at_the_code_gives_no_more_guesses(registry: Registry, clock: Clock) -> None:
    bound = enrol(registry, clock, "jungar-head")
    guess = {"content_sha256": OTHER_CONTENT, "code": "000000"}
    for _ in range(4):
        assert with_token(registry, bound.token, "POST", "/session/step-ups", guess).code == "step_up_failed"
    sent = {"password": SAMPLE_PASSWORD, "new_password": "Guessing-goes-on-2026"}
    assert with_token(registry, bound.token, "POST", "/session/password", sent).status == 201
    assert with_token(registry, bound.token, "POST", "/session/step-ups", guess).code == "step_up_failed"
    assert not is_alive(registry, bound.token)


def test_a_wrong_proof_anywhere_counts(registry: Registry) -> None:
    token = token_of(sign_in(registry, "chemical-principal"))
    ways: tuple[tuple[str, dict[str, object]], ...] = (
        ("/session/step-ups", {"content_sha256": OTHER_CONTENT, "password": "不对"}),
        ("/session/password", {"password": "不对", "new_password": "Another-one-2026"}),
        ("/session/second-factor", {"password": "不对"}),
    )
    for path, sent in (*ways, *ways[:2]):
        assert with_token(registry, token, "POST", path, sent).code == "step_up_failed"
    assert not is_alive(registry, token)


def test_a_service_key_proves_nobody(registry: Registry) -> None:
    organisation = staff.organisation(registry, "东胜区应急管理局")
    opened = registry.post(
        "/service-accounts", {"login_name": "proves-nobody", "organisation_id": organisation}, by=staff.PROPOSER
    )
    key = registry.post(f"/service-accounts/{opened['id']}/keys", {"label": "对接"}, by=staff.CONFIRMER)["secret"]
    sent = {"content_sha256": OTHER_CONTENT, "password": "不对"}
    answer = with_token(registry, key, "POST", "/session/step-ups", sent, **{"Idempotency-Key": "no-service-proves"})
    assert (answer.status, answer.code) == (403, "service_account_never_signs")
