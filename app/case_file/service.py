"""案卷: one hazard's whole record as an archive that proves itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final

from sqlalchemy import text

from app.audit.publishing import inclusion_documents, keys, newest_head_document
from app.case_file import reading
from app.case_file.archive import Archive
from app.case_file.explained import README
from app.evidence.folder import EvidenceFolder
from app.hazards.queries import hazard_view, timeline
from app.hazards.transition import resolve
from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted
from app.regulation.permissions import Permission, has_permission

FORMAT: Final = 1
PROOFS_AT_ONCE: Final = 100
# What changes from look to look, or is the reader's own and no part of the case.
_NOT_OF_THE_CASE: Final = ("read_at", "allowed_acts")
_STILL_HERE: Final = text("SELECT 1")
_SUFFIX: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A finished archive and what it is to be called."""

    file: IO[bytes]
    hazard: str
    """The hazard's public id."""

    @property
    def name(self) -> str:
        """What it is saved as."""
        return f"case-file-{self.hazard}.zip"


async def case_file(context: Context, reference: str, folder: EvidenceFolder | None) -> CaseFile:
    """The archive; with a folder, the evidence's bytes too, each held against its hash.

    Raises NotPermitted for who may not take case files (an enterprise: it names what officials did and when), NotFound
    outside the scope, Conflict where a piece of evidence was altered.
    """
    if not has_permission(Permission.CASE_FILE_READ, context.actor):
        raise NotPermitted
    hazard_id = await resolve(context, reference)
    view = await hazard_view(context, hazard_id)
    events = await reading.events_of(context, hazard_id)
    archive = Archive(_newest(events))
    archive.add("README.txt", README.encode())
    archive.add_json("hazard.json", {name: value for name, value in view.items() if name not in _NOT_OF_THE_CASE})
    archive.add_json("timeline.json", await timeline(context, hazard_id))
    await _add_rows(context, archive, hazard_id)
    _add_events(archive, events)
    unsealed = await _add_proofs(context, archive, hazard_id, events)
    evidence = await reading.evidence_of(context, hazard_id)
    archive.add_json("evidence.json", [_plain(piece) for piece in evidence])
    if folder is not None:
        await _add_evidence(context, archive, evidence, folder)
    manifest = {
        "format": FORMAT,
        "as_of": context.now.isoformat(),
        "hazard": {name: view[name] for name in ("id", "ledger_number", "state", "level", "version", "cycle")},
        "head": await newest_head_document(context),
        "unsealed": unsealed,
        "entries": dict(archive.digests),
    }
    archive.add_json("manifest.json", manifest)
    return CaseFile(archive.finished(), str(view["id"]))


def _newest(events: Sequence[dict[str, Any]]) -> datetime:
    """When the case last changed: the time every entry bears, so that the same case is the same bytes."""
    newest: datetime = max(event["recorded_at"] for event in events)
    return newest


async def _add_rows(context: Context, archive: Archive, hazard_id: int) -> None:
    archive.add_json("transitions.json", await reading.rows_of(context, "hazard_transition", hazard_id))
    archive.add_json("posts.json", await reading.posts_of(context, hazard_id))
    for table in reading.DOCUMENTS:
        for row in await reading.rows_of(context, table, hazard_id):
            archive.add_json(f"documents/{table}-{row.get('id', hazard_id)}.json", row)
    for table in ("document_confirmation", "document_evidence"):
        archive.add_json(f"documents/{table}.json", await reading.rows_of(context, table, hazard_id, as_signed=True))
    for table in reading.OF_ROUNDS:
        for row in await reading.rows_of(context, table, hazard_id, as_signed=True):
            archive.add_json(f"documents/{table}-{row['id']}.json", row)


def _add_events(archive: Archive, events: Sequence[dict[str, Any]]) -> None:
    for event in events:
        name = f"events/{event['stream_kind']}-{event['stream_subject_id']}-{event['serial']:06d}"
        told = {key: value for key, value in event.items() if key != "payload"}
        archive.add_json(f"{name}.json", _plain(told) | {"payload": event["payload"].decode()})
        archive.add(f"{name}.payload", event["payload"])


async def _add_proofs(
    context: Context, archive: Archive, hazard_id: int, events: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """An inclusion document for each row under the newest head; the rows that are not yet."""
    acts = await reading.positions_of_acts(context, hazard_id)
    placed = [("transition", row, position) for row, position in acts.items()]
    placed += [("audit_event", event["id"], event["position"]) for event in events]
    positions = sorted(position for _, _, position in placed if position is not None)
    proved = set()
    for start in range(0, len(positions), PROOFS_AT_ONCE):
        for document in await inclusion_documents(context, positions[start : start + PROOFS_AT_ONCE]):
            proved.add(document["position"])
            archive.add_json(f"proofs/position-{document['position']:012d}.json", document)
    archive.add_json("proofs/head.json", await newest_head_document(context))
    archive.add_json("proofs/keys.json", await keys(context))
    return [{"type": kind, "id": row} for kind, row, position in placed if position not in proved]


async def _add_evidence(
    context: Context, archive: Archive, evidence: Sequence[dict[str, Any]], folder: EvidenceFolder
) -> None:
    """One piece in memory at a time; the same bytes of two kinds stand once."""
    for piece in evidence:
        name = f"evidence/{piece['sha256']}.{_SUFFIX.get(piece['media_type'], 'bin')}"
        if name not in archive.digests:
            # A transaction that asks nothing for ten seconds is ended, and a big case reads files for longer.
            await context.session.execute(_STILL_HERE)
            # Photos and PDFs are compressed already.
            archive.add(name, await folder.fetch(bytes.fromhex(piece["sha256"])), is_compressed=False)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
