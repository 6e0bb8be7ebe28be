"""手工起草: a hand's letters; every line of one is within its addressee's scope, and each copy has its own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, and_, func, insert, select, text, update
from sqlalchemy.orm import aliased

from app.audit.record import Subject, record
from app.hazards.scope import hazard_is_visible
from app.hazards.transition import resolve
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import InvalidInput, NotPermitted, RuleNotMet
from app.letter_forms.composing.kept import TOLD_IN_TEXT
from app.letters.queries import letter_in_sight
from app.letters.reading import letter_answer, own_letter, refuse_who_may_not
from app.letters.schemas import Ending, NewLetter, NewText, Reader
from app.letters.words.by_hand import words_of
from app.reference.rulebook import RuleBook, announced_calendar, rule_book
from app.regulation.deadlines import Calendar, Term, count
from app.regulation.edition_ladder import Issuer
from app.regulation.permissions import Permission
from app.regulation.vocabulary import DayUnit, LetterKind, LetterStatus, OrganisationKind, State
from app.tables.enterprises import Enterprise
from app.tables.hazards import Hazard
from app.tables.letters import Letter, LetterCopy, LetterItem
from app.tables.places import Organisation, UnitPeriod
from app.tables.supervision import Listing

_ISSUERS: Final[Mapping[Issuer, frozenset[OrganisationKind]]] = {
    Issuer.LISTING_OFFICE: frozenset({OrganisationKind.SAFETY_OFFICE}),
    Issuer.LEAD_DEPARTMENT: frozenset({OrganisationKind.REGULATOR, OrganisationKind.TOWNSHIP, OrganisationKind.AGENCY}),
}
_WITHIN: Final = text(
    """
    WITH RECURSIVE below(organisation_id, unit_id) AS (
        SELECT o.id, o.unit_id FROM organisation o WHERE o.id = ANY (CAST(:organisations AS bigint[]))
        UNION
        SELECT b.organisation_id, p.unit_id FROM unit_period p JOIN below b ON p.parent_id = b.unit_id
         WHERE daterange(p.valid_from, p.valid_until) @> CAST(:today AS date)
    )
    SELECT o.id AS organisation_id, line.hazard_id
      FROM organisation o
     CROSS JOIN jsonb_to_recordset(CAST(:lines AS jsonb)) AS line(
           hazard_id bigint, unit_id bigint, sector text, lead_organisation_id bigint, listing_office_id bigint,
           responsible_organisation_id bigint)
     WHERE o.id = ANY (CAST(:organisations AS bigint[])) AND (
           o.id IN (line.lead_organisation_id, line.listing_office_id, line.responsible_organisation_id)
           OR EXISTS (SELECT 1 FROM hazard_party y
                       WHERE y.hazard_id = line.hazard_id AND y.organisation_id = o.id AND y.ended_at IS NULL)
           OR (o.sectors = '{}' OR line.sector = ANY (o.sectors))
              AND EXISTS (SELECT 1 FROM below b WHERE b.organisation_id = o.id AND b.unit_id = line.unit_id))
    """
)
_STANDING: Final = (
    "hazard_id", "unit_id", "sector", "lead_organisation_id", "listing_office_id", "responsible_organisation_id",
)  # fmt: skip
_IN_LINE: Final = ("number", "enterprise", "place", "circumstances", "department", "unit")


@dataclass(frozen=True, slots=True)
class _Party:
    """Who reads: one of the two, and its name."""

    organisation_id: int | None
    enterprise_id: int | None


async def draft(context: Context, body: NewLetter) -> Answer:
    """A hand's draft; InvalidInput for who or what cannot be named, RuleNotMet where the kind asks for more."""
    refuse_who_may_not(context, Permission.LETTER_DRAFT)
    book = await rule_book(context)
    await _refuse_not_the_issuer(context, book, body.kind)
    hazards = list(dict.fromkeys([await resolve(context, one) for one in body.hazards]))
    lines = await _lines_of(context, hazards, book.today)
    listing = await _refuse_what_the_kind_lacks(context, body, lines)
    addressee, *copies = [await _party(context, one, lines) for one in (body.addressee, *body.copies)]
    within = await _within(context, (addressee, *copies), lines, book.today)
    _refuse_foreign_lines(addressee, within, lines)
    replaced = await _replaced(context, body)
    title, words = await words_of(context, body, [dict(one) for one in lines])
    row = {
        "kind": body.kind.value,
        "issuer_organisation_id": context.actor.organisation_id,
        "signatory_post_kind": book.edition.ladder.signatories[body.kind].post.value,
        "addressee_organisation_id": addressee.organisation_id,
        "addressee_enterprise_id": addressee.enterprise_id,
        "title": title,
        "body": words,
        "edition_id": book.edition_id,
        "business_date": book.today,
        "drafted_by_account_id": context.actor.account_id,
        "reply_due_on": reply_due_on(book, await announced_calendar(context), body.kind, asked=body.asks_reply),
        "reissue_of_id": replaced,
    }
    written = insert(Letter).values(row).returning(Letter.id, Letter.public_id)
    letter = (await context.session.execute(written)).one()
    items = await _write_items(context, letter.id, [_item(one, book.today) for one in lines], listing)
    await _write_copies(context, letter.id, {copy: [items[one] for one in within[copy]] for copy in copies})
    told = {"kind": body.kind.value, "hazards": hazards, "reissue_of": replaced}
    await record(context, "letter:draft:written", Subject("letter", letter.id), told)
    return await letter_answer(context, letter.public_id)


async def rewrite(context: Context, public_id: UUID, version: int | None, body: NewText) -> Answer:
    """Another text for a draft; whoever opened the earlier one has not opened this."""
    refuse_who_may_not(context, Permission.LETTER_DRAFT)
    letter = await own_letter(context, public_id, version, status=LetterStatus.DRAFT)
    _refuse_form_of_signatures(letter)
    kept = {name: value for name, value in letter.body.items() if name != TOLD_IN_TEXT}
    changed = {"title": body.title, "body": {**kept, **_body(body)}, "version": letter.version + 1}
    await context.session.execute(update(Letter).where(Letter.id == letter.id).values(changed))
    await record(context, "letter:draft:rewritten", Subject("letter", letter.id), {"version": letter.version + 1})
    return await letter_answer(context, public_id)


async def drop(context: Context, public_id: UUID, version: int | None, body: Ending) -> Answer:
    """Ends a draft that nobody will issue; RuleNotMet for one the ladder needs: only a suspension halts that."""
    refuse_who_may_not(context, Permission.LETTER_DRAFT)
    letter = await own_letter(context, public_id, version, status=LetterStatus.DRAFT)
    _refuse_form_of_signatures(letter)
    rungs = select(LetterItem.id).where(
        LetterItem.letter_id == letter.id, LetterItem.raised_rung_id.is_not(None), LetterItem.dropped_at.is_(None)
    )
    if (await context.session.execute(rungs.limit(1))).first() is not None:
        raise RuleNotMet(
            "letter_of_the_ladder",
            "这件公文由升级任务起草,所列事项尚未消除,不得撤销。",
            remedy="请签发;确需暂缓的,按规定办理暂缓升档。",
        )
    ended = {"status": LetterStatus.DROPPED.value, "ended_reason": body.reason, "ended_at": context.now}
    await context.session.execute(update(Letter).where(Letter.id == letter.id).values(ended))
    await record(context, "letter:draft:dropped", Subject("letter", letter.id), {})
    return await letter_answer(context, public_id)


def _refuse_form_of_signatures(letter: Letter) -> None:
    if letter.kind == LetterKind.CLOSING_APPROVAL_FORM.value:
        message = "验收销号审批表由各级签字生成,不能修改、撤销。"
        remedy = "请照原样签发;所载内容有误的,按规定办理更正。"
        raise RuleNotMet("form_of_signatures", message, remedy=remedy)


def reply_due_on(book: RuleBook, calendar: Calendar, kind: LetterKind, *, asked: bool | None) -> date | None:
    """As if dispatched today and served when it is deemed to be; None where no reply is asked."""
    ladder = book.edition.ladder
    limit = ladder.replies.get(kind)
    if asked is False or (asked is None and limit is None):
        return None
    served = date.fromordinal(book.today.toordinal() + ladder.deemed_service_days)
    days, unit = (limit.days, limit.unit) if limit else (ladder.reply_due_days, DayUnit.WORKING)
    return count(Term(served, days, unit, "ladder.replies", limit.basis if limit else ""), calendar).due_on


def _body(sent: NewText) -> dict[str, Any]:
    return {
        "paragraphs": [{"text": one.text, "role": one.role.value} for one in sent.paragraphs],
        "particulars": [{"label": one.label, "value": one.value} for one in sent.particulars],
    }


async def _refuse_not_the_issuer(context: Context, book: RuleBook, kind: LetterKind) -> None:
    issuer = book.edition.ladder.signatories[kind].issuer
    own = select(Organisation.kind).where(Organisation.id == context.actor.organisation_id)
    if OrganisationKind((await context.session.execute(own)).scalar_one()) not in _ISSUERS[issuer]:
        raise NotPermitted("not_the_issuer", f"按规则版本,{kind.label}不由本机构制发。")


async def _lines_of(context: Context, hazards: Sequence[int], today: date) -> Sequence[RowMapping]:
    """The hazards as their lines read, in the order they were named."""
    if not hazards:
        return ()
    responsible, lead = aliased(Organisation), aliased(Organisation)
    current = func.daterange(UnitPeriod.valid_from, UnitPeriod.valid_until).op("@>")(today)
    wanted = (
        select(
            Hazard.id.label("hazard_id"),
            *(Hazard.state, Hazard.delisted_at, Hazard.enterprise_id, Hazard.unit_id, Hazard.sector),
            *(Hazard.lead_organisation_id, Hazard.listing_office_id, Hazard.responsible_organisation_id),
            Hazard.level,
            func.coalesce(Hazard.ledger_number, "").label("number"),
            func.coalesce(Enterprise.name, responsible.name, "").label("enterprise"),
            *(func.coalesce(Hazard.place, "").label("place"), Hazard.circumstances),
            Hazard.current_deadline.label("due_on"),
            func.coalesce(lead.name, "").label("department"),
            func.coalesce(UnitPeriod.name, "").label("unit"),
        )
        .outerjoin(Enterprise, Enterprise.id == Hazard.enterprise_id)
        .outerjoin(responsible, responsible.id == Hazard.responsible_organisation_id)
        .outerjoin(lead, lead.id == Hazard.lead_organisation_id)
        .outerjoin(UnitPeriod, and_(UnitPeriod.unit_id == Hazard.unit_id, current))
        .where(Hazard.id.in_(hazards), hazard_is_visible(context.actor))
    )
    found = {row["hazard_id"]: row for row in (await context.session.execute(wanted)).mappings()}
    return [found[hazard] for hazard in hazards]


async def _refuse_what_the_kind_lacks(context: Context, body: NewLetter, lines: Sequence[RowMapping]) -> int | None:
    """The listing a 督办通知书 is for; RuleNotMet where the kind asks for what is not so."""
    if body.kind is LetterKind.SUMMONS_NOTICE and body.ordered_by is None:
        message = "手工起草约谈通知,须写明决定约谈的领导(ordered_by,写岗位)。"
        raise InvalidInput.of_field("/ordered_by", "order_missing", message)
    if body.kind is LetterKind.CLOSING_NOTICE:
        _refuse_hazards(lines, lambda one: one["state"] == State.CLOSED.value, "hazard_not_closed", "尚未销号")
    if body.kind is LetterKind.DELISTING_NOTICE:
        _refuse_hazards(lines, lambda one: one["delisted_at"] is not None, "hazard_not_delisted", "尚未摘牌")
    if body.kind is not LetterKind.SUPERVISION_NOTICE:
        return None
    newest = (
        select(Listing.id)
        .where(
            Listing.hazard_id.in_([one["hazard_id"] for one in lines]),
            Listing.listing_office_id == context.actor.organisation_id,
        )
        .order_by(Listing.id.desc())
        .limit(1)
    )
    listing = (await context.session.execute(newest)).scalar_one_or_none()
    if listing is None or len(lines) != 1:
        message = "督办通知书须列明且只列明一项由本机构挂牌督办的隐患。"
        raise RuleNotMet("listing_missing", message, remedy="请先挂牌督办,再在 hazards 中填写该隐患。")
    return int(listing)


def _refuse_hazards(lines: Sequence[RowMapping], holds: Any, code: str, what: str) -> None:  # noqa: ANN401 - a test
    failing = [one["number"] for one in lines if not holds(one)]
    if failing or not lines:
        message = f"所列隐患{what}:{'、'.join(failing)}。" if failing else "须列明至少一项隐患。"
        raise RuleNotMet(code, message, remedy="请核对所列隐患(hazards)。")


async def _party(context: Context, named: Reader, lines: Sequence[RowMapping]) -> _Party:
    """InvalidInput where there is no such organisation, or no such enterprise within the actor's reach."""
    if named.organisation_id is not None:
        known = select(Organisation.id).where(
            Organisation.id == named.organisation_id, Organisation.kind != OrganisationKind.ENTERPRISE.value
        )
        found = (await context.session.execute(known)).scalar_one_or_none()
        party = None if found is None else _Party(found, None)
    else:
        firm = select(Enterprise.id, Enterprise.unit_id).where(Enterprise.public_id == named.enterprise_id)
        row = (await context.session.execute(firm)).one_or_none()
        concerned = {one["enterprise_id"] for one in lines}
        is_near = row is not None and (row.unit_id in context.actor.unit_ids or row.id in concerned)
        party = _Party(None, row.id) if row is not None and is_near else None
    if party is None:
        message = "没有这个主送或者抄送单位,或者它不在本辖区;企业请填 enterprise_id。"
        raise InvalidInput.of_field("/addressee", "reader_unknown", message)
    return party


async def _within(
    context: Context, parties: Sequence[_Party], lines: Sequence[RowMapping], today: date
) -> dict[_Party, list[int]]:
    """Of each reader, the hazards within its own scope, in the order of the list."""
    organisations = [one.organisation_id for one in parties if one.organisation_id is not None]
    told = json.dumps([{name: one[name] for name in _STANDING} for one in lines])
    bound = {"organisations": organisations, "lines": told, "today": today}
    seen = {(row.organisation_id, row.hazard_id) for row in await context.session.execute(_WITHIN, bound)}
    return {
        party: [
            one["hazard_id"]
            for one in lines
            if (party.organisation_id, one["hazard_id"]) in seen
            or (party.enterprise_id is not None and party.enterprise_id == one["enterprise_id"])
        ]
        for party in parties
    }


def _refuse_foreign_lines(addressee: _Party, within: Mapping[_Party, list[int]], lines: Sequence[RowMapping]) -> None:
    foreign = [one["number"] or one["place"] for one in lines if one["hazard_id"] not in within[addressee]]
    if foreign:
        message = f"所列隐患不属于主送单位管辖:{'、'.join(foreign)}。"
        raise RuleNotMet("line_of_another", message, remedy="每件公文只列主送单位自己的事项,请分别起草。")
    if lines and any(not own for own in within.values()):
        message = "有抄送单位与所列隐患均无关。"
        raise RuleNotMet("copy_without_lines", message, remedy="请去掉无关的抄送单位(copies)。")


async def _replaced(context: Context, body: NewLetter) -> int | None:
    if body.reissue_of is None:
        return None
    voided = await letter_in_sight(context, body.reissue_of)
    is_own = voided.issuer_organisation_id == context.actor.organisation_id
    if not is_own or voided.status != LetterStatus.VOIDED.value or voided.kind != body.kind.value:
        message = "只能替换本机构已作废的同一种类公文。"
        raise RuleNotMet("nothing_to_replace", message, remedy="请核对 reissue_of。")
    return voided.id


def _item(one: RowMapping, today: date) -> tuple[int, dict[str, Any]]:
    """A hazard and its line: days over for what still stands listed."""
    due_on, is_listed = one["due_on"], one["state"] == State.LISTED.value
    return one["hazard_id"], {
        **{name: one[name] for name in _IN_LINE},
        "due_on": due_on.isoformat() if due_on else None,
        "overdue_days": max((today - due_on).days, 0) if due_on and is_listed else None,
        "note": "",
    }


async def _write_items(
    context: Context, letter_id: int, lines: Sequence[tuple[int, dict[str, Any]]], listing: int | None
) -> dict[int, int]:
    """Hazard → its line's id."""
    rows = [
        {"letter_id": letter_id, "position": place, "listing_id": listing, "hazard_id": hazard, "line": line}
        for place, (hazard, line) in enumerate(lines, start=1)
    ]
    if not rows:
        return {}
    kept = insert(LetterItem).returning(LetterItem.id, sort_by_parameter_order=True)
    ids = (await context.session.execute(kept, rows)).scalars().all()
    return {hazard: number for (hazard, _), number in zip(lines, ids, strict=True)}


async def _write_copies(context: Context, letter_id: int, copies: Mapping[_Party, list[int]]) -> None:
    rows = [
        {
            "letter_id": letter_id,
            "issuer_organisation_id": context.actor.organisation_id,
            "organisation_id": copy.organisation_id,
            "enterprise_id": copy.enterprise_id,
            "item_ids": items,
        }
        for copy, items in copies.items()
    ]
    if rows:
        await context.session.execute(insert(LetterCopy), rows)
