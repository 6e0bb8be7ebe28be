"""The self-tests' town: one legal hazard of every kind of history the registry knows."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from psycopg import Connection

from tests.oracle.book import SHANGHAI
from tests.oracle.city import City, found_city
from tests.oracle.walk import Walk

START: Final = datetime(2025, 3, 3, 9, tzinfo=SHANGHAI)


@dataclass(frozen=True)
class Town:
    """A city and its hazards by the name of their history."""

    city: City
    walks: dict[str, Walk]

    def __getitem__(self, name: str) -> Walk:
        return self.walks[name]


def legal_town(connection: Connection[Any], start: datetime = START) -> Town:
    """Every kind of legal history, committed by the caller."""
    city = found_city(connection, start)
    walks = {
        "closed": _closed(city),
        "second_cycle": Walk(city).report().list_().declare().verify(passed=False).declare().verify().close(),
        "refused": _refused(city),
        "withdrawn": _withdrawn(city),
        "ceased": Walk(city).report().list_().request("cessation").close(),
        "key": Walk(city, hazard_level="key").report().list_().declare().verify().close(),
        "dismissed": _dismissed(city),
        "signing": Walk(city).report().list_().declare().verify(),
        "listed": _extended(Walk(city).report().list_()),
        "reported": Walk(city).report(),
        "relapsed": _relapsed(city),
        "spot": _on_the_spot(city),
        "coal": _stopped(city),
        **_paper(city, start),
    }
    walks["signing"].sign()
    walks["signing"].sign()
    return Town(city, walks)


def _closed(city: City) -> Walk:
    walk = Walk(city).report().list_().declare().verify()
    walk.sign()
    walk.sign()
    walk.withdraw()
    walk.close()
    clerk = city.hire(city.identity["office"], "office_clerk")
    walk.document("delisting", clerk, walk.act("delist", "closed"), notice_number="摘1", medium="网站")
    return walk


def _refused(city: City) -> Walk:
    walk = Walk(city).report().list_().declare().verify()
    walk.sign()
    walk.act("refuse_signature", "rectified")
    walk.end_round("refused", refused_level=2, reason="材料不全")
    return walk.verify().close()


def _withdrawn(city: City) -> Walk:
    walk = Walk(city).report().list_().request("withdrawal", "unsubstantiated").close("dismissed")
    head = city.hire(walk.lead, "principal_head")
    values = {"reason": "unsubstantiated", "explanation": "不成立", "round_id": walk.made["round"]}
    walk.document("dismissal", head, walk.made["transition"], **values)
    return walk


def _dismissed(city: City) -> Walk:
    walk = Walk(city).report()
    head = city.hire(walk.lead, "section_head")
    row = walk.act("dismiss", "dismissed")
    walk.document("dismissal", head, row, reason="not_major", explanation="属一般隐患")
    return walk


def _extended(walk: Walk) -> Walk:
    """An extension asked for in time and granted; the original deadline stays."""
    city, due = walk.city, walk.facts["current_deadline"]
    later = due + timedelta(days=20)
    officer = city.hire(walk.owner, "enterprise_safety_officer")
    clerk = city.hire(city.identity["office"], "office_clerk")
    row = walk.act("request_extension", "listed")
    request = walk.document(
        "extension_request", officer, row, current_due_on=due, requested_due_on=later, reason="设备未到货"
    )
    row = walk.act("decide_extension", "listed", current_deadline=later)
    walk.document("extension_decision", clerk, row, extension_request_id=request, granted=True, granted_due_on=later)
    return walk


def _relapsed(city: City) -> Walk:
    walk = Walk(city).report().list_().declare().verify().close()
    cycle = walk.facts["cycle"]
    row = walk.act("relapse", "listed")
    inspector = city.hire(walk.lead, "inspector")
    walk.document(
        "revisit", inspector, row, cycle=cycle, kind="relapse", passed=False, visited_at=city.now, findings="复发"
    )
    return walk


def _on_the_spot(city: City) -> Walk:
    walk = Walk(city).report()
    head = city.hire(walk.lead, "section_head")
    row = walk.act("determine", "reported", determined_at=city.now, lead_organisation_id=walk.lead)
    walk.document(
        "determination", head, row, reasoning="符合", determined_level="major", lead_organisation_id=walk.lead
    )
    serial, office = city.number(), city.identity["office"]
    row = walk.act(
        "list_fixed_on_the_spot",
        "rectified",
        supervision_tier=2,
        listing_office_id=office,
        fixed_on_the_spot=True,
        ledger_number=f"试{serial}",
        ledger_year=2025,
        ledger_serial=serial,
    )
    walk.document(
        "listing",
        head,
        row,
        supervision_tier=2,
        listing_office_id=office,
        lead_organisation_id=walk.lead,
        ledger_number=f"试{serial}",
        due_explained={},
        fixed_on_the_spot=True,
        edition_id=city.identity["edition"],
    )
    return walk.declare().verify().close()


def _stopped(city: City) -> Walk:
    """Coal under a full stop that ended with the closing; signed along the default chain, before the stop."""
    walk = Walk(city, sector="coal_mine").report().list_().declare().verify().close()
    head = city.hire(walk.lead, "principal_head")
    walk.made["head"] = head.person
    row = walk.act("relapse", "listed")
    inspector = city.hire(walk.lead, "inspector")
    walk.document(
        "revisit", inspector, row, cycle=1, kind="relapse", passed=False, visited_at=city.now, findings="复发"
    )
    row = walk.act("order_production_measure", "listed")
    walk.document(
        "production_measure", head, row, kind="full_stop", order_number="令1", scope="全矿", from_on=city.now.date()
    )
    return walk


def _paper(city: City, start: datetime) -> dict[str, Walk]:
    """A batch of one closed row, attested by two, and one open row."""
    found, closed = (start - timedelta(days=200)).date(), (start - timedelta(days=100)).date()
    attestation = hashlib.sha256(b"attestation").digest()
    batch = city.insert(
        "legacy_batch",
        file_name="台账.xlsx",
        file_sha256=hashlib.sha256(b"file").digest(),
        report={},
        document_sha256=attestation,
        found_count=2,
        closed_count=1,
        imported_at=city.tick(),
    )
    for seat in (0, 1):
        by = city.hire(city.identity["office"], "office_clerk", seat)
        city.insert(
            "document_confirmation",
            document_kind="attestation",
            document_id=batch,
            capacity=("proposer", "confirmer")[seat],
            person_id=by.person,
            account_id=by.account,
            step_up_id=city.step_up(by.account, attestation, None),
            document_sha256=attestation,
            confirmed_at=city.tick(),
        )
    city.change("legacy_batch", batch, attested_at=city.now)
    return {
        "paper_closed": _from_paper(Walk(city), batch, 1, (found, closed)),
        "paper_open": _from_paper(Walk(city), batch, 2, (found, None)),
    }


def _from_paper(walk: Walk, batch: int, number: int, dates: tuple[date, date | None]) -> Walk:
    city, (found, closed_on) = walk.city, dates
    walk.report(
        state="listed",
        is_legacy=True,
        found_on=found,
        ledger_number=f"旧{number}",
        ledger_year=2024,
        ledger_serial=number,
    )
    at = datetime.combine(found, datetime.min.time(), tzinfo=SHANGHAI)
    walk.act("import_open", "listed", first=True, last_act_at=at, determined_at=at)
    row = hashlib.sha256(f"row {number}".encode()).digest()
    shared = {"batch_id": batch, "row_number": number, "row_sha256": row, "content": {}, "found_on": found}
    legacy_row = None
    if closed_on is not None:
        at = datetime.combine(closed_on, datetime.min.time(), tzinfo=SHANGHAI)
        walk.act("import_closed", "closed", last_act_at=at, closed_at=at)
        legacy_row = city.insert(
            "legacy_row", ledger_number=f"旧{number}", closed_on=closed_on, imported_at=city.now, **shared
        )
    city.insert(
        "legacy_record",
        hazard_id=walk.id,
        legacy_row_id=legacy_row,
        closed_on=closed_on,
        extension_count=0,
        recorded_at=city.now,
        **shared,
    )
    walk.made |= {"batch": batch, "legacy_row": legacy_row or 0}
    return walk


def names_of(town: Town) -> dict[str, int]:
    """Every row by a name: `closed`, `closed_round`, `closed_s1`, `person_lead_inspector`, `account_…`, `edition`."""
    names = dict(town.city.identity)
    organisations = {town.city.identity[name]: name for name in ("lead", "higher", "office", "own1", "township")}
    for (organisation, kind, seat), holder in town.city.holders.items():
        title = f"{organisations[organisation]}_{kind}" + (f"{seat}" if seat else "")
        names |= {f"person_{title}": holder.person, f"account_{title}": holder.account}
        names[f"appointment_{title}"] = holder.appointment
    for name, walk in town.walks.items():
        names[name] = walk.id
        names |= {f"{name}_{made}": identity for made, identity in walk.made.items()}
        names |= {f"{name}_s{level}": signature for level, signature in enumerate(walk.signed, start=1)}
    return names
