"""Which sign-off chain serves a hazard, and what a round asks next. Pure choice; the database repeats it.

The most specific chain wins: its `precedence` says so (key profile, coal with production stopped, vertical, default).
"""

from dataclasses import dataclass

from app.regulation.edition import Chain, ChainLevel, Edition
from app.regulation.facts import LevelFact, RoundFact
from app.regulation.vocabulary import HazardLevel, Party, Purpose

MINIMUM_LEVELS_OF_A_MAJOR = 4
"""四级签字; the database refuses a shorter chain for a major hazard."""


class NoChainError(LookupError):
    """No chain of the edition serves this hazard; `edition check` refuses an edition where that can happen."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a chain is chosen by."""

    hazard_level: HazardLevel
    sector: str
    supervision_tier: int | None
    full_stop: bool
    purpose: Purpose


def serves(chain: Chain, selection: Selection) -> bool:
    """Whether the chain may serve it; a tracked hazard without a supervision tier meets only unbound chains."""
    return (
        chain.hazard_level is selection.hazard_level
        and selection.purpose in chain.purposes
        and (not chain.sectors or selection.sector in chain.sectors)
        and (not chain.supervision_tiers or selection.supervision_tier in chain.supervision_tiers)
        and (chain.full_stop is None or chain.full_stop == selection.full_stop)
    )


def choose_chain(
    edition: Edition,
    *,
    level: HazardLevel,
    sector: str,
    supervision_tier: int | None,
    full_stop: bool,
    purpose: Purpose,
) -> Chain:
    """The serving chain of highest precedence; `NoChainError` if none serves."""
    selection = Selection(level, sector, supervision_tier, full_stop, purpose)
    serving = [chain for chain in edition.chains if serves(chain, selection)]
    if not serving:
        raise NoChainError(f"规则版本 {edition.id} 没有适用的签字链:{selection}")
    return max(serving, key=lambda chain: chain.precedence)


def rectifier_may_sign(level: ChainLevel | LevelFact) -> bool:
    """Whether the rectifier may sign this level: only the enterprise's own (煤矿条例 art. 48 makes it the first)."""
    return level.party is Party.ENTERPRISE


def chain_faults(chain: Chain) -> tuple[str, ...]:
    """What would make the chain unlawful, in Chinese; empty when nothing does."""
    faults = []
    if chain.hazard_level is HazardLevel.MAJOR and len(chain.levels) < MINIMUM_LEVELS_OF_A_MAJOR:
        faults.append(f"重大事故隐患的签字链不得少于四级,现有 {len(chain.levels)} 级")
    if not chain.levels:
        faults.append("签字链没有任何一级")
    elif chain.levels[-1].party is Party.ENTERPRISE:
        faults.append("最后一级不得由责任单位签字:企业不能给自己销号")
    return tuple(faults)


def next_level(sign_off_round: RoundFact) -> LevelFact | None:
    """The lowest level without a valid signature; None when every level is signed."""
    return next((level for level in sign_off_round.levels if level.signed_by_person_id is None), None)


def newest_signed_level(sign_off_round: RoundFact) -> LevelFact | None:
    """The highest level with a valid signature, the only one that may be withdrawn."""
    return next((level for level in reversed(sign_off_round.levels) if level.signed_by_person_id is not None), None)


def is_last(sign_off_round: RoundFact, level: LevelFact) -> bool:
    """Whether that level's signature completes the round."""
    return level.level == len(sign_off_round.levels)


def level_numbered(sign_off_round: RoundFact, number: int) -> LevelFact | None:
    """The round's level of that number, if it has one."""
    return next((level for level in sign_off_round.levels if level.level == number), None)
