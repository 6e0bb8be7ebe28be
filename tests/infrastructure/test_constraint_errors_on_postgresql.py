"""The same translation against what PostgreSQL itself raises, so that no field of its diagnosis is only imagined."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app.infrastructure.constraint_errors import translate
from app.infrastructure.errors import Conflict, InvalidInput, RegistryError, RuleNotMet, TemporarilyUnavailable
from tests.support.cluster import TestDatabase

SCRATCH = """
CREATE TEMPORARY TABLE enterprise (
    code text CONSTRAINT uq_enterprise_code UNIQUE,
    place text CONSTRAINT ck_hazard_place_is_given CHECK (length(btrim(place)) > 0),
    percent smallint CONSTRAINT ck_progress_percent_is_share CHECK (percent BETWEEN 0 AND 100),
    number integer
) ON COMMIT DROP;
INSERT INTO enterprise VALUES ('a', 'b', 1, 1);
"""


@pytest.fixture(scope="module")
def engine(worker_database: TestDatabase) -> Iterator[Engine]:
    engine = create_engine(worker_database.superuser_url, poolclass=NullPool)
    yield engine
    engine.dispose()


def run(engine: Engine, statement: str, values: dict[str, object]) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(SCRATCH)
        connection.execute(text(statement), values)


def refusal_of(engine: Engine, statement: str, **values: object) -> RegistryError | None:
    with pytest.raises(DBAPIError) as refused:
        run(engine, statement, values)
    return translate(refused.value)


@pytest.mark.parametrize(
    ("statement", "kind", "code"),
    [
        ("INSERT INTO enterprise (code) VALUES ('a')", Conflict, "enterprise_exists"),
        ("INSERT INTO enterprise (place) VALUES (' ')", InvalidInput, "text_missing_or_too_long"),
        ("INSERT INTO enterprise (percent) VALUES (101)", RuleNotMet, "percent_out_of_range"),
        ("INSERT INTO enterprise (number) VALUES (2147483648)", InvalidInput, "number_out_of_range"),
        ("SELECT '10000-99-99'::date", InvalidInput, "date_out_of_range"),
        ("SELECT 'x'::uuid", InvalidInput, "value_malformed"),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)", TemporarilyUnavailable, "took_too_long"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", TemporarilyUnavailable, "database_unavailable"),
    ],
)
def test_what_postgresql_raises_is_told_as_ours(
    engine: Engine, statement: str, kind: type[RegistryError], code: str
) -> None:
    refusal = refusal_of(engine, statement)
    assert refusal is not None
    assert (type(refusal), refusal.code) == (kind, code)


def test_a_nul_that_the_driver_cannot_send_is_told_as_ours(engine: Engine) -> None:
    refusal = refusal_of(engine, "INSERT INTO enterprise (place) VALUES (:place)", place="井下\x00")
    assert isinstance(refusal, InvalidInput)
    assert refusal.code == "character_refused"


def test_the_walls_message_and_code_arrive(engine: Engine) -> None:
    wall = "DO $$BEGIN RAISE EXCEPTION USING ERRCODE = 'QL001', MESSAGE = '四级签字未齐。', HINT = 'round_open'; END$$"
    refusal = refusal_of(engine, wall)
    assert isinstance(refusal, RuleNotMet)
    assert (refusal.code, refusal.message) == ("round_open", "四级签字未齐。")


def test_a_statement_that_is_wrong_in_itself_is_our_own_fault(engine: Engine) -> None:
    assert refusal_of(engine, "SELECT nothing FROM nowhere") is None


def test_a_server_that_is_not_there_is_told_as_ours() -> None:
    nowhere = create_engine("postgresql+psycopg://a:b@127.0.0.1:1/c", poolclass=NullPool)
    with pytest.raises(DBAPIError) as refused:
        nowhere.connect()
    refusal = translate(refused.value)
    assert isinstance(refusal, TemporarilyUnavailable)
    assert refusal.code == "database_unavailable"
