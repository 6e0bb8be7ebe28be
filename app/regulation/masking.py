"""Personal data, field by field: who is shown it, who sees it masked, for whom the field is not there at all.

个人信息保护法 articles 6 and 51: no more than the task needs. What stands nowhere here is absent. A role class is as in
the second wall; in the database itself an auditor's names are masked too (`masked_person_detail`).
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from app.regulation.facts import Actor
from app.regulation.vocabulary import RoleClass


class Shown(StrEnum):
    """How a field appears in an answer."""

    SHOWN = "shown"
    MASKED = "masked"
    ABSENT = "absent"


class PersonalField(StrEnum):
    """What is about a person, wherever it appears."""

    PERSON_NAME = "person_name"
    PERSON_PHONE = "person_phone"
    LOGIN_NAME = "login_name"
    FINDERS = "finders"
    NUMBERS_IN_TEXT = "numbers_in_text"


LABELS: Final[Mapping[PersonalField, str]] = {
    PersonalField.PERSON_NAME: "姓名(人员、任职)",
    PersonalField.PERSON_PHONE: "联系电话(人员)",
    PersonalField.LOGIN_NAME: "登录名(账号)",
    PersonalField.FINDERS: "排查人员(隐患)",
    PersonalField.NUMBERS_IN_TEXT: "文字中的手机号码、身份证号码(部位、情形、事由、说明等)",
}

_ADMINISTERED: Final = {RoleClass.ADMINISTRATOR: Shown.SHOWN, RoleClass.AUDITOR: Shown.MASKED}
_OF_HAZARDS: Final = {
    RoleClass.OFFICIAL: Shown.SHOWN,
    RoleClass.IMPORT: Shown.SHOWN,
    RoleClass.ENTERPRISE: Shown.MASKED,
    RoleClass.AUDITOR: Shown.MASKED,
}

MASKING: Final[Mapping[PersonalField, Mapping[RoleClass, Shown]]] = {
    PersonalField.PERSON_NAME: _ADMINISTERED,
    PersonalField.PERSON_PHONE: _ADMINISTERED,
    # A login is no name, and who is watched must be recognisable to the watchers.
    PersonalField.LOGIN_NAME: {RoleClass.ADMINISTRATOR: Shown.SHOWN, RoleClass.AUDITOR: Shown.SHOWN},
    PersonalField.FINDERS: _OF_HAZARDS,
    # The text itself stays: only what reaches a person is taken out of it.
    PersonalField.NUMBERS_IN_TEXT: {**_OF_HAZARDS, RoleClass.PLATFORM: Shown.MASKED},
}
"""Signatures, confirmations and the timeline name posts and organisations, never persons: for nobody."""

OWN_REPORT: Final = frozenset({PersonalField.FINDERS, PersonalField.NUMBERS_IN_TEXT})
"""What an enterprise sees unmasked of the hazards it reported itself: its own words about its own people."""

_TEXTS: Final = frozenset(
    {
        "place",
        "circumstances",
        "reporting_record",
        "monitoring_measures",
        "reason",
        "note",
        "description",
        "measures_taken",
        "findings",
        "changes",
    }
)
_FINDERS: Final = PersonalField.FINDERS.value
MASKED_NUMBERS: Final = (
    "(?<![0-9A-Za-z])(1[3-9][0-9])[0-9]{4}([0-9]{4})(?![0-9A-Za-z])",
    "(?<![0-9A-Za-z])([1-9][0-9]{2})[0-9]{11}([0-9]{3}[0-9Xx])(?![0-9A-Za-z])",
)
"""Mobile and identity numbers, as Python and PostgreSQL both read them."""
LEFT_OF_NUMBERS: Final = r"\1****\2"
_NAME: Final = re.compile(r"[^\s、,,;;/()()::*0-9]+")


def shown(field: PersonalField, actor: Actor, *, is_own_report: bool = False) -> Shown:
    """How the actor sees the field; `is_own_report`: of a hazard that the actor's enterprise reported itself."""
    if is_own_report and actor.role_class is RoleClass.ENTERPRISE and field in OWN_REPORT:
        return Shown.SHOWN
    return MASKING[field].get(actor.role_class, Shown.ABSENT)


def masked_people(text: str | None) -> str | None:
    """Each word of a list of people masked as a name, each number as a phone: 王某某、李某 → 王*、李*."""
    if not text:
        return text
    return _NAME.sub(lambda word: f"{word[0][:1]}*", without_numbers(text))


def without_numbers(text: str) -> str:
    """The text with mobile and identity numbers masked: 13812345678 → 138****5678."""
    for number in MASKED_NUMBERS:
        text = re.sub(number, LEFT_OF_NUMBERS, text)
    return text


def presented(view: Mapping[str, Any], actor: Actor, *, is_own_report: bool = False) -> dict[str, Any]:
    """A view of a hazard or a document of it as the actor may see it: finders and free texts by the table."""
    finders = shown(PersonalField.FINDERS, actor, is_own_report=is_own_report)
    answer = {name: value for name, value in view.items() if name != _FINDERS or finders is not Shown.ABSENT}
    if _FINDERS in answer and finders is Shown.MASKED:
        answer[_FINDERS] = masked_people(answer[_FINDERS])
    if shown(PersonalField.NUMBERS_IN_TEXT, actor, is_own_report=is_own_report) is Shown.SHOWN:
        return answer
    return {name: _masked(value, finders) if name in _TEXTS else value for name, value in answer.items()}


def _masked(value: Any, finders: Shown) -> Any:  # noqa: ANN401 - any value of a JSON document
    if isinstance(value, str):
        return without_numbers(value)
    if isinstance(value, Mapping):
        # A correction names its fields: those who found the hazard are people there too.
        seen = {name: inner for name, inner in value.items() if name != _FINDERS or finders is not Shown.ABSENT}
        return {
            name: _masked_throughout(inner) if name == _FINDERS and finders is Shown.MASKED else _masked(inner, finders)
            for name, inner in seen.items()
        }
    return [_masked(inner, finders) for inner in value] if isinstance(value, list) else value


def _masked_throughout(value: Any) -> Any:  # noqa: ANN401 - any value of a JSON document
    if isinstance(value, Mapping):
        return {name: _masked_throughout(inner) for name, inner in value.items()}
    return masked_people(value) if isinstance(value, str) else value
