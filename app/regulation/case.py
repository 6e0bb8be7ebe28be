"""What a guard sees (`Case`) and what a guard is: one condition of the lifecycle, named as a sentence true when met."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.regulation.deadlines import business_date
from app.regulation.edition import Edition
from app.regulation.facts import Actor, Attempt, HazardFacts, LevelFact, Unmet
from app.regulation.sign_off import level_numbered
from app.regulation.vocabulary import Relation


@dataclass(frozen=True, slots=True)
class Case:
    """One attempt before the rules: the hazard's facts (none before it is reported), who, what, under which numbers."""

    facts: HazardFacts | None
    actor: Actor
    relations: frozenset[Relation]
    attempt: Attempt
    edition: Edition
    now: datetime

    @property
    def hazard(self) -> HazardFacts:
        """The facts of a hazard that exists; LookupError in a row that reports a new one."""
        if self.facts is None:
            raise LookupError(f"{self.attempt.act} 没有隐患事实可查")
        return self.facts

    @property
    def today(self) -> date:
        """Today in Asia/Shanghai."""
        return business_date(self.now)

    @property
    def level(self) -> LevelFact | None:
        """The level of the open round that the attempt names by its particular `level`."""
        wanted = self.given("level")
        open_round = self.hazard.round
        return level_numbered(open_round, wanted) if open_round and isinstance(wanted, int) else None

    def given(self, name: str) -> Any:  # noqa: ANN401  # particulars are plain values of any type
        """A particular of the attempt, None where it is missing."""
        return self.attempt.particulars.get(name)

    def lacks(self, name: str) -> bool:
        """Whether a particular is missing or blank."""
        value = self.given(name)
        return value is None or (isinstance(value, str) and not value.strip()) or value in ([], (), {})


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition: its name and docstring are the sentence, its test answers with what is wrong."""

    name: str
    sentence: str
    test: Callable[[Case], str | None]
    article: str
    remedy: str
    field: str | None
    asks_particulars: bool
    """Whether only the attempt's particulars decide; left out when listing what is allowed."""

    def __call__(self, case: Case) -> Unmet | None:
        """What is wrong, or None when the condition is met; `rule` is filled in by `lifecycle.check`."""
        message = self.test(case)
        if message is None:
            return None
        return Unmet(self.name, message, rule="", article=self.article, remedy=self.remedy, field=self.field)


def guard(
    article: str, remedy: str, *, field: str | None = None, asks_particulars: bool | None = None
) -> Callable[[Callable[[Case], str | None]], Guard]:
    """Makes a guard of a function that answers with what is wrong; one with a `field` asks particulars."""

    def make(test: Callable[[Case], str | None]) -> Guard:
        return Guard(
            name=test.__name__,
            sentence=(test.__doc__ or "").strip().splitlines()[0],
            test=test,
            article=article,
            remedy=remedy,
            field=field,
            asks_particulars=field is not None if asks_particulars is None else asks_particulars,
        )

    return make


def guards_in(namespace: Mapping[str, object]) -> dict[str, Guard]:
    """The guards a module defines, by name."""
    return {value.name: value for value in namespace.values() if isinstance(value, Guard)}
