"""补录台账: a file becomes open hazards and waiting rows, all of it or nothing, and everything unclear is reported."""

import asyncio
from datetime import date, datetime

import pytest

from app.exchange.ledger_columns import LedgerColumn
from app.infrastructure.database import Database
from app.infrastructure.errors import RuleNotMet
from app.infrastructure.workbook import WorkbookRefused
from tests.api.watching import Watch
from tests.exchange.ledgers import TRUE_FIGURES
from tests.exchange.paper import (
    CLEAN,
    OPEN,
    Killed,
    found,
    import_sample,
    set_clock,
    take,
    take_from,
    within,
)
from tests.support.cluster import TestDatabase

C = LedgerColumn


def staged(watch: Watch) -> object:
    return watch.value("SELECT count(*) FROM stage.ledger_row")


def test_the_ledger_as_sent_is_taken_in_and_every_row_told(registry: TestDatabase, watch: Watch) -> None:
    report = import_sample(registry)
    assert report.rows == {"imported": 4, "repaired": 335, "skipped": 5, "refused": 0}
    assert [report.totals[name] for name in ("found", "closed", "open", "rate")] == [339, 333, 6, "98.2"]
    assert len(found(report, "name_with_several_codes")) == 21
    assert watch.value("SELECT count(DISTINCT enterprise_id) FROM site") == TRUE_FIGURES["enterprises"]
    assert watch.value("SELECT count(*) FROM legacy_row") == 333
    assert watch.rows(
        "SELECT state, act, count(*) FROM hazard JOIN hazard_transition t ON t.hazard_id = hazard.id GROUP BY 1, 2"
    ) == [{"state": "listed", "act": "import_open", "count": 6}]
    assert staged(watch) == 0


def test_a_full_width_code_and_a_formula_are_repairs_that_the_report_names(
    imported: TestDatabase, watch: Watch
) -> None:
    (row,) = watch.rows("SELECT report FROM legacy_batch")
    repairs = {finding["code"]: finding for finding in row["report"]["findings"] if "repairs" in finding}
    code = {repair["cell"]: repair for repair in repairs["repaired_full_width"]["repairs"]}["F4"]
    assert (code["before"], code["after"]) == ("９１１５０６２３ＭＡ０ＱＮＱ８Ｈ７Ｍ", "91150623MA0QNQ8H7M")
    (formula,) = repairs["repaired_formula_value"]["repairs"]
    assert (formula["cell"], formula["after"]) == ("W44", "已完成整改")


def test_a_dry_run_reports_what_an_import_would_and_leaves_nothing(registry: TestDatabase, watch: Watch) -> None:
    before = watch.counts()
    tried = import_sample(registry, dry_run=True)
    assert watch.counts() == before
    assert staged(watch) == 0
    done = import_sample(registry)
    assert tried.batch is None
    assert done.batch is not None
    assert (tried.totals, tried.rows, tried.findings) == (done.totals, done.rows, done.findings)


def test_importing_twice_changes_nothing(imported: TestDatabase, watch: Watch) -> None:
    before = watch.counts()
    for dry_run in (False, True):
        again = import_sample(imported, dry_run=dry_run)
        assert again.batch == watch.value("SELECT id FROM legacy_batch")
        assert again.rows == {"imported": 0, "repaired": 0, "skipped": 344, "refused": 0}
        assert [again.totals[name] for name in ("found", "closed", "open", "rate")] == [339, 333, 6, "98.2"]
        assert found(again, "already_imported")
    assert watch.counts() == before


def test_the_same_rows_in_another_file_are_known_again(imported: TestDatabase, watch: Watch) -> None:
    before = watch.counts()
    report = import_sample(imported, CLEAN)
    assert report.rows == {"imported": 0, "repaired": 0, "skipped": 339, "refused": 1}
    (other,) = found(report, "number_taken")
    assert "内容不同" in other["message"]
    assert other["remedy"]
    assert other["cells"][0].startswith("B")
    assert watch.counts() == before


def test_two_imports_of_one_file_at_once_make_one_batch(registry: TestDatabase, watch: Watch) -> None:
    async def both(pool: Database) -> set[int | None]:
        return {report.batch for report in await asyncio.gather(*(take_from(pool, {}, OPEN) for _ in range(2)))}

    assert within(registry, both) == {watch.value("SELECT id FROM legacy_batch")}
    assert watch.value("SELECT count(*) FROM hazard") == 1


def test_an_import_that_is_ended_leaves_nothing(registry: TestDatabase, watch: Watch) -> None:
    before = watch.counts()
    with pytest.raises(Killed):
        take(registry, {}, OPEN, killed=True)
    assert watch.counts() == before
    assert staged(watch) == 0


def test_an_open_row_is_listed_from_the_day_it_was_found(registry: TestDatabase, watch: Watch) -> None:
    report = take(registry, OPEN)
    (row,) = watch.rows(
        "SELECT h.*, o.name AS office, l.name AS lead FROM hazard h JOIN organisation o"
        " ON o.id = h.listing_office_id JOIN organisation l ON l.id = h.lead_organisation_id"
    )
    found_at = datetime.fromisoformat("2024-05-26T00:00:00+08:00")
    assert (row["state"], row["ledger_number"], row["is_legacy"]) == ("listed", "ZD2024-0001", True)
    assert (row["determined_at"], row["last_act_at"]) == (found_at, found_at)
    assert [row[name] for name in ("listed_at", "reported_at", "closed_at", "ledger_serial")] == [None] * 4
    assert (row["original_deadline"], row["current_deadline"]) == (date(2024, 9, 25), date(2024, 9, 25))
    assert (row["supervision_tier"], row["office"], row["lead"]) == (1, "鄂尔多斯市安委办", "准格尔旗能源局")
    (act,) = watch.rows("SELECT * FROM hazard_transition")
    assert (act["rule"], act["from_state"], act["to_state"], act["is_determined"]) == ("L-38", None, "listed", True)
    assert act["occurred_at"] == found_at
    assert act["recorded_at"] > datetime.fromisoformat("2026-11-23T12:00:00+08:00")
    (record,) = watch.rows("SELECT * FROM legacy_record")
    assert (record["batch_id"], record["closed_on"], record["content"]["basis"]) == (
        report.batch,
        None,
        "煤矿重大事故隐患判定标准第2条",
    )
    assert watch.value("SELECT count(*) FROM audit_event WHERE hazard_id IS NOT NULL") == 1


@pytest.mark.parametrize(("extensions", "original"), [(1.0, None), (0.0, date(2024, 9, 25)), (None, date(2024, 9, 25))])
def test_an_extended_deadline_hides_the_original_one(
    registry: TestDatabase, watch: Watch, extensions: float | None, original: date | None
) -> None:
    take(registry, {**OPEN, C.EXTENSION_COUNT: extensions})
    (row,) = watch.rows("SELECT original_deadline, current_deadline FROM hazard")
    assert (row["original_deadline"], row["current_deadline"]) == (original, date(2024, 9, 25))


def test_what_the_sheet_does_not_say_is_null(registry: TestDatabase, watch: Watch) -> None:
    blank = (C.TOWN, C.PLACE, C.FINDERS, C.REPORTING_RECORD, C.MONITORING_MEASURES, C.DUE_ON, C.SUPERVISION_TIER)
    report = take(registry, {**OPEN, **dict.fromkeys((*blank, C.REGULATOR, C.BASIS))})
    assert report.rows["imported"] == 1
    (row,) = watch.rows("SELECT * FROM hazard")
    unknown = ("place", "finders", "reporting_record", "monitoring_measures", "current_deadline", "original_deadline")
    assert [row[name] for name in (*unknown, "supervision_tier", "listing_office_id", "lead_organisation_id")] == [
        None
    ] * 9
    assert found(report, "township_blank")
    assert found(report, "regulator_blank")


def test_a_township_nobody_knows_is_undetermined_and_its_text_kept(registry: TestDatabase, watch: Watch) -> None:
    towns = ("薛家湾镇", "大路镇", "薛家湾镇")
    report = take(registry, *({**OPEN, C.TOWN: town} for town in towns))
    units = watch.rows(
        "SELECT u.id, u.tier, p.name, parent.name AS parent FROM unit u JOIN unit_period p ON p.unit_id = u.id"
        " JOIN unit_period parent ON parent.unit_id = p.parent_id WHERE u.is_undetermined"
    )
    assert [(unit["tier"], unit["name"], unit["parent"]) for unit in units] == [(3, "未定", "准格尔旗")]
    assert watch.value("SELECT count(DISTINCT unit_id) FROM hazard") == 1
    sites = watch.rows("SELECT locality, unit_id FROM site ORDER BY id")
    assert [site["locality"] for site in sites] == ["薛家湾镇", "大路镇"]
    assert {site["unit_id"] for site in sites} == {units[0]["id"]}
    assert [finding["rows"] for finding in found(report, "township_unknown")] == [(2, 4), (3,)]
    assert not found(take(registry, {**OPEN, C.LEDGER_NUMBER: "ZD2024-0009", C.TOWN: None}), "township_unknown")
    assert watch.value("SELECT count(*) FROM unit WHERE is_undetermined") == 1


def test_a_department_nobody_knows_waits_for_confirmation(registry: TestDatabase, watch: Watch) -> None:
    names = ("准格尔旗草原防火办", "准旗能源局", "准格尔旗草原防火办")
    report = take(registry, *({**OPEN, C.REGULATOR: name} for name in names))
    (finding,) = found(report, "department_unconfirmed")
    assert "准格尔旗草原防火办" in finding["message"]
    assert finding["rows"] == (2, 4)
    leads = watch.rows(
        "SELECT o.name, o.confirmed_at IS NULL AS waits FROM hazard h"
        " JOIN organisation o ON o.id = h.lead_organisation_id ORDER BY h.ledger_number"
    )
    assert [(lead["name"], lead["waits"]) for lead in leads] == [
        ("准格尔旗草原防火办", True),
        ("准格尔旗能源局", False),
        ("准格尔旗草原防火办", True),
    ]


def test_a_clause_is_matched_or_kept_as_cited_one_finding_a_word(registry: TestDatabase, watch: Watch) -> None:
    bases = ("《煤矿重大事故隐患判定标准》第5条", "煤矿重大事故隐患判定标准第99条", "煤矿重大事故隐患判定标准第99条")
    report = take(registry, *({**OPEN, C.BASIS: basis} for basis in bases))
    (finding,) = found(report, "clause_unmatched")
    assert "第99条" in finding["message"]
    assert "未核对" in finding["message"]
    matched = watch.rows(
        "SELECT c.clause FROM legacy_record r LEFT JOIN criterion c"
        " ON c.id = (r.content -> 'placed' ->> 'criterion_id')::bigint ORDER BY r.row_number"
    )
    assert [row["clause"] for row in matched] == ["第五条", None, None]


def test_an_enterprise_is_its_code_and_its_registered_name_stays(registry: TestDatabase, watch: Watch) -> None:
    code = "91150622MA0DEMB027"
    report = take(
        registry,
        {**OPEN, C.ENTERPRISE_CODE: code, C.ENTERPRISE_NAME: "准格尔旗示例矿业"},
        {**OPEN, C.ENTERPRISE_NAME: "准格尔旗示例煤业有限公司"},
    )
    (renamed,) = found(report, "enterprise_known_by_other_name")
    assert code in renamed["message"]
    (shared,) = found(report, "enterprise_name_already_registered")
    assert code in shared["message"]
    assert watch.value("SELECT name FROM enterprise WHERE code = %(code)s", code=code) == "准格尔旗示例煤业有限公司"
    assert watch.value("SELECT count(DISTINCT enterprise_id) FROM hazard") == 2


def test_an_import_creates_no_person_post_or_criterion(
    imported: TestDatabase, city: TestDatabase, watch: Watch
) -> None:
    with Watch.of(city) as before:
        for table in ("person", "account", "post", "appointment", "criterion", "edition", "determination"):
            count = f"SELECT count(*) FROM {table}"
            assert watch.value(count) == before.value(count), table


def test_a_closing_after_go_live_is_refused_by_its_cell_and_the_rest_taken(
    registry: TestDatabase, watch: Watch
) -> None:
    report = take(registry, {C.CLOSED_ON: date(2026, 11, 1)}, {C.CLOSED_ON: date(2026, 10, 31)})
    assert report.rows == {"imported": 1, "repaired": 0, "skipped": 0, "refused": 1}
    (finding,) = found(report, "it_was_closed_before_go_live")
    assert finding["cells"] == ["Z2"]
    assert finding["remedy"]
    assert watch.value("SELECT closed_on FROM legacy_row") == date(2026, 10, 31)


def test_the_paper_past_is_open_for_the_editions_days_and_no_longer(registry: TestDatabase, watch: Watch) -> None:
    set_clock(registry, "2027-01-31T00:00:00+08:00")
    before = watch.counts()
    with pytest.raises(RuleNotMet) as refusal:
        take(registry, {})
    assert "90" in refusal.value.message
    assert refusal.value.remedy
    assert watch.counts() == before
    set_clock(registry, "2027-01-30T23:59:59+08:00")
    assert take(registry, {}).rows["imported"] == 1


def test_a_file_without_a_row_to_take_makes_no_batch(registry: TestDatabase, watch: Watch) -> None:
    report = take(registry, {C.FOUND_ON: None})
    assert (report.batch, report.rows["refused"]) == (None, 1)
    assert watch.value("SELECT count(*) FROM legacy_batch") == 0


def test_a_file_that_is_no_workbook_changes_nothing(registry: TestDatabase, watch: Watch) -> None:
    before = watch.counts()
    with pytest.raises(WorkbookRefused):
        import_sample(registry, "ledger-2024.json")
    assert watch.counts() == before
