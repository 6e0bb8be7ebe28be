"""The outbox, papers of closings, penalties and the tree's heads: each rule of their walls broken once."""

from collections.abc import Iterator

from tests.support.wall_bench import Bench
from tests.support.wall_cases import Case
from tests.support.wall_cases_around import cases, fresh
from tests.support.wall_cases_ladder import CODE, YEAR, Table, draft, draw, hold, issued, office_head, run_of, setting
from tests.support.wall_city import digest
from tests.support.wall_steps import settle

# ---------------------------------------------------------------- the outbox


def message(b: Bench, *, channel: str = "inbox", letter: int | None = None, attempts: int = 0) -> int:
    """Something for the clerk; a publication is for nobody in particular."""
    b.owner()
    return int(
        b.walk.run(
            "INSERT INTO delivery (message_id, channel, letter_id, digest_on, account_id, is_exposure, attempts)"
            " VALUES (gen_random_uuid()::text, %s, %s, CASE WHEN %s::bigint IS NULL THEN date '2027-01-05' END, %s,"
            " %s, %s) RETURNING id",
            channel,
            letter,
            letter,
            None if channel == "publication" else b.city.people["clerk"].account_id,
            channel == "publication",
            attempts,
        )
    )


def move(b: Bench, delivery: int, sets: str) -> None:
    b.plain(f"UPDATE delivery SET {sets} WHERE id = %s", delivery)


CLAIM = "status = 'claimed', attempts = attempts + 1, lease_until = registry_now() + interval '1 minute'"
PENDING = "status = 'pending', lease_until = NULL"
DOUBT = "status = 'in_doubt', lease_until = NULL"
SENT = "status = 'sent', sent_at = registry_now(), lease_until = NULL"


def claimed(b: Bench, channel: str = "inbox", *, leased: str = "1 minute") -> int:
    letter = issued(b) if channel == "publication" else None
    delivery = message(b, channel=channel, letter=letter)
    move(b, delivery, CLAIM)
    if leased != "1 minute":
        b.dba(f"UPDATE delivery SET lease_until = registry_now() + interval '{leased}' WHERE id = %s", delivery)
    return delivery


def attempt(b: Bench, delivery: int, outcome: str, *, further: int = 0, by: int | None = None) -> None:
    """What became of the newest claim."""
    b.walk.do(
        "INSERT INTO delivery_attempt (delivery_id, number, outcome, code, account_id)"
        " SELECT id, attempts + %s, %s, 'x', %s FROM delivery WHERE id = %s",
        further,
        outcome,
        by,
        delivery,
    )


def resolved(b: Bench, delivery: int, outcome: str, who: str = "office_head") -> None:
    """Somebody says what became of it; they must be who they say, of the issuing office."""
    setting(b, b.city.people[who])
    attempt(b, delivery, outcome, by=b.city.people[who].account_id)


def after(b: Bench, outcome: str, sets: str, channel: str = "inbox") -> int:
    """Claimed, with that outcome, and moved on."""
    delivery = claimed(b, channel)
    attempt(b, delivery, outcome)
    move(b, delivery, sets)
    return delivery


def acknowledge(b: Bench, delivery: int, who: str = "clerk") -> None:
    setting(b, b.city.people["clerk"])
    b.walk.do(
        "UPDATE delivery SET acknowledged_at = clock_timestamp(), acknowledged_by_account_id = %s WHERE id = %s",
        b.city.people[who].account_id,
        delivery,
    )


def acknowledged_twice(b: Bench) -> None:
    delivery = after(b, "sent", SENT)
    acknowledge(b, delivery)
    acknowledge(b, delivery)


def exposed_again(b: Bench) -> None:
    """A DBA's hand puts back what nobody knows the end of."""
    delivery = claimed(b, "publication")
    b.dba(f"UPDATE delivery SET {PENDING} WHERE id = %s", delivery)
    move(b, delivery, CLAIM)


def doubted(b: Bench, channel: str = "publication") -> int:
    delivery = claimed(b, channel)
    move(b, delivery, DOUBT)
    return delivery


def resolved_by_another(b: Bench) -> None:
    """The account of the office's head, written by somebody else of the office."""
    delivery = doubted(b)
    setting(b, b.city.people["clerk"])
    attempt(b, delivery, "again", by=office_head(b).account_id)


def pause(b: Bench, who: str = "office_head", by: str = "office_head", more: str = "NULL") -> None:
    setting(b, b.city.people[who])
    b.walk.do(
        "INSERT INTO delivery_pause (reason, note, paused_by_account_id, released_at, released_by_account_id)"
        f" SELECT 'ordered', '演练', %s, r.at, CASE WHEN r.at IS NOT NULL THEN %s::bigint END FROM (SELECT ({more})"
        "::timestamptz AS at) r",
        b.city.people[by].account_id,
        b.city.people[by].account_id,
    )


def unpause(b: Bench, who: str = "office_head", by: str = "office_head", more: str = "") -> None:
    setting(b, b.city.people[who])
    b.walk.do(
        f"UPDATE delivery_pause SET released_at = clock_timestamp(), released_by_account_id = %s{more}",
        b.city.people[by].account_id,
    )


def changed_pause(b: Bench, by: str = "office_head", more: str = "") -> None:
    pause(b)
    unpause(b, by=by, more=more)


def claimed_while(b: Bench, *, paused: bool) -> None:
    delivery = message(b)
    if paused:
        pause(b)
    else:
        hold(b, "import")
    move(b, delivery, CLAIM)


def unpaused_twice(b: Bench) -> None:
    pause(b)
    unpause(b)
    unpause(b)


OUTBOX: Table = {
    "a message that begins tried": (lambda b: message(b, attempts=1), "delivery_begins_pending"),
    "a message of a draft": (lambda b: message(b, letter=draft(b)), "letter_is_not_issued"),
    "a message cancelled on another channel": (
        lambda b: move(b, message(b), "status = 'cancelled', channel = 'email'"),
        "delivery_is_frozen",
    ),
    "a message put off unclaimed": (
        lambda b: move(b, message(b), "next_at = next_at + interval '1 hour'"),
        "delivery_is_frozen",
    ),
    "a try counted without a claim": (
        lambda b: move(b, message(b), "status = 'cancelled', attempts = 1"),
        "delivery_is_frozen",
    ),
    "acknowledged before it was sent": (lambda b: acknowledge(b, message(b)), "acknowledged_once"),
    "acknowledged twice": (acknowledged_twice, "acknowledged_once"),
    "acknowledged for another": (
        lambda b: acknowledge(b, after(b, "sent", SENT), "office_head"),
        "acknowledged_once",
    ),
    "a mail acknowledged": (lambda b: acknowledge(b, after(b, "sent", SENT, "email")), "acknowledged_once"),
    "dead before it was tried": (lambda b: move(b, message(b), "status = 'dead'"), "delivery_step_unknown"),
    "sent without an attempt": (lambda b: move(b, claimed(b), SENT), "sent_has_an_attempt"),
    "sent though refused": (lambda b: after(b, "refused", SENT), "sent_has_an_attempt"),
    "put back without an attempt": (lambda b: move(b, claimed(b), PENDING), "attempt_is_recorded"),
    "an exposure put back in doubt": (
        lambda b: after(b, "uncertain", PENDING, "publication"),
        "attempt_is_recorded",
    ),
    "sent again without a person": (lambda b: move(b, doubted(b), PENDING), "resolved_by_a_person"),
    "a claim not counted": (
        lambda b: move(b, message(b), CLAIM.replace("attempts + 1", "attempts")),
        "claim_is_counted",
    ),
    "a claim without an end": (
        lambda b: move(b, message(b), CLAIM.replace("+ interval", "- interval")),
        "claim_is_counted",
    ),
    "claimed by two": (lambda b: move(b, claimed(b), CLAIM), "claimed_by_another"),
    "an exposure claimed after its lease": (
        lambda b: move(b, claimed(b, "publication", leased="-1 minute"), CLAIM),
        "claimed_by_another",
    ),
    "an exposure sent again": (exposed_again, "exposure_once"),
    "claimed during a pause": (lambda b: claimed_while(b, paused=True), "delivery_is_paused"),
    "claimed during a hold": (lambda b: claimed_while(b, paused=False), "delivery_is_paused"),
    "an attempt of another claim": (lambda b: attempt(b, claimed(b), "sent", further=1), "attempt_of_its_claim"),
    "an attempt after the claim has ended": (
        lambda b: attempt(b, after(b, "sent", SENT), "refused"),
        "attempt_of_its_claim",
    ),
    "resolved while it is being sent": (
        lambda b: resolved(b, claimed(b, "publication"), "again"),
        "attempt_of_its_claim",
    ),
    "resolved in another's name": (resolved_by_another, "resolved_by_a_person"),
    "resolved by another department": (lambda b: resolved(b, doubted(b), "again", "inspector"), "resolved_by_a_person"),
    "a pause in another's name": (lambda b: pause(b, by="clerk"), "pause_by_a_person"),
    "a pause that begins released": (
        lambda b: pause(b, more="registry_now() + interval '1 hour'"),
        "pause_by_a_person",
    ),
    "a pause released twice": (unpaused_twice, "pause_has_ended"),
    "a pause rewritten": (lambda b: changed_pause(b, more=", note = '改'"), "pause_by_a_person"),
    "a pause released in another's name": (lambda b: changed_pause(b, by="clerk"), "pause_by_a_person"),
}


def sent_and_acknowledged(b: Bench) -> None:
    """Refused once, sent, received; and an exposure that a person puts back and confirms."""
    delivery = after(b, "refused", PENDING)
    move(b, delivery, CLAIM)
    attempt(b, delivery, "sent")
    move(b, delivery, SENT)
    acknowledge(b, delivery)
    exposure = doubted(b)
    resolved(b, exposure, "again")
    move(b, exposure, PENDING)
    move(b, exposure, CLAIM)
    move(b, exposure, DOUBT)
    resolved(b, exposure, "confirmed")
    move(b, exposure, SENT)
    pause(b)
    unpause(b)
    settle(b.connection)


# ---------------------------------------------------------------- papers of closings


def closing_paper(b: Bench, *, by_hand: bool) -> None:
    """The approval form of the hazard's round, by somebody of the office or by nobody."""
    run = run_of(b)
    if by_hand:
        setting(b, office_head(b))
    b.walk.do(
        "INSERT INTO letter (kind, issuer_organisation_id, signatory_post_kind, addressee_enterprise_id, title, body,"
        " edition_id, business_date, run_id, round_id)"
        " VALUES ('closing_approval_form', %s, 'office_head', %s, '表', '{}', %s, '2027-01-05', %s, %s)",
        b.city.organisations["office"],
        b.city.enterprise_id,
        b.city.edition_id,
        run,
        b.round_id,
    )


def authorised(b: Bench, *, kind: str = "notice_letter", by_hand: bool = False) -> None:
    """A letter issued under a standing authorisation, by the night or in somebody's session."""
    letter = draft(b)
    if kind != "notice_letter":
        b.dba(f"UPDATE letter SET kind = '{kind}'")
    draw(b)
    if by_hand:
        setting(b, office_head(b))
    b.walk.do(
        "UPDATE letter SET status = 'issued', version = version + 1, issued_at = registry_now(),"
        " standing_authorisation = '授权', office_code = %s, year = %s, serial = 1, content_sha256 = %s WHERE id = %s",
        CODE,
        YEAR,
        digest("letter"),
        letter,
    )


CLOSINGS: Table = {
    "a notice that a person issues as authorised": (lambda b: authorised(b, by_hand=True), "authorised_by_the_night"),
    "a circular issued as authorised": (lambda b: authorised(b, kind="circular"), "authorised_by_the_night"),
    "an approval form by hand": (lambda b: closing_paper(b, by_hand=True), "closing_papers_of_the_night"),
}

# ---------------------------------------------------------------- penalties


def penalty(b: Bench, **columns: str) -> int:
    """A warning by the lead department, of the enterprise; values in SQL."""
    b.owner()
    given = {
        "enterprise_id": str(b.city.enterprise_id),
        "unit_id": str(b.city.units["township"]),
        "sector": "'hazardous_chemicals'",
        "organisation_id": str(b.city.organisations["lead"]),
        "case_number": "'罚〔2026〕1号'",
        "decided_on": "'2026-01-05'",
        "law": "'work_safety_law'",
        "article": "'第九十七条'",
        "kinds": "'{warning}'",
        "penalised": "'unit'",
        **columns,
    }
    return int(
        b.walk.run(f"INSERT INTO penalty ({', '.join(given)}) VALUES ({', '.join(given.values())}) RETURNING id")
    )


def another_enterprise(b: Bench) -> int:
    """Of the same township."""
    b.owner()
    return int(
        b.walk.run(
            "INSERT INTO enterprise (code, name, unit_id) VALUES ('911506000000000024', '乙化工公司', %s) RETURNING id",
            b.city.units["township"],
        )
    )


def corrected(b: Bench, **columns: str) -> None:
    first = penalty(b)
    penalty(b, supersedes_id=str(first), correction_reason="'笔误'", **columns)


def corrected_twice(b: Bench) -> None:
    """The number passes from the first to its correction, so that one stands."""
    corrected(b, case_number="'罚〔2026〕2号'")
    penalty(b, case_number="'罚〔2026〕2号'")


PENALTIES: Table = {
    "a penalty of tomorrow": (lambda b: penalty(b, decided_on="'2999-01-01'"), "penalty_in_the_future"),
    "a penalty published tomorrow": (lambda b: penalty(b, published_on="'2999-01-01'"), "penalty_in_the_future"),
    "a penalty over another's hazard": (
        lambda b: penalty(b, enterprise_id=str(another_enterprise(b)), hazard_id=str(b.hazard_id)),
        "hazard_of_another_enterprise",
    ),
    "a penalty in another unit": (lambda b: penalty(b, unit_id=str(b.city.units["banner"])), "unit_of_another"),
    "a penalty in another unit than the hazard's": (
        lambda b: penalty(b, unit_id=str(b.city.units["banner"]), hazard_id=str(fresh(b).hazard_id)),
        "unit_of_another",
    ),
    "a correction that changes who was punished": (
        lambda b: corrected(b, enterprise_id=str(another_enterprise(b))),
        "penalty_of_another",
    ),
    "a correction of another's penalty": (
        lambda b: corrected(b, organisation_id=str(b.city.organisations["other"])),
        "penalty_of_another",
    ),
    "a number registered twice": (lambda b: [penalty(b), penalty(b)], "penalty_known"),
    "a number of a correction registered again": (corrected_twice, "penalty_known"),
}


def penalised(b: Bench) -> None:
    """Registered, corrected, and the number that it gave up used again."""
    corrected(b, case_number="'罚〔2026〕2号'")
    penalty(b, hazard_id=str(b.hazard_id))


# ---------------------------------------------------------------- the tree's heads

KEY = "a" * 64
CHAINED = "(SELECT sha256(wall_head_bytes(h)) FROM tree_head h ORDER BY size DESC LIMIT 1)"
FIRST = "decode(repeat('00', 32), 'hex')"


def tree(b: Bench, leaves: int) -> None:
    """A tree of so many leaves, as a DBA's hand would write it, under no head."""
    b.dba("DELETE FROM tree_head")
    b.dba("DELETE FROM tree_node")
    b.dba(
        "INSERT INTO tree_node (algorithm, level, index, hash) SELECT a, 0, i, sha256('') FROM"
        " unnest(array['sha256', 'sm3']) a, generate_series(0, %s) i",
        leaves - 1,
    )
    b.plain(
        "INSERT INTO audit_key (key_id, algorithm, public_key) VALUES (%s, 'ed25519', sha256(''))"
        " ON CONFLICT DO NOTHING",
        KEY,
    )


def head(b: Bench, size: int, chained: str) -> None:
    b.plain(
        "INSERT INTO tree_head (size, root_sha256, root_sm3, previous_head_sha256, sealed_at, key_id, signature)"
        f" SELECT %s, sha256(''), sha256(''), {chained}, registry_now(), %s, sha256('') || sha256('')",
        size,
        KEY,
    )


def headed(b: Bench, size: int, chained: str = FIRST, *, leaves: int = 1) -> None:
    tree(b, leaves)
    head(b, size, chained)


def smaller(b: Bench) -> None:
    """A head over a tree that a DBA has cut."""
    headed(b, 2, leaves=2)
    b.dba("DELETE FROM tree_node WHERE index = 1")
    head(b, 1, CHAINED)


def grown(b: Bench, chained: str) -> None:
    headed(b, 1)
    b.dba("INSERT INTO tree_node (algorithm, level, index, hash) SELECT algorithm, 0, 1, hash FROM tree_node")
    head(b, 2, chained)


HEADS: Table = {
    "a smaller head": (smaller, "head_moves_on"),
    "a first head chained to another": (lambda b: headed(b, 1, "sha256('x')"), "head_of_another_chain"),
    "a head chained to nothing": (lambda b: grown(b, FIRST), "head_of_another_chain"),
    "a head beyond the tree": (lambda b: headed(b, 2), "head_of_another_size"),
    "a head that leaves leaves out": (lambda b: headed(b, 1, leaves=2), "head_of_another_size"),
}


def of_outbox() -> Iterator[Case]:
    yield Case("sent, acknowledged, resolved, paused and released", sent_and_acknowledged, ())
    yield Case("a penalty registered and corrected", penalised, ())
    yield Case("a head and the next", lambda b: grown(b, CHAINED), ())
    yield Case("an approval form of the night", lambda b: closing_paper(b, by_hand=False), ())
    yield Case("a notice issued by the night as authorised", authorised, ())
    for table in (OUTBOX, CLOSINGS, PENALTIES, HEADS):
        yield from cases(table)
