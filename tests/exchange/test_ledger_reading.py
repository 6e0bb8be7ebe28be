"""The year's ledger, clean and as clerks send it, and what becomes of each kind of row."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from importlib.resources import as_file

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.exchange.ledger import SkipReason, UnderstoodLedger
from app.exchange.ledger_columns import LedgerColumn
from app.exchange.ledger_rows import understand_ledger
from app.infrastructure.workbook import Cell, RawRow, RawWorkbook, read_workbook
from tests.exchange.ledgers import (
    HEADINGS,
    IMPORTED_ON,
    KNOWN,
    ORDINARY,
    SAMPLE,
    TRUE_FIGURES,
    cells,
    classified_rows,
    codes,
    understood,
)


def sample(name: str) -> RawWorkbook:
    with as_file(SAMPLE.joinpath(name)) as path:
        return read_workbook(path)


@pytest.fixture(scope="module")
def as_sent() -> UnderstoodLedger:
    return understand_ledger(sample("ledger-2024-as-sent.xlsx"), KNOWN, imported_on=IMPORTED_ON)


@pytest.fixture(scope="module")
def clean() -> UnderstoodLedger:
    return understand_ledger(sample("ledger-2024.xlsx"), KNOWN, imported_on=IMPORTED_ON)


@pytest.mark.parametrize("name", ["as_sent", "clean"])
def test_both_ledgers_give_the_years_true_figures(name: str, request: pytest.FixtureRequest) -> None:
    ledger: UnderstoodLedger = request.getfixturevalue(name)
    totals = ledger.totals
    assert (totals.found, totals.closed, totals.open, totals.rate) == (339, 333, 6, "98.2")
    districts = {district: [tally.found, tally.closed] for district, tally in totals.by_district.items()}
    sectors = {sector: [tally.found, tally.closed] for sector, tally in totals.by_sector.items()}
    assert districts == TRUE_FIGURES["by_district"]
    assert sectors == TRUE_FIGURES["by_sector"]
    assert Counter(row.channel.label for row in ledger.rows) == TRUE_FIGURES["by_source"]
    assert len({row.enterprise_code for row in ledger.rows}) == TRUE_FIGURES["enterprises"] == 254


def test_the_ledger_as_sent_says_what_the_clean_one_says_but_for_one_cell(
    as_sent: UnderstoodLedger, clean: UnderstoodLedger
) -> None:
    by_number = {row.ledger_number: row for row in clean.rows}
    differing = [row for row in as_sent.rows if row.content_hash != by_number[row.ledger_number].content_hash]
    assert [(row.row, row.measures) for row in differing] == [(59, '=HYPERLINK("http://127.0.0.1/x","点此")')]


def test_every_row_as_sent_ends_in_exactly_one_class(as_sent: UnderstoodLedger) -> None:
    assert as_sent.counts == {"imported": 4, "repaired": 335, "skipped": 5, "refused": 0}
    assert classified_rows(as_sent) == list(range(4, 348))
    assert [(row.row, row.reason, row.repeats) for row in as_sent.skipped] == [
        (104, SkipReason.REPEAT, 103),
        (105, SkipReason.SUBTOTAL, None),
        (229, SkipReason.REPEAT, 228),
        (230, SkipReason.SUBTOTAL, None),
        (347, SkipReason.FOOTER, None),
    ]


def test_the_clean_ledger_is_taken_in_as_it_stands(clean: UnderstoodLedger) -> None:
    assert clean.counts == {"imported": 339, "repaired": 0, "skipped": 1, "refused": 0}


def test_hidden_rows_formulas_and_names_with_several_codes_are_reported(as_sent: UnderstoodLedger) -> None:
    findings = {finding.code: finding for finding in as_sent.findings}
    assert Counter(codes(as_sent)) == {
        "hidden_row": 1,
        "formula_value": 1,
        "formula_like_text": 1,
        "name_with_several_codes": 21,
    }
    assert findings["hidden_row"].rows == (74, 196)
    assert findings["formula_value"].cells == ("W44",)
    assert findings["formula_like_text"].cells == ("Q59",)
    assert {row.row for row in as_sent.rows if row.hidden} == {74, 196}
    formula = next(row for row in as_sent.rows if row.row == 44)
    assert formula.progress == "已完成整改"
    assert ("W44", "formula_value") in {(repair.cell, repair.rule) for repair in formula.repairs}


def test_what_is_printed_has_the_shape_that_programs_read(as_sent: UnderstoodLedger) -> None:
    printed = json.loads(json.dumps(as_sent.as_json(), ensure_ascii=False))
    assert printed["totals"]["by_district"]["东胜区"] == {"found": 31, "closed": 30}
    assert set(printed["totals"]) == {"found", "closed", "open", "rate", "by_district", "by_sector"}
    assert printed["rows"] == as_sent.counts
    assert {repair["cell"] for repair in printed["repaired"] if repair["rule"] == "formula_value"} == {"W44"}
    assert json.loads(json.dumps(as_sent.rows[0].as_json()))["funds"] == "158.8"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([], SkipReason.BLANK),
        ([None, " ", "\u3000", "\u200b"], SkipReason.BLANK),
        (["小计:100项"], SkipReason.SUBTOTAL),
        ([None, "合　计", None, None, "12家"], SkipReason.SUBTOTAL),
        ([None, None, None, None, "本页小计"], SkipReason.SUBTOTAL),
        (["编制人:        审核人:        签发人:"], SkipReason.FOOTER),
        (["备注：数据截至年底"], SkipReason.FOOTER),
        (["第 1 页"], SkipReason.FOOTER),
        (HEADINGS, SkipReason.HEADING),
    ],
)
def test_a_row_that_is_no_hazard_is_skipped_with_its_reason(row: Sequence[Cell], reason: SkipReason) -> None:
    ledger = understood(cells(), row, cells({LedgerColumn.LEDGER_NUMBER: "ZD2024-0002"}))
    assert [(skipped.row, skipped.reason) for skipped in ledger.skipped] == [(3, reason)]
    assert len(ledger.rows) == 2


def test_a_row_of_unknown_meaning_is_refused_not_skipped() -> None:
    ledger = understood(["请各旗区核对"])
    assert [refused.row for refused in ledger.refused] == [2]
    assert "required_blank" in {fault.code for fault in ledger.refused[0].faults}


def test_the_same_row_twice_counts_once_however_it_is_written() -> None:
    again = cells({LedgerColumn.SEQUENCE: 9.0, LedgerColumn.FOUND_ON: "2024.5.26", LedgerColumn.SECTOR: "煤矿 "})
    ledger = understood(cells(), again)
    assert ledger.totals.found == 1
    assert [(skipped.row, skipped.repeats) for skipped in ledger.skipped] == [(3, 2)]


def test_one_number_over_two_contents_refuses_both_and_names_both() -> None:
    other = cells({LedgerColumn.PLACE: "配电室"})
    ledger = understood(cells(), other)
    assert ledger.totals.found == 0
    assert [refused.row for refused in ledger.refused] == [2, 3]
    assert "第 3 行" in ledger.refused[0].faults[0].message
    conflict = next(finding for finding in ledger.findings if finding.code == "number_conflict")
    assert conflict.rows == (2, 3)


@pytest.mark.parametrize(
    ("progress", "closed_on", "accepted_on", "finding"),
    [
        ("已完成整改", None, None, "finished_not_closed"),
        ("正在整改", date(2024, 8, 21), date(2024, 8, 20), "closed_unfinished"),
        ("已完成整改", date(2024, 8, 21), date(2024, 8, 22), "closed_before_accepted"),
        ("已完成整改", date(2024, 8, 21), None, "closed_without_acceptance"),
    ],
)
def test_the_closing_date_alone_decides_and_contradictions_are_reported(
    progress: str, closed_on: date | None, accepted_on: date | None, finding: str
) -> None:
    changes: dict[LedgerColumn, Cell] = {
        LedgerColumn.PROGRESS: progress,
        LedgerColumn.CLOSED_ON: closed_on,
        LedgerColumn.ACCEPTED_ON: accepted_on,
    }
    ledger = understood(cells(changes))
    assert ledger.totals.closed == (closed_on is not None)
    assert codes(ledger) == [finding]


def test_one_code_under_two_names_is_reported_and_not_merged_by_name() -> None:
    other = cells({LedgerColumn.LEDGER_NUMBER: "ZD2024-0002", LedgerColumn.ENTERPRISE_NAME: "另一名称有限公司"})
    ledger = understood(cells(), other)
    assert codes(ledger) == ["code_with_several_names"]
    assert ledger.findings[0].rows == (2, 3)


def test_a_ledger_without_hazards_has_no_rate() -> None:
    assert understood().totals.rate is None


def test_the_content_hash_moves_with_content_and_with_nothing_else() -> None:
    changes: dict[LedgerColumn, Cell] = {
        LedgerColumn.SEQUENCE: 7.0,
        LedgerColumn.FUNDS: "158.80万元",
        LedgerColumn.FOUND_ON: datetime(2024, 5, 26, 9, 30),  # noqa: DTZ001 - as a workbook holds it
        LedgerColumn.PLACE: "4号采场",
        LedgerColumn.CLOSED_ON: None,
    }
    hashes = {column: understood(cells({column: value})).rows[0].content_hash for column, value in changes.items()}
    original = understood(cells()).rows[0].content_hash
    assert {column for column, value in hashes.items() if value != original} == {
        LedgerColumn.PLACE,
        LedgerColumn.CLOSED_ON,
    }


ANY_CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.dates(),
    st.datetimes(),
    st.text(max_size=12),
    st.sampled_from(["\x00", "\ud800", "9999-12-31", "小计", "２０２４．５．２６", "=1+1", "2147483648"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(LedgerColumn), ANY_CELL, max_size=6), max_size=4))
def test_whatever_the_cells_hold_each_row_ends_in_one_class_and_can_be_printed(
    changes: list[dict[LedgerColumn, Cell]],
) -> None:
    ledger = understood(*(cells(change) for change in changes))
    assert classified_rows(ledger) == list(range(2, len(changes) + 2))
    assert sum(ledger.counts.values()) == len(changes)
    printed = json.dumps([ledger.as_json(), [row.as_json() for row in ledger.rows]], ensure_ascii=False)
    assert printed.encode()
    assert "\\u0000" not in printed


def test_a_row_shorter_than_the_heading_reads_its_missing_cells_as_blank() -> None:
    short = list(ORDINARY.values())[:12]
    assert RawRow(1, tuple(short)).at(27) is None
    assert understood(short).rows[0].closed_on is None
