"""The other breakages: taking back, other rounds and cycles, changed content, rows a DBA has touched."""

from collections.abc import Iterator
from functools import partial

from tests.support.wall_bench import LEVELS, Bench
from tests.support.wall_cases import PAIRS, Case
from tests.support.wall_city import digest

# ---------------------------------------------------------------- taking back


def withdrawn() -> Iterator[Case]:
    for level in LEVELS:
        yield Case(
            f"level {level} withdrawn and not signed again",
            partial(_withdrawn_and_on, level),
            ("previous_level_not_signed",) if level < LEVELS[-1] else ("signatures_incomplete",),
        )
        yield Case(f"level {level} withdrawn twice", partial(_withdrawn_twice, level), ("signature_already_withdrawn",))
        for newest in range(level + 1, LEVELS[-1] + 1):
            yield Case(
                f"level {level} withdrawn when {newest} is signed",
                partial(_withdrawn_below, level, newest),
                ("not_the_newest_signature",),
            )
    for level, other in PAIRS:
        yield Case(
            f"level {level} withdrawn by the signer of {other}",
            partial(_withdrawn_by, level, other),
            ("not_the_signer",),
        )
        if other > level:
            yield Case(
                f"who withdrew level {level} signs level {other}",
                partial(_other_level_after_withdrawal, level, other),
                ("person_signed_other_level",),
            )


def _withdrawn_and_on(level: int, b: Bench) -> None:
    b.sign_through(after={level: lambda bench: bench.walk.withdraw(bench.signatures[level], bench.signer(level))})


def _withdrawn_twice(level: int, b: Bench) -> None:
    def twice(bench: Bench) -> None:
        bench.walk.withdraw(bench.signatures[level], bench.signer(level))
        bench.walk.withdraw(bench.signatures[level], bench.signer(level))

    b.sign_through(after={level: twice})


def _withdrawn_below(level: int, newest: int, b: Bench) -> None:
    b.sign_through(after={newest: lambda bench: bench.walk.withdraw(bench.signatures[level], bench.signer(level))})


def _withdrawn_by(level: int, other: int, b: Bench) -> None:
    b.sign_through(after={level: lambda bench: bench.walk.withdraw(bench.signatures[level], bench.signer(other))})


def _other_level_after_withdrawal(level: int, other: int, b: Bench) -> None:
    """Signed, taken back; a colleague signs that level instead, and the first goes for the other."""

    def retract(bench: Bench) -> None:
        bench.walk.withdraw(bench.signatures[level], bench.signer(level))
        bench.owner()
        colleague = bench.walk.run("INSERT INTO person (identity_digest) VALUES (%s) RETURNING id", digest("colleague"))
        bench.sign(level, bench.in_post(level, colleague))

    b.sign_through(
        after={level: retract},
        instead={other: lambda bench: bench.sign(other, bench.in_post(other, bench.signer(level).person_id))},
        stop=other,
    )


# ---------------------------------------------------------------- rounds that are over, cycles that are past


def old_rounds() -> Iterator[Case]:
    for level in LEVELS:
        yield Case(
            f"refused at level {level}, signed on", partial(_refused_and_on, level), ("round_is_over", "state_forbids")
        )
        yield Case(
            f"refused at level {level}, then leaves",
            partial(_refused_and_leaves, level),
            ("no_completed_round", "state_forbids"),
        )
        yield Case(
            f"content changed before level {level}, signed on", partial(_ended_and_on, level), ("round_is_over",)
        )
        yield Case(
            f"round of another cycle at level {level}",
            partial(_other_cycle, level),
            ("round_of_another_cycle",),
        )
        for refused in LEVELS:
            if refused != level:
                yield Case(
                    f"level {refused} refused when {level} is next",
                    partial(_refused_out_of_turn, level, refused),
                    ("refusal_out_of_turn",),
                )
    for level, other in PAIRS:
        yield Case(
            f"level {level} refused by the signer of {other}",
            partial(_refused_by, level, other),
            ("post_of_other_kind", "post_of_other_organisation"),
        )


def _refuse(level: int, by: int, b: Bench) -> None:
    b.walk.act_as(b.signer(by))
    b.walk.act("refuse_signature")
    b.walk.end_round("refused", refused_level=level)


def _refused_and_on(level: int, b: Bench) -> None:
    b.sign_through(before={level: partial(_refuse, level, level)}, stop=level)


def _refused_and_leaves(level: int, b: Bench) -> None:
    for below in range(1, level):
        b.sign(below)
    _refuse(level, level, b)
    b.leave_alone()


def _refused_out_of_turn(level: int, refused: int, b: Bench) -> None:
    b.sign_through(before={level: partial(_refuse, refused, refused)}, stop=level)


def _refused_by(level: int, other: int, b: Bench) -> None:
    b.sign_through(before={level: partial(_refuse, level, other)}, stop=level)


def _ended_and_on(level: int, b: Bench) -> None:
    def end(bench: Bench) -> None:
        bench.dba("UPDATE hazard SET place = '二车间' WHERE id = %s", bench.hazard_id)
        bench.walk.act_as("clerk")
        bench.walk.act("correct")
        bench.walk.end_round("content_changed")
        bench.dba("UPDATE hazard SET place = '一车间' WHERE id = %s", bench.hazard_id)

    b.sign_through(before={level: end}, stop=level)


def _other_cycle(level: int, b: Bench) -> None:
    def turn(bench: Bench) -> None:
        bench.dba("UPDATE hazard SET cycle = cycle + 1 WHERE id = %s", bench.hazard_id)
        bench.dba("UPDATE hazard_transition SET cycle = cycle + 1 WHERE hazard_id = %s", bench.hazard_id)

    b.sign_through(before={level: turn}, stop=level)


# ---------------------------------------------------------------- content


CONTENT = (
    ("place", "UPDATE hazard SET place = '二车间' WHERE id = %s"),
    ("circumstances", "UPDATE hazard SET circumstances = '轻微渗漏' WHERE id = %s"),
    ("deadline", "UPDATE hazard SET current_deadline = '2028-01-01' WHERE id = %s"),
    ("number", "UPDATE hazard SET ledger_number = '改' WHERE id = %s"),
    ("level of hazard", "UPDATE determination SET determined_level = 'key' WHERE hazard_id = %s"),
    ("clause", "UPDATE determination SET criterion_id = NULL, cited_text = '别条' WHERE hazard_id = %s"),
    ("requirements", "UPDATE listing SET requirements = '不作要求' WHERE hazard_id = %s"),
    ("party", "UPDATE hazard SET enterprise_id = NULL, responsible_organisation_id = 1 WHERE id = %s"),
    (
        "evidence",
        (
            "WITH e AS (INSERT INTO evidence (hazard_id, kind, sha256, size_bytes, media_type, file_name, account_id)"
            " SELECT h.id, 'after', sha256('new'), 1, 'image/jpeg', 'a.jpg', 1 FROM hazard h WHERE h.id = %s"
            " RETURNING id, hazard_id)"
            " INSERT INTO document_evidence (hazard_id, document_kind, document_id, evidence_id)"
            " SELECT e.hazard_id, 'listing', l.id, e.id FROM e JOIN listing l ON l.hazard_id = e.hazard_id"
        ),
    ),
    (
        "plan",
        (
            "WITH p AS (INSERT INTO plan (hazard_id, cycle, account_id, plan_version, responsibility, measures, funds,"
            " time_limit, scheme, emergency_plan, goals_and_tasks, methods_and_measures, funds_and_supplies,"
            " organisation_and_staff, schedule_and_requirements, safety_and_emergency, milestones, document_sha256)"
            " SELECT h.id, 1, 1, 1, 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', '{}', sha256('plan')"
            " FROM hazard h WHERE h.id = %s RETURNING id, hazard_id)"
            " INSERT INTO plan_decision (hazard_id, cycle, account_id, plan_id, approved, transition_id)"
            " SELECT p.hazard_id, 1, 1, p.id, true, t.id FROM p JOIN hazard_transition t ON t.hazard_id = p.hazard_id"
            " AND t.act = 'list'"
        ),
    ),
)
OF_CLOSING = (
    (
        "declaration",
        "UPDATE declaration SET document_sha256 = sha256('other') WHERE hazard_id = %s",
        "declaration_not_signed",
    ),
    (
        "verification",
        "UPDATE verification SET document_sha256 = sha256('other') WHERE hazard_id = %s",
        "verification_not_confirmed",
    ),
    ("verification undone", "UPDATE verification SET passed = false WHERE hazard_id = %s", "verification_missing"),
    ("declaration undone", "UPDATE declaration SET transition_id = NULL WHERE hazard_id = %s", "declaration_missing"),
    (
        "one inspector only",
        (
            "DELETE FROM document_confirmation WHERE id = (SELECT max(id) FROM document_confirmation"
            " WHERE document_kind = 'verification' AND hazard_id = %s)"
        ),
        "verification_not_confirmed",
    ),
    (
        "one signature under the declaration",
        "DELETE FROM document_confirmation WHERE capacity = 'controller' AND hazard_id = %s",
        "declaration_not_signed",
    ),
)
OF_REQUEST = (("request", "UPDATE round_request SET document_sha256 = sha256('other') WHERE hazard_id = %s"),)


def changed_content(purpose: str) -> Iterator[Case]:
    plain = [(name, statement, "content_changed") for name, statement in (*CONTENT, *OF_REQUEST)]
    for name, statement, code in (*plain[: len(CONTENT)], *(OF_CLOSING if purpose == "closing" else plain[-1:])):
        # Where the party became another, its own signer no longer sees the hazard.
        refusals = (code, "42501") if name == "party" else (code,)
        for level in LEVELS:
            yield Case(f"{name} changed before level {level}", partial(_changed_before, level, statement), refusals)
        yield Case(f"{name} changed before leaving", partial(_changed_after, statement), refusals)


def _changed_before(level: int, statement: str, b: Bench) -> None:
    b.sign_through(before={level: lambda bench: bench.dba(statement, bench.hazard_id)}, stop=level)


def _changed_after(statement: str, b: Bench) -> None:
    b.sign_through(after={4: lambda bench: bench.dba(statement, bench.hazard_id)})


# ---------------------------------------------------------------- rows that a DBA has touched


TAMPERED = (
    ("hash", "UPDATE signature SET content_sha256 = sha256('x') WHERE id = %(id)s", ("signature_of_other_content",)),
    ("cycle", "UPDATE signature SET cycle = 9 WHERE id = %(id)s", ("signature_of_other_content",)),
    (
        "person",
        "UPDATE signature SET person_id = (SELECT max(id) FROM person) WHERE id = %(id)s",
        ("signer_was_not_in_post",),
    ),
    (
        "time before the appointment",
        "UPDATE signature SET signed_at = '2020-01-01' WHERE id = %(id)s",
        ("signer_was_not_in_post",),
    ),
    (
        "appointment never confirmed",
        (
            "UPDATE appointment SET confirmed_at = NULL, confirmed_by_account_id = NULL"
            " WHERE id = (SELECT appointment_id FROM signature WHERE id = %(id)s)"
        ),
        ("signer_was_not_in_post",),
    ),
    ("signature gone", "DELETE FROM signature WHERE id = %(id)s", ("signatures_incomplete",)),
    (
        "level of the chain gone",
        "DELETE FROM round_level WHERE round_id = %(round)s AND level = %(level)s",
        ("chain_differs",),
    ),
    (
        "organisation of the level",
        (
            "UPDATE round_level SET organisation_id = (SELECT id FROM organisation WHERE kind = 'government')"
            " WHERE round_id = %(round)s AND level = %(level)s"
        ),
        ("post_of_other_organisation",),
    ),
    (
        "post of the level",
        "UPDATE round_level SET post_kind = 'registrar' WHERE round_id = %(round)s AND level = %(level)s",
        ("chain_differs", "post_of_other_kind"),
    ),
    (
        "used before",
        (
            "INSERT INTO sealed_closing_signature (hazard_id, sealed_closing_id, level, signature_id, person_id)"
            " SELECT hazard_id, 0, level, id, person_id FROM signature WHERE id = %(id)s"
        ),
        ("signature_already_used",),
    ),
)


def tampered() -> Iterator[Case]:
    for name, statement, refusals in TAMPERED:
        for level in LEVELS:
            yield Case(f"{name} at level {level}", partial(_tampered, level, statement), refusals)
    for level in LEVELS[1:]:
        yield Case(
            f"persons of {level - 1} and {level} made one",
            partial(_made_one, level),
            ("person_signed_other_level",),
        )
        yield Case(
            f"ids of {level - 1} and {level} exchanged", partial(_exchanged, level), ("signatures_out_of_order",)
        )
    other = "purpose = CASE purpose WHEN 'withdrawal' THEN 'cessation' ELSE 'withdrawal' END"
    yield Case("round says other purpose", partial(_round_touched, other), ("no_completed_round",))
    text = "content = content || ' ', content_sha256 = sha256(convert_to(content || ' ', 'UTF8'))"
    yield Case("round says other bytes", partial(_round_touched, text), ("signature_of_other_content",))


def _tampered(level: int, statement: str, b: Bench) -> None:
    def touch(bench: Bench) -> None:
        bench.owner()
        bench.connection.execute("SET LOCAL session_replication_role = replica")
        values = {"id": bench.signatures[level], "round": bench.round_id, "level": level}
        bench.connection.execute(statement.encode(), values)
        bench.connection.execute("SET LOCAL session_replication_role = origin")

    b.sign_through(after={4: touch})


def _made_one(level: int, b: Bench) -> None:
    """Signature and appointment both say the person of the level below."""

    def touch(bench: Bench) -> None:
        below = bench.signer(level - 1).person_id
        bench.dba("UPDATE signature SET person_id = %s WHERE id = %s", below, bench.signatures[level])
        bench.dba("UPDATE appointment SET person_id = %s WHERE id = %s", below, bench.signer(level).appointment_id)

    b.sign_through(after={4: touch})


def _exchanged(level: int, b: Bench) -> None:
    def touch(bench: Bench) -> None:
        mine, below = bench.signatures[level], bench.signatures[level - 1]
        bench.dba(
            "UPDATE signature SET level = CASE id WHEN %s THEN %s ELSE %s END, appointment_id = CASE id WHEN %s THEN %s"
            " ELSE %s END, person_id = CASE id WHEN %s THEN %s ELSE %s END WHERE id IN (%s, %s)",
            *(mine, level - 1, level),
            *(mine, bench.signer(level - 1).appointment_id, bench.signer(level).appointment_id),
            *(mine, bench.signer(level - 1).person_id, bench.signer(level).person_id),
            *(mine, below),
        )

    b.sign_through(after={4: touch})


def _round_touched(change: str, b: Bench) -> None:
    b.sign_through(
        after={4: lambda bench: bench.dba(f"UPDATE signing_round SET {change} WHERE id = %s", bench.round_id)}
    )
