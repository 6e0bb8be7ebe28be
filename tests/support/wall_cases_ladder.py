"""The ladder, holds and letters: each rule of their walls broken once."""

from collections.abc import Callable, Iterator

from tests.support.wall_bench import Bench
from tests.support.wall_cases import Case
from tests.support.wall_cases_around import cases, fresh
from tests.support.wall_city import Official, digest
from tests.support.wall_steps import settle

Table = dict[str, tuple[Callable[[Bench], object], str]]
ORDERS = {"notice_letter": 1, "circular": 2, "summons": 3, "exposure": 4, "referral": 5}
CODE, YEAR = "鄂东安督", 2027


def setting(b: Bench, who: Official) -> None:
    """Go on as the superuser, under whose account and appointment the wall is to look."""
    b.owner()
    values = {"account": who.account_id, "appointment": who.appointment_id, "organisation": who.organisation_id}
    for name, value in values.items():
        b.walk.run("SELECT set_config(%s, %s, true)", f"app.{name}", str(value))


def office_head(b: Bench) -> Official:
    return b.city.people["office_head"]


def run_of(b: Bench) -> int:
    """A night's run."""
    b.owner()
    return int(
        b.walk.run(
            "INSERT INTO escalation_run (business_date, edition_id) VALUES ('2027-01-05', %s) RETURNING id",
            b.city.edition_id,
        )
    )


# ---------------------------------------------------------------- episodes and rungs


def episode_of(b: Bench, *, cause: str = "overdue", carried: int = 0) -> int:
    """The hazard's term episode."""
    return int(
        b.walk.run(
            "INSERT INTO episode (kind, cause, hazard_id, cycle, counts_from, opened_on, carried_rung, run_id,"
            " edition_id) VALUES ('term', %s, %s, 1, '2027-01-01', '2027-01-02', %s, %s, %s) RETURNING id",
            cause,
            b.hazard_id,
            carried,
            run_of(b),
            b.city.edition_id,
        )
    )


def raised(b: Bench, episode: int, rung: str, hazard: int | None = None, on: str = "2027-01-20") -> int:
    """A rung of it."""
    return int(
        b.walk.run(
            "INSERT INTO raised_rung (episode_id, hazard_id, rung, rung_order, reason, days, raised_on, run_id,"
            " edition_id) SELECT id, %s, %s, %s, 'threshold', 1, %s, run_id, edition_id FROM episode WHERE id = %s"
            " RETURNING id",
            hazard or b.hazard_id,
            rung,
            ORDERS[rung],
            on,
            episode,
        )
    )


def ended(b: Bench) -> int:
    episode = episode_of(b)
    b.walk.do("UPDATE episode SET ended_on = '2027-01-10', ended_as = 'closed' WHERE id = %s", episode)
    return episode


def before_service(b: Bench, *, served: str | None) -> None:
    """The next rung, when the letter of the one before is issued and was served that day, or not at all."""
    episode = episode_of(b)
    letter = draft(b)
    item(b, letter, raised(b, episode, "notice_letter", on="2027-01-02"))
    issue(b, letter)
    if served:
        serve(b, letter, served)
    raised(b, episode, "circular")


def suspended_twice(b: Bench) -> None:
    b.plain(
        "INSERT INTO rung_suspension (episode_id, from_on, until_on, reason, proposed_by_account_id,"
        " approved_by_account_id, approved_at) VALUES (%s, '2027-01-02', '2027-02-02', '防汛', %s, %s, registry_now())",
        episode_of(b),
        b.city.people["clerk"].account_id,
        office_head(b).account_id,
    )
    b.walk.do("UPDATE rung_suspension SET until_on = '2028-01-01'")


def approved_by_one_person(b: Bench) -> None:
    """The proposer's own, under another account of theirs."""
    clerk = b.city.people["clerk"]
    b.plain(
        "INSERT INTO rung_suspension (episode_id, from_on, until_on, reason, proposed_by_account_id)"
        " VALUES (%s, '2027-01-02', '2027-02-02', '防汛', %s)",
        episode_of(b),
        clerk.account_id,
    )
    again = b.in_post(1, clerk.person_id).account_id
    b.plain("UPDATE rung_suspension SET approved_by_account_id = %s, approved_at = registry_now()", again)


def approved_at_once(b: Bench) -> None:
    """By whoever proposes it, in one breath."""
    episode = episode_of(b)
    setting(b, office_head(b))
    b.walk.do(
        "INSERT INTO rung_suspension (episode_id, from_on, until_on, reason, proposed_by_account_id,"
        " approved_by_account_id, approved_at) VALUES (%s, '2027-01-02', '2027-02-02', '防汛', %s, %s, registry_now())",
        episode,
        office_head(b).account_id,
        b.city.people["clerk"].account_id,
    )


LADDER: Table = {
    "a rung of an episode that has ended": (lambda b: raised(b, ended(b), "notice_letter"), "episode_has_ended"),
    "a rung of another hazard's": (
        lambda b: [raised(b, episode_of(b), "notice_letter", hazard) for hazard in [fresh(b).hazard_id]],
        "rung_of_another_hazard",
    ),
    "a rung that was carried over": (
        lambda b: raised(b, episode_of(b, carried=1), "notice_letter"),
        "rung_out_of_order",
    ),
    "a rung below the highest": (
        lambda b: [raised(b, episode, rung) for episode in [episode_of(b)] for rung in ("summons", "circular")],
        "rung_out_of_order",
    ),
    "a rung before service": (lambda b: before_service(b, served=None), "rung_before_is_not_served"),
    "a rung before the day of service": (
        lambda b: before_service(b, served="2027-01-21"),
        "rung_before_is_not_served",
    ),
    "a rung after one that no letter tells": (
        lambda b: [raised(b, episode, rung) for episode in [episode_of(b)] for rung in ("notice_letter", "circular")],
        "rung_before_is_not_served",
    ),
    "an episode that ends again": (
        lambda b: b.walk.do("UPDATE episode SET ended_on = '2027-01-12' WHERE id = %s", ended(b)),
        "episode_has_ended",
    ),
    "an episode that becomes slow": (
        lambda b: b.walk.do("UPDATE episode SET cause = 'slow' WHERE id = %s", episode_of(b)),
        "episode_keeps_its_cause",
    ),
    "a suspension approved again": (suspended_twice, "suspension_is_approved"),
    "a suspension by one person": (approved_by_one_person, "suspension_by_two_persons"),
    "a suspension approved at once": (approved_at_once, "suspension_is_proposed_first"),
}


# ---------------------------------------------------------------- holds


def hold(b: Bench, reason: str) -> int:
    """Dispatch stands still."""
    b.owner()
    return int(b.walk.run("INSERT INTO dispatch_hold (reason) VALUES (%s) RETURNING id", reason))


def release(b: Bench, held: int, rehearsal: int | None = None) -> None:
    b.plain(
        "UPDATE dispatch_hold SET released_at = registry_now(), released_by_account_id = %s, rehearsal_id = %s"
        " WHERE id = %s",
        office_head(b).account_id,
        rehearsal,
        held,
    )


def rehearsed(b: Bench) -> int:
    b.owner()
    return int(
        b.walk.run(
            "INSERT INTO escalation_rehearsal (business_date, edition_sha256, result, account_id)"
            " VALUES ('2027-01-05', '', '{}', %s) RETURNING id",
            office_head(b).account_id,
        )
    )


def released_twice(b: Bench) -> None:
    held = hold(b, "ordered")
    release(b, held)
    release(b, held)


def rehearsed_before(b: Bench) -> None:
    rehearsal = rehearsed(b)
    release(b, hold(b, "import"), rehearsal)


def released_at_once(b: Bench) -> None:
    setting(b, office_head(b))
    columns = "(reason, released_at, released_by_account_id)"
    b.walk.do(f"INSERT INTO dispatch_hold {columns} VALUES ('ordered', registry_now(), %s)", office_head(b).account_id)


HOLDS: Table = {
    "a hold that begins released": (released_at_once, "hold_begins_open"),
    "a hold released twice": (released_twice, "hold_has_ended"),
    "a hold released without a rehearsal": (lambda b: release(b, hold(b, "import")), "release_needs_rehearsal"),
    "a hold released on an old rehearsal": (rehearsed_before, "release_needs_rehearsal"),
}


# ---------------------------------------------------------------- letters


def draft(b: Bench, more: str = "", values: str = "") -> int:
    """A night's draft of the office, to the enterprise; `more`: further columns and their values in SQL."""
    return int(
        b.walk.run(
            "INSERT INTO letter (kind, issuer_organisation_id, signatory_post_kind, addressee_enterprise_id, title,"
            f" body, edition_id, business_date, run_id{more}) VALUES ('notice_letter', %s, 'office_head', %s, '函',"
            f" '{{}}', %s, '2027-01-05', %s{values}) RETURNING id",
            b.city.organisations["office"],
            b.city.enterprise_id,
            b.city.edition_id,
            run_of(b),
        )
    )


def item(b: Bench, letter: int, rung: int | None = None, dropped: str = "NULL") -> None:
    """A line of it."""
    b.plain(
        "INSERT INTO letter_item (letter_id, position, raised_rung_id, hazard_id, line, dropped_at)"
        f" SELECT %s, count(*) + 1, %s, %s, '{{}}', {dropped} FROM letter_item WHERE letter_id = %s",
        letter,
        rung,
        b.hazard_id,
        letter,
    )


def draw(b: Bench, serial: int = 1) -> None:
    """The next number of the office's series."""
    b.plain(
        "INSERT INTO letter_series (office_code, year, last_serial) VALUES (%s, %s, %s)"
        " ON CONFLICT (office_code, year) DO UPDATE SET last_serial = %s",
        CODE,
        YEAR,
        serial,
        serial,
    )


def issue(b: Bench, letter: int, who: Official | None = None, *, drawn: bool = True, status: str = "issued") -> None:
    """As its signatory would; `who`: somebody else."""
    signatory = who or office_head(b)
    if drawn:
        draw(b)
    setting(b, signatory)
    b.walk.do(
        "UPDATE letter SET status = %s, version = version + 1, issued_at = registry_now(),"
        " issued_by_appointment_id = %s, issued_by_account_id = %s, office_code = %s, year = %s, serial = 1,"
        " content_sha256 = %s WHERE id = %s",
        status,
        signatory.appointment_id,
        signatory.account_id,
        CODE,
        YEAR,
        digest("letter"),
        letter,
    )


def issued(b: Bench) -> int:
    letter = draft(b)
    issue(b, letter)
    return letter


def receipt(b: Bench, letter: int, on: str = "2027-01-07") -> None:
    b.plain(
        "INSERT INTO letter_service (letter_id, manner, received_by, served_on, account_id)"
        " VALUES (%s, 'in_person', '收发室', %s, %s)",
        letter,
        on,
        office_head(b).account_id,
    )


def answered(b: Bench, letter: int, on: str = "2027-01-08") -> None:
    b.plain(
        "INSERT INTO letter_reply (letter_id, text, received_on, account_id) VALUES (%s, '已整改', %s, %s)",
        letter,
        on,
        office_head(b).account_id,
    )


def change(b: Bench, letter: int, sets: str) -> None:
    b.plain(f"UPDATE letter SET {sets} WHERE id = %s", letter)


def serve(b: Bench, letter: int, on: str = "2027-01-07") -> None:
    receipt(b, letter, on)
    change(b, letter, f"served_on = '{on}', served_as = 'in_person'")


VOID = "status = 'voided', ended_reason = '文字有误', ended_at = registry_now()"
DROP = "status = 'dropped', ended_reason = '事项已消除', ended_at = registry_now()"


def dropped(b: Bench) -> int:
    letter = draft(b)
    change(b, letter, DROP)
    return letter


def changed_after(b: Bench, before: str, sets: str) -> None:
    """An issued letter, changed once as it may be and then as it may not."""
    letter = issued(b)
    change(b, letter, before)
    change(b, letter, sets)


def voided_draft(b: Bench) -> None:
    """What would be a number nobody drew."""
    letter = draft(b)
    b.plain(
        f"UPDATE letter SET {VOID}, issued_at = registry_now(), issued_by_appointment_id = %s, office_code = %s,"
        " year = %s, serial = 1, content_sha256 = %s WHERE id = %s",
        office_head(b).appointment_id,
        CODE,
        YEAR,
        digest("letter"),
        letter,
    )


def served_again(b: Bench) -> None:
    letter = issued(b)
    serve(b, letter)
    change(b, letter, "served_on = '2027-01-06'")


def answered_again(b: Bench) -> None:
    letter = issued(b)
    for day in ("2027-01-08", "2027-01-09"):
        answered(b, letter, day)
        change(b, letter, f"answered_on = '{day}'")


def served_on_another_day(b: Bench) -> None:
    letter = issued(b)
    receipt(b, letter)
    change(b, letter, "served_on = '2027-01-02', served_as = 'in_person'")


def while_held(b: Bench) -> None:
    letter = draft(b)
    hold(b, "ordered")
    issue(b, letter)


def with_anothers_appointment(b: Bench) -> None:
    """The signatory's appointment is written down by somebody who acts under another."""
    letter = draft(b)
    draw(b)
    setting(b, b.city.people["clerk"])
    b.walk.do(
        "UPDATE letter SET status = 'issued', issued_at = registry_now(), issued_by_appointment_id = %s,"
        " office_code = %s, year = %s, serial = 1, content_sha256 = %s WHERE id = %s",
        office_head(b).appointment_id,
        CODE,
        YEAR,
        digest("letter"),
        letter,
    )


def nothing_left(b: Bench) -> None:
    letter = draft(b)
    item(b, letter, raised(b, episode_of(b), "notice_letter"), dropped="registry_now()")
    issue(b, letter)


def unused_number(b: Bench) -> None:
    draw(b)
    settle(b.connection)


def skipped_number(b: Bench) -> None:
    issued(b)
    draw(b, 3)


def copy_of(b: Bench, letter: int) -> None:
    b.plain(
        "INSERT INTO letter_copy (letter_id, issuer_organisation_id, organisation_id, item_ids)"
        " VALUES (%s, %s, %s, '{}')",
        letter,
        b.city.organisations["office"],
        b.city.organisations["lead"],
    )


def line_taken_out(b: Bench, *, served: bool, sets: str = "dropped_at = registry_now()") -> None:
    """A line of a letter that was voided, served before or never."""
    letter = draft(b)
    item(b, letter)
    issue(b, letter)
    if served:
        serve(b, letter)
    change(b, letter, VOID)
    b.plain(f"UPDATE letter_item SET {sets} WHERE letter_id = %s", letter)


ENDED_VALUES = ", 'dropped', '无', registry_now()"
LETTERS: Table = {
    "a letter that begins dropped": (
        lambda b: draft(b, ", status, ended_reason, ended_at", ENDED_VALUES),
        "letter_begins_as_draft",
    ),
    "a dropped letter rewritten": (
        lambda b: change(b, dropped(b), "title = '改'"),
        "letter_has_ended",
    ),
    "a voided letter told of": (lambda b: changed_after(b, VOID, "dispatched_on = '2027-01-06'"), "letter_has_ended"),
    "a draft that is voided": (voided_draft, "letter_step_unknown"),
    "an issued letter rewritten": (lambda b: changed_after(b, "title = title", "title = '改'"), "letter_is_frozen"),
    "a draft of another addressee": (
        lambda b: change(b, draft(b), "addressee_enterprise_id = NULL, addressee_organisation_id = 1"),
        "letter_is_frozen",
    ),
    "dispatched on another day": (
        lambda b: changed_after(b, "dispatched_on = '2027-01-06'", "dispatched_on = '2027-01-07'"),
        "letter_dates_stand",
    ),
    "served on another day": (served_again, "letter_dates_stand"),
    "answered on another day": (answered_again, "letter_dates_stand"),
    "served without a receipt": (
        lambda b: change(b, issued(b), "served_on = '2027-01-07', served_as = 'in_person'"),
        "service_is_recorded",
    ),
    "served before the receipt says": (served_on_another_day, "service_is_recorded"),
    "answered without an answer": (lambda b: change(b, issued(b), "answered_on = '2027-01-08'"), "reply_is_recorded"),
    "issued while dispatch is held": (while_held, "dispatch_is_held"),
    "issued by a clerk": (lambda b: issue(b, draft(b), b.city.people["clerk"]), "not_the_signatory"),
    "issued by the head of another": (
        lambda b: issue(b, draft(b), b.city.people["principal_head"]),
        "not_the_signatory",
    ),
    "issued in the signatory's name": (with_anothers_appointment, "not_the_signatory"),
    "issued under no number": (lambda b: issue(b, draft(b), drawn=False), "number_is_drawn_in_order"),
    "issued with no line left": (nothing_left, "letter_has_no_item_left"),
    "a series that begins with two": (lambda b: draw(b, 2), "number_is_drawn_in_order"),
    "a series that leaves two out": (skipped_number, "number_is_drawn_in_order"),
    "a number for no letter": (unused_number, "number_is_used"),
    "a line more for an issued letter": (lambda b: item(b, issued(b)), "letter_is_frozen"),
    "a copy more of an issued letter": (lambda b: copy_of(b, issued(b)), "letter_is_frozen"),
    "a line out of a letter that was served": (lambda b: line_taken_out(b, served=True), "letter_is_frozen"),
    "a line of a voided letter rewritten": (
        lambda b: line_taken_out(b, served=False, sets="position = 9"),
        "letter_is_frozen",
    ),
    "a receipt for a draft": (lambda b: receipt(b, draft(b)), "letter_is_not_issued"),
    "an answer to a draft": (lambda b: answered(b, draft(b)), "letter_is_not_issued"),
}


def the_right_way(b: Bench) -> None:
    """Raised, told, issued, served, answered, and the next rung."""
    episode = episode_of(b, cause="slow")
    b.walk.do("UPDATE episode SET cause = 'overdue' WHERE id = %s", episode)
    letter = draft(b)
    item(b, letter, raised(b, episode, "notice_letter", on="2027-01-02"))
    copy_of(b, letter)
    release(b, hold(b, "import"), rehearsed(b))
    issue(b, letter)
    change(b, letter, "dispatched_on = '2027-01-06'")
    serve(b, letter)
    answered(b, letter)
    change(b, letter, "answered_on = '2027-01-08'")
    raised(b, episode, "circular")
    settle(b.connection)


def of_ladder() -> Iterator[Case]:
    yield Case("a rung told, served, answered, and the next", the_right_way, ())
    yield Case("a line out of a voided letter nobody received", lambda b: line_taken_out(b, served=False), ())
    for table in (LADDER, HOLDS, LETTERS):
        yield from cases(table)
