"""What was sent, noted outside the database: a restored database asks it before it sends anything again."""

import os
from dataclasses import dataclass
from pathlib import Path

from app.delivery.channels import fingerprint

_BEGUN, _SENT, _REFUSED = "begun", "sent", "refused"
_WORDS = 3


@dataclass(frozen=True, slots=True)
class SentLedger:
    """Append-only files by the first digits of the id's hash, lines `<message id> <word> <claim's number>`.

    Several workers share one only if its folder lies on storage they share.
    """

    folder: Path

    def was_sent(self, message_id: str) -> bool:
        """Whether a gateway has taken it."""
        return any(word == _SENT for word, _ in self._lines_of(message_id))

    def may_be_out(self, message_id: str, number: int) -> bool:
        """Whether a sending of this claim or a later one began and was not refused: the database has forgotten it."""
        begun = {claim for word, claim in self._lines_of(message_id) if word == _BEGUN and claim >= number}
        return bool(begun - {claim for word, claim in self._lines_of(message_id) if word == _REFUSED})

    def begin(self, message_id: str, number: int) -> None:
        """Noted before an exposure leaves; OSError where the folder cannot be written."""
        self._append(message_id, _BEGUN, number)

    def sent(self, message_id: str, number: int) -> None:
        """Noted when the gateway has taken it."""
        self._append(message_id, _SENT, number)

    def refused(self, message_id: str, number: int) -> None:
        """Noted when the gateway surely has not."""
        self._append(message_id, _REFUSED, number)

    def _file_of(self, message_id: str) -> Path:
        return self.folder / f"sent-{fingerprint(message_id)[:3]}.log"

    def _lines_of(self, message_id: str) -> list[tuple[str, int]]:
        try:
            text = self._file_of(message_id).read_text(encoding="ascii")
        except FileNotFoundError:
            return []
        parts = (line.split() for line in text.splitlines())
        # A line cut off by a failing disk says nothing.
        return [(part[1], int(part[2])) for part in parts if len(part) == _WORDS and part[0] == message_id]

    def _append(self, message_id: str, word: str, number: int) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._file_of(message_id), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, f"{message_id} {word} {number}\n".encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
