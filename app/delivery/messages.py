"""What a delivery says: made when it is sent, of what its one reader may know; addresses are looked up here alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import text

from app.delivery.channels import Message
from app.delivery.outbox import Claimed, ids_of
from app.infrastructure.context import Context
from app.regulation.vocabulary import DeliveryChannel, LetterKind

_LETTERS: Final = text(
    """
    SELECT l.id, l.public_id, l.kind, l.title, l.office_code, l.year, l.serial, l.issued_at, l.reply_due_on,
           o.name AS issuer
      FROM letter l JOIN organisation o ON o.id = l.issuer_organisation_id WHERE l.id = ANY (CAST(:ids AS bigint[]))
    """
)
_COPIES: Final = text("SELECT id, public_id FROM letter_copy WHERE id = ANY (CAST(:ids AS bigint[]))")
_REMINDERS: Final = text(
    """
    SELECT i.delivery_id, h.public_id, h.ledger_number, r.due_on, r.days_before
      FROM delivery_item i JOIN reminder r ON r.id = i.reminder_id JOIN hazard h ON h.id = r.hazard_id
     WHERE i.delivery_id = ANY (CAST(:ids AS bigint[])) ORDER BY r.due_on, r.id
    """
)
_ADDRESSES: Final = text(
    """
    SELECT d.id, a.address, a.public_id FROM delivery d JOIN delivery_address a ON a.ended_at IS NULL
       AND a.channel = d.channel AND (a.account_id = d.account_id OR a.organisation_id = d.organisation_id
           OR a.enterprise_id = d.enterprise_id)
     WHERE d.id = ANY (CAST(:ids AS bigint[]))
    """
)
_TELEPHONES: Final = text(
    """
    SELECT d.id, p.phone FROM delivery d JOIN account a ON a.id = d.account_id
      JOIN person_detail p ON p.person_id = a.person_id
     WHERE d.channel = 'sms_file' AND p.phone IS NOT NULL AND d.id = ANY (CAST(:ids AS bigint[]))
    """
)


async def compose(context: Context, claimed: Sequence[Claimed], *, publication_url: str | None) -> list[Message]:
    """The messages of these claims, in their order."""
    said = await _said_of_letters(context, claimed) | await _said_of_digests(context, claimed)
    addresses = await _addresses(context, claimed)
    return [_message(one, said[one.id], addresses.get(one.id), publication_url) for one in claimed]


def _message(
    one: Claimed, said: tuple[str, str, Mapping[str, Any]], found: tuple[str, str] | None, publication_url: str | None
) -> Message:
    subject, words, data = said
    address, secret_of = (publication_url, "publication") if one.is_exposure else (found or (None, ""))
    kind = "exposure.published" if one.is_exposure else "reminders.due" if one.digest_on else "letter.dispatched"
    return Message(
        one.id,
        one.message_id,
        one.attempts,
        DeliveryChannel(one.channel),
        subject,
        words,
        {"type": kind, "message_id": one.message_id, "data": data},
        address,
        secret_of,
        one.is_exposure,
    )


async def _said_of_letters(
    context: Context, claimed: Sequence[Claimed]
) -> dict[int, tuple[str, str, Mapping[str, Any]]]:
    rows = await context.session.execute(_LETTERS, {"ids": ids_of(claimed, "letter_id")})
    letters = {row.id: row for row in rows}
    found = await context.session.execute(_COPIES, {"ids": ids_of(claimed, "copy_id")})
    copies = {row.id: str(row.public_id) for row in found}
    said = {}
    for one in claimed:
        if one.letter_id is not None:
            copy = None if one.copy_id is None else copies[one.copy_id]
            said[one.id] = _of_letter(letters[one.letter_id], copy)
    return said


def _of_letter(letter: Any, copy: str | None) -> tuple[str, str, Mapping[str, Any]]:  # noqa: ANN401 - a row
    kind = LetterKind(letter.kind).label
    number = f"{letter.office_code}〔{letter.year}〕{letter.serial}号"
    # A title may name whom the reader of a copy is not to know of.
    title = letter.title if copy is None else kind
    data = {
        "letter": str(letter.public_id),
        "copy": copy,
        "kind": letter.kind,
        "number": number,
        "title": title,
        "issuer": letter.issuer,
        "reply_due_on": letter.reply_due_on.isoformat() if letter.reply_due_on and copy is None else None,
    }
    reply = f"请于{letter.reply_due_on.isoformat()}前复函。" if data["reply_due_on"] else ""
    words = f"{letter.issuer}发来{kind}《{title}》（{number}），请登录清零系统在收件箱中查看并签收。{reply}"
    return f"{kind}：{number}", words, data


async def _said_of_digests(
    context: Context, claimed: Sequence[Claimed]
) -> dict[int, tuple[str, str, Mapping[str, Any]]]:
    digests = [one.id for one in claimed if one.digest_on is not None]
    items: dict[int, list[Any]] = defaultdict(list)
    for row in await context.session.execute(_REMINDERS, {"ids": digests}):
        items[row.delivery_id].append(row)
    return {one: _of_digest(items[one]) for one in digests}


def _of_digest(rows: Sequence[Any]) -> tuple[str, str, Mapping[str, Any]]:
    lines = [f"{row.ledger_number or row.public_id}：整改期限{row.due_on.isoformat()}" for row in rows]
    hazards = [
        {
            "hazard": str(row.public_id),
            "number": row.ledger_number,
            "due_on": row.due_on.isoformat(),
            "days_before": row.days_before,
        }
        for row in rows
    ]
    words = "以下隐患的整改期限将至，请按期整改并提交整改完成报告：\n" + "\n".join(lines)
    return f"整改期限提示：{len(rows)}项", words, {"hazards": hazards}


async def _addresses(context: Context, claimed: Sequence[Claimed]) -> dict[int, tuple[str, str]]:
    """The address in use today, and the name of its secret."""
    ids = {"ids": [one.id for one in claimed if one.channel != DeliveryChannel.INBOX]}
    if not ids["ids"]:
        return {}
    telephones = {row.id: (row.phone, "") for row in await context.session.execute(_TELEPHONES, ids)}
    kept = {row.id: (row.address, str(row.public_id)) for row in await context.session.execute(_ADDRESSES, ids)}
    return telephones | kept
