"""Verifies the trail: everything, one hazard, or what came after a head one holds; memory stays flat."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.audit.merkle import assert_hashes_work
from app.audit.sealing import head_of_size
from app.audit_check.faults import Fault, FaultKind
from app.audit_check.heads import Heads
from app.audit_check.outside import NOTHING_HELD, Held
from app.audit_check.placing import placing_faults
from app.audit_check.rows.acts import hazard_named, untold_faults
from app.audit_check.rows.events import Scope
from app.audit_check.rows.evidence_files import evidence_faults
from app.audit_check.rows.streams import stream_faults
from app.audit_check.tree import Tree
from app.infrastructure.context import Context

__all__ = ["Asked", "Report", "hazard_named", "verify"]

MOST_FAULTS: Final = 1000
"""A trail with more is not worth listing row by row; the count goes on."""

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to verify, and what to hold it against."""

    since: int = 0
    hazard_id: int | None = None
    held: Held = NOTHING_HELD
    evidence: Path | None = None
    """The evidence folder, where the files themselves are to be hashed."""

    @property
    def scope(self) -> Scope:
        """The part of the trail that is read."""
        return Scope(self.hazard_id, self.since)


@dataclass(slots=True)
class Report:
    """What was looked at and what was found."""

    events: int = 0
    positions: int = 0
    heads: int = 0
    files: int = 0
    newest_head: int = 0
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Nothing was found."""
        return self.fault_count == 0

    def add(self, fault: Fault) -> None:
        """One more, listed as long as the list is of use."""
        self.fault_count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        counted = {name: getattr(self, name) for name in ("events", "positions", "heads", "files", "newest_head")}
        return {
            "clean": self.is_clean,
            **counted,
            "fault_count": self.fault_count,
            "faults": [fault.as_json() for fault in self.faults],
        }


def _silent(_what: str, _done: int) -> None:
    """Nobody asked to be told."""


async def verify(context: Context, asked: Asked, *, progress: Progress = _silent) -> Report:
    """Recomputes what was asked for; the transaction should be repeatable read, so that acts going on are no faults."""
    assert_hashes_work()
    report = Report()
    for fault in asked.held.faults:
        report.add(fault)
    report.events = await _drain(stream_faults(context, asked.scope), report, progress, "审计记录")
    async for fault in untold_faults(context, asked.scope):
        report.add(fault)
    if asked.hazard_id is None:
        await _tree(context, asked, report, progress)
    else:
        report.positions = await _drain(placing_faults(context, asked.hazard_id), report, progress, "位置")
    if asked.evidence is not None:
        found = evidence_faults(context, asked.scope, asked.evidence)
        report.files = await _drain(found, report, progress, "证据文件")
    return report


async def _tree(context: Context, asked: Asked, report: Report, progress: Progress) -> None:
    heads = Heads(context, asked.held, since=asked.since)
    tree = Tree(context, heads, since=asked.since)
    if asked.since:
        for fault in await _beginning_faults(context, tree, asked):
            report.add(fault)
    report.positions = await _drain(tree.faults(), report, progress, "位置")
    report.heads, report.newest_head = heads.checked, heads.newest


async def _beginning_faults(context: Context, tree: Tree, asked: Asked) -> list[Fault]:
    """What is wrong with the head to begin at: the registry's own, and those held outside of its size."""
    roots = await tree.roots_at_the_beginning()
    own = await head_of_size(context, asked.since)
    faults = []
    if own is None:
        faults.append(Fault(FaultKind.OUTSIDE_HEAD_MISSING, f"树头(大小 {asked.since})"))
    elif roots != {"sha256": own.root_sha256, "sm3": own.root_sm3}:
        faults.append(Fault(FaultKind.HEAD_ROOT_DIFFERS, f"树头(大小 {asked.since})"))
    for one in asked.held.heads.get(asked.since, ()):
        differs = own is not None and own.signed_bytes() != one.head.signed_bytes()
        if differs or roots != {"sha256": one.head.root_sha256, "sm3": one.head.root_sm3}:
            faults.append(Fault(FaultKind.OUTSIDE_HEAD_DIFFERS, f"外部树头 {one.name}(大小 {asked.since})"))
    return faults


async def _drain(found: AsyncIterator[Fault | int], report: Report, progress: Progress, what: str) -> int:
    done = 0
    async for one in found:
        if isinstance(one, int):
            done += one
            progress(what, done)
        else:
            report.add(one)
    return done
