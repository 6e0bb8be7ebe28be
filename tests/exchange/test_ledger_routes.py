"""The paper past through the API: an office clerk's upload, its report, two attestations."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from openpyxl import Workbook

from app.cli.demo_city import SAMPLE_PASSWORD
from app.exchange.ledger_columns import LedgerColumn
from app.infrastructure.workbook import Cell
from tests.api.watching import CHINESE, Watch
from tests.exchange.ledgers import HEADINGS, SAMPLE, cells
from tests.exchange.paper import AS_SENT, OPEN
from tests.exchange.workbook_builders import text_rows, xlsx
from tests.support.cluster import TestDatabase
from tests.support.registry import Answered, Registry, open_registry

C = LedgerColumn
Row = Mapping[LedgerColumn, Cell]


@pytest.fixture
def api(registry: TestDatabase, tmp_path: Path) -> Iterator[Registry]:
    with open_registry(registry, tmp_path) as opened:
        yield opened


def a_file(*rows: Row) -> bytes:
    """A workbook of ordinary rows, numbered one after another."""
    book = Workbook()
    book.active.append(list(HEADINGS))
    for place, row in enumerate(rows, 1):
        book.active.append(list(cells({C.LEDGER_NUMBER: f"ZD2024-{place:04}", **row})))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def upload(
    api: Registry, content: bytes, *, by: str, dry_run: bool = False, headers: Mapping[str, str] | None = None
) -> Answered:
    files = {"file": ("台账.xlsx", content)}
    params = {"dry_run": "true"} if dry_run else {}
    return api.call("POST", "/imports/ledger", by=by, files=files, params=params, headers=headers or {})


def attested(api: Registry, batch: int, *, by: str, **changes: str) -> Answered:
    document = api.get(f"/imports/{batch}", by=by).body.get("document_sha256", "0" * 64)
    sent = {"document_sha256": document, "password": SAMPLE_PASSWORD, **changes}
    return api.attempt(f"/imports/{batch}/attestations", sent, by=by)


def test_the_year_is_uploaded_reported_and_attested_by_two(api: Registry, watch: Watch) -> None:
    content = SAMPLE.joinpath(AS_SENT).read_bytes()
    tried = upload(api, content, by="city-clerk1", dry_run=True)
    assert (tried.status, tried.body["batch"]) == (200, None)
    assert watch.value("SELECT count(*) FROM legacy_batch") == 0
    done = upload(api, content, by="city-clerk1")
    assert (done.status, done.body["totals"]["rate"]) == (201, "98.2")
    assert set(done.body) == {"batch", "totals", "rows", "findings"}
    assert done.headers["location"] == f"/api/v1/imports/{done.body['batch']}"
    batch = done.body["batch"]
    first = attested(api, batch, by="city-clerk1")
    assert (first.status, first.body["confirmations_missing"]) == (201, 1)
    second = attested(api, batch, by="city-clerk2")
    assert (second.status, second.body["confirmations_missing"]) == (201, 0)
    assert watch.value("SELECT count(*) FROM hazard WHERE state = 'closed'") == 333
    assert watch.value("SELECT count(DISTINCT person_id) FROM hazard_transition WHERE act = 'import_closed'") == 1


def test_what_the_clerk_took_in_is_on_record_as_the_clerks(api: Registry, watch: Watch) -> None:
    upload(api, a_file(OPEN), by="jungar-clerk")
    (act,) = watch.rows(
        "SELECT t.actor_label, a.login_name FROM hazard_transition t JOIN account a ON a.id = t.account_id"
    )
    assert act["login_name"] == "jungar-clerk"
    assert "准格尔旗安委办" in act["actor_label"]


def test_a_key_repeated_gives_the_first_answer_and_serves_no_other_file(api: Registry, watch: Watch) -> None:
    once = {"Idempotency-Key": "import-2024"}
    content, other = a_file({}), a_file(OPEN)
    answers = [upload(api, content, by="city-clerk1", headers=once) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].body == answers[1].body
    assert upload(api, other, by="city-clerk1", headers=once).code == "idempotency_key_reused"
    assert watch.value("SELECT count(*) FROM legacy_batch") == 1


def test_a_district_clerk_imports_the_districts_rows_only(api: Registry, watch: Watch) -> None:
    answer = upload(api, a_file({}, {C.DISTRICT: "东胜区"}), by="jungar-clerk")
    assert answer.body["rows"] == {"imported": 1, "repaired": 0, "skipped": 0, "refused": 1}
    (finding,) = [finding for finding in answer.body["findings"] if finding["code"] == "not_own_territory"]
    assert (finding["rows"], finding["cells"]) == ([3], ["C3"])
    assert watch.value("SELECT content ->> 'district' FROM legacy_row") == "准格尔旗"


@pytest.mark.parametrize("login", ["dongsheng-inspector1", "chemical-principal", "system-admin", "city-auditor"])
def test_only_an_office_imports(api: Registry, watch: Watch, login: str) -> None:
    before = watch.counts()
    answer = upload(api, a_file({}), by=login)
    assert (answer.status, answer.code) == (403, "not_permitted")
    assert api.get("/imports/1", by=login).status == 403
    assert watch.counts() == before


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"a,b\n", "workbook_is_text"), (b"", "workbook_empty"), (xlsx(text_rows([["x"]])), "ledger_heading_not_found")],
)
def test_a_file_that_is_no_ledger_is_refused_in_chinese(api: Registry, watch: Watch, content: bytes, code: str) -> None:
    before = watch.counts()
    answer = upload(api, content, by="city-clerk1")
    assert (answer.status, answer.code) == (422, code)
    assert CHINESE.search(answer.body["detail"])
    assert watch.counts() == before


def test_an_attestation_over_another_text_or_with_a_wrong_password_is_refused(api: Registry, watch: Watch) -> None:
    batch = upload(api, a_file({}), by="city-clerk1").body["batch"]
    assert attested(api, batch, by="city-clerk1", document_sha256="0" * 64).code == "document_changed"
    assert attested(api, batch, by="city-clerk1", password="wrong").code == "step_up_failed"
    assert watch.value("SELECT count(*) FROM document_confirmation") == 0


def test_a_dry_run_of_an_attestation_says_what_stands_in_the_way(api: Registry) -> None:
    batch = upload(api, a_file({}), by="city-clerk1").body["batch"]
    sent = {"document_sha256": "0" * 64, "password": SAMPLE_PASSWORD}
    path = f"/imports/{batch}/attestations"
    assert api.attempt(path, sent, by="city-clerk1", dry_run=True).body["would_be_done"] is True
    attested(api, batch, by="city-clerk1")
    tried = api.attempt(path, sent, by="city-clerk1", dry_run=True)
    assert tried.unmet() == {"two_persons_attested"}


def test_a_batch_that_is_not_there_is_404(api: Registry) -> None:
    assert api.get("/imports/12345", by="city-clerk1").status == 404
    assert attested(api, 12345, by="city-clerk1").status == 404


def test_an_imported_open_hazard_is_read_by_its_number_and_goes_on(api: Registry) -> None:
    upload(api, a_file({**OPEN, C.PLACE: None}), by="jungar-clerk")
    hazard = api.hazard("ZD2024-0001", by="jungar-clerk")
    assert (hazard["state"], hazard["is_legacy"], hazard["place"], hazard["listed_at"]) == ("listed", True, None, None)
    assert "transfer" in hazard["allowed_acts"]


def test_the_delisting_of_what_was_closed_on_paper_is_allowed_and_not_awaited(api: Registry) -> None:
    batch = upload(api, a_file({}), by="city-clerk1").body["batch"]
    for by in ("city-clerk1", "city-clerk2"):
        assert attested(api, batch, by=by).status == 201
    hazard = api.hazard("ZD2024-0001", by="city-clerk1")
    assert (hazard["state"], hazard["is_legacy"]) == ("closed", True)
    assert "delist" in hazard["allowed_acts"]
    assert api.get("/worklist", by="city-clerk1").body["items"] == []


def test_an_extension_on_paper_is_counted_after_later_acts_too(api: Registry, watch: Watch) -> None:
    upload(api, a_file({**OPEN, C.EXTENSION_COUNT: 1.0}), by="jungar-clerk")
    owner = watch.value("SELECT id FROM organisation WHERE name = '准格尔旗应急管理局'")
    order = {"to_organisation_id": owner, "note": "职责调整"}
    api.act("ZD2024-0001", "transfers", order, by="jungar-clerk")
    acts = watch.rows("SELECT act, extension_count FROM hazard_transition ORDER BY id")
    assert [(act["act"], act["extension_count"]) for act in acts] == [("import_open", 1), ("transfer", 1)]


def test_a_batch_of_other_districts_is_not_there(api: Registry) -> None:
    batch = upload(api, a_file({}, {C.DISTRICT: "东胜区"}), by="city-clerk1").body["batch"]
    assert api.get(f"/imports/{batch}", by="jungar-clerk").status == 404
    assert attested(api, batch, by="jungar-clerk").status == 404
    assert api.get(f"/imports/{batch}", by="city-clerk2").body["report"]["rows"]["imported"] == 2


def test_an_upload_names_its_sheet_where_two_look_like_ledgers(api: Registry) -> None:
    book = Workbook()
    for title in ("上半年", "下半年"):
        sheet = book.create_sheet(title)
        sheet.append(list(HEADINGS))
        sheet.append(list(cells({C.LEDGER_NUMBER: f"ZD-{title}"})))
    buffer = io.BytesIO()
    book.save(buffer)
    assert upload(api, buffer.getvalue(), by="city-clerk1").code == "ledger_sheet_ambiguous"
    chosen = {"file": ("台账.xlsx", buffer.getvalue())}
    answer = api.call("POST", "/imports/ledger", by="city-clerk1", files=chosen, params={"sheet": "下半年"})
    assert answer.body["totals"]["found"] == 1
