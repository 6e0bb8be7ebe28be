"""The evidence folder: bytes under their SHA-256, written once, checked at every read."""

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from app.infrastructure.errors import Conflict


class EvidenceFolder:
    """Content-addressed files below one folder; a file is never overwritten."""

    def __init__(self, root: Path, altered: Callable[[], Conflict] | None = None) -> None:
        """`altered`: what is told of a file that is gone or has another hash; of evidence unless given."""
        self._root = root
        self._altered = altered or _altered

    async def keep(self, content: bytes) -> bytes:
        """Writes the bytes and gives their SHA-256; the same bytes twice are one file."""
        digest = hashlib.sha256(content)
        await asyncio.to_thread(self._write, self._path(digest.hexdigest()), content)
        return digest.digest()

    async def fetch(self, sha256: bytes) -> bytes:
        """The bytes of that hash; Conflict where the file no longer has it: never served."""
        path = self._path(sha256.hex())
        try:
            content = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            raise self._altered() from None
        if hashlib.sha256(content).digest() != sha256:
            raise self._altered()
        return content

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name[2:4] / name

    def _write(self, path: Path, content: bytes) -> None:
        # The data folder may be passable for others; each folder here is not.
        for folder in (self._root, path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        if path.exists():
            return
        draft = path.with_name(f".{path.name}.{os.getpid()}.{id(content)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # link() refuses where rename() would replace: the first writer's bytes stand.
            try:
                path.hardlink_to(draft)
            except FileExistsError:
                return
        finally:
            draft.unlink()


def _altered() -> Conflict:
    return Conflict(
        "evidence_altered",
        "证据文件与登记的 SHA-256 不一致,已停止提供。",
        remedy="请立即联系管理员从备份恢复该文件。",
    )
