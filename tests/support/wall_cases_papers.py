"""Documents, their confirmations, persons and posts, the paper past: each rule broken once."""

from collections.abc import Callable, Iterator

from tests.support.wall_bench import Bench
from tests.support.wall_cases import Case
from tests.support.wall_cases_around import cases, fresh
from tests.support.wall_city import add_person, add_post, administrators, digest
from tests.support.wall_steps import Walk, settle

Table = dict[str, tuple[Callable[[Bench], object], str]]


# ---------------------------------------------------------------- documents


def performed_at_once(b: Bench) -> None:
    walk = fresh(b)
    walk.act_as("safety_officer")
    transition = walk.act("declare", "rectified")
    b.owner()
    walk.do(
        "INSERT INTO declaration (hazard_id, cycle, account_id, description, document_sha256, transition_id)"
        " VALUES (%s, 1, 1, 'x', sha256('x'), %s)",
        walk.hazard_id,
        transition,
    )


def half_signed(b: Bench) -> None:
    walk = fresh(b)
    declaration, content = walk.draft_declaration()
    walk.confirm("declaration", declaration, content, "principal", "principal")
    transition = walk.act("declare", "rectified")
    walk.do("UPDATE declaration SET transition_id = %s WHERE id = %s", transition, declaration)


def two_listings(b: Bench) -> None:
    fresh(b)
    b.plain(
        "INSERT INTO listing (hazard_id, transition_id, cycle, account_id, supervision_tier, listing_office_id,"
        " lead_organisation_id, ledger_number, due_on, due_explained, requirements, edition_id)"
        " SELECT hazard_id, transition_id, 1, account_id, 2, listing_office_id, lead_organisation_id,"
        " 'n', due_on, '{}',"
        " '另一份要求', edition_id FROM listing WHERE id = (SELECT max(id) FROM listing)"
    )


def cite(b: Bench, hazard: int, kind: str, document: str, evidence_of: int | None = None) -> None:
    """Another piece of evidence for a document, given by its query."""
    b.plain(
        "WITH e AS (INSERT INTO evidence (hazard_id, kind, sha256, size_bytes, media_type, file_name, account_id)"
        " VALUES (%s, 'after', sha256('late'), 1, 'image/jpeg', 'a.jpg', 1) RETURNING id) SELECT id FROM e",
        evidence_of or hazard,
    )
    b.plain(
        "INSERT INTO document_evidence (hazard_id, document_kind, document_id, evidence_id)"
        f" SELECT h.id, %s, ({document}), (SELECT max(id) FROM evidence) FROM hazard h WHERE h.id = %s",
        kind,
        hazard,
    )


OWN_DECLARATION = "SELECT max(d.id) FROM declaration d WHERE d.hazard_id = h.id"
DOCUMENTS: Table = {
    "a declaration deleted": (lambda b: b.plain("DELETE FROM declaration"), "never_changes"),
    "a declaration rewritten": (lambda b: b.plain("UPDATE declaration SET description = '改'"), "never_changes"),
    "performed without a draft": (performed_at_once, "draft_first"),
    "performed with one signature": (half_signed, "confirmations_incomplete"),
    "two listings of one act": (two_listings, "act_has_its_document"),
    "evidence of another hazard": (
        lambda b: cite(b, b.hazard_id, "declaration", OWN_DECLARATION, fresh(b).hazard_id),
        "evidence_of_other_hazard",
    ),
    "evidence for no document": (lambda b: cite(b, b.hazard_id, "declaration", "SELECT 0"), "document_unknown"),
    "evidence after the signatures": (
        lambda b: cite(b, b.hazard_id, "declaration", OWN_DECLARATION),
        "evidence_is_fixed",
    ),
}


# ---------------------------------------------------------------- confirmations


def declared_by(b: Bench, who: str, capacity: str) -> None:
    walk = fresh(b)
    declaration, content = walk.draft_declaration()
    walk.confirm("declaration", declaration, content, who, capacity)


def verified_by(b: Bench, who: str, capacity: str = "inspector") -> None:
    walk = fresh(b)
    verification, content = walk.draft_verification(walk.declare())
    walk.confirm("verification", verification, content, who, capacity)


def corrected_by(b: Bench, who: str) -> None:
    walk = fresh(b)
    walk.act_as("clerk")
    correction = walk.run(
        "INSERT INTO correction (hazard_id, cycle, account_id, changes, reason, touches_signed_content,"
        " document_sha256)"
        " VALUES (%s, 1, 1, '{}', '笔误', false, %s) RETURNING id",
        walk.hazard_id,
        digest("correction"),
    )
    walk.confirm("correction", correction, digest("correction"), who, "confirmer")


def with_anothers_appointment(b: Bench) -> None:
    walk = fresh(b)
    declaration, content = walk.draft_declaration()
    who = walk.act_as("principal")
    walk.run("SELECT set_config('app.appointment', %s, true)", str(b.city.people["controller"].appointment_id))
    walk.do(
        "INSERT INTO document_confirmation (hazard_id, document_kind, document_id, capacity, person_id, account_id,"
        " step_up_id, document_sha256) VALUES (%s, 'declaration', %s, 'principal', 1, 1, %s, %s)",
        walk.hazard_id,
        declaration,
        walk.step_up(who, content),
        content,
    )


def of_another_enterprise(b: Bench) -> None:
    b.dba("UPDATE organisation SET enterprise_id = NULL, kind = 'platform' WHERE kind = 'enterprise'")
    declared_by(b, "principal", "principal")


def confirmed_late(b: Bench) -> None:
    b.walk.confirm(
        "declaration",
        b.walk.run(f"SELECT ({OWN_DECLARATION}) FROM hazard h WHERE h.id = %s", b.hazard_id),
        digest(f"declaration {b.hazard_id} 1"),
        "safety_head",
        "controller",
    )


def of_the_last_cycle(b: Bench) -> None:
    walk = fresh(b)
    declaration, content = walk.draft_declaration()
    b.dba("UPDATE hazard SET cycle = 2 WHERE id = %s", walk.hazard_id)
    walk.confirm("declaration", declaration, content, "principal", "principal")


def principal_unknown(b: Bench) -> None:
    b.dba("UPDATE person SET identity_digest = NULL WHERE id = %s", b.city.people["principal"].person_id)
    declared_by(b, "principal", "principal")


CONFIRMATIONS: Table = {
    "the safety head for a controller who is there": (
        lambda b: declared_by(b, "safety_head", "safety_head"),
        "controller_is_another_person",
    ),
    "with another's appointment": (with_anothers_appointment, "account_of_another_person"),
    "the controller as principal": (lambda b: declared_by(b, "controller", "principal"), "capacity_of_other_post"),
    "an administrator corrects": (lambda b: corrected_by(b, "administrator_1"), "capacity_of_other_post"),
    "an inspector of another sector": (lambda b: verified_by(b, "other_inspector"), "post_of_other_organisation"),
    "a principal of another enterprise": (of_another_enterprise, "post_of_other_organisation"),
    "a principal without identity": (
        principal_unknown,
        "identity_missing",
    ),
    "a document that is not there": (
        lambda b: b.walk.confirm("declaration", 0, digest("x"), "principal", "principal"),
        "document_unknown",
    ),
    "a document already performed": (confirmed_late, "document_is_performed"),
    "a document of the last cycle": (of_the_last_cycle, "document_of_another_cycle"),
    "an inspector under a declaration": (lambda b: declared_by(b, "inspector", "inspector"), "capacity_does_not_fit"),
}


# ---------------------------------------------------------------- persons and posts


def proposed(b: Bench, person: int, kind: str = "office_clerk", *, acting_for: int | None = None) -> int:
    """A proposed appointment to a seat of its own; its id."""
    b.owner()
    post = add_post(b.connection, b.city.organisations["office"], kind, f"{kind} {person}")
    return int(
        b.walk.run(
            "INSERT INTO appointment (person_id, post_id, valid_from, valid_until, proposed_by_account_id,"
            " acting_for_appointment_id) VALUES (%s, %s, registry_now(), registry_now() + interval '9 days', %s, %s)"
            " RETURNING id",
            person,
            post,
            administrators(b.city)[0],
            acting_for,
        )
    )


def confirmed(b: Bench, appointment: int, by: int, more: str = "") -> None:
    b.walk.do(
        f"UPDATE appointment SET confirmed_at = registry_now(), confirmed_by_account_id = %s{more} WHERE id = %s",
        by,
        appointment,
    )


def newcomer(b: Bench, *, known: bool = True) -> int:
    b.owner()
    return add_person(b.connection, "newcomer", known=known)


def confirmed_at_once(b: Bench) -> None:
    post = add_post(b.connection, b.city.organisations["office"], "office_clerk", "一步到位")
    b.plain(
        "INSERT INTO appointment (person_id, post_id, valid_from, proposed_by_account_id, confirmed_at,"
        " confirmed_by_account_id) VALUES (%s, %s, registry_now() + interval '1 day', %s, registry_now(), %s)",
        newcomer(b),
        post,
        *administrators(b.city),
    )


def confirmed_by_the_appointed(b: Bench) -> None:
    confirmer = b.city.people["administrator_2"]
    confirmed(b, proposed(b, confirmer.person_id), confirmer.account_id)


def proposed_by_no_administrator(b: Bench) -> None:
    """As the application's own login: the owner's sessions are how the first administrators come in."""
    person = newcomer(b)
    post = add_post(b.connection, b.city.organisations["office"], "office_clerk", "自提")
    b.connection.execute("SET LOCAL SESSION AUTHORIZATION qingling_app")
    b.walk.run("SELECT set_config('role', 'qingling_administrator', true)")
    b.walk.run("SELECT set_config('app.account', %s, true)", str(b.city.people["clerk"].account_id))
    b.walk.do(
        "INSERT INTO appointment (person_id, post_id, valid_from, proposed_by_account_id)"
        " VALUES (%s, %s, registry_now(), 1)",
        person,
        post,
    )


def ended_twice(b: Bench) -> None:
    end = "UPDATE appointment SET valid_until = registry_now() + interval '{} days', end_reason = 'x' WHERE id = %s"
    appointment = b.city.people["clerk"].appointment_id
    b.plain(end.format(1), appointment)
    b.plain(end.format(9), appointment)


def step_up_of_a_dead_session(b: Bench) -> None:
    clerk = b.city.people["clerk"]
    b.plain("UPDATE session SET revoked_at = registry_now() WHERE id = %s", clerk.session_id)
    b.walk.act_as("clerk")
    b.walk.step_up(clerk, digest("x"))


def set_on(table: str, change: str) -> Callable[[Bench], object]:
    return lambda b: b.plain(f"UPDATE {table} SET {change} WHERE id = (SELECT min(id) FROM {table})")


PEOPLE: Table = {
    "confirmed at once": (confirmed_at_once, "appointment_confirmed_by_another"),
    "confirmed by the appointed": (confirmed_by_the_appointed, "appointment_confirmed_by_another"),
    "acting on another post": (
        lambda b: proposed(b, newcomer(b), acting_for=b.city.people["clerk"].appointment_id),
        "acting_for_another",
    ),
    "proposed by no administrator": (proposed_by_no_administrator, "administrator_needed"),
    "a signing post without identity": (
        lambda b: confirmed(b, proposed(b, newcomer(b, known=False), "inspector"), administrators(b.city)[1]),
        "identity_missing",
    ),
    "confirmed and changed": (
        lambda b: confirmed(b, proposed(b, newcomer(b)), administrators(b.city)[1], ", authority = '另一份文件'"),
        "never_changes",
    ),
    "another person in the post": (set_on("appointment", "person_id = 2"), "never_changes"),
    "ended twice": (ended_twice, "appointment_ends_once"),
    "another person behind the account": (set_on("account", "person_id = 2"), "never_changes"),
    "another identity": (set_on("person", "identity_digest = sha256('x')"), "never_changes"),
    "another kind of post": (set_on("post", "kind = 'registrar'"), "never_changes"),
    "another kind of organisation": (set_on("organisation", "kind = 'platform'"), "never_changes"),
    "another account behind the session": (set_on("session", "account_id = 2"), "never_changes"),
    "a step-up of a dead session": (step_up_of_a_dead_session, "session_is_over"),
}


# ---------------------------------------------------------------- the paper past


def batch(b: Bench, rows: int = 1, counted: int = 1) -> int:
    """A batch of closed rows in waiting; its id."""
    b.owner()
    made = b.walk.run(
        "INSERT INTO legacy_batch (file_name, file_sha256, document_sha256, found_count, closed_count, report)"
        " VALUES ('台账', %s, %s, %s, %s, '{}') RETURNING id",
        digest(f"file {rows} {counted}"),
        digest("batch"),
        counted,
        counted,
    )
    for number in range(1, rows + 1):
        add_row(b, made, number)
    return int(made)


def add_row(b: Bench, to_batch: int, number: int) -> None:
    b.owner()
    b.walk.do(
        "INSERT INTO legacy_row (batch_id, row_number, ledger_number, row_sha256, content, found_on, closed_on)"
        " VALUES (%s, %s, %s, %s, '{}', '2025-01-01', '2025-06-01')",
        to_batch,
        number,
        f"旧{number}",
        digest(f"row {number}"),
    )


def attested(b: Bench, of_batch: int, *who: str) -> None:
    """Confirmed by each, then marked."""
    for name, capacity in zip(who, ("proposer", "confirmer"), strict=False):
        b.walk.confirm("attestation", of_batch, digest("batch"), name, capacity)
    b.owner()
    b.walk.do("UPDATE legacy_batch SET attested_at = registry_now() WHERE id = %s", of_batch)


def enter(b: Bench, of_batch: int, sets: str = "", *, with_record: bool = True, role: str = "qingling_import") -> None:
    """The first row becomes a closed hazard; `sets`: columns of it that are given otherwise."""
    b.owner()
    given = {"state": "'closed'", "closed_at": "'2025-06-01 12:00+08'", "is_legacy": "true", "version": "1"}
    given |= {"ledger_number": "'旧1'", "ledger_year": "2025", "found_on": "'2025-01-01'"}
    given |= dict(pair.split(" = ", 1) for pair in sets.split("; ") if pair)
    b.walk.run("SELECT set_config('role', %s, true)", role)
    walk = Walk(b.connection, b.city)
    names, values = ", ".join(given), ", ".join(given.values())
    walk.hazard_id = walk.run(
        f"INSERT INTO hazard ({names}, level, channel, sector, unit_id, site_id, enterprise_id, finders, place,"
        f" circumstances, reporting_record, monitoring_measures, last_act_at) SELECT {values}, 'major',"
        " 'inspection', 'fire', unit_id, site_id, enterprise_id, '甲', '乙', '丙', '丁', '戊', '2025-06-01' FROM hazard"
        " WHERE id = %s RETURNING id",
        b.hazard_id,
    )
    b.owner()
    if with_record:
        walk.do(
            "INSERT INTO legacy_record (hazard_id, batch_id, legacy_row_id, row_number, row_sha256, content, found_on,"
            " closed_on, extension_count) SELECT %s, batch_id, id, row_number, row_sha256, content, found_on,"
            " closed_on, 0 FROM legacy_row WHERE batch_id = %s AND row_number = 1",
            walk.hazard_id,
            of_batch,
        )
    acts = [(0, "import_open", None, "listed"), (1, "import_closed", "listed", "closed")]
    for version, act, from_state, to_state in acts if given["state"] == "'closed'" else [(1, *acts[0][1:])]:
        entered = walk.run(
            "INSERT INTO hazard_transition (hazard_id, act, rule, from_state, to_state, version, cycle, unit_id,"
            " sector, channel, level, found_on, is_determined, is_legacy, actor_label, act_order, occurred_at,"
            " enterprise_id) SELECT id, %s, 'L-39', %s, %s, %s, 1, unit_id, sector, channel, level, found_on, true,"
            " true, '补录', 0, '2025-06-01', enterprise_id FROM hazard WHERE id = %s RETURNING id",
            act,
            from_state,
            to_state,
            version,
            walk.hazard_id,
        )
        walk.audited(entered)
    settle(b.connection)


def rightly_entered(b: Bench) -> int:
    """A batch of one row, attested by two."""
    made = batch(b)
    attested(b, made, "clerk", "office_head")
    return made


def late(b: Bench) -> None:
    b.dba("UPDATE edition SET legacy_import_days = 0")
    enter(b, batch(b))


def row_after_the_first_look(b: Bench) -> None:
    made = batch(b)
    b.walk.confirm("attestation", made, digest("batch"), "clerk", "proposer")
    add_row(b, made, 2)


def closed_at_entry(b: Bench, sets: str) -> None:
    enter(b, rightly_entered(b), sets)


def not_entered(b: Bench) -> None:
    rightly_entered(b)
    settle(b.connection)


PAST: Table = {
    "entered by an official": (lambda b: enter(b, rightly_entered(b), role="qingling_official"), "import_only"),
    "entered as reported": (lambda b: closed_at_entry(b, "state = 'reported'"), "import_only"),
    "entered open with an instant of closing": (lambda b: closed_at_entry(b, "state = 'listed'"), "import_only"),
    "entered late": (late, "import_is_over"),
    "closed after go-live": (
        lambda b: closed_at_entry(b, "closed_at = '2026-06-01'"),
        "legacy_closed_after_go_live",
    ),
    "not attested": (lambda b: enter(b, batch(b)), "legacy_row_not_attested"),
    "closed on another day": (
        lambda b: closed_at_entry(b, "closed_at = '2025-07-01'"),
        "legacy_row_not_attested",
    ),
    "without its record": (
        lambda b: enter(b, batch(b), "state = 'listed'; closed_at = NULL", with_record=False),
        "legacy_record_missing",
    ),
    "a record of an open hazard": (
        lambda b: closed_at_entry(b, "state = 'listed'; closed_at = NULL"),
        "legacy_record_differs",
    ),
    "attested by one": (lambda b: attested(b, batch(b), "clerk"), "attested_by_two"),
    "attested with other rows": (lambda b: attested(b, batch(b, 2), "clerk", "office_head"), "batch_has_other_rows"),
    "attested and not entered": (
        not_entered,
        "batch_not_whole",
    ),
    "a batch rewritten": (
        lambda b: b.plain("UPDATE legacy_batch SET file_name = '改' WHERE id = %s", batch(b)),
        "never_changes",
    ),
    "a row after the first look": (row_after_the_first_look, "batch_is_fixed"),
}


# ---------------------------------------------------------------- streams


def stream(b: Bench, length: int = 1) -> None:
    b.plain(
        "INSERT INTO audit_stream (kind, subject_id, length, previous_sha256, head_sha256)"
        " VALUES ('test', 1, %s, sha256('a'), sha256('b'))",
        length,
    )


def event(b: Bench) -> None:
    stream(b, 0)
    b.plain(
        "INSERT INTO audit_event (stream_id, serial, event, payload, previous_sha256, sha256, request_id)"
        " SELECT id, 7, 'e', 'p', head_sha256, sha256(head_sha256 || 'p'), 'r' FROM audit_stream WHERE kind = 'test'"
    )
    settle(b.connection)


def moved_by_two(b: Bench) -> None:
    stream(b, 0)
    b.plain("UPDATE audit_stream SET length = 2, previous_sha256 = head_sha256")


def without_event(b: Bench) -> None:
    stream(b)
    settle(b.connection)


STREAMS: Table = {
    "a stream begun in the middle": (lambda b: stream(b, 5), "stream_moves_on"),
    "a head moved by two": (moved_by_two, "stream_moves_on"),
    "a head without its event": (without_event, "stream_differs"),
    "an event beside the stream": (event, "stream_differs"),
}


def around() -> Iterator[Case]:
    for table in (DOCUMENTS, CONFIRMATIONS, PEOPLE, PAST, STREAMS):
        yield from cases(table)
    yield Case("a batch rightly entered", lambda b: enter(b, rightly_entered(b)), ())
