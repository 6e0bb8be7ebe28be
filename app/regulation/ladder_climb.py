"""One step up the ladder: which rung an episode's night raises and why; the same for every kind of episode.

In order, at most one a night, none above one that is not served; after an outage the first due one that night and each
next when its own wait has run: nothing skipped, nothing compressed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.regulation.edition_ladder import LadderRung
from app.regulation.ladder_facts import RUNG_ORDERS, EpisodeFact, RaisedFact, Raising, Suspension
from app.regulation.vocabulary import EpisodeCause, RaiseReason

_SLOW, _NO_REPLY = "slow", "no_reply"


@dataclass(frozen=True, slots=True)
class Climb:
    """Where an open episode stands on the ladder that night."""

    episode: EpisodeFact
    days: int
    before: RaisedFact | None = None
    """The rung served last: of this episode, or the one carried into it."""
    suspensions: Sequence[Suspension] = ()


def climb(
    episode: EpisodeFact, days: int, earlier: Iterable[EpisodeFact] = (), suspensions: Sequence[Suspension] = ()
) -> Climb:
    """The episode's place on the ladder; `earlier` are the same stretch's, of which a rung may be carried."""
    return Climb(episode, days, _rung_before(episode, earlier), suspensions)


def carried(earlier: Iterable[EpisodeFact]) -> int:
    """Order of the highest rung served in earlier episodes of the stretch; 0 where none was."""
    return max((max(one.carried_rung, _highest_served(one)) for one in earlier), default=0)


def _highest_served(episode: EpisodeFact) -> int:
    return max((one.order for one in episode.raised if one.served_on), default=0)


def _rung_before(episode: EpisodeFact, earlier: Iterable[EpisodeFact]) -> RaisedFact | None:
    if episode.raised:
        return episode.raised[-1]
    return next(
        (
            rung
            for one in reversed(list(earlier))
            for rung in one.raised
            if rung.order == episode.carried_rung and rung.served_on
        ),
        None,
    )


def next_rung(rungs: Iterable[LadderRung], at: Climb, night: date) -> Raising | None:
    """The rung that night raises, with its reason and days; None where none is due."""
    wanted = next((one for one in rungs if one.enabled and RUNG_ORDERS[one.rung] > at.episode.highest), None)
    if wanted is None or not _may_follow(wanted, at, night):
        return None
    reason = _reason(wanted, at, night)
    if reason is None:
        return None
    return Raising(at.episode.ordinal, wanted.rung, reason, at.days, explain_rung(wanted, reason, at, night))


def _may_follow(wanted: LadderRung, at: Climb, night: date) -> bool:
    """The rung before it is served, was not raised that night, its wait has run, nothing suspends it."""
    before = at.before
    if any(one.covers(wanted.rung, night) for one in at.suspensions):
        return False
    if before is None:
        return True
    if before.served_on is None or before.raised_on == night:
        return False
    return (night - before.served_on).days >= wanted.wait_days


def _reason(wanted: LadderRung, at: Climb, night: date) -> RaiseReason | None:
    """Slowness first where the rung names it: a slow episode's first day is a counted one too."""
    if _SLOW in wanted.also_when and at.episode.cause is EpisodeCause.SLOW:
        return RaiseReason.SLOW
    if at.days >= wanted.threshold_days:
        return RaiseReason.THRESHOLD
    if _NO_REPLY in wanted.also_when and at.before is not None and is_unanswered(at.before, night):
        return RaiseReason.NO_REPLY
    return None


def is_unanswered(before: RaisedFact, night: date) -> bool:
    """Whether a reply to that rung's letter was due before the night and has not come."""
    return before.reply_due_on is not None and before.reply_due_on < night and before.answered_on is None


def explain_rung(wanted: LadderRung, reason: RaiseReason, at: Climb, night: date) -> tuple[str, ...]:
    """Why that rung is raised that night, in Chinese sentences for rehearsal and letter."""
    lines = [f"自 {at.episode.counts_from.isoformat()} 的次日起算,至 {night.isoformat()} 计 {at.days} 日(中止期间不计)"]
    if reason is RaiseReason.THRESHOLD:
        lines.append(f"已达到“{wanted.rung.label}”规定的 {wanted.threshold_days} 日")
    if reason is RaiseReason.SLOW:
        lines.append(f"整改进展缓慢,不待 {wanted.threshold_days} 日即可“{wanted.rung.label}”")
    if reason is RaiseReason.NO_REPLY and at.before is not None and at.before.reply_due_on is not None:
        due = at.before.reply_due_on.isoformat()
        lines.append(f"“{at.before.rung.label}”应于 {due} 前复函而未复,不待 {wanted.threshold_days} 日")
    if at.before is not None and at.before.served_on is not None:
        waited = (night - at.before.served_on).days
        served = at.before.served_on.isoformat()
        lines.append(f"上一档“{at.before.rung.label}”于 {served} 送达,已满 {waited} 日(须满 {wanted.wait_days} 日)")
    return (*lines, f"依据:{wanted.basis}")
