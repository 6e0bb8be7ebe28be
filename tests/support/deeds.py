"""What each holder does to a hazard in its state, in plain SQL; a table of what may be tried where."""

import zlib
from collections.abc import Callable, Mapping
from typing import Final

from tests.support.acts import Desk, Row
from tests.support.deeds_rectification import (
    declare,
    fail_verification,
    open_cessation,
    open_withdrawal,
    pass_verification,
)
from tests.support.deeds_sign_off import correct, refuse, sign, withdraw

Deed = Callable[[Desk, Row], None]


def report(desk: Desk, like: Row) -> None:
    """A new hazard at the site of another."""
    actor = desk.become("lead", "inspector")
    row = desk.one(
        "INSERT INTO hazard (state, level, channel, sector, unit_id, site_id, enterprise_id, finders, found_on, place,"
        " circumstances, reporting_record, monitoring_measures, reported_at, last_act_at, reporter_account_id,"
        " reporter_organisation_id, version)"
        " SELECT 'reported', level, 'inspection', sector, unit_id, site_id, enterprise_id, '检查组',"
        " (registry_now() AT TIME ZONE 'Asia/Shanghai')::date, %(place)s, '疏散通道被封堵', '当日口头上报', '专人看守',"
        " registry_now(), registry_now(), %(account)s, %(organisation)s, 1 FROM hazard WHERE id = %(like)s"
        " RETURNING id",
        like=like["id"],
        place=f"{desk.nonce()} 号车间",
        account=actor.account,
        organisation=actor.organisation,
    )
    if row is not None:
        desk.transition(actor, row["id"], "report")


def amend(desk: Desk, hazard: Row) -> None:
    """The reporter adds to the report."""
    actor = desk.become("lead", "inspector")
    desk.act(actor, hazard["id"], "amend", "reported", "circumstances = circumstances || '。'")


def determine(desk: Desk, hazard: Row) -> None:
    """A reasoned determination by the lead department."""
    actor = desk.become("lead", "section_head")
    changes = f"determined_at = registry_now(), lead_organisation_id = {actor.organisation}"
    act = desk.act(actor, hazard["id"], "determine", "reported", changes)
    desk.document(
        "determination",
        actor,
        hazard["id"],
        "transition_id, is_comprehensive, reasoning, determined_level, lead_organisation_id",
        "%(act)s, true, '综合判定', level, %(lead)s",
        act=act,
        lead=actor.organisation,
    )


def dismiss(desk: Desk, hazard: Row) -> None:
    """Not a major hazard."""
    actor = desk.become("lead", "section_head")
    act = desk.act(actor, hazard["id"], "dismiss", "dismissed")
    desk.document(
        "dismissal",
        actor,
        hazard["id"],
        "transition_id, reason, explanation",
        "%(act)s, 'not_major', '属一般隐患'",
        act=act,
    )


def list_(desk: Desk, hazard: Row) -> None:
    """Listed with a deadline and a ledger number."""
    actor = desk.become("office", "office_clerk")
    serial = zlib.crc32(desk.nonce().encode())
    due = "(registry_now() AT TIME ZONE 'Asia/Shanghai')::date + 60"
    act = desk.act(
        actor,
        hazard["id"],
        "list",
        "listed",
        f"supervision_tier = 2, listing_office_id = {actor.organisation}, original_deadline = {due},"
        f" current_deadline = {due},"
        f" ledger_number = '试2026-{serial}', ledger_year = 2026, ledger_serial = {serial}, listed_at = registry_now()",
    )
    desk.document(
        "listing",
        actor,
        hazard["id"],
        "transition_id, supervision_tier, listing_office_id, lead_organisation_id, ledger_number, due_on,"
        " due_explained,"
        " requirements, edition_id",
        "%(act)s, 2, %(office)s, lead_organisation_id, ledger_number, current_deadline, '{}', '限期整改',"
        " (SELECT max(id) FROM edition)",
        act=act,
        office=actor.organisation,
    )


def delist(desk: Desk, hazard: Row) -> None:
    """The public act after closing."""
    actor = desk.become("office", "office_clerk")
    act = desk.act(actor, hazard["id"], "delist", "closed", "delisted_at = registry_now()")
    columns, values = "transition_id, notice_number, medium", "%(act)s, '摘1', '网站'"
    desk.document("delisting", actor, hazard["id"], columns, values, act=act)


def relapse(desk: Desk, hazard: Row) -> None:
    """Found again: a new cycle."""
    actor = desk.become("lead", "inspector")
    act = desk.act(actor, hazard["id"], "relapse", "listed", "cycle = cycle + 1")
    columns = "transition_id, kind, passed, visited_at, findings"
    values = "%(act)s, 'relapse', false, registry_now(), '复发'"
    desk.document("revisit", actor, hazard["id"], columns, values, act=act)


def progress(desk: Desk, hazard: Row) -> None:
    """The enterprise tells how far it is."""
    actor = desk.become("own1", "enterprise_safety_officer")
    act = desk.act(actor, hazard["id"], "report_progress", "listed")
    desk.document("progress", actor, hazard["id"], "transition_id, description", "%(act)s, '设备已到货'", act=act)


def order_stop(desk: Desk, hazard: Row) -> None:
    """A full stop ordered by the lead department."""
    actor = desk.become("lead", "section_head")
    act = desk.act(actor, hazard["id"], "order_production_measure", hazard["state"])
    columns = "transition_id, kind, order_number, scope, from_on"
    values = "%(act)s, 'full_stop', '令1', '全厂', (registry_now() AT TIME ZONE 'Asia/Shanghai')::date"
    desk.document("production_measure", actor, hazard["id"], columns, values, act=act)


def extend(desk: Desk, hazard: Row) -> None:
    """Asked for by the enterprise, granted by the listing office."""
    officer = desk.become("own1", "enterprise_safety_officer")
    act = desk.act(officer, hazard["id"], "request_extension", "listed")
    columns = "transition_id, current_due_on, requested_due_on, reason"
    request = desk.document(
        "extension_request",
        officer,
        hazard["id"],
        columns,
        "%(act)s, current_deadline, current_deadline + 5, '缺设备'",
        act=act,
    )
    clerk = desk.become("office", "office_clerk")
    act = desk.act(clerk, hazard["id"], "decide_extension", "listed", "current_deadline = current_deadline + 5")
    columns = "transition_id, extension_request_id, granted, granted_due_on"
    desk.document(
        "extension_decision",
        clerk,
        hazard["id"],
        columns,
        "%(act)s, %(request)s, true, current_deadline",
        act=act,
        request=request,
    )


DEEDS: Final[Mapping[str, tuple[Deed, ...]]] = {
    "reported": (*(determine, list_) * 8, amend, amend, correct, dismiss),
    "listed": (
        *(
            *(declare,) * 8,
            *(sign,) * 6,
            open_withdrawal,
            open_cessation,
            withdraw,
            refuse,
            progress,
            extend,
            order_stop,
        ),
    ),
    "rectified": (*(pass_verification,) * 4, *(sign,) * 16, withdraw, refuse, correct, fail_verification),
    "closed": (relapse, relapse, delist, correct),
    "dismissed": (report, dismiss, sign),
}
"""What may be tried in each state, the likelier the more often it stands there."""
