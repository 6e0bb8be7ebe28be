"""What a service tells its caller, before it is HTTP: a body, its entity tag, where it stands, whether it is secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON body with what the response's headers say of it."""

    body: Mapping[str, Any]
    version: int | None = None
    location: str | None = None
    was_tried_only: bool = False
    """A dry run: nothing happened, so no idempotency key is consumed."""
    is_secret: bool = False
    """Holds a secret: a replay is told `already_done`, never the secret again."""

    @property
    def etag(self) -> str | None:
        """The strong entity tag of a versioned thing."""
        return None if self.version is None else f'"{self.version}"'
