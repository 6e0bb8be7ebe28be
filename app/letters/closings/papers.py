"""What a closing leaves to be written, in the words of its forms: 验收销号审批表, 销号通知, 摘牌通知."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from app.letter_forms.composing.closing import (
    ClosingApprovalForm,
    ClosingNotice,
    DelistingNotice,
    closing_approval_form,
    closing_notice,
    delisting_notice,
)
from app.letter_forms.composing.kept import TOLD_IN_TEXT
from app.letter_forms.composing.letterhead import Letterhead
from app.letter_forms.content import Item, LetterContent, SignatureLine
from app.regulation.vocabulary import HazardLevel, PostKind, Purpose

_UNKNOWN: Final = "不详"


def item_of(row: Mapping[str, Any]) -> Item:
    """The hazard as the signed document names it."""
    content = row["content"]
    due_on = content.get("current_deadline")
    return Item(
        number=content.get("number") or "",
        enterprise=content["named"]["responsible_party"]["name"],
        place=content.get("place") or "",
        circumstances=content.get("circumstances") or "",
        due_on=date.fromisoformat(due_on) if due_on else None,
        department=row["lead"] or "",
        unit=row["unit"] or "",
    )


def approval_form(row: Mapping[str, Any]) -> LetterContent:
    """The form: what was signed, by which posts, under which hash; of natural persons only posts."""
    content = row["content"]
    return closing_approval_form(
        Letterhead(issuer=row["lead"] or ""),
        ClosingApprovalForm(
            item=item_of(row),
            responsible_party=content["named"]["responsible_party"]["name"],
            determination=_determination(content.get("determination") or {}),
            requirements=content.get("requirements") or "",
            listed_on=row["listed_on"],
            declaration=_by_hash(content.get("declaration")),
            verification=_by_hash(content.get("verification")),
            signatures=tuple(_signature(one) for one in row["signatures"]),
            content_sha256=row["content_sha256"],
            purpose=Purpose(row["purpose"]),
            level=HazardLevel(content["level"]),
        ),
    )


def notice_of_closing(row: Mapping[str, Any], revisit_days: int) -> LetterContent:
    """销号通知 to the responsible party."""
    matter = ClosingNotice(
        item=item_of(row),
        verified_on=row["verified_on"] or row["closed_on"],
        closed_on=row["closed_on"],
        level=HazardLevel(row["content"]["level"]),
        revisit_days=revisit_days,
    )
    return closing_notice(Letterhead(issuer=row["office"]), matter)


def notice_of_delisting(row: Mapping[str, Any]) -> LetterContent:
    """摘牌通知 to the responsible party."""
    matter = DelistingNotice(
        item=item_of(row),
        listing_number=row["notice_number"] or _UNKNOWN,
        supervision_name=row["office"],
        closed_on=row["closed_on"],
        publication=f"摘牌公告（{row['delisting_number']}）发布于{row['medium']}",
    )
    return delisting_notice(Letterhead(issuer=row["office"]), matter)


def kept(content: LetterContent) -> dict[str, Any]:
    """The body as a draft keeps it."""
    body: dict[str, Any] = {
        "paragraphs": [{"text": one.text, "role": one.role.value} for one in content.paragraphs],
        "particulars": [{"label": one.label, "value": one.value} for one in content.particulars],
    }
    if content.signatures:
        body["signatures"] = [_plain(one) for one in content.signatures]
        body["signed_sha256"] = content.content_sha256
    return {**body, TOLD_IN_TEXT: True}


def line_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The line of the letter's list."""
    item = asdict(item_of(row))
    return {**item, "due_on": item["due_on"].isoformat() if item["due_on"] else None}


def _plain(one: SignatureLine) -> dict[str, Any]:
    told = asdict(one)
    return {**told, "signed_at": one.signed_at.isoformat() if one.signed_at else None}


def _signature(one: Mapping[str, Any]) -> SignatureLine:
    return SignatureLine(
        level=one["level"],
        post=PostKind(one["post_kind"]).label,
        organisation=one["organisation"],
        opinion=one["opinion"] or "",
        signed_at=datetime.fromisoformat(one["signed_at"]),
        acting_for=PostKind(one["post_kind"]).label if one["is_acting"] else "",
        on_paper=one["kind"] == "paper",
    )


def _determination(told: Mapping[str, Any]) -> str:
    if told.get("is_comprehensive"):
        return f"综合判定：{told.get('reasoning') or _UNKNOWN}"
    return told.get("cited_text") or " ".join(str(told[name]) for name in ("document", "clause") if told.get(name))


def _by_hash(digest: str | None) -> str:
    """A document of several persons, by its SHA-256: the file itself stands in the case file."""
    return f"见案卷，SHA-256 {digest}" if digest else ""
