"""The field types every schema is made of: what they let through PostgreSQL stores, prints and compares as it stands.

Only the ledger import repairs what people send; here a wrong character is refused with its remedy, never guessed.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema
from stdnum.cn import ric, uscc

EARLIEST_DATE: Final = date(1990, 1, 1)
LATEST_DATE: Final = date(2100, 12, 31)
LARGEST_IDENTIFIER: Final = 2**63 - 1

_NONCHARACTERS: Final = frozenset(
    [*range(0xFDD0, 0xFDF0), *(plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))]
)
_BIDIRECTIONAL: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
# GB 32100 gives some registering departments a letter (N: rural collectives), which python-stdnum's own check refuses.
_ENTERPRISE_CODE: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_IDENTITY_NUMBER: Final = re.compile(r"[1-9][0-9]{16}[0-9X]")
_DIGITS: Final = re.compile(r"[0-9]+")


def _is_refused(character: str, *, lines: bool) -> bool:
    if character in "\n\t":
        return not lines
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or character in _BIDIRECTIONAL
        or ord(character) in _NONCHARACTERS
        or character == "\ufffd"
    )


def clean(text: str, *, lines: bool = False) -> str:
    """The text in NFC without outer spaces; PydanticCustomError for control and bidirectional characters."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n") if lines else text).strip()
    for position, character in enumerate(text, start=1):
        if _is_refused(character, lines=lines):
            raise PydanticCustomError(
                "character_refused",
                "第 {position} 个字符（U+{code}）是控制字符或乱码，无法保存，请删去后重新提交。",
                {"position": position, "code": f"{ord(character):04X}"},
            )
    return text


@dataclass(frozen=True, slots=True)
class Clean:
    """Marks a text: `Annotated[str, Clean(80)]`. Lengths count characters once clean; `lines` allows line breaks."""

    max_length: int
    min_length: int = 1
    lines: bool = False

    def _check(self, text: str) -> str:
        cleaned = clean(text, lines=self.lines)
        if len(cleaned) < self.min_length:
            raise PydanticKnownError("string_too_short", {"min_length": self.min_length})
        if len(cleaned) > self.max_length:
            raise PydanticKnownError("string_too_long", {"max_length": self.max_length})
        return cleaned

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's hook
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "minLength": self.min_length, "maxLength": self.max_length}


CleanLine = Annotated[str, Clean(200)]
"""One line of at most 200 characters: names, places, titles."""
CleanText = Annotated[str, Clean(4000, lines=True)]
"""Paragraphs of at most 4,000 characters: circumstances, requirements, reasons."""


@dataclass(frozen=True, slots=True)
class Digits:
    """Marks a number written in exactly `length` half-width digits; other scripts' digits are refused."""

    length: int

    def _check(self, text: str) -> str:
        if len(text) != self.length:
            raise PydanticCustomError(
                "digits_length", "应为 {length} 位半角数字，请核对位数。", {"length": self.length}
            )
        return _ascii_digits(text)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's hook
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^[0-9]{{{self.length}}}$"}


def _ascii_digits(text: str) -> str:
    if not _DIGITS.fullmatch(text):
        raise PydanticCustomError("digits_only", "只能使用半角数字 0 至 9，请改正全角数字或其他字符。")
    return text


AsciiDigits = Annotated[
    str, AfterValidator(_ascii_digits), Field(json_schema_extra={"pattern": "^[0-9]+$", "maxLength": 32})
]
"""Half-width digits, any number of them up to 32."""


def enterprise_code_fault(code: str) -> tuple[str, str] | None:
    """What is wrong with a unified social credit code (GB 32100): stable code and Chinese message; None when right."""
    if code.isascii():
        if not _ENTERPRISE_CODE.fullmatch(code):
            return (
                "enterprise_code_format",
                "统一社会信用代码应为 18 位半角数字和大写字母，不含 I、O、S、V、Z，请核对营业执照。",
            )
        if uscc.calc_check_digit(code[:17]) != code[17]:
            return "enterprise_code_check_digit", "统一社会信用代码的校验位不符（GB 32100），请对照营业执照逐位核对。"
        return None
    if unicodedata.normalize("NFKC", code).isascii():
        return "enterprise_code_full_width", "统一社会信用代码含有全角字符，请改用半角数字和大写字母后重新提交。"
    return "enterprise_code_format", "统一社会信用代码只能由半角数字和大写字母组成，请核对营业执照。"


def _enterprise_code(code: str) -> str:
    fault = enterprise_code_fault(code)
    if fault is not None:
        raise PydanticCustomError(fault[0], "{message}", {"message": fault[1]})  # type: ignore[arg-type,unused-ignore]  # ours
    return code


EnterpriseCode = Annotated[
    str, AfterValidator(_enterprise_code), Field(json_schema_extra={"minLength": 18, "maxLength": 18})
]
"""Unified social credit code, GB 32100, check digit verified."""


def _identity_number(number: str) -> str:
    if not _IDENTITY_NUMBER.fullmatch(number):
        raise PydanticCustomError(
            "identity_number_format", "身份证号码应为 18 位半角数字，末位可为大写 X，请核对证件。"
        )
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise PydanticCustomError("identity_number_birth_date", "身份证号码中的出生日期不存在，请核对证件。") from None
    if ric.calc_check_digit(number) != number[17]:
        raise PydanticCustomError("identity_number_check_digit", "身份证号码的校验位不符（GB 11643），请核对证件。")
    return number


IdentityNumber = Annotated[str, AfterValidator(_identity_number), Field(json_schema_extra={"writeOnly": True})]
"""Citizen identity number, GB 11643; turned into a keyed digest at once and never kept."""


def _iso_date(value: object) -> object:
    # Left alone, pydantic reads 1700000000 as a date: seconds since 1970.
    if isinstance(value, datetime) or not isinstance(value, (str, date)):
        raise PydanticKnownError("date_type")
    if isinstance(value, str) and not _ISO_DATE.fullmatch(value):
        raise PydanticKnownError("date_parsing", {"error": ""})
    return value


BusinessDate = Annotated[date, Field(ge=EARLIEST_DATE, le=LATEST_DATE), BeforeValidator(_iso_date)]
"""A day in Asia/Shanghai, `YYYY-MM-DD`, 1990-01-01 to 2100-12-31."""


def _iso_instant(value: object) -> object:
    if isinstance(value, str) and _ISO_INSTANT.fullmatch(value):
        return value
    if isinstance(value, datetime):
        return value
    raise PydanticKnownError("datetime_parsing", {"error": ""})


def _instant_in_range(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise PydanticKnownError("timezone_aware")
    if not EARLIEST_DATE.year <= value.year <= LATEST_DATE.year:
        raise PydanticCustomError("instant_out_of_range", "时间应在 1990 年至 2100 年之间，请核对。")
    return value


Instant = Annotated[datetime, BeforeValidator(_iso_instant), AfterValidator(_instant_in_range)]
"""An instant with its offset, ISO 8601, years 1990 to 2100."""


def _whole_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise PydanticKnownError("int_type")
    if isinstance(value, str) and (len(value) > len(str(LARGEST_IDENTIFIER)) or not _DIGITS.fullmatch(value)):
        raise PydanticKnownError("int_parsing")
    return value


Identifier = Annotated[int, Field(ge=1, le=LARGEST_IDENTIFIER), BeforeValidator(_whole_number)]
"""A row's number: 1 to 2^63-1, the range of PostgreSQL's bigint."""


Longitude = Annotated[Decimal, Field(ge=73, le=136, decimal_places=6)]
"""Degrees east within China, as CGCS2000 or WGS-84 give them."""
Latitude = Annotated[Decimal, Field(ge=3, le=54, decimal_places=6)]
"""Degrees north within China."""
