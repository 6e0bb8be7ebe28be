"""规则版本的加载: checked whole, stored by content hash, its chains as rows that the wall copies into rounds."""

import hashlib

from sqlalchemy import func, insert, select

from app.holding.hold import hold_dispatch
from app.infrastructure.context import Context
from app.infrastructure.errors import FieldError, InvalidInput
from app.regulation.edition import Chain, Edition, load_edition
from app.regulation.edition_check import check_edition
from app.regulation.vocabulary import HoldReason
from app.tables import rules


async def change_edition(context: Context, text: str) -> tuple[int, bool]:
    """As `load_edition_text`, in a registry at work: a text that is new holds dispatch; whether it did."""
    known = (await context.session.execute(select(func.max(rules.Edition.id)))).scalar_one_or_none() or 0
    edition_id = await load_edition_text(context, text)
    is_new = edition_id > known
    if is_new:
        await hold_dispatch(context, HoldReason.EDITION_CHANGE, f"加载规则版本,编号 {edition_id}")
    return edition_id, is_new


async def load_edition_text(context: Context, text: str) -> int:
    """The edition's id, the same for the same text; InvalidInput naming every fault (key, reason, remedy)."""
    faults = check_edition(text)
    if faults:
        fields = tuple(FieldError(f"/{one.path}", "edition_fault", f"{one.reason};{one.remedy}") for one in faults)
        raise InvalidInput("edition_invalid", f"规则版本有 {len(faults)} 处错误。", fields=fields)
    digest = hashlib.sha256(text.encode()).digest()
    known = select(rules.Edition.id).where(rules.Edition.content_sha256 == digest)
    edition_id = (await context.session.execute(known)).scalar_one_or_none()
    if edition_id is not None:
        return edition_id
    edition = load_edition(text)
    row = {
        "name": edition.name,
        "in_force_from": edition.in_force_from,
        "content": text,
        "content_sha256": digest,
        "step_up_minutes": edition.limits.step_up_minutes,
        "legacy_import_days": edition.limits.legacy_import_days,
    }
    loaded = insert(rules.Edition).values(row).returning(rules.Edition.id)
    edition_id = int((await context.session.execute(loaded)).scalar_one())
    for chain in edition.chains:
        await _load_chain(context, edition_id, edition, chain)
    return edition_id


async def _load_chain(context: Context, edition_id: int, edition: Edition, chain: Chain) -> None:
    row = {
        "edition_id": edition_id,
        "key": chain.key,
        "name": chain.name,
        "basis": chain.basis,
        "precedence": chain.precedence,
        "hazard_level": chain.hazard_level.value,
        "sectors": list(chain.sectors) or None,
        "full_stop": chain.full_stop,
        "supervision_tiers": list(chain.supervision_tiers) or None,
        "purposes": [purpose.value for purpose in chain.purposes],
    }
    loaded = insert(rules.EditionChain).values(row).returning(rules.EditionChain.id)
    chain_id = int((await context.session.execute(loaded)).scalar_one())
    agencies = {agency.key: agency.organisation for agency in edition.agencies}
    levels = [
        {
            "edition_chain_id": chain_id,
            "level": level.level,
            "name": f"{level.party.label}·{level.post.label}",
            "party": level.party.value,
            "agency_code": agencies[level.agency] if level.agency else None,
            "post_kind": level.post.value,
            "limit_days": level.limit_days,
            "limit_unit": level.limit_unit.value,
            "in_person": level.in_person,
            "paper_allowed": level.paper_allowed,
            "refusal_returns_to": level.refusal_returns_to,
        }
        for level in chain.levels
    ]
    await context.session.execute(insert(rules.EditionChainLevel), levels)
