"""The trail's proof (docs/audit-format.md): eras of the sequence, the Merkle tree, its signed heads, their keys."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Base, Digest, Key, RecordedAt, SmallInt, Xid8, is_digest

_KNOWN_HASH = "algorithm IN ('sha256', 'sm3')"


class SequenceEpoch(Base):
    """An era of transaction ids: a database restored elsewhere counts them anew, so the sequencer begins another."""

    __tablename__ = "sequence_epoch"
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    system_identifier: Mapped[int]
    """PostgreSQL's name of the cluster; a restored dump finds itself under another."""
    horizon: Mapped[int] = mapped_column(Xid8())
    """Every row of an older transaction had its position when the era began."""
    through_position: Mapped[int]
    """The last position given before the era's own transactions counted."""
    began_at: Mapped[RecordedAt]


class TreeNode(Base):
    """A complete subtree's hash; level 0 are the leaves, leaf `index` standing for sequence position `index` + 1."""

    __tablename__ = "tree_node"
    __table_args__ = (
        CheckConstraint(_KNOWN_HASH, name="algorithm_is_known"),
        CheckConstraint("level BETWEEN 0 AND 62", name="level_is_counted"),
        CheckConstraint("index >= 0", name="index_is_counted"),
        CheckConstraint("octet_length(hash) = 32", name="hash_has_32_bytes"),
    )
    algorithm: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[SmallInt] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class AuditKey(Base):
    """A public key that has signed heads; one that was replaced stays listed."""

    __tablename__ = "audit_key"
    __table_args__ = (
        CheckConstraint("key_id ~ '^[0-9a-f]{64}$'", name="key_id_is_hexadecimal"),
        CheckConstraint("length(algorithm) BETWEEN 1 AND 32", name="algorithm_is_given"),
        CheckConstraint("octet_length(public_key) BETWEEN 32 AND 1024", name="public_key_is_given"),
    )
    key_id: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the public key."""
    algorithm: Mapped[str]
    public_key: Mapped[bytes]
    valid_from: Mapped[RecordedAt]


class TreeHead(Base):
    """The tree at one size, chained to the head before it and signed."""

    __tablename__ = "tree_head"
    __table_args__ = (
        CheckConstraint("size >= 1", name="size_is_counted"),
        is_digest("root_sha256"),
        CheckConstraint("octet_length(root_sm3) = 32", name="root_sm3_is_sm3"),
        is_digest("previous_head_sha256"),
        CheckConstraint("octet_length(signature) BETWEEN 64 AND 1024", name="signature_is_given"),
    )
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root_sha256: Mapped[Digest]
    root_sm3: Mapped[bytes]
    previous_head_sha256: Mapped[Digest]
    """Of the bytes the previous head's signature covers; zeros before the first."""
    sealed_at: Mapped[datetime]
    key_id: Mapped[str] = mapped_column(ForeignKey("audit_key.key_id", ondelete="RESTRICT"))
    signature: Mapped[bytes]


class HeadHandover(Base):
    """A head handed outside: where to, when."""

    __tablename__ = "head_handover"
    __table_args__ = (
        CheckConstraint("destination IN ('folder', 'webhook')", name="destination_is_known"),
        Index("uq_head_handover_destination_size", "destination", "size", unique=True),
    )
    id: Mapped[Key]
    size: Mapped[int] = mapped_column(ForeignKey("tree_head.size", ondelete="RESTRICT"))
    destination: Mapped[str]
    handed_at: Mapped[RecordedAt]
