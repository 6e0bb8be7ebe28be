"""行政处罚导入: a clerk's workbook, every fault by its cell, all of it or nothing, the same file twice nothing new."""

import io
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

from app.cli.demo_city import CHEMICAL_WORKS, COAL_MINE
from app.enforcement.workbook_rows import Column
from tests.api.watching import Watch
from tests.enforcement import penalties
from tests.enforcement.penalties import CITY, CLERK, HEAD
from tests.support import walk
from tests.support.registry import Answered, Registry

C = Column
ORDINARY: Mapping[Column, Any] = {
    C.ORGANISATION: "东胜区应急管理局",
    C.CODE: CHEMICAL_WORKS.code,
    C.ENTERPRISE: CHEMICAL_WORKS.name,
    C.SECTOR: "危险化学品",
    C.DECIDED_ON: date(2026, 11, 20),
    C.BASIS: "《中华人民共和国安全生产法》第九十九条第二项",
    C.KINDS: "警告、罚款",
    C.AMOUNT: 30000.5,
    C.PENALISED: "单位",
    C.PRODUCING: "否",
}


@pytest.fixture
def watch(registry: Registry) -> Iterator[Watch]:
    with Watch.of(registry.database) as watching:
        yield watching


def row(**changed: Any) -> dict[Column, Any]:
    """An ordinary row under a number of its own; `changed` by the names of the columns' members."""
    named = {Column[name]: value for name, value in changed.items()}
    return {**ORDINARY, C.CASE_NUMBER: penalties.case_number(), **named}


def a_file(*rows: Mapping[Column, Any], headings: tuple[str, ...] = tuple(C)) -> bytes:
    """A workbook with a title line, the heading in row 2, the rows from row 3."""
    book = Workbook()
    book.active.append(["2026年行政处罚台账"])
    book.active.append(list(headings))
    for one in rows:
        book.active.append([one.get(column) for column in C])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def sent(registry: Registry, content: bytes, *, by: str = CLERK, dry_run: bool = False) -> Answered:
    params = {"dry_run": "true"} if dry_run else {}
    files = {"file": ("处罚.xlsx", content)}
    return registry.call("POST", "/enforcements/imports", by=by, files=files, params=params)


def at_fault(answer: Answered) -> dict[str, str]:
    """Cell → code of a refused file."""
    assert (answer.status, answer.code) == (422, "enforcement_cells_at_fault"), answer.body
    return {one["pointer"].removeprefix("/"): one["code"] for one in answer.body["errors"]}


def test_a_file_is_previewed_and_then_taken_in(registry: Registry, watch: Watch) -> None:
    hazard = walk.listed(registry)
    number = registry.hazard(hazard)["ledger_number"]
    content = a_file(row(HAZARD=number, SECTOR=None), row(KINDS="责令停产停业", AMOUNT=None), {})
    with watch.unchanged():
        tried = sent(registry, content, dry_run=True)
    assert (tried.status, tried.body["new"], tried.body["is_recorded"], tried.body["faults"]) == (200, 2, False, [])
    done = sent(registry, content)
    assert (done.status, done.body["new"], done.body["known"], done.body["is_recorded"]) == (201, 2, 0, True)
    (taken,) = registry.get(f"/enforcements?hazard={hazard}", by=HEAD).body["items"]
    assert (taken["amount"], taken["kinds"], taken["law"]) == ("30000.50", ["warning", "fine"], "work_safety_law")
    assert taken["organisation"]["name"] == "东胜区应急管理局"
    events = watch.rows(
        "SELECT event FROM audit_event WHERE convert_from(payload, 'UTF8')::jsonb -> 'particulars' ->> 'file_sha256'"
        " = %(file)s",
        file=done.body["sha256"],
    )
    assert [one["event"] for one in events] == ["enterprise:penalty:recorded"] * 2


def test_the_same_file_twice_changes_nothing(registry: Registry, watch: Watch) -> None:
    content = a_file(row(), row())
    assert sent(registry, content).body["new"] == 2
    with watch.unchanged():
        again = sent(registry, content)
    assert (again.status, again.body["new"], again.body["known"]) == (201, 0, 2)


def test_a_row_corrected_since_is_known_still(registry: Registry) -> None:
    one = row()
    assert sent(registry, a_file(one)).body["new"] == 1
    taken = registry.get("/enforcements?limit=1", by=CLERK).body["items"][0]
    correction = {"reason": "录入有误", "changes": {"amount": "1.00"}}
    registry.post(f"/enforcements/{taken['id']}/corrections", correction, by=CLERK)
    assert sent(registry, a_file(one)).body["known"] == 1


def test_the_file_tells_which_enterprises_are_near_the_limit(registry: Registry) -> None:
    done = sent(registry, a_file(row(), row(), row()))
    (warned,) = done.body["warned"]
    assert warned["enterprise"]["code"] == CHEMICAL_WORKS.code
    assert penalties.counter(warned, "three_penalties_in_180_days")["status"] == "reached"


FAULTS: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "a number left blank": ({"CASE_NUMBER": None}, "B3", "required_blank"),
    "a code left blank": ({"CODE": "/"}, "C3", "required_blank"),
    "a code with a wrong check digit": ({"CODE": "91150602MA0DEMA01G"}, "C3", "enterprise_code_check_digit"),
    "a code as a number": ({"CODE": 911506020000000000}, "C3", "not_text"),
    "an enterprise nobody entered": ({"CODE": "91150602MA0XXXX01J"}, "C3", "enterprise_unknown"),
    "an enterprise of another district": ({"CODE": COAL_MINE.code, "ENTERPRISE": None}, "C3", "enterprise_unknown"),
    "a name that is not the code's": ({"ENTERPRISE": "别的企业"}, "D3", "enterprise_name_differs"),
    "an organisation of another district": ({"ORGANISATION": "准格尔旗能源局"}, "A3", "organisation_cannot_decide"),
    "an office without a deciding organisation": ({"ORGANISATION": None}, "A3", "organisation_cannot_decide"),
    "a sector nobody knows": ({"SECTOR": "航天"}, "E3", "sector_unknown"),
    "a sector left blank without a hazard": ({"SECTOR": None}, "E3", "sector_unknown"),
    "a hazard out of sight": ({"HAZARD": "ZD2026-9999"}, "F3", "hazard_unknown"),
    "half a date": ({"DECIDED_ON": "2026年11月"}, "G3", "date_unreadable"),
    "a day that never was": ({"DECIDED_ON": "2026-02-30"}, "G3", "date_unreadable"),
    "a date as a bare number": ({"DECIDED_ON": 46000}, "G3", "date_unreadable"),
    "a date to come": ({"DECIDED_ON": "2026.12.1"}, "G3", "decided_in_the_future"),
    "a basis left blank": ({"BASIS": None}, "H3", "required_blank"),
    "a basis with a line break": ({"BASIS": "第一条\n第二条"}, "H3", "character_refused"),
    "a basis that never ends": ({"BASIS": "条" * 201}, "H3", "text_too_long"),
    "a kind nobody knows": ({"KINDS": "罚站"}, "I3", "kind_unknown"),
    "a fine without an amount": ({"AMOUNT": None}, "J3", "fine_without_amount"),
    "an amount without a fine": ({"KINDS": "警告"}, "I3", "amount_without_fine"),
    "an amount in 万元": ({"AMOUNT": "5万元"}, "J3", "amount_unreadable"),
    "a third of a fen": ({"AMOUNT": 100.003}, "J3", "amount_unreadable"),
    "nothing as an amount": ({"AMOUNT": 0}, "J3", "amount_unreadable"),
    "a person's name": ({"PENALISED": "某某"}, "K3", "word_unknown"),
    "a maybe": ({"PRODUCING": "可能"}, "L3", "word_unknown"),
    "published before it was decided": ({"PUBLISHED_ON": "2026-11-19"}, "M3", "published_out_of_order"),
    "a formula nobody computed": ({"CRIMINAL": "=1/0"}, "N3", "formula_without_value"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_cell_at_fault_is_named_with_its_remedy_and_nothing_is_taken_in(
    registry: Registry, watch: Watch, what: str
) -> None:
    changed, cell, code = FAULTS[what]
    content = a_file(row(**changed), row())
    with watch.unchanged():
        answer = sent(registry, content)
        tried = sent(registry, content, dry_run=True)
    assert at_fault(answer) == {cell: code}
    (fault,) = tried.body["faults"]
    assert (fault["cell"], fault["code"], tried.body["is_recorded"]) == (cell, code, False)
    assert fault["message"].startswith(f"{cell} {fault['column']}:")
    assert "请" in fault["message"] or "应为" in fault["message"]


def test_every_cell_at_fault_is_told_at_once(registry: Registry) -> None:
    content = a_file(row(CODE=None, AMOUNT="多"), row(), row(KINDS="罚站"))
    assert set(at_fault(sent(registry, content))) == {"C3", "J3", "I5"}


def test_one_number_in_two_rows_is_a_fault_of_the_second(registry: Registry) -> None:
    one = row()
    again = {**one, C.CASE_NUMBER: one[C.CASE_NUMBER].replace("〔", "[").replace("〕", "]")}
    assert at_fault(sent(registry, a_file(one, again))) == {"B4": "case_number_repeated"}


def test_a_number_recorded_with_other_content_is_a_fault(registry: Registry) -> None:
    taken = penalties.recorded(registry)
    content = a_file(row(CASE_NUMBER=taken["case_number"]))
    assert at_fault(sent(registry, content)) == {"B3": "penalty_known"}


def test_a_hazard_of_another_enterprise_is_a_fault(registry: Registry) -> None:
    hazard = walk.listed(registry)
    number = registry.hazard(hazard)["ledger_number"]
    ours = penalties.organisation(registry, "鄂尔多斯市应急管理局")
    assert ours
    changed = {"CODE": COAL_MINE.code, "ENTERPRISE": None, "HAZARD": number, "ORGANISATION": "鄂尔多斯市应急管理局"}
    assert at_fault(sent(registry, a_file(row(**changed)), by=CITY)) == {"F3": "hazard_of_another_enterprise"}


def test_a_department_leaves_its_own_name_out_and_may_not_name_another(registry: Registry) -> None:
    assert sent(registry, a_file(row(ORGANISATION=None)), by=HEAD).status == 201
    other = a_file(row(ORGANISATION="东胜区能源局"))
    assert at_fault(sent(registry, other, by=HEAD)) == {"A3": "organisation_cannot_decide"}


def test_an_office_may_write_a_departments_known_short_form_and_no_other(registry: Registry) -> None:
    assert sent(registry, a_file(row(ORGANISATION="东胜区应急局"))).status == 201
    assert at_fault(sent(registry, a_file(row(ORGANISATION="应急局")))) == {"A3": "organisation_cannot_decide"}


def test_without_its_heading_a_file_is_refused(registry: Registry) -> None:
    headings = tuple(column.value for column in C if column is not C.CASE_NUMBER)
    answer = sent(registry, a_file(headings=headings))
    assert (answer.status, answer.body["errors"][0]["code"]) == (422, "enforcement_heading_not_found")
    assert sent(registry, b"not a workbook").status == 422


def test_whoever_may_not_record_imports_nothing(registry: Registry) -> None:
    content = a_file(row())
    for by in ("chemical-principal", "city-auditor", "system-admin"):
        assert sent(registry, content, by=by).status == 403
