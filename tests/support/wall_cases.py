"""Every rule of a sign-off round broken at every position, one at a time; each with the refusal it must meet.

`the_right_way` is the one that is accepted. Families are functions so that each rule can be read beside its breakages.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import permutations

from tests.support.wall_bench import LEVELS, Bench
from tests.support.wall_city import add_person, digest

Pairs = tuple[tuple[int, int], ...]
PAIRS: Pairs = tuple((p, q) for p in LEVELS for q in LEVELS if p != q)


@dataclass(frozen=True)
class Case:
    """A way through the round; `refusals`: the codes of which one must come back, none for the right way."""

    name: str
    run: Callable[[Bench], None]
    refusals: tuple[str, ...]


def the_right_way() -> Iterator[Case]:
    yield Case("signed in order by the four", Bench.sign_through, ())


# ---------------------------------------------------------------- order and levels


def wrong_orders() -> Iterator[Case]:
    for order in permutations(LEVELS):
        if order != LEVELS:
            yield Case(f"order {order}", partial(_in_order, order), ("previous_level_not_signed",))
    for level in LEVELS:
        skipped = ("previous_level_not_signed",) if level < LEVELS[-1] else ("signatures_incomplete",)
        yield Case(f"level {level} skipped", partial(_skipping, level), skipped)
        yield Case(f"level {level} twice", partial(_twice, level), ("level_already_signed", "round_is_over"))
        yield Case(f"leaves before level {level}", partial(_leaves_early, level), ("signatures_incomplete",))
        yield Case(
            f"level 5 after {level}", partial(_level_five, level), ("previous_level_not_signed", "level_unknown")
        )


def _in_order(order: tuple[int, ...], b: Bench) -> None:
    for level in order:
        b.sign(level)
    b.leave_alone()


def _skipping(skipped: int, b: Bench) -> None:
    for level in LEVELS:
        if level != skipped:
            b.sign(level)
    b.leave_alone()


def _twice(level: int, b: Bench) -> None:
    b.sign_through(after={level: lambda bench: bench.sign(level, bench.in_post(level, _somebody(bench)))})


def _somebody(b: Bench) -> int:
    b.owner()
    return add_person(b.connection, "somebody new")


def _leaves_early(level: int, b: Bench) -> None:
    for below in range(1, level):
        b.sign(below)
    b.leave_alone()


def _level_five(level: int, b: Bench) -> None:
    for each in range(1, level + 1):
        b.sign(each)
    who = b.in_post(4, _somebody(b))
    b.walk.act_as(who)
    b.walk.lock()
    b.walk.put_signature(5, who, b.walk.step_up(who, b.content, 5))


# ---------------------------------------------------------------- persons and posts


def wrong_persons(party_levels: tuple[int, ...]) -> Iterator[Case]:
    """`party_levels`: the enterprise's own, which a rectifier may sign."""
    wrong_post = ("post_of_other_kind", "post_of_other_organisation", "42501")
    for level, other in PAIRS:
        yield Case(f"level {level} by the signer of {other}", partial(_by_signer_of, level, other), wrong_post)
        yield Case(
            f"level {level} by the person of {other} with a second account and post",
            partial(_one_person_two_levels, level, other),
            ("person_signed_other_level",),
        )
        yield Case(
            f"level {level} with the account of {other}",
            partial(_with_account_of, level, other),
            ("account_of_another_person",),
        )
    for level in LEVELS:
        yield Case(
            f"level {level} by a post elsewhere", partial(_elsewhere, level), ("post_of_other_organisation", "42501")
        )
        refusals = () if level in party_levels else ("rectifier_does_not_sign",)
        yield Case(f"level {level} by a rectifier", partial(_by_rectifier, level), refusals)
        yield Case(f"level {level} by a service", partial(_by_service, level), ("service_account_never_signs",))


def _by_signer_of(level: int, other: int, b: Bench) -> None:
    b.sign_through(instead={level: lambda bench: bench.sign(level, bench.signer(other))}, stop=level)


def _one_person_two_levels(level: int, other: int, b: Bench) -> None:
    """Whichever of the two comes second is the one refused."""
    b.sign_through(
        instead={level: lambda bench: bench.sign(level, bench.in_post(level, bench.signer(other).person_id))},
        stop=max(level, other),
    )


def _with_account_of(level: int, other: int, b: Bench) -> None:
    def sign(bench: Bench) -> None:
        right, wrong = bench.signer(level), bench.signer(other)
        bench.walk.act_as(wrong)
        bench.walk.lock()
        proof = bench.walk.step_up(wrong, bench.content, level)
        bench.walk.put_signature(level, right, proof)

    b.sign_through(instead={level: sign}, stop=level)


def _elsewhere(level: int, b: Bench) -> None:
    def sign(bench: Bench) -> None:
        kind = bench.post_kind(level)
        person = _somebody(bench)
        official = bench.in_post(level, person)
        away = bench.city.organisations["other"]
        bench.plain("SELECT 1")
        post = bench.walk.run(
            "INSERT INTO post (organisation_id, kind, title) VALUES (%s, %s, '别处') RETURNING id", away, kind
        )
        bench.dba("UPDATE appointment SET post_id = %s WHERE id = %s", post, official.appointment_id)
        bench.sign(level, official)

    b.sign_through(instead={level: sign}, stop=level)


def _by_rectifier(level: int, b: Bench) -> None:
    """A new person in the level's post, who reported progress; the enterprise's own level does not mind."""

    def sign(bench: Bench) -> None:
        official = bench.in_post(level, _somebody(bench))
        bench.dba(
            "INSERT INTO progress (hazard_id, cycle, account_id, person_id, description)"
            " VALUES (%s, 1, %s, %s, '整改中')",
            bench.hazard_id,
            official.account_id,
            official.person_id,
        )
        bench.sign(level, official)

    b.sign_through(instead={level: sign}, stop=None if b.post_kind(level).startswith("enterprise") else level)


def _by_service(level: int, b: Bench) -> None:
    def sign(bench: Bench) -> None:
        official = bench.signer(level)
        bench.dba(
            "UPDATE account SET is_service = true, person_id = NULL, organisation_id = %s WHERE id = %s",
            official.organisation_id,
            official.account_id,
        )
        bench.sign(level)

    b.sign_through(instead={level: sign}, stop=level)


# ---------------------------------------------------------------- in post, at that time


OUT_OF_POST = (
    (
        "appointment ended",
        "UPDATE appointment SET valid_until = registry_now(), end_reason = '调离' WHERE id = %s",
        "appointment_id",
        ("appointment_not_valid",),
    ),
    (
        "appointment in the future",
        "UPDATE appointment SET valid_from = registry_now() + interval '1 day' WHERE id = %s",
        "appointment_id",
        ("appointment_not_valid",),
    ),
    (
        "appointment not confirmed",
        "UPDATE appointment SET confirmed_at = NULL, confirmed_by_account_id = NULL WHERE id = %s",
        "appointment_id",
        ("appointment_not_confirmed",),
    ),
    (
        "account disabled",
        "UPDATE account SET disabled_at = registry_now() WHERE id = %s",
        "account_id",
        ("account_disabled",),
    ),
    (
        "identity unknown",
        "UPDATE person SET identity_digest = NULL WHERE id = %s",
        "person_id",
        ("identity_missing",),
    ),
    (
        "person disabled for cause",
        "INSERT INTO person_disablement (person_id, for_cause, reason, account_id) SELECT %s, true, '违纪', 1",
        "person_id",
        ("person_disabled",),
    ),
    (
        "person disabled",
        "INSERT INTO person_disablement (person_id, for_cause, reason, account_id) SELECT %s, false, '长期离岗', 1",
        "person_id",
        ("person_disabled",),
    ),
)
"""What puts a signer out of post before signing, `%s` the right signer's own id, and how it is refused."""


def not_in_post() -> Iterator[Case]:
    """Each before its level is signed; and a signer disabled for cause after it."""
    for name, statement, by, refusals in OUT_OF_POST:
        for level in LEVELS:
            yield Case(f"{name} before level {level}", partial(_broken_before, level, statement, by, level), refusals)
    for level in LEVELS:
        for moment in range(level, LEVELS[-1] + 1):
            yield Case(
                f"signer of {level} disabled for cause after level {moment}",
                partial(_disabled_after, level, moment),
                ("signer_disabled",),
            )


def _broken_before(level: int, statement: str, by: str, whose: int, b: Bench) -> None:
    b.sign_through(before={level: lambda bench: bench.dba(statement, getattr(bench.signer(whose), by))}, stop=level)


def _disabled_after(level: int, moment: int, b: Bench) -> None:
    b.sign_through(
        after={
            moment: lambda bench: bench.plain(
                "INSERT INTO person_disablement (person_id, for_cause, reason, account_id) VALUES (%s,"
                " true, '违纪', 1)",
                bench.signer(level).person_id,
            )
        }
    )


# ---------------------------------------------------------------- the proof of identity


def wrong_step_ups() -> Iterator[Case]:
    for level, other in PAIRS:
        yield Case(
            f"level {level} with a step-up for level {other}",
            partial(_step_up_for, level, other),
            ("step_up_for_other_level",),
        )
        yield Case(
            f"level {level} with the step-up of the signer of {other}",
            partial(_step_up_of, level, other),
            ("step_up_of_another",),
        )
    for level in LEVELS:
        yield Case(
            f"level {level} with a step-up over other content",
            partial(_step_up_over_other, level),
            ("step_up_over_other_content",),
        )
        yield Case(f"level {level} with a stale step-up", partial(_stale, level, 11), ("step_up_stale",))
        yield Case(f"level {level} with a step-up of tomorrow", partial(_stale, level, -11), ("step_up_stale",))
        yield Case(
            f"level {level} withdrawn and signed again with the same step-up",
            partial(_step_up_again, level),
            ("step_up_used",),
        )


def _step_up_for(level: int, other: int, b: Bench) -> None:
    def sign(bench: Bench) -> None:
        person = bench.walk.act_as(bench.signer(level))
        bench.sign(level, step_up=bench.walk.step_up(person, bench.content, other))

    b.sign_through(instead={level: sign}, stop=level)


def _step_up_of(level: int, other: int, b: Bench) -> None:
    def sign(bench: Bench) -> None:
        person = bench.walk.act_as(bench.signer(other))
        bench.sign(level, step_up=bench.walk.step_up(person, bench.content, level))

    b.sign_through(instead={level: sign}, stop=level)


def _step_up_over_other(level: int, b: Bench) -> None:
    def sign(bench: Bench) -> None:
        person = bench.walk.act_as(bench.signer(level))
        bench.sign(level, step_up=bench.walk.step_up(person, digest("another text"), level))

    b.sign_through(instead={level: sign}, stop=level)


def _stale(level: int, minutes: int, b: Bench) -> None:
    def sign(bench: Bench) -> None:
        person = bench.walk.act_as(bench.signer(level))
        proof = bench.walk.step_up(person, bench.content, level)
        bench.dba(
            "UPDATE step_up SET recorded_at = recorded_at - make_interval(mins => %s) WHERE id = %s", minutes, proof
        )
        bench.sign(level, step_up=proof)

    b.sign_through(instead={level: sign}, stop=level)


def _step_up_again(level: int, b: Bench) -> None:
    def sign(bench: Bench) -> None:
        bench.walk.withdraw(bench.signatures[level], bench.signer(level))
        bench.sign(level, step_up=bench.step_ups[level])

    b.sign_through(after={level: sign})
