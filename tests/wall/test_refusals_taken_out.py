"""Planted bugs: each refusal of the wall taken out, one at a time; the generated cases must notice every one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import pytest

from tests.support.wall_bench import WORLDS
from tests.support.wall_cases import Case
from tests.wall.conftest import Walled
from tests.wall.test_rules_around_the_round import CASES, met
from tests.wall.test_signing_cases import FAMILIES, outcome

REFUSAL = re.compile(r"PERFORM wall_refuse\(\s*'(\w+)'.*?\);\n", re.DOTALL)
PER_COMMIT = 10


@dataclass(frozen=True)
class Weakening:
    """A function of the wall with its n-th refusal taken out."""

    function: str
    code: str
    number: int
    definition: str

    @property
    def name(self) -> str:
        """As a survivor is told."""
        return f"{self.function} without refusal {self.number}, {self.code}"


def weakenings(walled: Walled) -> list[Weakening]:
    """Every refusal there is, as the database holds it today."""
    found = []
    functions = walled.connection.execute(
        "SELECT proname, pg_get_functiondef(oid) FROM pg_proc"
        " WHERE proname LIKE 'wall%' AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql') ORDER BY 1"
    )
    for function, definition in functions.fetchall():
        for number, refusal in enumerate(REFUSAL.finditer(definition), start=1):
            weak = definition[: refusal.start()] + "NULL;\n" + definition[refusal.end() :]
            found.append(Weakening(function, refusal[1], number, weak))
    return found


def cases_for(code: str) -> Iterator[tuple[bool, Case]]:
    """The cases that ought to meet a code, and whether they are of the round."""
    around = ((False, case) for case in CASES)
    of_round = ((True, case) for family in FAMILIES.values() for case in family(WORLDS[0]))
    for is_of_round, case in chain(around, of_round):
        if code in case.refusals:
            yield is_of_round, case


def is_noticed(walled: Walled, weakening: Weakening) -> bool:
    """Whether a case ends otherwise on the weakened wall, which is whole again afterwards."""
    with walled.connection.transaction(force_rollback=True):
        walled.connection.execute(weakening.definition.encode())
        for is_of_round, case in cases_for(weakening.code):
            if (outcome(walled, WORLDS[0], case) if is_of_round else met(walled, case)) not in case.refusals:
                return True
    return False


CONDITIONS = {
    "one inspector is enough": (
        "wall_verification_is_confirmed",
        ("greatest(2, of_verification.inspectors_required)", "1"),
        "verification_not_confirmed",
    ),
    "withdrawn signatures count": (
        "wall_signed_levels",
        ("AND NOT EXISTS", "AND true OR EXISTS"),
        "previous_level_not_signed",
    ),
    "any content holds": ("wall_content_holds", ("SELECT ", "SELECT true OR "), "content_changed"),
    "any evidence holds": ("wall_evidence", ("(jsonb_agg(hash ORDER BY hash), ", "('[]'::jsonb, "), "content_changed"),
    "an ended appointment holds": (
        "wall_valid_appointment",
        ("OR held.valid_until <= at", ""),
        "appointment_not_valid",
    ),
    "a rectifier signs everywhere": (
        "wall_check_not_rectifier",
        ("step.party = 'enterprise'", "true"),
        "rectifier_does_not_sign",
    ),
    "disabled for cause is no matter": (
        "wall_check_level_again",
        ("AND d.for_cause", "AND NOT d.for_cause"),
        "signer_disabled",
    ),
    "one attestor is enough": ("wall_attestors", ("count(DISTINCT c.person_id)", "2 * count(*)"), "attested_by_two"),
    "any act fits": ("wall_step_is_known", ("SELECT CASE", "SELECT true OR CASE"), "step_unknown"),
    "any order of signatures": (
        "wall_check_leaving",
        ("of_signature.id <= newest", "false"),
        "signatures_out_of_order",
    ),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_made_weaker_is_noticed(walled: Walled, name: str) -> None:
    walled.hazard(WORLDS[0])
    function, (condition, weaker), code = CONDITIONS[name]
    row = walled.connection.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", [function])
    definition = str((row.fetchone() or [""])[0])
    assert condition in definition

    assert is_noticed(walled, Weakening(function, code, 0, definition.replace(condition, weaker)))


def test_some_refusals_taken_out_are_noticed(walled: Walled) -> None:
    walled.hazard(WORLDS[0])
    every = weakenings(walled)

    assert len(every) >= 100
    chosen = every[:: len(every) // PER_COMMIT]
    assert [weakening.name for weakening in chosen if not is_noticed(walled, weakening)] == []


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_refusal_taken_out_is_noticed(walled: Walled) -> None:
    walled.hazard(WORLDS[0])

    assert [weakening.name for weakening in weakenings(walled) if not is_noticed(walled, weakening)] == []
