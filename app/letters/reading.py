"""公文的查询: lists and single letters within the actor's sight; and the letter as a hand finds it before it acts."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.hazards.scope import hazard_is_visible
from app.hazards.transition import public_id_in
from app.infrastructure.answers import Answer, plain
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, NotPermitted, StaleVersion, VersionRequired
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.letters.numbers import asked_number
from app.letters.queries import letter_in_sight, letter_view, shown_letters, told
from app.letters.schemas import LetterFilter
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import LetterStatus
from app.tables.enterprises import Enterprise
from app.tables.hazards import Hazard
from app.tables.letters import Letter, LetterItem

_FILTERS: Final[Mapping[str, Callable[[Any], ColumnElement[bool]]]] = {
    "kind": lambda kind: Letter.kind == kind.value,
    "status": lambda status: Letter.status == status.value,
    "addressee_organisation": lambda number: Letter.addressee_organisation_id == number,
    "addressee_enterprise": lambda public_id: Letter.addressee_enterprise_id.in_(
        select(Enterprise.id).where(Enterprise.public_id == public_id)
    ),
    "drafted_from": lambda day: Letter.business_date >= day,
    "drafted_to": lambda day: Letter.business_date <= day,
}


async def page(context: Context, wanted: LetterFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of the letters in sight, newest first; InvalidParameter for a number that is none."""
    refuse_who_may_not(context, Permission.LETTER_READ)
    statement = shown_letters(context.actor).where(*_conditions(context, wanted))
    found = await page_by_id(context, "letters", statement, Letter.id, wanted, cursors)
    return {**found, "items": [told(row, context.actor) for row in found["items"]]}


async def letter(context: Context, public_id: UUID) -> Answer:
    """One letter with its lines, copies, service and replies; NotFound out of sight."""
    refuse_who_may_not(context, Permission.LETTER_READ)
    return await letter_answer(context, public_id)


async def letter_answer(context: Context, public_id: UUID, **more: Any) -> Answer:  # noqa: ANN401 - JSON's own
    """The letter as it now stands, with its ETag and address."""
    view = plain({**await letter_view(context, public_id), **more})
    return Answer(view, version=view["version"], location=f"/api/v1/letters/{public_id}")


def refuse_who_may_not(context: Context, permission: Permission) -> None:
    """NotPermitted for who may not do that to any letter."""
    if not has_permission(permission, context.actor):
        raise NotPermitted


async def own_letter(
    context: Context, public_id: UUID, version: int | None, *, status: LetterStatus, needs_version: bool = True
) -> Letter:
    """The letter of the actor's own organisation, locked at that version and in that status.

    NotFound out of sight, NotPermitted for another's, VersionRequired, StaleVersion, Conflict in another status.
    """
    seen = await letter_in_sight(context, public_id)
    if seen.issuer_organisation_id != context.actor.organisation_id:
        raise NotPermitted(
            "letter_of_another", "这件公文由其他机构制发,您当前的岗位无权办理。", remedy="请由制发机构办理。"
        )
    if needs_version and version is None:
        raise VersionRequired(remedy="请先读取该公文,把返回的 ETag 放入 If-Match 后重新提交。")
    locked = await lock(context, seen.id)
    if needs_version and locked.version != version:
        raise StaleVersion
    if locked.status != status.value:
        raise _in_another_status(LetterStatus(locked.status), status)
    return locked


async def lock(context: Context, letter_id: int) -> Letter:
    """The letter as it stands, held until the transaction ends."""
    wanted = select(Letter).where(Letter.id == letter_id).with_for_update().execution_options(populate_existing=True)
    return (await context.session.execute(wanted)).scalar_one()


def _in_another_status(held: LetterStatus, wanted: LetterStatus) -> Conflict:
    return Conflict(
        f"letter_is_not_{wanted.value}",
        f"这件公文现为“{held.label}”,只有“{wanted.label}”的公文可以办理这一事项。",
        remedy="请刷新后核对公文的状态。",
        facts={"status": held.value},
    )


def _conditions(context: Context, wanted: LetterFilter) -> list[ColumnElement[bool]]:
    found = [condition(value) for name, condition in _FILTERS.items() if (value := getattr(wanted, name)) is not None]
    if wanted.number is not None:
        number = asked_number(wanted.number)
        found += [Letter.office_code == number.office_code, Letter.year == number.year, Letter.serial == number.serial]
    if wanted.hazard is not None:
        found.append(_about(context, wanted.hazard))
    if wanted.unanswered is not None:
        waits = (
            Letter.reply_due_on.is_not(None)
            & Letter.answered_on.is_(None)
            & (Letter.status == LetterStatus.ISSUED.value)
        )
        found.append(waits if wanted.unanswered else ~waits)
    return found


def _about(context: Context, reference: str) -> ColumnElement[bool]:
    public_id = public_id_in(reference)
    named = Hazard.ledger_number == reference if public_id is None else Hazard.public_id == public_id
    lines = (
        select(LetterItem.id)
        .join(Hazard, Hazard.id == LetterItem.hazard_id)
        .where(LetterItem.letter_id == Letter.id, named, hazard_is_visible(context.actor))
    )
    return lines.correlate(Letter).exists()
