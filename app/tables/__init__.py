"""THE SCHEMA: mappings, constraints, indexes, roles and policies; no queries, no behaviour."""

from app.tables import (
    enterprises,
    hazards,
    history,
    ledgers,
    people,
    places,
    rectification,
    rules,
    sign_off,
    supervision,
)
from app.tables.base import Base

__all__ = [
    "Base",
    "enterprises",
    "hazards",
    "history",
    "ledgers",
    "people",
    "places",
    "rectification",
    "rules",
    "sign_off",
    "supervision",
]
