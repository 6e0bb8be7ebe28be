"""One row of the rule book, and what no rule book may contain; `lifecycle.py` is the book itself."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.regulation.case import Guard
from app.regulation.deadlines import CLOCKS
from app.regulation.guards_reporting import a_reason_is_given
from app.regulation.permissions import WORDS, Who
from app.regulation.vocabulary import Act, Purpose, State

SIGN_CLOCK = "sign"
"""The time limit of the next level, which the copied chain gives."""
TERMINAL_STATES = frozenset({State.DISMISSED})


class ContradictoryRulesError(ValueError):
    """The rule book contradicts itself; every fault is listed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """From a state, an act leads to a state; by whom, on which conditions, starting which clock, by which article."""

    id: str
    from_state: State | None
    """None for acts that bring a hazard into the registry."""
    act: Act
    to_states: tuple[State, ...]
    who: tuple[Who, ...]
    article: str
    guards: tuple[Guard, ...] = ()
    starts_clock: str | None = None
    note_required: bool = False
    purpose: Purpose | None = None
    """The purpose of the open round, for acts on one."""

    @property
    def to_state(self) -> State | None:
        """The one state the act leads to; None where it depends (`to_states`)."""
        return self.to_states[0] if len(self.to_states) == 1 else None

    @property
    def conditions(self) -> tuple[Guard, ...]:
        """Every guard, the reason included where a note is mandatory."""
        return (*self.guards, a_reason_is_given) if self.note_required else self.guards


def faults(rules: Sequence[Rule], known_guards: Mapping[str, Guard], words: Iterable[Who] = WORDS) -> list[str]:
    """What contradicts: repeated ids or rows, unknown guards and clocks, idle words, dead ends, unreachable states."""
    return [
        *_repeated("编号", [rule.id for rule in rules]),
        *_repeated("状态与行为", [f"{rule.from_state}/{rule.act}/{rule.purpose}" for rule in rules]),
        *(
            f"{rule.id} 引用未登记的条件 {condition.name}"
            for rule in rules
            for condition in rule.conditions
            if known_guards.get(condition.name) is not condition
        ),
        *(f"{rule.id} 起算未知时限 {rule.starts_clock}" for rule in rules if not _clock_is_known(rule)),
        *(
            f"{rule.id} 没有办理主体、依据或者去向"
            for rule in rules
            if not (rule.who and rule.article and rule.to_states)
        ),
        *_idle_words(rules, words),
        *_dead_ends(rules),
        *(f"状态 {state} 无法到达" for state in State if state not in reachable(rules)),
        *(f"行为 {act} 没有规则" for act in Act if act not in {rule.act for rule in rules}),
    ]


def refuse_contradictions(rules: Sequence[Rule], known_guards: Mapping[str, Guard]) -> None:
    """`ContradictoryRulesError` with every fault, at import."""
    found = faults(rules, known_guards)
    if found:
        raise ContradictoryRulesError("规则自相矛盾:\n" + "\n".join(found))


def reachable(rules: Iterable[Rule]) -> frozenset[State]:
    """The states some chain of acts leads to, from outside the registry."""
    edges: dict[State | None, set[State]] = {}
    for rule in rules:
        edges.setdefault(rule.from_state, set()).update(rule.to_states)
    seen: set[State] = set()
    waiting: deque[State | None] = deque([None])
    while waiting:
        fresh = edges.get(waiting.popleft(), set()) - seen
        seen |= fresh
        waiting.extend(fresh)
    return frozenset(seen)


def _repeated(label: str, values: Sequence[str]) -> list[str]:
    return [f"{label}重复:{value}" for value in sorted({one for one in values if values.count(one) > 1})]


def _clock_is_known(rule: Rule) -> bool:
    return rule.starts_clock is None or rule.starts_clock == SIGN_CLOCK or rule.starts_clock in CLOCKS


def _idle_words(rules: Iterable[Rule], words: Iterable[Who]) -> list[str]:
    used = {word.word for rule in rules for word in rule.who}
    return [
        f"主体“{word.label}”({word.word})永远不能办理任何事"
        for word in words
        if word.word not in used or not word.post_kinds or not word.relations
    ]


def _dead_ends(rules: Iterable[Rule]) -> list[str]:
    left = {rule.from_state for rule in rules if set(rule.to_states) - {rule.from_state}}
    return [f"状态 {state} 没有出口" for state in State if state not in left and state not in TERMINAL_STATES]
