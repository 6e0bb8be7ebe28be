"""What a hand's letter says where its writer gives no words: title and text of its kind's form, about its own lines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select

from app.infrastructure.context import Context
from app.infrastructure.errors import InvalidInput
from app.letter_forms.composing.by_hand import (
    HandLetter,
    assignment_order,
    ordered_summons,
    urging_letter,
    warning_reminder,
)
from app.letter_forms.composing.kept import TOLD_IN_TEXT
from app.letter_forms.composing.letterhead import Letterhead
from app.letter_forms.content import Item, LetterContent
from app.letters.schemas import NewLetter
from app.regulation.vocabulary import HazardLevel, LetterKind
from app.tables.places import Organisation

_IN_ITEM: Final = ("number", "enterprise", "place", "circumstances", "due_on", "department", "unit")


@dataclass(frozen=True, slots=True)
class _Form:
    """How a kind is composed, and what it asks unless its writer says otherwise."""

    composed: Callable[[Letterhead, HandLetter], LetterContent]
    requirements: tuple[str, ...]


_FORMS: Final[Mapping[LetterKind, _Form]] = MappingProxyType(
    {
        LetterKind.WARNING_REMINDER: _Form(
            warning_reminder,
            ("立即核查有关情况，落实整改责任和监控措施", "举一反三，排查治理同类隐患", "有关情况及时报送"),
        ),
        LetterKind.URGING_LETTER: _Form(
            urging_letter,
            ("督促责任单位落实整改责任、措施、资金、时限和预案", "加快整改进度，按期完成整改", "整改情况及时登记"),
        ),
        LetterKind.ASSIGNMENT_ORDER: _Form(
            assignment_order,
            ("明确承办人员和完成时限", "会同有关单位督促整改到位", "办理结果书面反馈"),
        ),
        LetterKind.SUMMONS_NOTICE: _Form(
            ordered_summons,
            (
                "主要负责人按时参加，不得委托他人代为参加",
                "携带整改情况书面材料",
                "约谈后按期书面报告整改措施和落实情况",
            ),
        ),
    }
)


async def words_of(context: Context, sent: NewLetter, lines: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Title and body: the writer's own where given; InvalidInput where there are none and the kind has no default."""
    particulars = [{"label": one.label, "value": one.value} for one in sent.particulars]
    more = {"ordered_by": sent.ordered_by} if sent.ordered_by else {}
    own = [{"text": one.text, "role": one.role.value} for one in sent.paragraphs or ()]
    if sent.title is not None and own:
        return sent.title, {"paragraphs": own, "particulars": particulars, **more}
    made = await _composed(context, sent, lines)
    paragraphs = own or [{"text": one.text, "role": one.role.value} for one in made.paragraphs]
    told = {} if own or len(lines) > 1 else {TOLD_IN_TEXT: True}
    return sent.title or made.title, {"paragraphs": paragraphs, "particulars": particulars, **more, **told}


async def _composed(context: Context, sent: NewLetter, lines: Sequence[Mapping[str, Any]]) -> LetterContent:
    form = _FORMS.get(sent.kind)
    if form is None or not lines:
        what = "没有列明隐患的" if form is not None else f"{sent.kind.label}"
        message = (
            f"{what}须写明标题(title)和正文(paragraphs):只有列明隐患的警示提醒、督促函、交办单、约谈通知有默认文字。"
        )
        raise InvalidInput.of_field("/paragraphs", "words_missing", message)
    named = select(Organisation.name).where(Organisation.id == context.actor.organisation_id)
    level = HazardLevel(lines[0]["level"])
    matter = HandLetter(
        subject=f"{level.label}整改",
        reasons=(),
        requirements=form.requirements,
        items=tuple(Item(**{name: one[name] for name in _IN_ITEM}) for one in lines),
        level=level,
        ordered_by=sent.ordered_by or "",
    )
    return form.composed(Letterhead(issuer=(await context.session.execute(named)).scalar_one()), matter)
