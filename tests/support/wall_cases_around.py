"""What stands around the round, each rule broken once: opening, paper, the hazard's row, history."""

from collections.abc import Callable, Iterator
from functools import partial

from tests.support.wall_bench import Bench
from tests.support.wall_cases import Case
from tests.support.wall_city import Official, digest
from tests.support.wall_steps import Walk, settle


def fresh(b: Bench, *, rectified: bool = False) -> Walk:
    """Another hazard of this transaction, listed or rectified, without a round."""
    walk = Walk(b.connection, b.city)
    walk.report()
    walk.list_it()
    if rectified:
        walk.declare()
    return walk


def cases(table: dict[str, tuple[Callable[[Bench], object], str]]) -> Iterator[Case]:
    """Named ways and the one refusal each meets."""
    for name, (way, code) in table.items():
        yield Case(name, partial(_in_that_way, way), (code,))


def _in_that_way(way: Callable[[Bench], object], b: Bench) -> None:
    way(b)


# ---------------------------------------------------------------- opening a round


def opening(b: Bench, change: str) -> None:
    """A cessation asked for after a DBA has changed the rules."""
    walk = fresh(b)
    b.dba(change)
    walk.request("cessation")


def no_edition(b: Bench) -> None:
    walk = fresh(b)
    b.owner()
    b.walk.do("UPDATE edition_chain SET purposes = purposes WHERE false")
    b.dba("UPDATE edition SET in_force_from = '2999-01-01'")
    walk.request("cessation")


def second_round(b: Bench) -> None:
    b.walk.act_as("clerk")
    b.walk.lock()
    b.walk.open_round("cessation", round_request_id=0)


def round_without_paper(b: Bench) -> None:
    walk = fresh(b)
    walk.lock()
    walk.open_round("closing")


def paper_used(b: Bench) -> None:
    b.dba("UPDATE hazard SET place = '二车间' WHERE id = %s", b.hazard_id)
    b.walk.act_as("clerk")
    b.walk.lock()
    b.walk.end_round("content_changed")
    b.dba("UPDATE hazard SET place = '一车间' WHERE id = %s", b.hazard_id)
    verification = b.walk.run("SELECT verification_id FROM signing_round WHERE id = %s", b.round_id)
    b.walk.act_as("clerk")
    b.walk.open_round("closing", verification_id=verification)


def cessation_elsewhere(b: Bench, change: str) -> None:
    walk = fresh(b)
    walk.request("cessation")
    b.dba(change, walk.hazard_id)
    b.dba(
        "UPDATE hazard_transition t SET to_state = h.state FROM hazard h WHERE h.id = t.hazard_id AND h.id = %s",
        walk.hazard_id,
    )
    walk.sign(1, "inspector")


LAST = "UPDATE edition_chain_level SET {} WHERE level = {} AND edition_chain_id IN (SELECT id FROM edition_chain)"
OPENING: dict[str, tuple[Callable[[Bench], object], str]] = {
    "no edition has come into force": (no_edition, "no_edition"),
    "no chain serves": (lambda b: opening(b, "UPDATE edition_chain SET purposes = '{}'"), "no_chain"),
    "a chain of three": (lambda b: opening(b, "DELETE FROM edition_chain_level WHERE level = 4"), "chain_too_short"),
    "a chain with a gap": (lambda b: opening(b, LAST.format("level = 9", 2)), "chain_has_gaps"),
    "a chain that ends with the enterprise": (
        lambda b: opening(b, LAST.format("party = 'enterprise'", 4)),
        "chain_ends_with_enterprise",
    ),
    "a department nobody confirmed": (
        lambda b: opening(b, "UPDATE organisation SET confirmed_at = NULL WHERE kind = 'regulator'"),
        "chain_party_missing",
    ),
    "a level that nobody determined": (
        lambda b: opening(b, "UPDATE determination SET determined_level = 'key'"),
        "level_differs_from_determination",
    ),
    "a second round": (second_round, "round_is_open"),
    "a round without its paper": (round_without_paper, "round_paper_mismatch"),
    "a verification for two rounds": (paper_used, "round_paper_used"),
    "a request undone": (
        lambda b: cessation_elsewhere(b, "UPDATE round_request SET transition_id = NULL WHERE hazard_id = %s"),
        "request_missing",
    ),
    "a cessation of a rectified hazard": (
        lambda b: cessation_elsewhere(b, "UPDATE hazard SET state = 'rectified' WHERE id = %s"),
        "state_forbids",
    ),
}


# ---------------------------------------------------------------- signing, withdrawing, ending


def signed_state(b: Bench) -> None:
    b.dba("UPDATE hazard SET state = 'listed' WHERE id = %s", b.hazard_id)
    b.dba("UPDATE hazard_transition SET to_state = 'listed' WHERE hazard_id = %s", b.hazard_id)
    b.sign(1)


def by_nobody(b: Bench) -> None:
    b.walk.act_as(b.signer(1))
    b.walk.lock()
    proof = b.walk.step_up(b.signer(1), b.content, 1)
    b.walk.run("SELECT set_config('app.account', '', true)")
    b.walk.put_signature(1, b.signer(1), proof)


def for_another_act(b: Bench) -> None:
    b.walk.act_as(b.signer(1))
    b.walk.lock()
    transition = b.walk.transition("withdraw_signature")
    b.walk.do(
        "INSERT INTO signature (hazard_id, round_id, cycle, level, kind, person_id, appointment_id, account_id,"
        " step_up_id, content_sha256, transition_id) VALUES (0, %s, 0, 1, 'electronic', 0, %s, 0, %s, %s, %s)",
        b.round_id,
        b.signer(1).appointment_id,
        b.walk.step_up(b.signer(1), b.content, 1),
        digest(""),
        transition,
    )


def refusal_of_level_five(b: Bench) -> None:
    for level in (1, 2, 3, 4):
        b.sign(level)
    b.walk.act_as(b.signer(4))
    b.walk.lock()
    b.walk.end_round("refused", refused_level=5)


def refusal_with_anothers_account(b: Bench) -> None:
    b.walk.act_as(b.signer(1))
    b.walk.lock()
    b.walk.run("SELECT set_config('app.account', %s, true)", str(b.signer(2).account_id))
    b.walk.end_round("refused", refused_level=1)


def ended_as(b: Bench, outcome: str) -> None:
    b.walk.act_as("clerk")
    b.walk.lock()
    b.walk.end_round(outcome)


def short_chain_at_closing(b: Bench) -> None:
    """A DBA shortens chain and round alike."""
    b.dba("DELETE FROM round_level WHERE level = 4")
    b.dba("DELETE FROM edition_chain_level WHERE level = 4")
    b.dba("UPDATE signing_round SET level_count = 3")
    for level in (1, 2, 3):
        b.sign(level)
    b.leave_alone()


def dismissed_without_a_reason(b: Bench) -> None:
    walk = fresh(b)
    walk.request("withdrawal")
    for level in (1, 2, 3):
        walk.sign(level, b.city.signers()[level - 1])
    walk.sign_last(4, b.city.signers()[3], "dismissed")
    settle(b.connection)


SIGNING: dict[str, tuple[Callable[[Bench], object], str]] = {
    "signed without the lock": (lambda b: b.walk.sign(1, b.signer(1), act=False), "act_without_lock"),
    "a round that is not there": (
        lambda b: b.plain(
            "INSERT INTO round_end (hazard_id, round_id, outcome) VALUES (%s, 0, 'content_changed')", b.hazard_id
        ),
        "hazard_unknown",
    ),
    "evidence of a hazard that is not there": (
        lambda b: b.plain(
            "INSERT INTO document_evidence (hazard_id, document_kind, document_id, evidence_id)"
            " VALUES (0, 'listing', 1, 1)"
        ),
        "hazard_unknown",
    ),
    "signed in another state": (signed_state, "state_forbids"),
    "signed by nobody": (by_nobody, "no_account"),
    "signed for another act": (for_another_act, "act_not_recorded"),
    "a signature that is not there withdrawn": (lambda b: b.walk.withdraw(0, "clerk"), "signature_unknown"),
    "level five refused": (refusal_of_level_five, "level_unknown"),
    "refused with another's account": (refusal_with_anothers_account, "account_of_another_person"),
    "ended as changed, unchanged": (lambda b: ended_as(b, "content_changed"), "content_not_changed"),
    "ended as disabled, nobody disabled": (lambda b: ended_as(b, "signer_disabled"), "no_signer_disabled"),
    "ended as completed": (lambda b: ended_as(b, "completed"), "written_by_the_wall_only"),
    "dismissed without a reason": (dismissed_without_a_reason, "dismissal_differs"),
    "closed on three levels": (short_chain_at_closing, "chain_too_short"),
}


# ---------------------------------------------------------------- paper signatures


def paper(
    b: Bench, *, allowed: bool = True, registrar: str | Official = "registrar", scan: bool = True, level: int = 1
) -> None:
    """A registrar enters the sheet signed by the level's holder."""
    if allowed:
        b.dba("UPDATE round_level SET paper_allowed = true WHERE round_id = %s", b.round_id)
    who = b.walk.act_as(registrar)
    b.walk.lock()
    evidence = b.walk.run(
        "INSERT INTO evidence (hazard_id, kind, sha256, size_bytes, media_type, file_name, account_id)"
        " VALUES (%s, %s, %s, 1, 'image/png', 'a.png', %s) RETURNING id",
        b.hazard_id,
        "scan" if scan else "document",
        digest(f"scan {level}"),
        who.account_id,
    )
    b.walk.do(
        "INSERT INTO signature (hazard_id, round_id, cycle, level, kind, person_id, appointment_id, account_id,"
        " scan_evidence_id, content_sha256, transition_id) VALUES (0, %s, 0, %s, 'paper', 0, %s, 0, %s, %s, %s)",
        b.round_id,
        level,
        b.signer(level).appointment_id,
        evidence,
        digest(""),
        b.walk.transition("sign"),
    )


def paper_by_one_who_signed(b: Bench) -> None:
    b.sign(1)
    paper(b, registrar=b.signer(1), level=2)


def registrar_signs_later(b: Bench) -> None:
    paper(b)
    b.sign(2, b.in_post(2, b.city.people["registrar"].person_id))


def paper_of_the_unknown(b: Bench) -> None:
    b.dba("UPDATE person SET identity_digest = NULL WHERE id = %s", b.signer(1).person_id)
    paper(b)


PAPER: dict[str, tuple[Callable[[Bench], object], str]] = {
    "paper where the edition has none": (lambda b: paper(b, allowed=False), "paper_not_allowed"),
    "paper without the scan": (lambda b: paper(b, scan=False), "paper_scan_missing"),
    "paper entered by the signer": (lambda b: paper(b, registrar=b.signer(1)), "registrar_signs_nothing"),
    "paper entered by one who signed": (paper_by_one_who_signed, "registrar_signs_nothing"),
    "a registrar who signs later": (registrar_signs_later, "registrar_signs_nothing"),
    "paper entered by no registrar": (lambda b: paper(b, registrar="clerk"), "registrar_not_in_post"),
    "paper of one without identity": (paper_of_the_unknown, "identity_missing"),
}


# ---------------------------------------------------------------- the hazard's own row


def change(b: Bench, what: str) -> None:
    """An act of the safety office that sets something on the hazard under signature."""
    b.walk.act_as("clerk")
    b.owner()
    b.walk.do(f"UPDATE hazard SET version = version + 1, {what} WHERE id = %s", b.hazard_id)


def change_fresh(b: Bench, what: str) -> None:
    walk = fresh(b)
    b.owner()
    walk.do(f"UPDATE hazard SET version = version + 1, {what} WHERE id = %s", walk.hazard_id)


def unlocked(b: Bench) -> None:
    b.plain("UPDATE hazard SET last_act_at = registry_now() + interval '1 day' WHERE id = %s", b.hazard_id)


def begun(b: Bench, columns: str, values: str) -> None:
    b.plain(
        "INSERT INTO hazard (level, version, channel, sector, unit_id, site_id, enterprise_id, finders,"
        " found_on, place,"
        f" circumstances, reporting_record, monitoring_measures, last_act_at, {columns})"
        " SELECT level, 1, channel, sector, unit_id, site_id, enterprise_id, finders, found_on, place, circumstances,"
        f" reporting_record, monitoring_measures, registry_now(), {values} FROM hazard WHERE id = %s",
        b.hazard_id,
    )


ROW: dict[str, tuple[Callable[[Bench], object], str]] = {
    "begins listed": (lambda b: begun(b, "state", "'listed'"), "begins_reported"),
    "begins determined": (lambda b: begun(b, "state, determined_at", "'reported', registry_now()"), "begins_reported"),
    "changed without the lock": (unlocked, "act_without_lock"),
    "two versions at once": (
        lambda b: b.plain("UPDATE hazard SET version = version + 2 WHERE id = %s", b.hazard_id),
        "version_moves_by_one",
    ),
    "another public id": (lambda b: change(b, "public_id = gen_random_uuid()"), "never_changes"),
    "another number": (lambda b: change_fresh(b, "ledger_number = '别号'"), "ledger_number_never_changes"),
    "another original deadline": (
        lambda b: change(b, "original_deadline = '2026-06-01'"),
        "original_deadline_never_changes",
    ),
    "another instant": (lambda b: change(b, "listed_at = '2020-01-01'"), "instant_never_changes"),
    "uncorrected": (lambda b: change_fresh(b, "place = '三车间'"), "needs_correction"),
    "another level": (lambda b: change(b, "level = 'key'"), "level_never_changes"),
    "deadline moved under signature": (lambda b: change(b, "current_deadline = '2029-01-01'"), "signed_content_frozen"),
    "back to reported": (lambda b: change(b, "state = 'reported'"), "state_forbids"),
    "another cycle": (lambda b: change(b, "cycle = cycle + 1"), "cycle_counts_returns"),
    "back to listed under signature": (lambda b: change(b, "state = 'listed', cycle = cycle + 1"), "round_is_open"),
}


# ---------------------------------------------------------------- history


def lock_only(b: Bench) -> None:
    b.walk.act_as("clerk")
    b.walk.lock()
    settle(b.connection)


def insert_copy(b: Bench, sets: str, walk: Walk | None = None) -> None:
    """The newest history row once more, with some columns set."""
    target = walk or b.walk
    columns = (
        "hazard_id, act, rule, from_state, to_state, version, cycle, unit_id, sector, channel, level, found_on,"
        " is_determined, is_legacy, actor_label, act_order, occurred_at, current_deadline, restates, supervision_tier,"
        " lead_organisation_id, listing_office_id, enterprise_id, original_deadline"
    )
    given = dict(pair.split(" = ", 1) for pair in sets.split("; "))
    values = ", ".join(given.get(name.strip(), f"t.{name.strip()}") for name in columns.split(","))
    copied = target.run(
        f"INSERT INTO hazard_transition ({columns}) SELECT {values} FROM hazard_transition t"
        " JOIN hazard h ON h.id = t.hazard_id WHERE t.id = (SELECT max(id) FROM hazard_transition WHERE"
        " hazard_id = %s) RETURNING id",
        target.hazard_id,
    )
    target.audited(copied)


def wrong_row(b: Bench, sets: str) -> None:
    b.walk.act_as("clerk")
    b.walk.lock()
    b.owner()
    insert_copy(b, f"version = h.version; from_state = h.state; to_state = h.state; act = 'correct'; {sets}")


def closed_in_passing(b: Bench) -> None:
    """Two acts in one transaction: closed in the history only, and at once listed again."""
    walk = fresh(b, rectified=True)
    b.owner()
    walk.lock()
    insert_copy(b, "version = h.version; act = 'sign'; from_state = 'rectified'; to_state = 'closed'", walk)
    walk.do(
        "UPDATE hazard SET version = version + 1, state = 'listed', cycle = cycle + 1 WHERE id = %s", walk.hazard_id
    )
    sets = "version = h.version; cycle = h.cycle; act = 'relapse'; from_state = 'closed'; to_state = 'listed'"
    insert_copy(b, sets, walk)
    settle(b.connection)


def closed_by_hand(b: Bench) -> None:
    """A DBA writes hazard and history; the next act asks for the seal."""
    b.dba("UPDATE hazard SET state = 'closed', closed_at = registry_now() WHERE id = %s", b.hazard_id)
    b.dba("UPDATE hazard_transition SET to_state = 'closed' WHERE hazard_id = %s", b.hazard_id)
    b.walk.act_as("clerk")
    b.walk.lock()
    b.walk.transition("lift_production_measure")
    settle(b.connection)


def without_document(b: Bench) -> None:
    walk = fresh(b)
    walk.act("correct")
    settle(b.connection)


def restates_another(b: Bench) -> None:
    fresh(b)
    wrong_row(b, "restates = (SELECT max(x.id) FROM hazard_transition x)")


def says_another_state(b: Bench) -> None:
    b.walk.act_as("clerk")
    b.walk.lock()
    b.walk.transition("fail_verification", "listed", 1)
    settle(b.connection)


HISTORY: dict[str, tuple[Callable[[Bench], object], str]] = {
    "a version without its act": (lock_only, "act_not_recorded"),
    "an act without its document": (without_document, "act_without_document"),
    "an act of another version": (lambda b: wrong_row(b, "version = h.version + 1"), "version_of_another_act"),
    "an act that starts elsewhere": (lambda b: wrong_row(b, "from_state = 'listed'"), "history_is_broken"),
    "a step the table lacks": (lambda b: wrong_row(b, "act = 'submit_plan'"), "step_unknown"),
    "a cycle miscounted": (lambda b: wrong_row(b, "cycle = h.cycle + 1"), "cycle_counts_returns"),
    "an import later": (lambda b: wrong_row(b, "act = 'import_closed'"), "import_only"),
    "amended after determination": (lambda b: wrong_row(b, "is_determined = false"), "determination_stands"),
    "declared twice": (lambda b: wrong_row(b, "act = 'declare'"), "declared_once"),
    "a deadline dropped": (lambda b: wrong_row(b, "current_deadline = NULL"), "deadline_moved_by_other_act"),
    "happened tomorrow": (
        lambda b: wrong_row(b, "act = 'pass_verification'; occurred_at = registry_now() + interval '1 day'"),
        "occurred_in_future",
    ),
    "happened before the act before": (
        lambda b: wrong_row(b, "act = 'pass_verification'; occurred_at = '2020-01-01'"),
        "occurred_before_previous_act",
    ),
    "restates another hazard": (
        restates_another,
        "restates_another_hazard",
    ),
    "restates without correction": (lambda b: wrong_row(b, "restates = t.id"), "needs_correction"),
    "closed in passing": (closed_in_passing, "closed_without_seal"),
    "closed by hand": (closed_by_hand, "closed_without_seal"),
    "says another state": (
        says_another_state,
        "history_differs",
    ),
}


def around() -> Iterator[Case]:
    for table in (OPENING, SIGNING, PAPER, ROW, HISTORY):
        yield from cases(table)
