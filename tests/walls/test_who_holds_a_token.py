"""`principal_of`: a token gives its holder under the chosen appointment, or nobody; a change of post bites at once."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from app.infrastructure.context import Context
from app.infrastructure.database import SystemPrincipal, Token
from app.infrastructure.errors import NotPermitted, Unauthenticated
from app.regulation.facts import Actor
from app.regulation.vocabulary import PostKind, RoleClass
from tests.support.cluster import Cluster
from tests.walls.asking import ask, execute, rows
from tests.walls.two_districts import CITY, EAST, TOWNSHIP, WEST, City, service_key_of, settled, token_of

EVERY_UNIT = (CITY, EAST, WEST, TOWNSHIP)


@pytest.fixture
def city(cluster: Cluster) -> Iterator[City]:
    with cluster.temporary_database() as database:
        yield settled(database)


def context_of(city: City, token: Token) -> Context:
    async def itself(context: Context) -> Context:
        return context

    return ask(city.database.app_url, token, itself)


def actor_of(city: City, key: str) -> Actor:
    return context_of(city, Token(token_of(key))).actor


def test_a_token_gives_person_post_organisation_units_and_label(city: City) -> None:
    assert actor_of(city, "city_office") == Actor(
        role_class=RoleClass.OFFICIAL,
        account_id=1,
        person_id=1,
        appointment_id=1,
        post_kind=PostKind.OFFICE_CLERK,
        organisation_id=1,
        unit_ids=EVERY_UNIT,
        label="市安委办岗位1",
    )
    assert actor_of(city, "east_mines").sectors == ("mine",)
    assert actor_of(city, "east_mines").unit_ids == (EAST, TOWNSHIP)


def test_an_enterprises_person_has_the_enterprise_and_no_unit(city: City) -> None:
    actor = actor_of(city, "east_enterprise")
    assert (actor.role_class, actor.enterprise_id, actor.unit_ids) == (RoleClass.ENTERPRISE, 1, ())


@pytest.mark.parametrize(
    ("kind", "role_class"),
    [
        ("tip_officer", RoleClass.OFFICIAL),
        ("registrar", RoleClass.OFFICIAL),
        ("principal_head", RoleClass.OFFICIAL),
        ("system_administrator", RoleClass.ADMINISTRATOR),
        ("security_administrator", RoleClass.ADMINISTRATOR),
        ("audit_administrator", RoleClass.AUDITOR),
        ("auditor", RoleClass.AUDITOR),
    ],
)
def test_the_post_decides_the_role_class(city: City, kind: str, role_class: RoleClass) -> None:
    city.as_superuser("UPDATE post SET kind = %s WHERE id = 1", [kind])
    assert actor_of(city, "city_office").role_class is role_class


def test_a_service_key_is_its_organisations_and_never_a_person(city: City) -> None:
    enterprise = context_of(city, Token(service_key_of("east_enterprise")))
    assert enterprise.actor == Actor(
        role_class=RoleClass.ENTERPRISE,
        account_id=101,
        organisation_id=6,
        enterprise_id=1,
        is_service=True,
        label="东区一号企业 service_east_enterprise",
    )
    assert enterprise.session_id is None
    platform = context_of(city, Token(service_key_of("platform"))).actor
    assert (platform.role_class, platform.unit_ids) == (RoleClass.PLATFORM, (EAST, TOWNSHIP))


def test_an_acting_holder_is_labelled_as_acting(city: City) -> None:
    city.as_superuser(
        "UPDATE appointment SET acting_for_appointment_id = 2, valid_until = registry_now() + interval '1 day'"
        " WHERE id = 1"
    )
    assert actor_of(city, "city_office").label == "市安委办岗位1（代）"


def test_a_unit_moved_under_another_is_seen_from_there_from_that_day(city: City) -> None:
    city.as_superuser("UPDATE unit_period SET valid_until = '2024-01-01' WHERE unit_id = %s", [TOWNSHIP])
    city.as_superuser(
        "INSERT INTO unit_period (unit_id, parent_id, code, name, valid_from)"
        " VALUES (%s, %s, '01', '新', '2024-01-01')",
        [TOWNSHIP, WEST],
    )
    assert actor_of(city, "east_office").unit_ids == (EAST,)
    assert actor_of(city, "west_office").unit_ids == (WEST, TOWNSHIP)


def test_a_dissolved_unit_is_seen_by_its_successor(city: City) -> None:
    city.as_superuser("UPDATE unit_period SET valid_until = '2024-01-01' WHERE unit_id = %s", [TOWNSHIP])
    city.as_superuser("UPDATE unit SET successor_id = %s WHERE id = %s", [WEST, TOWNSHIP])
    assert actor_of(city, "west_office").unit_ids == (WEST, TOWNSHIP)


NO_LONGER = {
    "revoked": "UPDATE session SET revoked_at = registry_now() WHERE id = 1",
    "expired": "UPDATE session SET expires_at = registry_now() WHERE id = 1",
    "idle": "UPDATE session SET last_seen_at = registry_now() - interval '31 minutes' WHERE id = 1",
    "account disabled": "UPDATE account SET disabled_at = registry_now() WHERE id = 1",
    "person disabled": "INSERT INTO person_disablement (person_id, for_cause, reason, account_id)"
    " VALUES (1, true, '因', 9)",
    "appointment over": "UPDATE appointment SET valid_until = registry_now() WHERE id = 1",
    "appointment not begun": "UPDATE appointment SET valid_from = registry_now() + interval '1 hour' WHERE id = 1",
    "appointment not confirmed": "UPDATE appointment SET confirmed_at = NULL, confirmed_by_account_id = NULL"
    " WHERE id = 1",
    "another's appointment": "UPDATE session SET appointment_id = 2 WHERE id = 1",
}


@pytest.mark.parametrize("end", NO_LONGER.values(), ids=NO_LONGER.keys())
def test_what_has_ended_gives_nobody_on_the_very_next_request(city: City, end: str) -> None:
    assert actor_of(city, "city_office").account_id == 1
    city.as_superuser(end)
    with pytest.raises(Unauthenticated):
        actor_of(city, "city_office")
    assert actor_of(city, "east_office").account_id == 2


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE service_key SET revoked_at = registry_now()",
        "UPDATE service_key SET expires_at = registry_now()",
        "UPDATE account SET disabled_at = registry_now() WHERE is_service",
    ],
)
def test_an_ended_service_key_is_nobodys(city: City, end: str) -> None:
    city.as_superuser(end)
    with pytest.raises(Unauthenticated):
        context_of(city, Token(service_key_of("platform")))


def test_a_session_token_is_no_service_key_and_the_other_way_round(city: City) -> None:
    city.as_superuser("UPDATE session SET token_sha256 = sha256('qk_platform2') WHERE id = 1")
    city.as_superuser("UPDATE service_key SET key_sha256 = sha256('platform') WHERE account_id = 102")
    for token in ("qk_platform2", "platform"):
        with pytest.raises(Unauthenticated):
            context_of(city, Token(token))


def test_a_request_keeps_the_session_from_falling_idle(city: City) -> None:
    city.as_superuser("UPDATE session SET last_seen_at = registry_now() - interval '29 minutes' WHERE id = 1")
    assert context_of(city, Token(token_of("city_office"))).session_id == 1
    idle = city.as_superuser("SELECT registry_now() - last_seen_at FROM session WHERE id = 1")[0][0]
    assert idle < timedelta(minutes=1)


def test_without_a_chosen_appointment_one_may_choose_and_nothing_else(city: City) -> None:
    url, token = city.database.app_url, Token(token_of("city_office"))
    city.as_superuser("UPDATE session SET appointment_id = NULL WHERE id = 1")
    assert context_of(city, token).actor == Actor(
        role_class=RoleClass.SIGNIN, account_id=1, person_id=1, label="city_office"
    )
    with pytest.raises(NotPermitted):
        rows(url, token, "SELECT id FROM hazard")
    execute(url, token, "UPDATE session SET appointment_id = 1 WHERE id = 2")
    assert city.as_superuser("SELECT appointment_id FROM session WHERE id = 2") == [(2,)]
    execute(url, token, "UPDATE session SET appointment_id = 1 WHERE id = 1")
    assert context_of(city, token).actor.role_class is RoleClass.OFFICIAL


def test_the_transactions_time_is_the_registrys(city: City) -> None:
    city.as_superuser("INSERT INTO clock_setting (id, is_movable, fixed_at) VALUES (1, true, '2025-06-30 23:59:59+08')")

    async def now(context: Context) -> datetime:
        return context.now

    for principal in (None, SystemPrincipal(RoleClass.SIGNIN, "登录")):
        assert ask(city.database.app_url, principal, now).isoformat() == "2025-06-30T23:59:59+08:00"


def test_signing_in_finds_the_account_and_opens_a_session(city: City) -> None:
    url, signin = city.database.app_url, SystemPrincipal(RoleClass.SIGNIN, "登录")
    assert rows(url, signin, "SELECT id FROM account WHERE login_name = 'auditor'") == [(8,)]
    assert rows(url, signin, "UPDATE account SET password_hash = '!' WHERE id = 8 RETURNING id") == []
    opened = rows(
        url,
        signin,
        "INSERT INTO session (token_sha256, account_id, appointment_id, expires_at)"
        " VALUES (sha256('new'), 8, 8, registry_now() + interval '1 hour') RETURNING account_id",
    )
    assert opened == [(8,)]
    assert context_of(city, Token("new")).actor.role_class is RoleClass.AUDITOR
