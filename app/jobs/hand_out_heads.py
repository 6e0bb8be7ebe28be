"""Hands the newest head outside, to the folder and the address an operator has set; and asks what was handed before.

At least once: the head is given first and noted after, under an id (its size) that tells a repetition.
"""

import asyncio
import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from app.audit.handing_out import largest_left_in, leave_in_folder
from app.audit.publishing import newest_head_document
from app.audit.sealing import head_of_size, newest_head
from app.audit.signing_key import HeadSigner
from app.infrastructure.clock import machine_seconds
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.security import canonical_json
from app.infrastructure.settings import Settings, SettingsRefused
from app.jobs.work import Work, signer_of
from app.tables.trees import HeadHandover

if TYPE_CHECKING:
    import httpx

_NAME: Final = "hand_out_heads"
_TIMEOUT: Final = 10.0
_PAUSES: Final = (1.0, 4.0)
"""Seconds between tries of one run; the next run tries again."""

Document = Mapping[str, Any]


class NotTaken(Exception):
    """The address did not take the head."""


async def run(work: Work) -> str:
    """The job: each destination by itself, so that one that fails keeps no other waiting."""
    async with work.transaction(_NAME) as context:
        document = await newest_head_document(context)
    wanted = [] if document is None else await _not_yet(work, document)
    outcomes = await asyncio.gather(*(_hand(work, to, document or {}) for to in wanted), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return f"handed to {', '.join(wanted) or 'nobody'}"


async def refuse_older_than_handed_out(
    database: Database, principal: SystemPrincipal | None, settings: Settings
) -> None:
    """SettingsRefused when the folder holds a head this database never had: an old backup, or another registry's."""
    handed = _largest(settings.security.heads_folder)
    if handed is None:
        return
    size, head = handed
    async with database.transaction(principal, request_id="start") as context:
        newest, same = await newest_head(context), await head_of_size(context, size)
    if same is None or same.as_json() != head:
        raise SettingsRefused(
            f"目录 QINGLING_HEADS_FOLDER 中已交存大小为 {size} 的审计树头，数据库中却没有它"
            f"（最新为 {newest.size if newest else 0}）：数据库可能被恢复成较早的备份，或者历史已被改写。"
            "请恢复较新的备份；确认这是另一套系统的目录时，请另设一个空目录。"
        )


def _largest(folder: Path | None) -> tuple[int, Any] | None:
    try:
        handed = None if folder is None else largest_left_in(folder)
        return None if handed is None else (handed[0], json.loads(handed[1])["head"])
    except (OSError, ValueError, KeyError, TypeError):
        raise SettingsRefused(
            "目录 QINGLING_HEADS_FOLDER 中最新的审计树头无法读取，不能确认数据库是否完整；请检查该目录的权限和文件。"
        ) from None


async def _not_yet(work: Work, document: Document) -> list[str]:
    handed = select(HeadHandover.destination).where(HeadHandover.size == document["head"]["size"])
    async with work.transaction(_NAME) as context:
        done = set((await context.session.execute(handed)).scalars())
    return [name for name in work.settings.security.head_destinations if name not in done]


async def _hand(work: Work, destination: str, document: Document) -> None:
    security = work.settings.security
    if destination == "folder" and security.heads_folder is not None:
        await asyncio.to_thread(leave_in_folder, security.heads_folder, document)
    elif security.heads_webhook_url is not None:
        await _post(security.heads_webhook_url, document, signer_of(work.settings))
    noted = postgresql.insert(HeadHandover).values(size=document["head"]["size"], destination=destination)
    async with work.transaction(_NAME) as context:
        await context.session.execute(noted.on_conflict_do_nothing())


async def _post(url: str, document: Document, signer: HeadSigner) -> None:
    import httpx  # noqa: PLC0415 - who only asks what was handed out sends nothing

    async with httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=False) as client:
        for pause in (*_PAUSES, None):
            if await _is_taken(client, url, document, signer):
                return
            if pause is not None:
                await asyncio.sleep(pause)
    raise NotTaken(f"the head of {document['head']['size']} was not taken")


async def _is_taken(client: "httpx.AsyncClient", url: str, document: Document, signer: HeadSigner) -> bool:
    import httpx  # noqa: PLC0415 - as above

    body = canonical_json(dict(document))
    try:
        answer = await client.post(url, content=body, headers=_signed(document, body, signer))
    except httpx.TransportError:
        return False
    return answer.is_success


def _signed(document: Document, body: bytes, signer: HeadSigner) -> dict[str, str]:
    """Standard Webhooks' headers, in its asymmetric form: whoever knows the audit key knows the sender."""
    number, at = f"tree-head-{document['head']['size']}", str(machine_seconds())
    signature = signer.sign(b".".join((number.encode(), at.encode(), body)))
    return {
        "content-type": "application/json",
        "webhook-id": number,
        "webhook-timestamp": at,
        "webhook-signature": f"v1a,{base64.b64encode(signature).decode()}",
    }
