"""A ZIP that says the same for the same: entries in the order given, one time for all, each with its SHA-256."""

import hashlib
import json
import zipfile
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_IN_MEMORY: Final = 4 << 20
_PLAIN_FILE: Final = 0o100444 << 16


class Archive:
    """Written entry by entry; what is larger than a few megabytes waits on disk, under no name."""

    def __init__(self, at: datetime) -> None:
        """`at`: the time every entry bears, as people here read it."""
        self._file: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by who sends it
        self._zip = zipfile.ZipFile(self._file, "w")
        local = at.astimezone(_SHANGHAI)
        self._time = (local.year, local.month, local.day, local.hour, local.minute, local.second)
        self.digests: dict[str, str] = {}
        """SHA-256 of every entry, by name."""

    def add(self, name: str, content: bytes, *, is_compressed: bool = True) -> None:
        """One entry."""
        entry = zipfile.ZipInfo(name, self._time)
        entry.compress_type = zipfile.ZIP_DEFLATED if is_compressed else zipfile.ZIP_STORED
        entry.external_attr = _PLAIN_FILE
        # Whatever system it is made on.
        entry.create_system = 3
        self._zip.writestr(entry, content)
        self.digests[name] = hashlib.sha256(content).hexdigest()

    def add_json(self, name: str, document: Any) -> None:  # noqa: ANN401 - a document
        """A document as people can read it: keys in order, one to a line."""
        text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1)
        self.add(name, text.encode() + b"\n")

    def finished(self) -> IO[bytes]:
        """The whole file, at its beginning; the caller closes it."""
        self._zip.close()
        self._file.seek(0)
        return self._file
