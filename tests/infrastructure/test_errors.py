"""A refusal says what, under which rule and what to do; its code is stable and it knows no HTTP."""

import inspect
import itertools

import psycopg
import pytest
from psycopg import errors as pg
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.infrastructure import errors
from app.infrastructure.constraint_errors import translate
from app.infrastructure.constraint_messages import CONSTRAINT_MESSAGES
from app.infrastructure.errors import AlreadyDone, InvalidInput, NotFound, RegistryError, RuleNotMet, StaleVersion
from app.regulation.facts import Unmet

FIRST = Unmet("four_signatures", "四级签字未齐。", "L-19", "安全生产法第四十一条", "请由第三级签字。")
SECOND = Unmet("note_is_given", "未写明理由。", "L-20", "")


def kinds() -> list[type[RegistryError]]:
    found = [RegistryError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return [kind for kind in found if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_has_a_code_a_chinese_message_and_its_place_in_the_tree(kind: type[RegistryError]) -> None:
    error = kind("/x") if kind is AlreadyDone else kind()
    assert error.code.isidentifier()
    assert error.message.endswith("。")
    assert kind.__name__ in inspect.getdoc(errors)  # type: ignore[operator]  # it has one
    assert error.code == "refused" or error.remedy or kind.__name__ == "RuleNotMet"


def test_no_two_kinds_share_a_code() -> None:
    for one, other in itertools.combinations(kinds(), 2):
        assert one.default_code != other.default_code


@pytest.mark.parametrize("code", ["NotSnake", "with-dash", "1st", "空", "a" * 81, "a b"])
def test_a_code_is_snake_case(code: str) -> None:
    with pytest.raises(ValueError, match="snake_case"):
        NotFound(code)


def test_unmet_rules_are_all_named_and_the_first_speaks() -> None:
    error = RuleNotMet(unmet=(FIRST, SECOND))
    assert (error.code, error.rule, error.article, error.remedy) == (
        FIRST.code,
        FIRST.rule,
        FIRST.article,
        FIRST.remedy,
    )
    assert "2 项" in error.message
    assert error.unmet == (FIRST, SECOND)


def test_a_rule_refused_by_name_is_listed_like_any_other() -> None:
    error = RuleNotMet("note_is_given", "未写明理由。", rule="L-20")
    assert error.unmet == (SECOND,)


def test_another_code_does_not_borrow_the_remedy_of_its_kind() -> None:
    assert NotFound("criterion_not_found", "没有这一条款。").remedy is None
    assert StaleVersion().remedy


def test_facts_cannot_be_changed_afterwards() -> None:
    with pytest.raises(TypeError):
        NotFound(facts={"state": "listed"}).facts["state"] = "closed"  # type: ignore[index]  # the attempt is the test


class _Refusal(psycopg.Error):
    """What the driver raises, with the diagnosis PostgreSQL would send."""

    def __init__(self, sqlstate: str | None, constraint: str = "", said: str = "", hint: str = "") -> None:
        super().__init__(said)
        self.sqlstate = sqlstate
        self._given = (constraint, said, hint)

    @property
    def diag(self) -> pg.Diagnostic:
        given = self._given

        class Said(pg.Diagnostic):
            def __init__(self) -> None:
                super().__init__(None)

            constraint_name, message_primary, message_hint = (text or None for text in given)

        return Said()


def translated(original: BaseException) -> RegistryError | None:
    return translate(DBAPIError("SELECT", None, original))


@pytest.mark.parametrize(
    ("sqlstate", "kind", "code"),
    [
        ("22003", "InvalidInput", "number_out_of_range"),
        ("22021", "InvalidInput", "character_refused"),
        ("23505", "Conflict", "already_exists"),
        ("23P01", "Conflict", "periods_overlap"),
        ("23514", "InvalidInput", "value_refused"),
        ("40001", "Conflict", "changed_meanwhile"),
        ("40P01", "Conflict", "changed_meanwhile"),
        ("42501", "NotPermitted", "outside_your_scope"),
        ("55P03", "TemporarilyUnavailable", "busy"),
        ("57014", "TemporarilyUnavailable", "took_too_long"),
        ("53100", "TemporarilyUnavailable", "storage_full"),
        ("53300", "TemporarilyUnavailable", "busy"),
        ("57P01", "TemporarilyUnavailable", "database_unavailable"),
        ("08006", "TemporarilyUnavailable", "database_unavailable"),
    ],
)
def test_what_postgresql_refuses_becomes_a_refusal_of_ours(sqlstate: str, kind: str, code: str) -> None:
    refusal = translated(_Refusal(sqlstate))
    assert refusal is not None
    assert (type(refusal).__name__, refusal.code) == (kind, code)


@pytest.mark.parametrize("sqlstate", ["42P01", "42601", "XX000", "0A000", None])
def test_a_fault_of_our_own_is_no_refusal(sqlstate: str | None) -> None:
    assert translated(_Refusal(sqlstate)) is None
    assert translate(ArgumentError("x")) is None
    assert translated(ValueError("x")) is None


def test_what_the_driver_itself_refuses_is_told_too() -> None:
    nul = translated(psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"))
    gone = translated(psycopg.OperationalError("connection is bad"))
    assert nul is not None
    assert nul.code == "character_refused"
    assert gone is not None
    assert gone.code == "database_unavailable"
    pool = translate(PoolTimeoutError())
    assert pool is not None
    assert pool.code == "busy"


def test_the_wall_speaks_in_its_own_words_and_code() -> None:
    refusal = translated(_Refusal("QL001", said="第 3 级尚未签字,不能销号。", hint="signatures_incomplete"))
    assert isinstance(refusal, RuleNotMet)
    assert (refusal.code, refusal.message) == ("signatures_incomplete", "第 3 级尚未签字,不能销号。")
    assert refusal.unmet[0].code == "signatures_incomplete"


def test_the_wall_is_heard_even_when_it_forgets_its_code() -> None:
    refusal = translated(_Refusal("QL002", said="refused", hint="Some Text"))
    assert isinstance(refusal, RuleNotMet)
    assert refusal.code == "refused_by_the_wall"
    assert refusal.message.startswith("数据库防线")


@pytest.mark.parametrize(
    ("sqlstate", "constraint", "kind", "code"),
    [
        ("23505", "uq_enterprise_code", errors.Conflict, "enterprise_exists"),
        ("23P01", "ex_appointment_one_holder_at_a_time", errors.Conflict, "post_already_held"),
        ("23514", "ck_appointment_never_back_dated", RuleNotMet, "appointment_back_dated"),
        ("23514", "ck_hazard_place_is_given", InvalidInput, "text_missing_or_too_long"),
        ("23514", "ck_hazard_state_is_known", InvalidInput, "value_unknown"),
        ("23505", "uq_some_new_one", errors.Conflict, "already_exists"),
    ],
)
def test_a_named_constraint_speaks_with_its_own_code(
    sqlstate: str, constraint: str, kind: type[RegistryError], code: str
) -> None:
    refusal = translated(_Refusal(sqlstate, constraint=constraint))
    assert refusal is not None
    assert (type(refusal), refusal.code) == (kind, code)


@pytest.mark.parametrize("name", CONSTRAINT_MESSAGES)
def test_a_constraints_message_is_a_chinese_sentence_with_a_usable_code(name: str) -> None:
    code, message = CONSTRAINT_MESSAGES[name]
    assert errors.Conflict(code).code == code
    assert message.endswith("。")
