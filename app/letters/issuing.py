"""签发: by the holder of the signatory's post, or under the edition's standing authorisation; only then numbered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select, text, update

from app.audit.record import Subject, record
from app.infrastructure.answers import Answer, plain
from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted, RegistryError, RuleNotMet
from app.infrastructure.security import content_digest
from app.letters.numbers import Number, draw
from app.letters.queries import LIVE_LINES
from app.letters.reading import letter_answer, lock, own_letter, refuse_who_may_not
from app.letters.schemas import Batch, Ending, OpenedLetter
from app.letters.writing import reply_due_on
from app.reference.rulebook import RuleBook, announced_calendar, rule_book
from app.regulation.deadlines import Calendar
from app.regulation.facts import Actor, Unmet
from app.regulation.permissions import Permission
from app.regulation.vocabulary import LetterKind, LetterStatus
from app.tables.escalation import DispatchHold
from app.tables.history import AccessEvent
from app.tables.letters import Letter, LetterCopy, LetterItem
from app.tables.places import Organisation

OPENED: Final = "letter_draft"
"""What a draft's reading is kept as, with `opened` as its subject."""
_RULE: Final = "ladder.signatories"
_ARTICLE: Final = "《党政机关公文处理工作条例》第二十二条"
_DROP_ENDED: Final = text(
    """
    UPDATE letter_item i SET dropped_at = registry_now()
      FROM raised_rung r JOIN episode e ON e.id = r.episode_id
     WHERE i.letter_id = :letter AND i.dropped_at IS NULL AND r.id = i.raised_rung_id AND e.ended_on IS NOT NULL
    """
)
_TRIM_COPIES: Final = text(
    """
    UPDATE letter_copy c SET item_ids = ARRAY(
               SELECT i.id FROM letter_item i
                WHERE i.letter_id = c.letter_id AND i.id = ANY (c.item_ids) AND i.dropped_at IS NULL
                ORDER BY i.position)
     WHERE c.letter_id = :letter
       AND EXISTS (SELECT 1 FROM letter_item i
                    WHERE i.letter_id = c.letter_id AND i.id = ANY (c.item_ids) AND i.dropped_at IS NOT NULL)
    """
)
_REPLACEMENT_ITEMS: Final = text(
    """
    INSERT INTO letter_item (letter_id, position, raised_rung_id, listing_id, hazard_id, line)
    SELECT :new, position, raised_rung_id, listing_id, hazard_id, line FROM letter_item
     WHERE letter_id = :old AND id = ANY (CAST(:items AS bigint[])) ORDER BY position
    RETURNING id, position
    """
)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What each letter of one action is issued under."""

    book: RuleBook
    calendar: Calendar
    actor: Actor
    standing: str | None = None


def opened(letter_id: UUID | str, version: int) -> str:
    """How the reading of a draft at a version is named."""
    return f"{letter_id}@{version}"


async def issue(context: Context, public_id: UUID, version: int | None) -> Answer:
    """Numbers and dispatches one draft; NotPermitted for another's post, RuleNotMet while dispatch is held."""
    refuse_who_may_not(context, Permission.LETTER_ISSUE)
    letter = await own_letter(context, public_id, version, status=LetterStatus.DRAFT)
    desk = await _desk(context)
    _refuse_not_the_signatory(context.actor, letter)
    await _refuse_while_held(context)
    await _issue(context, desk, letter)
    return await letter_answer(context, public_id)


async def issue_batch(context: Context, sent: Batch) -> Answer:
    """The night's batch in one action: each letter opened at its version, each with its own result.

    RuleNotMet naming every reason where none of them could be issued.
    """
    refuse_who_may_not(context, Permission.LETTER_ISSUE)
    desk = await _desk(context)
    await _refuse_while_held(context)
    unopened = await _unopened(context, sent.letters)
    results: dict[UUID, dict[str, Any]] = {}
    refusals: list[RegistryError] = []
    for one in await _in_order(context, desk, sent.letters):
        try:
            async with context.session.begin_nested():
                number = await _issue_opened(context, desk, one, is_opened=one.letter_id not in unopened)
            results[one.letter_id] = {"letter_id": one.letter_id, "issued": True, "number": str(number)}
        except RegistryError as refused:
            refusals.append(refused)
            told = {"code": refused.code, "message": refused.message, "remedy": refused.remedy}
            results[one.letter_id] = {"letter_id": one.letter_id, "issued": False, **told}
    if len(refusals) == len(results):
        raise RuleNotMet(
            unmet=tuple(Unmet(one.code, one.message, _RULE, _ARTICLE, one.remedy or "") for one in refusals)
        )
    rows = [results[one.letter_id] for one in sent.letters]
    issued = len(results) - len(refusals)
    return Answer(plain({"issued": issued, "refused": len(refusals), "results": rows}))


async def issue_under_standing_authorisation(context: Context, letter_id: int) -> Number | None:
    """For the night: a 函告 goes by itself where the edition cites a document for it; None where it does not.

    RuleNotMet while dispatch is held, or where nothing is left to say.
    """
    letter = await lock(context, letter_id)
    book = await rule_book(context)
    standing = book.edition.ladder.standing_authorisation
    kind, is_draft = LetterKind(letter.kind), letter.status == LetterStatus.DRAFT.value
    if standing is None or not is_draft or not standing.covers(kind, book.today):
        return None
    if standing.post.value != letter.signatory_post_kind:
        return None
    await _refuse_while_held(context)
    words = f"{standing.document}(有效期至{standing.until.isoformat()})"
    desk = _Desk(book, await announced_calendar(context), context.actor, words)
    return await _issue(context, desk, letter)


async def void(context: Context, public_id: UUID, version: int | None, body: Ending) -> Answer:
    """作废: the number stays used. What the ladder still has to tell is drafted anew in the same action."""
    refuse_who_may_not(context, Permission.LETTER_ISSUE)
    letter = await own_letter(context, public_id, version, status=LetterStatus.ISSUED)
    _refuse_not_the_signatory(context.actor, letter)
    ended = {"status": LetterStatus.VOIDED.value, "ended_reason": body.reason, "ended_at": context.now}
    await context.session.execute(update(Letter).where(Letter.id == letter.id).values(ended))
    replacement = None if letter.served_on else await _replace(context, letter)
    told = {"hazards": await _hazards(context, letter.id), "replacement": replacement[0] if replacement else None}
    await record(context, "letter:document:voided", Subject("letter", letter.id), told)
    return await letter_answer(context, public_id, replacement=replacement[1] if replacement else None)


async def _desk(context: Context) -> _Desk:
    return _Desk(await rule_book(context), await announced_calendar(context), context.actor)


def _refuse_not_the_signatory(actor: Actor, letter: Letter) -> None:
    post = actor.post_kind.value if actor.post_kind else None
    if post != letter.signatory_post_kind or actor.organisation_id != letter.issuer_organisation_id:
        raise NotPermitted(
            "not_the_signatory",
            "只有规则版本指定的签发人可以签发、作废本公文。",
            rule=_RULE,
            article=_ARTICLE,
            remedy="请由签发人办理,或切换到相应任职后重试。",
        )


async def _refuse_while_held(context: Context) -> None:
    held = select(DispatchHold.id).where(DispatchHold.released_at.is_(None)).limit(1)
    if (await context.session.execute(held)).first() is not None:
        raise RuleNotMet(
            "dispatch_is_held",
            "发文处于暂停状态,不能签发。",
            remedy="请先演练并查看结果,由安委办解除暂停后再签发。",
        )


async def _unopened(context: Context, wanted: Sequence[OpenedLetter]) -> set[UUID]:
    """Which of them this account has not read as they stand."""
    subjects = {opened(one.letter_id, one.version): one.letter_id for one in wanted}
    read = select(AccessEvent.subject).where(
        AccessEvent.account_id == context.actor.account_id,
        AccessEvent.kind == "read",
        AccessEvent.code == OPENED,
        AccessEvent.subject.in_(subjects),
    )
    seen = set((await context.session.execute(read)).scalars())
    return {letter_id for subject, letter_id in subjects.items() if subject not in seen}


async def _in_order(context: Context, desk: _Desk, wanted: Sequence[OpenedLetter]) -> list[OpenedLetter]:
    """Every letter held before the first number is drawn, and series always in one order: nobody waits in a ring."""
    by_id = {one.letter_id: one for one in wanted}
    own = (
        select(Letter.public_id, Letter.kind)
        .where(Letter.public_id.in_(by_id), Letter.issuer_organisation_id == context.actor.organisation_id)
        .order_by(Letter.id)
        .with_for_update()
    )
    rows = (await context.session.execute(own)).all()
    signatories = desk.book.edition.ladder.signatories
    held = sorted(rows, key=lambda row: signatories[LetterKind(row.kind)].form.value)
    known = [by_id.pop(row.public_id) for row in held]
    return [*known, *by_id.values()]


async def _issue_opened(context: Context, desk: _Desk, one: OpenedLetter, *, is_opened: bool) -> Number:
    letter = await own_letter(context, one.letter_id, one.version, status=LetterStatus.DRAFT)
    _refuse_not_the_signatory(context.actor, letter)
    if not is_opened:
        message = "签发人尚未打开查看这件公文的现稿。"
        raise RuleNotMet("letter_not_opened", message, remedy="请逐件打开查看后再一并签发。")
    return await _issue(context, desk, letter)


async def _issue(context: Context, desk: _Desk, letter: Letter) -> Number:
    """Drops what has ended, draws the number, freezes the content."""
    lines = await _live_lines(context, letter)
    number = await _number(context, desk, letter)
    due_on = _later(letter.reply_due_on, desk, letter)
    body = {**letter.body, LIVE_LINES: len(lines)}
    digest = content_digest(
        {
            **_own_words(letter),
            "number": str(number),
            "issued_on": desk.book.today.isoformat(),
            "reply_due_on": due_on.isoformat() if due_on else None,
            "standing_authorisation": desk.standing,
            "body": body,
            "lines": lines,
            "copies": await _copies(context, letter.id),
        }
    )
    issued = {
        "status": LetterStatus.ISSUED.value,
        "version": letter.version + 1,
        "body": body,
        "reply_due_on": due_on,
        "issued_at": context.now,
        "issued_by_appointment_id": None if desk.standing else desk.actor.appointment_id,
        "issued_by_account_id": None if desk.standing else desk.actor.account_id,
        "standing_authorisation": desk.standing,
        "office_code": number.office_code,
        "year": number.year,
        "serial": number.serial,
        "content_sha256": bytes.fromhex(digest),
    }
    await context.session.execute(update(Letter).where(Letter.id == letter.id).values(issued))
    told = {"number": str(number), "content_sha256": digest, "hazards": [one["hazard"] for one in lines]}
    await record(context, "letter:document:issued", Subject("letter", letter.id), told)
    return number


def _own_words(letter: Letter) -> dict[str, Any]:
    return {
        "type": "letter",
        "format": 1,
        "kind": letter.kind,
        "issuer": letter.issuer_organisation_id,
        "addressee": [letter.addressee_organisation_id, letter.addressee_enterprise_id],
        "title": letter.title,
    }


async def _live_lines(context: Context, letter: Letter) -> list[dict[str, Any]]:
    """The lines it goes with; RuleNotMet where the delay of every one has ended."""
    await context.session.execute(_DROP_ENDED, {"letter": letter.id})
    await context.session.execute(_TRIM_COPIES, {"letter": letter.id})
    wanted = select(LetterItem).where(LetterItem.letter_id == letter.id).order_by(LetterItem.position)
    items = (await context.session.execute(wanted.execution_options(populate_existing=True))).scalars().all()
    live = [item for item in items if item.dropped_at is None]
    if items and not live:
        message = "公文所列事项均已消除,不得签发。"
        raise RuleNotMet("letter_has_no_item_left", message, remedy="无须办理:夜间任务将撤销这件草稿。")
    return [{"position": one.position, "hazard": one.hazard_id, "line": one.line} for one in live]


async def _copies(context: Context, letter_id: int) -> list[list[Any]]:
    wanted = select(LetterCopy.organisation_id, LetterCopy.enterprise_id, LetterCopy.item_ids)
    rows = await context.session.execute(wanted.where(LetterCopy.letter_id == letter_id).order_by(LetterCopy.id))
    return [[row.organisation_id, row.enterprise_id, list(row.item_ids)] for row in rows]


async def _number(context: Context, desk: _Desk, letter: Letter) -> Number:
    issuer = select(Organisation.code, Organisation.name).where(Organisation.id == letter.issuer_organisation_id)
    row = (await context.session.execute(issuer)).one()
    ladder = desk.book.edition.ladder
    code = ladder.office_code(row.code or "", row.name, ladder.signatories[LetterKind(letter.kind)].form)
    year = desk.book.today.year
    return Number(code, year, await draw(context, code, year))


def _later(drafted: date | None, desk: _Desk, letter: Letter) -> date | None:
    """A reply is due no earlier than the draft said, and counted from this day's dispatch."""
    counted = reply_due_on(desk.book, desk.calendar, LetterKind(letter.kind), asked=drafted is not None)
    return max(drafted, counted) if drafted and counted else drafted


async def _hazards(context: Context, letter_id: int) -> list[int]:
    wanted = select(LetterItem.hazard_id).where(LetterItem.letter_id == letter_id)
    rows = (await context.session.execute(wanted.order_by(LetterItem.position))).scalars()
    return [hazard for hazard in rows if hazard is not None]


async def _replace(context: Context, letter: Letter) -> tuple[int, str] | None:
    """The draft that takes over the rungs of a voided letter that nobody received; None where it has none."""
    wanted = select(LetterItem).where(LetterItem.letter_id == letter.id, LetterItem.dropped_at.is_(None))
    items = (await context.session.execute(wanted.order_by(LetterItem.position))).scalars().all()
    if all(item.raised_rung_id is None for item in items):
        return None
    positions = {item.id: item.position for item in items}
    freed = update(LetterItem).where(LetterItem.id.in_(positions)).values(dropped_at=context.now)
    await context.session.execute(freed)
    kept = ("kind", "issuer_organisation_id", "signatory_post_kind", "addressee_organisation_id",
            "addressee_enterprise_id", "title", "edition_id", "reply_due_on")  # fmt: skip
    row = {
        **{name: getattr(letter, name) for name in kept},
        "body": {name: value for name, value in letter.body.items() if name != LIVE_LINES},
        "business_date": (await rule_book(context)).today,
        "drafted_by_account_id": context.actor.account_id,
        "reissue_of_id": letter.id,
    }
    new = (await context.session.execute(insert(Letter).values(row).returning(Letter.id, Letter.public_id))).one()
    bound = {"new": new.id, "old": letter.id, "items": list(positions)}
    taken = {one.position: one.id for one in await context.session.execute(_REPLACEMENT_ITEMS, bound)}
    await _copy_again(context, letter, new.id, {old: taken[place] for old, place in positions.items()})
    await record(context, "letter:draft:written", Subject("letter", new.id), {"reissue_of": letter.id})
    return new.id, str(new.public_id)


async def _copy_again(context: Context, letter: Letter, new: int, items: Mapping[int, int]) -> None:
    wanted = select(LetterCopy).where(LetterCopy.letter_id == letter.id).order_by(LetterCopy.id)
    rows = [
        {
            "letter_id": new,
            "issuer_organisation_id": letter.issuer_organisation_id,
            "organisation_id": copy.organisation_id,
            "enterprise_id": copy.enterprise_id,
            "item_ids": [items[one] for one in copy.item_ids if one in items],
        }
        for copy in (await context.session.execute(wanted)).scalars()
    ]
    if rows:
        await context.session.execute(insert(LetterCopy), rows)
