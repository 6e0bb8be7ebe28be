"""What the database refuses of deliveries, whoever writes the SQL."""

from typing import Any

import psycopg
import pytest

from app.delivery.channels import SignedWebhook
from app.infrastructure.clock import machine_seconds
from app.regulation.vocabulary import DeliveryChannel
from tests.support.cluster import libpq_address
from tests.support.gateways import FAILING, open_gateway
from tests.support.outbox_town import OutboxTown

CLAIM = "UPDATE delivery SET status = 'claimed', attempts = attempts + 1, lease_until = registry_now() + '5 minutes'"
SEND = "UPDATE delivery SET status = 'sent', sent_at = registry_now(), lease_until = NULL"
BACK = "UPDATE delivery SET status = 'pending', lease_until = NULL"
ATTEMPT = (
    "INSERT INTO delivery_attempt (delivery_id, number, outcome, code) SELECT id, attempts, '{}', 'x' FROM delivery"
)
BY_A_PERSON = ATTEMPT.replace("outcome, code)", "outcome, code, account_id)").replace("'x' FROM", "'x', 1 FROM")


def as_job(town: OutboxTown, *statements: str) -> None:
    """What the job's role class does, each statement in one transaction."""
    with psycopg.connect(libpq_address(town.database.superuser_url)) as connection:
        connection.execute("SET ROLE qingling_job")
        for statement in statements:
            connection.execute(statement.encode())


def refused(town: OutboxTown, *statements: str) -> str:
    """The code of the refusal that the last statement meets."""
    with psycopg.connect(libpq_address(town.database.superuser_url)) as connection:
        connection.execute("SET ROLE qingling_job")
        for statement in statements[:-1]:
            connection.execute(statement.encode())
        with pytest.raises(psycopg.Error) as refusal:
            connection.execute(statements[-1].encode())
    return str(refusal.value.diag.message_hint)


@pytest.fixture
def waiting(town: OutboxTown) -> OutboxTown:
    """One letter that waits, by the inbox."""
    town.ask("INSERT INTO dispatch_hold (reason) VALUES ('import')")
    town.issue()
    town.dispatch()
    town.ask("UPDATE dispatch_hold SET released_at = registry_now(), released_by_account_id = 1")
    return town


@pytest.fixture
def exposure(town: OutboxTown) -> OutboxTown:
    """One exposure that waits."""
    town.issue(kind="exposure_notice")
    town.dispatch()
    return town


def test_nothing_is_sent_without_an_attempt(waiting: OutboxTown) -> None:
    assert refused(waiting, CLAIM, SEND) == "sent_has_an_attempt"
    assert refused(waiting, CLAIM, ATTEMPT.format("uncertain"), SEND) == "sent_has_an_attempt"
    as_job(waiting, CLAIM, ATTEMPT.format("sent"), SEND)


def test_nothing_is_sent_that_was_not_claimed(waiting: OutboxTown) -> None:
    assert refused(waiting, SEND) == "delivery_step_unknown"
    assert refused(waiting, ATTEMPT.format("sent")) == "attempt_of_its_claim"


def test_a_claim_is_counted_and_nobody_takes_it_before_its_lease_ends(waiting: OutboxTown) -> None:
    free = CLAIM.replace("attempts = attempts + 1, ", "")
    assert refused(waiting, free) == "claim_is_counted"
    assert refused(waiting, CLAIM, CLAIM) == "claimed_by_another"


@pytest.mark.parametrize("status", ["pending", "claimed", "dead", "in_doubt", "cancelled"])
def test_what_is_sent_stays_sent(waiting: OutboxTown, status: str) -> None:
    as_job(waiting, CLAIM, ATTEMPT.format("sent"), SEND)
    lease = "registry_now() + '5 minutes'" if status == "claimed" else "NULL"
    back = f"UPDATE delivery SET status = '{status}', sent_at = NULL, lease_until = {lease}"
    assert refused(waiting, back) == "delivery_step_unknown"


@pytest.mark.parametrize(
    "change", ["channel = 'email'", "enterprise_id = 2", "message_id = 'other'", "letter_id = 2", "is_exposure = true"]
)
def test_what_a_delivery_tells_whom_never_changes(waiting: OutboxTown, change: str) -> None:
    with psycopg.connect(libpq_address(waiting.database.superuser_url)) as connection:
        connection.execute("SET ROLE qingling_owner")
        with pytest.raises(psycopg.Error) as refusal:
            connection.execute(f"UPDATE delivery SET {change}".encode())
    assert refusal.value.diag.message_hint == "delivery_is_frozen"


def test_attempts_are_neither_changed_nor_removed(waiting: OutboxTown) -> None:
    waiting.dispatch()
    for statement in ("UPDATE delivery_attempt SET code = 'y'", "DELETE FROM delivery_attempt", "DELETE FROM delivery"):
        with psycopg.connect(libpq_address(waiting.database.superuser_url)) as connection:
            connection.execute("SET ROLE qingling_owner")
            with pytest.raises(psycopg.Error) as refusal:
                connection.execute(statement.encode())
        assert refusal.value.diag.message_hint == "never_changes"


def test_an_exposure_whose_claim_did_not_end_is_claimed_by_nobody(exposure: OutboxTown) -> None:
    as_job(exposure, CLAIM)
    exposure.wait()
    assert refused(exposure, CLAIM) == "claimed_by_another"
    assert refused(exposure, BACK) == "attempt_is_recorded"
    assert refused(exposure, ATTEMPT.format("uncertain"), BACK) == "attempt_is_recorded"


def test_an_exposure_that_surely_did_not_leave_is_tried_again(exposure: OutboxTown) -> None:
    as_job(exposure, CLAIM, ATTEMPT.format("refused"), BACK, CLAIM)


def test_an_exposure_in_doubt_is_resolved_by_no_job(exposure: OutboxTown) -> None:
    as_job(exposure, CLAIM, "UPDATE delivery SET status = 'in_doubt', lease_until = NULL")
    assert refused(exposure, BACK) == "resolved_by_a_person"
    assert refused(exposure, SEND) == "sent_has_an_attempt"
    assert refused(exposure, BY_A_PERSON.format("again")) == "resolved_by_a_person"


def official(town: OutboxTown, organisation: str, *statements: str) -> Any:
    """A person of that organisation, as the session hook makes them."""
    with psycopg.connect(libpq_address(town.database.superuser_url)) as connection:
        connection.execute("SET ROLE qingling_official")
        connection.execute("SELECT set_config('app.account', '1', false)")
        connection.execute("SELECT set_config('app.organisation', %s, false)", [organisation])
        return [connection.execute(statement.encode()).rowcount for statement in statements]


def test_a_person_of_the_issuing_office_resolves_what_is_in_doubt(town: OutboxTown) -> None:
    published = {DeliveryChannel.PUBLICATION: SignedWebhook(b"k" * 32, 5.0, machine_seconds)}
    resolution = (BY_A_PERSON.format("again"), BACK.replace(", lease_until = NULL", ""))
    with open_gateway(FAILING) as gateway:
        town.issue(kind="exposure_notice")
        town.dispatch(published, publication_url=gateway.url)
        assert town.statuses() == {("publication", "in_doubt"): 1}
        ((office,),) = town.ask("SELECT issuer_organisation_id FROM letter")
        assert official(town, str(office + 1), *resolution) == [0, 0]
        assert official(town, str(office), *resolution) == [1, 1]
        town.wait()
        town.dispatch(published, publication_url=gateway.url)
    assert town.statuses() == {("publication", "sent"): 1}
    assert set(gateway.wire.values()) == {2}


def test_a_pause_is_ordered_and_released_in_ones_own_name(town: OutboxTown) -> None:
    order = "INSERT INTO delivery_pause (reason, note, paused_by_account_id) VALUES ('ordered', '示例', {})"
    ((office,),) = town.ask("SELECT id FROM organisation WHERE code = 'safety_office@dongsheng'")
    with pytest.raises(psycopg.Error, match="本人"):
        official(town, str(office), order.format(2))
    release = "UPDATE delivery_pause SET released_at = registry_now(), released_by_account_id = {}"
    official(town, str(office), order.format(1))
    with pytest.raises(psycopg.Error, match="本人"):
        official(town, str(office), release.format(2))
    assert official(town, str(office), release.format(1)) == [1]
    with pytest.raises(psycopg.Error, match="已经解除"):
        official(town, str(office), release.format(1))
