"""What every table shares: naming of constraints, column types, the database's clock and the CHECK lists of words."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import UserDefinedType

from app.regulation.vocabulary import Word

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

REGISTRY_NOW = text("registry_now()")


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id: the horizon of the sequencer."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in DDL."""
        return "xid8"


SmallInt = Annotated[int, SmallInteger]


class Base(DeclarativeBase):
    """The one metadata; the schema's source for migrations."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {
        int: BigInteger,
        SmallInt: SmallInteger,
        str: Text,
        bytes: LargeBinary,
        date: Date,
        datetime: DateTime(timezone=True),
        Decimal: Numeric(14, 4),
        UUID: Uuid,
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
        list[int]: ARRAY(BigInteger),
    }


Key = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
RecordedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=REGISTRY_NOW)]
Digest = Annotated[bytes, mapped_column(LargeBinary)]
"""A SHA-256, 32 bytes; `is_digest` names the CHECK that holds it to that."""


def one_of(column: str, words: type[Word]) -> CheckConstraint:
    """Holds a column to the words of the vocabulary."""
    values = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({values})", name=f"{column}_is_known")


def is_digest(column: str) -> CheckConstraint:
    """Holds a column to 32 bytes."""
    return CheckConstraint(f"octet_length({column}) = 32", name=f"{column}_is_sha256")


def not_blank(column: str, longest: int = 4000) -> CheckConstraint:
    """Text that says something and ends somewhere (characters)."""
    return CheckConstraint(f"length(btrim({column})) BETWEEN 1 AND {longest}", name=f"{column}_is_given")


class HazardChild:
    """Rows that belong to one hazard; visible exactly when the hazard is."""

    id: Mapped[Key]

    @declared_attr
    def hazard_id(cls) -> Mapped[int]:
        """The hazard it belongs to."""
        return mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"), index=True)


class ActDocument(HazardChild):
    """The document an act records: who, when, in which cycle; `transition_id` stays null while it is a draft."""

    cycle: Mapped[int]
    recorded_at: Mapped[RecordedAt]
    occurred_at: Mapped[datetime | None]
    """When it happened, if that is not when it was recorded (back-entry)."""
    note: Mapped[str | None]

    @declared_attr
    def transition_id(cls) -> Mapped[int | None]:
        """The act it records; null while it is a draft."""
        return mapped_column(ForeignKey("hazard_transition.id", ondelete="RESTRICT"))

    @declared_attr
    def account_id(cls) -> Mapped[int]:
        """The account that wrote it."""
        return mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))

    @declared_attr
    def person_id(cls) -> Mapped[int | None]:
        """The person behind the account; null for a service."""
        return mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))

    @declared_attr
    def appointment_id(cls) -> Mapped[int | None]:
        """The appointment acted under."""
        return mapped_column(ForeignKey("appointment.id", ondelete="RESTRICT"))
