"""An act's documents and its hazard in canonical form, and the digests by which the act's audit event binds them.

The database writes the values as docs/audit-format.md section 10 has them, so that door and verification read alike,
and reading costs the door no statement of its own: it comes back with the row that the act writes last.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, DateTime, LargeBinary, Table, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.audit_documents.columns import DOCUMENTS, FORMAT, HAZARD, WRITTEN_BY
from app.infrastructure.security import content_digest
from app.regulation.vocabulary import Act
from app.tables.base import Base
from app.tables.hazards import Hazard
from app.tables.rectification import Correction
from app.tables.supervision import Listing

Told = Sequence[Any]
"""A row's values in the order of its columns of format 1; the first is the id."""

# Both modules of documents are loaded, or the metadata would not know their tables.
_LOADED: Final = (Correction, Listing)
_INSTANT: Final[ColumnElement[str]] = literal_column('\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\'')
_DATE: Final[ColumnElement[str]] = literal_column("'YYYY-MM-DD'")
_HEX: Final[ColumnElement[str]] = literal_column("'hex'")
_NONE: Final[ColumnElement[Any]] = literal_column("'[]'::jsonb", JSONB)


def hazard_as_told() -> ColumnElement[Any]:
    """The hazard's columns of format 1 as a JSON array: for a SELECT, or the RETURNING of what writes it."""
    return _as_told(Base.metadata.tables[Hazard.__tablename__], HAZARD)


def document_as_told(table: str) -> ColumnElement[Any]:
    """As `hazard_as_told`, a row of a table of documents."""
    return _as_told(Base.metadata.tables[table], DOCUMENTS[table])


def documents_as_told(act: Act, hazard_id: int, transition_id: int) -> ColumnElement[Any]:
    """The rows that the act has written, as a JSON array of such arrays in the order of ids."""
    table = WRITTEN_BY.get(act)
    if table is None:
        return _NONE
    columns = Base.metadata.tables[table].c
    rows = select(func.jsonb_agg(aggregate_order_by(document_as_told(table), columns.id), type_=JSONB)).where(
        columns.hazard_id == hazard_id, columns.transition_id == transition_id
    )
    return func.coalesce(rows.scalar_subquery(), _NONE, type_=JSONB)


def bound(act: Act, hazard: Told, documents: Sequence[Told] = ()) -> dict[str, Any]:
    """What the act's event says of them: `documents` and `hazard_sha256`."""
    table = WRITTEN_BY.get(act, "")
    return {
        "documents": [{"table": table, "id": row[0], "sha256": digest(table, row)} for row in documents],
        "hazard_sha256": digest(Hazard.__tablename__, hazard),
    }


def digest(table: str, told: Told) -> str:
    """SHA-256 of a row's canonical document, in hexadecimal; ValueError for a value without a canonical form."""
    names = HAZARD if table == Hazard.__tablename__ else DOCUMENTS[table]
    return content_digest({"type": table, "format": FORMAT, **dict(zip(names, told, strict=True))})


def _as_told(table: Table, names: Iterable[str]) -> ColumnElement[Any]:
    return func.jsonb_build_array(*(_written(table.c[name]) for name in names), type_=JSONB)


def _written(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Only what JSON has no word for is written out; the session's own style of dates must not matter."""
    if isinstance(column.type, DateTime):
        return func.to_char(func.timezone(literal_column("'UTC'"), column), _INSTANT)
    if isinstance(column.type, Date):
        return func.to_char(column, _DATE)
    if isinstance(column.type, LargeBinary):
        return func.encode(column, _HEX)
    return column
