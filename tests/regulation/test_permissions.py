"""Who may do what: every state × act × post × relation against the committed page, and how relations arise."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from app.regulation.facts import Actor
from app.regulation.lifecycle import may, rule_for
from app.regulation.permissions import (
    PERMISSIONS,
    WORDS,
    Permission,
    Standing,
    has_permission,
    is_one_of,
    relations,
    standing_of,
)
from app.regulation.vocabulary import Act, PostKind, Purpose, Relation, RoleClass, State
from tests.regulation.builders import (
    ELSEWHERE,
    ENTERPRISE,
    ENTERPRISE_ORGANISATION,
    HIGHER,
    LEAD,
    OFFICE,
    RECEIVER,
    UNIT,
    actor,
    hazard,
    in_round,
)

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
OUTSIDE = "(尚未登记)"
SERVICE = "企业服务账号"
Cell = tuple[str, str, str]


def committed_matrix() -> dict[Cell, frozenset[str]]:
    """(state, act with its round's purpose, post) → relations, as the committed page prints them."""
    section = PAGE.read_text(encoding="utf-8").split("## 状态 × 事项 × 岗位")[1].split("## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    head, rows = lines[0], lines[2:]
    return {
        (row[1], row[2], post): frozenset(cell.split("、")) - {"–"}
        for row in rows
        for post, cell in zip(head[3:], row[3:], strict=True)
    }


def enforced_relations(state: State | None, act: Act, purpose: Purpose | None, who: Actor) -> frozenset[str]:
    rule = rule_for(state, act, purpose)
    if rule is None:
        return frozenset()
    return frozenset(one.label for one in Relation if is_one_of(rule.who, who, frozenset({one})))


def test_every_state_act_post_and_relation_is_as_the_committed_page_says() -> None:
    committed = committed_matrix()
    actors = {post.label: actor(post) for post in PostKind}
    actors[SERVICE] = Actor(RoleClass.ENTERPRISE, is_service=True)
    seen = set()
    for state, act, purpose in product((None, *State), Act, (None, *Purpose)):
        rule = rule_for(state, act, purpose)
        label = f"{act.label}({rule.purpose.label})" if rule and rule.purpose else act.label
        for post, who in actors.items():
            cell = (state.label if state else OUTSIDE, f"{label} `{act}`", post)
            if rule is not None:
                seen.add(cell)
            assert enforced_relations(state, act, purpose, who) == (committed.get(cell, frozenset()) if rule else set())
    assert seen == set(committed)


def test_no_enterprise_decides_anything_about_its_hazard() -> None:
    own = frozenset({Relation.RESPONSIBLE})
    decisions = {Act.DETERMINE, Act.DISMISS, Act.LIST, Act.APPROVE_PLAN, Act.DECIDE_EXTENSION, Act.PASS_VERIFICATION}
    posts = [post for post in PostKind if post.value.startswith("enterprise_")]
    for state, act, post in product(State, decisions, posts):
        assert not may(hazard(state), act, actor(post), own)


def test_administrators_and_auditors_act_on_no_hazard() -> None:
    posts = (
        PostKind.SYSTEM_ADMINISTRATOR,
        PostKind.SECURITY_ADMINISTRATOR,
        PostKind.AUDIT_ADMINISTRATOR,
        PostKind.AUDITOR,
        PostKind.REGISTRAR,
    )
    everything = frozenset(Relation)
    hazards, actors = [hazard(state) for state in State], [actor(post) for post in posts]
    assert not [cell for cell in product(hazards, Act, actors) if may(*cell, everything)]


def test_nobody_unrelated_acts_on_a_hazard() -> None:
    hazards, actors = [hazard(state) for state in State], [actor(post) for post in PostKind]
    assert not [cell for cell in product(hazards, Act, actors) if may(*cell, frozenset({Relation.ANY}))]


def test_a_service_account_acts_only_as_the_enterprise() -> None:
    words = [word.word for word in WORDS if word.service_role]
    assert words == ["enterprise"]
    everything = frozenset(Relation)
    others = [Actor(role, is_service=True) for role in RoleClass if role is not RoleClass.ENTERPRISE]
    assert not [act for act in Act for who in others if may(hazard(State.LISTED), act, who, everything)]


def standing(**changes: object) -> Standing:
    base = Standing(UNIT, "coal_mine", ENTERPRISE, LEAD, OFFICE, HIGHER, RECEIVER, frozenset({LEAD, HIGHER}))
    return replace(base, **changes)  # type: ignore[arg-type]  # any field


def official(organisation: int, *units: int, sectors: tuple[str, ...] = ()) -> Actor:
    return actor(PostKind.INSPECTOR, organisation_id=organisation, unit_ids=units, sectors=sectors)


@pytest.mark.parametrize(
    ("who", "held"),
    [
        (official(LEAD), {Relation.LEAD, Relation.ROUND_PARTY}),
        (official(OFFICE), {Relation.LISTING_OFFICE}),
        (official(HIGHER), {Relation.HIGHER_OFFICE, Relation.ROUND_PARTY}),
        (official(RECEIVER), {Relation.RECEIVING}),
        (official(99, UNIT), {Relation.TERRITORIAL}),
        (official(99, ELSEWHERE), set()),
        (official(99, UNIT, sectors=("coal_mine", "fire")), {Relation.REGULATOR}),
        (official(99, UNIT, sectors=("fire",)), set()),
        (official(99, ELSEWHERE, sectors=("coal_mine",)), set()),
        (replace(official(99, UNIT), role_class=RoleClass.PLATFORM), set()),
        (Actor(RoleClass.ENTERPRISE, enterprise_id=ENTERPRISE, unit_ids=(UNIT,)), {Relation.RESPONSIBLE}),
        (Actor(RoleClass.ENTERPRISE, enterprise_id=ENTERPRISE + 1), set()),
        (Actor(RoleClass.JOB), set()),
    ],
)
def test_relations_follow_from_organisation_unit_and_sector(who: Actor, held: set[Relation]) -> None:
    assert relations(standing(), who) == held | {Relation.ANY}


def test_nothing_is_related_by_what_is_unknown_on_both_sides() -> None:
    unknown = Standing(UNIT, "coal_mine")
    assert relations(unknown, Actor(RoleClass.OFFICIAL)) == {Relation.ANY}


def test_an_organisation_may_be_the_responsible_party_and_acts_as_one() -> None:
    assert Relation.RESPONSIBLE in relations(standing(responsible_organisation_id=55), official(55))
    facts = hazard(State.LISTED, enterprise_id=None, responsible_organisation_id=55)
    for post in (PostKind.SECTION_HEAD, PostKind.GOVERNMENT_HEAD):
        own, other = (actor(post, organisation_id=organisation) for organisation in (55, 56))
        assert may(facts, Act.SUBMIT_PLAN, own, relations(standing_of(facts), own))
        assert not may(facts, Act.SUBMIT_PLAN, other, relations(standing_of(facts), other))


def test_a_standing_is_read_from_the_facts() -> None:
    facts = in_round(1, transfer_to_organisation_id=RECEIVER, higher_office_id=HIGHER)
    assert standing_of(facts) == standing(round_organisation_ids=frozenset({LEAD}))
    assert standing_of(hazard()).round_organisation_ids == frozenset()


def test_an_enterprises_signatory_is_party_to_a_round_with_its_level() -> None:
    principal = actor(PostKind.ENTERPRISE_PRINCIPAL, organisation_id=ENTERPRISE_ORGANISATION)
    own = standing(round_organisation_ids=frozenset({ENTERPRISE_ORGANISATION}))
    assert Relation.ROUND_PARTY in relations(own, principal)


def test_permissions_are_complete_and_alphabetical() -> None:
    assert list(Permission) == sorted(Permission)
    assert set(PERMISSIONS) == set(Permission)


@pytest.mark.parametrize(
    ("permission", "who", "allowed"),
    [
        (Permission.LEDGER_ATTEST, actor(PostKind.OFFICE_HEAD), True),
        (Permission.LEDGER_ATTEST, actor(PostKind.INSPECTOR), False),
        (Permission.LEDGER_ATTEST, actor(PostKind.SYSTEM_ADMINISTRATOR), False),
        (Permission.APPOINTMENT_CONFIRM, actor(PostKind.SECURITY_ADMINISTRATOR), True),
        (Permission.APPOINTMENT_CONFIRM, actor(PostKind.AUDITOR), False),
        (Permission.STATISTICS_READ, Actor(RoleClass.PLATFORM, is_service=True), True),
        (Permission.STATISTICS_READ, actor(PostKind.SYSTEM_ADMINISTRATOR), False),
        (Permission.EVIDENCE_ADD, Actor(RoleClass.ENTERPRISE, is_service=True), True),
        (Permission.EVIDENCE_ADD, Actor(RoleClass.PLATFORM, is_service=True), False),
        (Permission.WORKLIST_READ, Actor(RoleClass.ENTERPRISE, is_service=True), False),
        (Permission.AUDIT_READ, actor(PostKind.AUDITOR), True),
        (Permission.AUDIT_READ, actor(PostKind.PRINCIPAL_HEAD), False),
    ],
)
def test_other_permissions_go_by_post_or_by_role_of_a_service(
    permission: Permission, who: Actor, allowed: bool
) -> None:
    assert has_permission(permission, who) is allowed


def test_no_session_loads_an_edition() -> None:
    sessions = [*(actor(post) for post in PostKind), *(Actor(role, is_service=True) for role in RoleClass)]
    assert not any(has_permission(Permission.EDITION_LOAD, who) for who in sessions)
