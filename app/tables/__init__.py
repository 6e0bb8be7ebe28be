"""THE SCHEMA: mappings, constraints, indexes, roles and policies; no queries, no behaviour."""

from app.tables import (
    credentials,
    delivery,
    enforcement,
    enterprises,
    escalation,
    hazards,
    history,
    ledgers,
    letters,
    people,
    places,
    rectification,
    rules,
    sign_off,
    sign_on,
    supervision,
    trees,
)
from app.tables.base import Base

__all__ = [
    "Base",
    "credentials",
    "delivery",
    "enforcement",
    "enterprises",
    "escalation",
    "hazards",
    "history",
    "ledgers",
    "letters",
    "people",
    "places",
    "rectification",
    "rules",
    "sign_off",
    "sign_on",
    "supervision",
    "trees",
]
