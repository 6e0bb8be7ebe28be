"""Deeds of rectification in plain SQL: declaration, verification, and what opens a round."""

from tests.support.acts import HASH, Actor, Desk, Row


def confirm(desk: Desk, actor: Actor, hazard: int, kind: str, document: Row, capacity: str) -> None:
    """A person of a document of several confirms it by step-up."""
    step_up = desk.step_up(actor, document["document_sha256"], None)
    desk.one(
        "INSERT INTO document_confirmation (hazard_id, document_kind, document_id, capacity, person_id, account_id,"
        " appointment_id, step_up_id, document_sha256, certificate_number) VALUES (%(hazard)s, %(kind)s, %(document)s,"
        " %(capacity)s, %(person)s, %(account)s, %(appointment)s, %(step_up)s, %(hash)s, '证1') RETURNING id",
        hazard=hazard,
        kind=kind,
        document=document["id"],
        capacity=capacity,
        person=actor.person,
        account=actor.account,
        appointment=actor.appointment,
        step_up=step_up,
        hash=document["document_sha256"],
    )


def declare(desk: Desk, hazard: Row) -> None:
    """The enterprise's two persons sign the report that the officer drafted, citing a photograph."""
    officer = desk.become("own1", "enterprise_safety_officer")
    document = desk.document("declaration", officer, hazard["id"], "description, document_sha256", f"'已整改', {HASH}")
    _photograph(desk, officer, hazard["id"], "declaration", document)
    row = document_of(desk, "declaration", document)
    principal = desk.become("own1", "enterprise_principal")
    confirm(desk, principal, hazard["id"], "declaration", row, "principal")
    controller = desk.become("own1", "enterprise_controller")
    confirm(desk, controller, hazard["id"], "declaration", row, "controller")
    act = desk.act(controller, hazard["id"], "declare", "rectified")
    desk.one("UPDATE declaration SET transition_id = %(act)s WHERE id = %(id)s RETURNING id", act=act, id=document)


def document_of(desk: Desk, table: str, document: int) -> Row:
    """A document with its hash; LookupError where it is out of sight."""
    row = desk.one(f"SELECT id, document_sha256 FROM {table} WHERE id = %(id)s", id=document)
    if row is None:
        raise LookupError(f"{table} {document}")
    return row


def _photograph(desk: Desk, actor: Actor, hazard: int, kind: str, document: int) -> None:
    row = desk.one(
        "INSERT INTO evidence (hazard_id, kind, sha256, size_bytes, media_type, file_name, account_id, taken_at,"
        " longitude,"
        f" latitude) VALUES (%(hazard)s, 'after', {HASH}, 1, 'image/jpeg', '照片.jpg', %(account)s, registry_now(),"
        f" 110, 39.6)"
        " RETURNING id",
        hazard=hazard,
        nonce=desk.nonce(),
        account=actor.account,
    )
    desk.one(
        "INSERT INTO document_evidence (hazard_id, document_kind, document_id, evidence_id)"
        " VALUES (%(hazard)s, %(kind)s, %(document)s, %(evidence)s) RETURNING id",
        hazard=hazard,
        kind=kind,
        document=document,
        evidence=0 if row is None else row["id"],
    )


def _verify(desk: Desk, hazard: Row, *, passed: bool) -> None:
    first = desk.become("lead", "inspector")
    document = desk.document(
        "verification",
        first,
        hazard["id"],
        "declaration_id, visited_at, passed, findings, reason, inspectors_required, certificates, document_sha256",
        "(SELECT max(d.id) FROM declaration d WHERE d.hazard_id = hazard.id AND d.transition_id IS NOT NULL),"
        " registry_now(),"
        f" %(passed)s, '已核查', %(reason)s, 2, '{{证1,证2}}', {HASH}",
        passed=passed,
        reason=None if passed else "未整改到位",
    )
    _photograph(desk, first, hazard["id"], "verification", document)
    row = document_of(desk, "verification", document)
    confirm(desk, first, hazard["id"], "verification", row, "inspector")
    second = desk.become("lead", "inspector", 1)
    confirm(desk, second, hazard["id"], "verification", row, "inspector")
    if passed:
        act = desk.act(second, hazard["id"], "pass_verification", "rectified")
    else:
        act = desk.act(second, hazard["id"], "fail_verification", "listed", "cycle = cycle + 1")
    desk.one("UPDATE verification SET transition_id = %(act)s WHERE id = %(id)s RETURNING id", act=act, id=document)
    if passed:
        _open_round(desk, hazard["id"], "closing", "verification_id", document)


def pass_verification(desk: Desk, hazard: Row) -> None:
    """Two inspectors pass it, which opens the round."""
    _verify(desk, hazard, passed=True)


def fail_verification(desk: Desk, hazard: Row) -> None:
    """Two inspectors send it back into the next cycle."""
    _verify(desk, hazard, passed=False)


def _open_round(desk: Desk, hazard: int, purpose: str, basis: str, document: int) -> None:
    desk.one(
        f"INSERT INTO signing_round (hazard_id, purpose, {basis}) VALUES (%(hazard)s, %(purpose)s, %(document)s)"
        f" RETURNING id",
        hazard=hazard,
        purpose=purpose,
        document=document,
    )


def _open(desk: Desk, hazard: Row, purpose: str, reason: str | None) -> None:
    actor = desk.become("office", "office_clerk") if purpose == "withdrawal" else desk.become("lead", "section_head")
    act = desk.act(actor, hazard["id"], f"open_{purpose}", "listed")
    document = desk.document(
        "round_request",
        actor,
        hazard["id"],
        "transition_id, purpose, dismiss_reason, reason, document_sha256",
        f"%(act)s, %(purpose)s, %(dismiss)s, '经核实', {HASH}",
        act=act,
        purpose=purpose,
        dismiss=reason,
    )
    _open_round(desk, hazard["id"], purpose, "round_request_id", document)


def open_withdrawal(desk: Desk, hazard: Row) -> None:
    """The listing office finds it unsubstantiated."""
    _open(desk, hazard, "withdrawal", "unsubstantiated")


def open_cessation(desk: Desk, hazard: Row) -> None:
    """The lead department finds the enterprise shut for good."""
    _open(desk, hazard, "cessation", None)
