"""The night drafts what closings and delistings ask for, each in a transaction of its own and once.

What a hand has written already (a 销号通知 or 摘牌通知 about the hazard since) is not drafted again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import insert, text

from app.audit.record import Subject, record
from app.infrastructure.context import Context
from app.letter_forms.content import LetterContent
from app.letters.closings.papers import approval_form, kept, line_of, notice_of_closing, notice_of_delisting
from app.regulation.edition import Edition
from app.regulation.vocabulary import LetterKind
from app.tables.letters import Letter, LetterCopy, LetterItem

_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('qingling closing papers', 0))")
_FORMS: Final = text(
    """
    SELECT c.id AS key, c.id AS closing, CAST(NULL AS bigint) AS delisting
      FROM sealed_closing c JOIN hazard h ON h.id = c.hazard_id
     WHERE c.id > :last AND (c.closed_at AT TIME ZONE 'Asia/Shanghai')::date <= :night
       AND h.lead_organisation_id IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM letter l
                        WHERE l.round_id = c.round_id AND l.kind = :kind AND l.status <> 'voided')
     ORDER BY c.id LIMIT :batch
    """
)
_NOTICES: Final = text(
    """
    SELECT c.id AS key, c.id AS closing, CAST(NULL AS bigint) AS delisting
      FROM sealed_closing c JOIN hazard h ON h.id = c.hazard_id
     WHERE c.id > :last AND (c.closed_at AT TIME ZONE 'Asia/Shanghai')::date <= :night
       AND h.listing_office_id IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM letter l
                        WHERE l.round_id = c.round_id AND l.kind = :kind AND l.status <> 'voided')
       AND NOT EXISTS (SELECT 1 FROM letter_item i JOIN letter l ON l.id = i.letter_id
                        WHERE i.hazard_id = h.id AND l.kind = :kind AND l.run_id IS NULL
                          AND l.status IN ('draft', 'issued') AND l.drafted_at >= c.closed_at)
     ORDER BY c.id LIMIT :batch
    """
)
_DELISTINGS: Final = text(
    """
    SELECT d.id AS key, c.id AS closing, d.id AS delisting
      FROM delisting d JOIN hazard h ON h.id = d.hazard_id
      JOIN sealed_closing c ON c.id = (SELECT max(n.id) FROM sealed_closing n WHERE n.hazard_id = h.id)
     WHERE d.id > :last AND d.transition_id IS NOT NULL
       AND (d.recorded_at AT TIME ZONE 'Asia/Shanghai')::date <= :night AND h.listing_office_id IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM letter l WHERE l.delisting_id = d.id AND l.status <> 'voided')
       AND NOT EXISTS (SELECT 1 FROM letter_item i JOIN letter l ON l.id = i.letter_id
                        WHERE i.hazard_id = h.id AND l.kind = :kind AND l.run_id IS NULL
                          AND l.status IN ('draft', 'issued') AND l.drafted_at >= c.closed_at)
     ORDER BY d.id LIMIT :batch
    """
)
_FACTS: Final = text(
    """
    SELECT c.round_id, d.id AS delisting_id, c.purpose, encode(c.content_sha256, 'hex') AS content_sha256,
           g.content::jsonb AS content, c.hazard_id, h.enterprise_id, h.responsible_organisation_id,
           h.lead_organisation_id, h.listing_office_id, lead.name AS lead, office.name AS office,
           (c.closed_at AT TIME ZONE 'Asia/Shanghai')::date AS closed_on,
           (v.visited_at AT TIME ZONE 'Asia/Shanghai')::date AS verified_on,
           (h.listed_at AT TIME ZONE 'Asia/Shanghai')::date AS listed_on,
           (SELECT p.name FROM unit_period p WHERE p.unit_id = h.unit_id
               AND daterange(p.valid_from, p.valid_until) @> CAST(:night AS date)) AS unit,
           (SELECT x.notice_number FROM listing x WHERE x.hazard_id = h.id ORDER BY x.id DESC LIMIT 1) AS notice_number,
           d.notice_number AS delisting_number, d.medium,
           (SELECT jsonb_agg(jsonb_build_object('level', s.level, 'post_kind', l.post_kind, 'organisation', o.name,
                       'opinion', s.opinion, 'signed_at', s.signed_at, 'kind', s.kind,
                       'is_acting', a.acting_for_appointment_id IS NOT NULL) ORDER BY s.level)
              FROM sealed_closing_signature u JOIN signature s ON s.id = u.signature_id
              JOIN round_level l ON l.round_id = s.round_id AND l.level = s.level
              JOIN organisation o ON o.id = l.organisation_id
              JOIN appointment a ON a.id = s.appointment_id
             WHERE u.sealed_closing_id = c.id) AS signatures
      FROM sealed_closing c
      JOIN signing_round g ON g.id = c.round_id
      JOIN hazard h ON h.id = c.hazard_id
      LEFT JOIN verification v ON v.id = g.verification_id
      LEFT JOIN organisation lead ON lead.id = h.lead_organisation_id
      LEFT JOIN organisation office ON office.id = h.listing_office_id
      LEFT JOIN delisting d ON d.id = CAST(:delisting AS bigint)
     WHERE c.id = :closing
    """
)
_PART: Final = text(
    """
    SELECT coalesce(max(part), 0) + 1 FROM letter WHERE run_id IS NOT NULL AND business_date = :night AND kind = :kind
       AND issuer_organisation_id = :issuer
    """
)


@dataclass(frozen=True, slots=True)
class Evening:
    """For which night, by which run, under which edition."""

    on: date
    run_id: int
    edition_id: int
    edition: Edition


@dataclass(frozen=True, slots=True)
class _Paper:
    """One kind of paper: what it is about, who makes it, what it says, who reads a copy."""

    kind: LetterKind
    waiting: Any
    issuer: str
    says: Callable[[Mapping[str, Any], Edition], LetterContent]


PAPERS: Final = (
    _Paper(LetterKind.CLOSING_APPROVAL_FORM, _FORMS, "lead_organisation_id", lambda row, _: approval_form(row)),
    _Paper(
        LetterKind.CLOSING_NOTICE,
        _NOTICES,
        "listing_office_id",
        lambda row, edition: notice_of_closing(row, edition.limits.revisit_days),
    ),
    _Paper(LetterKind.DELISTING_NOTICE, _DELISTINGS, "listing_office_id", lambda row, _: notice_of_delisting(row)),
)


async def waiting(context: Context, evening: Evening, paper: _Paper) -> list[int]:
    """What has no paper of that kind yet."""
    asked = {"night": evening.on, "kind": paper.kind.value, "last": 0, "batch": None}
    return [int(row.key) for row in await context.session.execute(paper.waiting, asked)]


async def draft(context: Context, evening: Evening, paper: _Paper, key: int) -> int:
    """Drafts one of them, in this transaction; 0 where another run has done so meanwhile."""
    await context.session.execute(_ALONE)
    asked = {"night": evening.on, "kind": paper.kind.value, "last": key - 1, "batch": 1}
    found = (await context.session.execute(paper.waiting, asked)).one_or_none()
    if found is None or found.key != key:
        return 0
    named = {"night": evening.on, "closing": found.closing, "delisting": found.delisting}
    facts = (await context.session.execute(_FACTS, named)).mappings().one()
    await _draft(context, evening, paper, dict(facts))
    return 1


async def _draft(context: Context, evening: Evening, paper: _Paper, row: Mapping[str, Any]) -> None:
    content = paper.says(row, evening.edition)
    issuer = row[paper.issuer]
    told = {"night": evening.on, "kind": paper.kind.value, "issuer": issuer}
    letter = {
        "kind": paper.kind.value,
        "issuer_organisation_id": issuer,
        "signatory_post_kind": evening.edition.ladder.signatories[paper.kind].post.value,
        **_addressee(paper.kind, row),
        "title": content.title,
        "body": kept(content),
        "edition_id": evening.edition_id,
        "business_date": evening.on,
        "part": (await context.session.execute(_PART, told)).scalar_one(),
        "run_id": evening.run_id,
        "round_id": None if row["delisting_id"] else row["round_id"],
        "delisting_id": row["delisting_id"],
    }
    letter_id = int((await context.session.execute(insert(Letter).values(letter).returning(Letter.id))).scalar_one())
    line = {"letter_id": letter_id, "position": 1, "hazard_id": row["hazard_id"], "line": line_of(row)}
    item = (await context.session.execute(insert(LetterItem).values(line).returning(LetterItem.id))).scalar_one()
    if paper.kind is not LetterKind.CLOSING_APPROVAL_FORM and row["lead_organisation_id"] is not None:
        copy = {"letter_id": letter_id, "issuer_organisation_id": issuer,
                "organisation_id": row["lead_organisation_id"], "item_ids": [item]}  # fmt: skip
        await context.session.execute(insert(LetterCopy).values(copy))
    particulars = {"run": evening.run_id, "kind": paper.kind.value, "hazards": [row["hazard_id"]]}
    await record(context, "letter:draft:written", Subject("letter", letter_id), particulars)


def _addressee(kind: LetterKind, row: Mapping[str, Any]) -> dict[str, int | None]:
    """A form goes to the office that listed the hazard, or stays where it was made; a notice to who was responsible."""
    if kind is LetterKind.CLOSING_APPROVAL_FORM:
        return {"addressee_organisation_id": row["listing_office_id"] or row["lead_organisation_id"]}
    if row["enterprise_id"] is not None:
        return {"addressee_enterprise_id": row["enterprise_id"]}
    return {"addressee_organisation_id": row["responsible_organisation_id"]}
