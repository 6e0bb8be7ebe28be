"""Documents of several persons: drafted once, confirmed by each in their own account, performed by the last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from sqlalchemy import insert, select

from app.audit.record import hazard_subject, record
from app.credentials.step_up import StepUpGiven, prove
from app.hazards.acting import Document
from app.infrastructure.context import Context
from app.infrastructure.errors import RuleNotMet
from app.regulation.vocabulary import Capacity, DocumentKind
from app.tables.rectification import DocumentConfirmation


class Confirmation(StepUpGiven, Document):
    """一人对一份文书的确认, with the person proved again."""

    document_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="所确认文书的 SHA-256,读取草稿时返回")


@dataclass(frozen=True, slots=True)
class Paper:
    """A drafted document: its kind, id, hash and hazard; an attestation of the paper past belongs to no hazard."""

    kind: DocumentKind
    id: int
    sha256: bytes
    hazard_id: int | None


async def confirm(
    context: Context, paper: Paper, capacity: Capacity, sent: Confirmation, extra: Mapping[str, Any] | None = None
) -> None:
    """One person's confirmation of exactly this document; RuleNotMet where another text was read."""
    if sent.document_sha256 != paper.sha256.hex():
        raise RuleNotMet(
            "document_changed",
            "所确认的文书与现有草稿不一致。",
            article="《电子签名法》第十三条",
            remedy="请重新读取草稿,核对内容后再确认。",
        )
    step_up = await prove(context, sent.proof, paper.sha256)
    row = {
        "hazard_id": paper.hazard_id,
        "document_kind": paper.kind.value,
        "document_id": paper.id,
        "capacity": capacity.value,
        "person_id": context.actor.person_id,
        "account_id": context.actor.account_id,
        "appointment_id": context.actor.appointment_id,
        "step_up_id": step_up.id,
        "document_sha256": paper.sha256,
    }
    await context.session.execute(insert(DocumentConfirmation).values(row | dict(extra or {})))
    await _tell(context, paper, "confirmed", {"capacity": capacity.value, "step_up": step_up.id})


async def drafted(context: Context, paper: Paper) -> None:
    """Tells the trail of a draft: its hash binds every word of it from now on."""
    await _tell(context, paper, "drafted", {})


async def _tell(context: Context, paper: Paper, what: str, more: Mapping[str, Any]) -> None:
    # An attestation and an appointment tell their own streams.
    if paper.hazard_id is not None:
        particulars = {"kind": paper.kind.value, "id": paper.id, "document_sha256": paper.sha256.hex(), **more}
        await record(context, f"hazard:document:{what}", hazard_subject(paper.hazard_id), particulars)


async def confirmations_of(context: Context, paper: Paper) -> list[DocumentConfirmation]:
    """Who has confirmed so far, in order."""
    given = (
        select(DocumentConfirmation)
        .where(DocumentConfirmation.document_kind == paper.kind.value, DocumentConfirmation.document_id == paper.id)
        .order_by(DocumentConfirmation.id)
    )
    return list((await context.session.execute(given)).scalars())
