"""What a field lets through PostgreSQL can store as it stands; everything else is refused in Chinese."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.infrastructure.fields import (
    AsciiDigits,
    BusinessDate,
    Clean,
    CleanLine,
    CleanText,
    Digits,
    EnterpriseCode,
    Identifier,
    IdentityNumber,
    Instant,
    enterprise_code_fault,
)
from app.infrastructure.validation_messages import message_of

CODE = "91110000600037341L"
IDENTITY = "110101199003072316"


def message_for(kind: Any, value: object) -> str:
    adapter: TypeAdapter[object] = TypeAdapter(kind)
    with pytest.raises(ValidationError) as refusal:
        adapter.validate_python(value)
    return message_of(refusal.value.errors(include_input=False)[0])


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "a\x1bb",
        "a\x7fb",
        "a\x85b",
        "a\u202eb",
        "a\u2066b",
        "a\ufffdb",
        "a\ufffeb",
        "a\U0010ffffb",
        "a\u2028b",
    ],
)
def test_a_character_that_cannot_be_kept_or_printed_is_named_by_its_position(text: str) -> None:
    assert message_for(CleanText, text).startswith("第 2 个字符（U+")


def test_a_lone_surrogate_is_refused() -> None:
    assert "U+D800" in message_for(CleanText, "a\ud800b")


def test_a_text_is_composed_and_stripped_of_outer_spaces() -> None:
    assert TypeAdapter(CleanText).validate_python("　 cafe\u0301 \r\n二层\t ") == "café \n二层"


def test_rare_han_characters_and_emoji_are_kept() -> None:
    assert TypeAdapter(CleanLine).validate_python("𠮷野\U0002ebf0👷") == "𠮷野\U0002ebf0👷"


def test_a_line_has_no_line_break() -> None:
    assert "U+000A" in message_for(CleanLine, "一层\n二层")


@pytest.mark.parametrize(
    ("text", "message"), [("  　", "不得少于 1 个字符"), ("隐" * 201, "不得超过 200 个字符"), (5, "应为文字")]
)
def test_a_text_out_of_its_bounds_is_told_the_bound(text: object, message: str) -> None:
    assert message in message_for(CleanLine, text)


def test_a_texts_bounds_are_documented() -> None:
    schema = TypeAdapter(Annotated[str, Clean(80, min_length=2)]).json_schema()
    assert schema == {"type": "string", "minLength": 2, "maxLength": 80}


@pytest.mark.parametrize("digits", ["１２３４５６", "١٢٣٤٥٦", "12345６", "12345\n", "-12345"])
def test_other_scripts_digits_are_no_digits(digits: str) -> None:
    assert "半角数字" in message_for(Annotated[str, Digits(6)], digits)
    assert "半角数字" in message_for(AsciiDigits, digits)


def test_a_number_of_another_length_is_told_the_length() -> None:
    assert "6 位" in message_for(Annotated[str, Digits(6)], "1234567")


@pytest.mark.parametrize("code", [CODE, "N2110000600037341"])
def test_a_code_of_gb_32100_is_taken_with_letters_for_rural_collectives(code: str) -> None:
    if len(code) < 18:
        code = next(code + last for last in "0123456789ABCDEFGHJKLMNPQRTUWXY" if not enterprise_code_fault(code + last))
    assert TypeAdapter(EnterpriseCode).validate_python(code) == code


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("９１110000600037341L", "全角字符"),
        ("91110000600037341Ｌ", "全角字符"),
        ("91110000600037341l", "大写字母"),
        ("911100006000373410", "校验位不符"),
        ("9111000060003734", "18 位"),
        ("91110000600037341I", "不含 I"),
        (" 91110000600037341L", "18 位"),
        ("91110000600037341L\n", "18 位"),
        ("企业0000600037341L", "只能由半角数字"),
        ("", "18 位"),
    ],
)
def test_an_enterprise_code_that_gb_32100_does_not_know_is_refused_with_its_remedy(code: str, message: str) -> None:
    assert message in message_for(EnterpriseCode, code)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("110101199003072317", "校验位不符"),
        ("110101199002302316", "出生日期"),
        ("11010119900307231x", "大写 X"),
        ("1", "18 位"),
    ],
)
def test_an_identity_number_is_checked_and_never_repeated(number: str, message: str) -> None:
    assert TypeAdapter(IdentityNumber).validate_python(IDENTITY) == IDENTITY
    shown = message_for(IdentityNumber, number)
    assert message in shown
    assert number == "1" or number not in shown


@pytest.mark.parametrize(
    "value",
    [1700000000, "1700000000", "0001-01-01", "9999-12-31", "2024-02-30", "1989-12-31", "2101-01-01", "２０２４-01-01",
     "2024-1-1", "2024-01-01T00:00:00", True, 1.5, None],
)  # fmt: skip
def test_a_day_outside_the_registrys_years_or_in_another_form_is_refused(value: object) -> None:
    assert message_for(BusinessDate, value)


def test_the_first_and_last_day_are_taken() -> None:
    assert TypeAdapter(BusinessDate).validate_python("1990-01-01") == date(1990, 1, 1)
    assert TypeAdapter(BusinessDate).validate_python("2100-12-31") == date(2100, 12, 31)


@pytest.mark.parametrize(
    "value",
    [1700000000, "1700000000", "2024-05-31", "2024-05-31T08:30:00", "9999-12-31T00:00:00Z", "2024-05-31T25:00Z"],
)
def test_an_instant_needs_its_offset_and_a_year_of_ours(value: object) -> None:
    assert message_for(Instant, value)


def test_an_instant_is_taken_with_its_offset() -> None:
    taken = TypeAdapter(Instant).validate_python("2024-05-31T08:30:00+08:00")
    assert taken == datetime(2024, 5, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("value", [0, -1, 2**63, True, 1.0, "１２", "9" * 5000, "1e3", "+1", ""])
def test_a_number_that_bigint_cannot_hold_is_refused(value: object) -> None:
    assert message_for(Identifier, value)


@pytest.mark.parametrize("value", [1, 2**31, 2**63 - 1, "42"])
def test_a_number_that_bigint_holds_is_taken(value: object) -> None:
    assert TypeAdapter(Identifier).validate_python(value) == int(str(value))
