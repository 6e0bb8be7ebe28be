"""P-14: a new cycle voids the old signatures. P-15: 代签 is an appointment of its own, of another natural person."""

from datetime import timedelta

import psycopg
import pytest

from tests.support.wall_bench import WORLDS, Bench
from tests.support.wall_city import add_post, administrators, appoint, one
from tests.support.wall_steps import Walk, refusal
from tests.wall.conftest import Walled


@pytest.fixture
def walk(own_city: Walled) -> Walk:
    """A hazard whose round is open, committed."""
    walk = Walk(own_city.connection, own_city.city)
    with own_city.connection.transaction():
        walk.to_signing()
    return walk


def in_one(walk: Walk, *acts: object) -> str:
    """Acts in one committed transaction; the refusal they met."""
    try:
        with walk.connection.transaction():
            for act in acts:
                assert callable(act)
                act()
    except psycopg.Error as error:
        return refusal(error)
    return ""


def test_a_hazard_is_closed_signed_again_after_a_refusal_and_sealed_once_a_cycle(walk: Walk) -> None:
    signers = walk.city.signers()
    assert in_one(walk, lambda: walk.sign(1, signers[0]), lambda: walk.sign(2, signers[1])) == ""
    assert in_one(walk, lambda: walk.refuse(3, signers[2])) == ""
    assert in_one(walk, lambda: walk.sign(3, signers[2])) == "round_of_another_cycle"
    assert in_one(walk, lambda: walk.verify(walk.declare())) == ""
    assert in_one(walk, lambda: walk.sign(3, signers[2])) == "previous_level_not_signed"
    assert in_one(walk, walk.close) == ""

    assert walk.state() == "closed"
    assert walk.run("SELECT count(*) FROM sealed_closing_signature WHERE hazard_id = %s", walk.hazard_id) == 4
    assert walk.run("SELECT cycle FROM sealed_closing WHERE hazard_id = %s", walk.hazard_id) == 2


def test_a_relapsed_hazard_needs_four_new_signatures(walk: Walk) -> None:
    assert in_one(walk, walk.close) == ""
    assert in_one(walk, lambda: reopen(walk)) == ""
    assert walk.cycle() == 2

    assert in_one(walk, lambda: leave(walk, "closed")) == "step_unknown"
    assert in_one(walk, walk.declare) == ""
    assert in_one(walk, lambda: leave(walk, "closed")) == "no_completed_round"
    assert walk.state() == "rectified"


def reopen(walk: Walk) -> None:
    """A relapse found."""
    walk.act_as("inspector")
    transition = walk.act("relapse", "listed", 1)
    walk.do(
        "INSERT INTO revisit (hazard_id, transition_id, cycle, account_id, kind, passed, visited_at, findings)"
        " VALUES (%s, %s, 1, 1, 'relapse', false, registry_now(), '复发')",
        walk.hazard_id,
        transition,
    )
    walk.do("UPDATE hazard SET state = 'listed', cycle = cycle + 1 WHERE id = %s", walk.hazard_id)


def leave(walk: Walk, state: str) -> None:
    walk.act_as("clerk")
    walk.act("sign" if walk.state() == "rectified" else "correct", state)
    walk.do("UPDATE hazard SET state = %s WHERE id = %s", state, walk.hazard_id)


def test_an_acting_holder_cannot_overlap_the_holder(walled: Walled) -> None:
    head = walled.city.people["section_head"]
    deputy = walled.city.people["clerk"].person_id
    with walled.connection.transaction(force_rollback=True):
        post = one(walled.connection, "SELECT post_id FROM appointment WHERE id = %s", head.appointment_id)
        with pytest.raises(psycopg.errors.ExclusionViolation):
            appoint(walled.connection, deputy, post, administrators(walled.city), until=timedelta(days=9))


def test_one_human_with_two_accounts_is_one_person(walled: Walled) -> None:
    hazard = walled.hazard(WORLDS[0])
    with walled.connection.transaction(force_rollback=True):
        bench = Bench(walled.connection, walled.city, WORLDS[0], hazard)
        bench.sign(1)
        second = bench.in_post(2, bench.signer(1).person_id, suffix="代签")
        with pytest.raises(psycopg.Error) as refused:
            bench.sign(2, second)

    assert refusal(refused.value) == "person_signed_other_level"


def test_the_same_identity_is_never_two_persons(walled: Walled) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation), walled.connection.transaction(force_rollback=True):
        walled.connection.execute("INSERT INTO person (identity_digest) SELECT identity_digest FROM person LIMIT 1")


def test_a_post_in_another_organisation_does_not_become_the_levels(walled: Walled) -> None:
    hazard = walled.hazard(WORLDS[0])
    with walled.connection.transaction(force_rollback=True):
        bench = Bench(walled.connection, walled.city, WORLDS[0], hazard)
        other = walled.city.people["other_inspector"]
        add_post(walled.connection, walled.city.organisations["other"], "inspector", "第二岗位")
        with pytest.raises(psycopg.Error) as refused:
            bench.sign(1, other)

    assert refusal(refused.value) == "post_of_other_organisation"
