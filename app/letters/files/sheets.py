"""One letter for one reader: whole for its addressee and who looks after its issuer, a copy with its own lines alone.

Only who sees the whole composes anything: whoever reads one copy is given the file that was made of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select

from app.infrastructure.context import Context
from app.letter_forms.composing.kept import KeptLetter, kept_letter
from app.letter_forms.composing.letterhead import Letterhead
from app.letter_forms.content import Imprint, LetterContent
from app.letters.numbers import written
from app.regulation.deadlines import business_date
from app.regulation.vocabulary import LetterKind
from app.tables.enterprises import Enterprise
from app.tables.letters import Letter, LetterCopy, LetterItem
from app.tables.places import Organisation
from app.tables.rules import ClockSetting

_UNFIT: Final = re.compile(r'[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\\/:*?"<>|%]')
_LONGEST_NAME: Final = 80
_DRAFT: Final = "草稿"


@dataclass(frozen=True, slots=True)
class _Party:
    """A reader by its name; an enterprise's name is nothing for every reader."""

    name: str
    is_enterprise: bool


@dataclass(frozen=True, slots=True)
class _Parties:
    """Who writes, to whom, and copy → its reader."""

    issuer: str
    addressee: _Party | None
    copies: Mapping[int, _Party]


def number_of(letter: Letter) -> str | None:
    """Its 发文字号; None for a draft."""
    if letter.office_code is None or letter.year is None or letter.serial is None:
        return None
    return written(letter.office_code, letter.year, letter.serial)


def file_name(letter: Letter, *, is_copy: bool, form: str) -> str:
    """What it is saved as: number and title; a copy's shows no title, which may name whom its reader may not know."""
    kind = LetterKind(letter.kind).label
    said = f"{kind}(抄送件)" if is_copy else letter.title
    plain = " ".join(_UNFIT.sub(" ", f"{number_of(letter) or _DRAFT} {said}").split())
    return f"{plain[:_LONGEST_NAME].strip(' .')}.{form}"


async def composed(context: Context, letter: Letter, copy: LetterCopy | None) -> LetterContent:
    """What the sheet says; for who sees the whole letter."""
    lines = await _lines(context, letter)
    own = lines if copy is None else [(key, line) for key, line in lines if key in set(copy.item_ids)]
    parties = await _parties(context, letter)
    is_extract = len(own) < len(lines)
    clock = (await context.session.execute(select(ClockSetting.is_movable))).scalar_one_or_none()
    head = replace(_head(letter, parties, copy), clock_is_movable=bool(clock))
    if copy is None or not is_extract:
        return kept_letter(head, _whole(letter, own))
    reader = (parties.copies[copy.id].name,)
    return kept_letter(replace(head, addressees=reader, copies=()), _extract(letter, own, parties.addressee))


async def _lines(context: Context, letter: Letter) -> list[tuple[int, Mapping[str, Any]]]:
    """The lines it went with: what voiding freed afterwards included."""
    stands: ColumnElement[bool] = LetterItem.dropped_at.is_(None)
    if letter.ended_at is not None:
        stands = or_(stands, LetterItem.dropped_at >= letter.ended_at)
    wanted = select(LetterItem.id, LetterItem.line).where(LetterItem.letter_id == letter.id, stands)
    rows = await context.session.execute(wanted.order_by(LetterItem.position))
    return [(row.id, row.line) for row in rows]


async def _parties(context: Context, letter: Letter) -> _Parties:
    readers = (
        select(LetterCopy.id, Organisation.name.label("body"), Enterprise.name.label("firm"))
        .outerjoin(Organisation, Organisation.id == LetterCopy.organisation_id)
        .outerjoin(Enterprise, Enterprise.id == LetterCopy.enterprise_id)
        .where(LetterCopy.letter_id == letter.id)
        .order_by(LetterCopy.id)
    )
    copies = {row.id: _Party(row.body or row.firm, row.body is None) for row in await context.session.execute(readers)}
    named = (letter.issuer_organisation_id, letter.addressee_organisation_id or letter.issuer_organisation_id)
    bodies = select(Organisation.id, Organisation.name).where(Organisation.id.in_(named))
    names = {row.id: row.name for row in await context.session.execute(bodies)}
    addressee = None
    if letter.addressee_organisation_id is not None:
        addressee = _Party(names[letter.addressee_organisation_id], is_enterprise=False)
    elif letter.addressee_enterprise_id is not None:
        firm = select(Enterprise.name).where(Enterprise.id == letter.addressee_enterprise_id)
        addressee = _Party((await context.session.execute(firm)).scalar_one(), is_enterprise=True)
    return _Parties(names[letter.issuer_organisation_id], addressee, copies)


def _head(letter: Letter, parties: _Parties, copy: LetterCopy | None) -> Letterhead:
    dated = business_date(letter.issued_at) if letter.issued_at is not None else None
    return Letterhead(
        issuer=parties.issuer,
        addressees=(parties.addressee.name,) if parties.addressee is not None else (),
        number=number_of(letter),
        dated=dated,
        copies=_copied_to(parties, copy),
        imprint=Imprint(parties.issuer, dated) if dated is not None else None,
        standing_authorisation=letter.standing_authorisation,
    )


def _copied_to(parties: _Parties, copy: LetterCopy | None) -> tuple[str, ...]:
    """抄送 as this reader may see it: a copy names its reader alone; a firm's letter and an exposure no other firm."""
    if copy is not None:
        return (parties.copies[copy.id].name,)
    names_firms = parties.addressee is not None and not parties.addressee.is_enterprise
    return tuple(one.name for one in parties.copies.values() if names_firms or not one.is_enterprise)


def _whole(letter: Letter, own: Sequence[tuple[int, Mapping[str, Any]]]) -> KeptLetter:
    return KeptLetter(
        kind=LetterKind(letter.kind),
        title=letter.title,
        body=letter.body,
        lines=tuple(line for _, line in own),
        reply_due_on=letter.reply_due_on,
    )


def _extract(letter: Letter, own: Sequence[tuple[int, Mapping[str, Any]]], addressee: _Party | None) -> KeptLetter:
    """摘抄: to its reader alone, of no words of the letter's own; no firm is named as the addressee."""
    kind = LetterKind(letter.kind)
    to = f"主送{addressee.name}的" if addressee is not None and not addressee.is_enterprise else ""
    said = f"现将{to}本件{kind.label}中与你单位有关的事项摘抄送你单位,详见附件清单;与你单位无关的内容从略。"
    return KeptLetter(
        kind=kind,
        title=f"{kind.label}(摘抄)",
        body={"paragraphs": [{"text": said, "role": "body"}]},
        lines=tuple(line for _, line in own),
    )
