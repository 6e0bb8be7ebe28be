"""Letters as files. A child process sets them, so that typst and Word's libraries never live in a serving process.

Blocking and heavy on the processor (about half a second for the first letter, a tenth for each more): callers on an
event loop put it into a thread. Equal content gives equal bytes.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal

from app.infrastructure.errors import InvalidInput, RegistryError, TemporarilyUnavailable
from app.letter_forms.content import FormLayout, LetterContent
from app.letter_forms.fonts import FontMissing, font_folders
from app.letter_forms.payload import printable

FileFormat = Literal["pdf", "docx"]

_TEMPLATES: Final = Path(__file__).parent / "forms"
_MEBIBYTE: Final = 1 << 20
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintingRoom:
    """What the operator set (`settings.letters`), and what one call may cost: seconds, bytes."""

    fonts_dir: Path | None = None
    templates_dir: Path | None = None
    substitutes: bool = False
    """Whether 宋体 may stand for a missing 仿宋 or 楷体: a demo may, an office may not."""
    machine_fonts: bool = True
    """Whether the machine's own font folders are looked into, behind the operator's."""
    first_seconds: float = 30.0
    each_seconds: float = 10.0
    memory_bytes: int = 2048 * _MEBIBYTE
    letter_bytes: int = 64 * _MEBIBYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedLetter:
    """A letter as a file. `fonts` (role → family) and what else was told of them are empty for a Word file."""

    format: FileFormat
    data: bytes
    fonts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    grades: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Role → face, stand_in or substitute."""
    rare_characters: str = ""
    """Characters that 补字 gave, because the face itself lacks them."""
    template: str = ""
    """The Word template's path from the office's folder, or its plain name when it is the shipped one."""


class LetterTextRefused(InvalidInput):
    """The letter's words cannot be printed: a character that no font has."""

    default_code: ClassVar[str] = "character_not_in_fonts"


class LetterNotRendered(TemporarilyUnavailable):
    """The installation cannot make the file: a font or a template is missing or broken, or it took too long."""

    default_code: ClassVar[str] = "letter_not_rendered"


def render_pdf(content: LetterContent, room: PrintingRoom) -> RenderedLetter:
    """PDF/A-2b in the layout of GB/T 9704-2012. Raises `LetterTextRefused` or `LetterNotRendered`."""
    return _only(render_all([(content, "pdf")], room))


def render_docx(content: LetterContent, room: PrintingRoom) -> RenderedLetter:
    """A Word file, from the office's own template where it has one. Raises `LetterNotRendered`."""
    return _only(render_all([(content, "docx")], room))


def render_all(
    orders: Sequence[tuple[LetterContent, FileFormat]], room: PrintingRoom
) -> list[RenderedLetter | RegistryError]:
    """Many letters in one child, answered in order; one that is refused is its error and stops none of the others."""
    if not orders:
        return []
    try:
        folders = [str(folder) for folder in font_folders(room.fonts_dir, machine=room.machine_fonts)]
    except FontMissing as missing:
        return [LetterNotRendered("font_missing", str(missing)) for _ in orders]
    templates = [_template(content, room.templates_dir) for content, _ in orders]
    job = {
        "folders": folders,
        "substitutes": room.substitutes,
        "cpu_seconds": int(room.first_seconds + room.each_seconds * len(orders)),
        "memory_bytes": room.memory_bytes,
        "orders": [
            {
                "format": file_format,
                "letter": printable(content),
                "dated": content.dated.isoformat() if content.dated else None,
                "template": str(template),
            }
            for (content, file_format), template in zip(orders, templates, strict=True)
        ],
    }
    answers = _ask_until_all_are_answered(job, room)
    return [
        _answered(answer, file_format, "" if file_format == "pdf" else _shown(template, room))
        for answer, (_, file_format), template in zip(answers, orders, templates, strict=True)
    ]


def _only(answers: Sequence[RenderedLetter | RegistryError]) -> RenderedLetter:
    (answer,) = answers
    if isinstance(answer, RegistryError):
        raise answer
    return answer


def _template(content: LetterContent, own: Path | None) -> Path:
    """The office's template of that kind, else of that layout, else the shipped one of the layout."""
    candidates = [own / f"{name}.docx" for name in (content.kind.value, content.layout.value)] if own else []
    return next(
        (path for path in candidates if path.is_file()), _TEMPLATES / f"{FormLayout(content.layout).value}.docx"
    )


def _shown(template: Path, room: PrintingRoom) -> str:
    return template.name if template.parent == _TEMPLATES or room.templates_dir is None else str(template)


def _answered(
    answer: tuple[dict[str, Any], bytes], file_format: FileFormat, template: str
) -> RenderedLetter | RegistryError:
    told, data = answer
    if "refused" in told:
        kind = LetterTextRefused if told["refused"] == LetterTextRefused.default_code else LetterNotRendered
        return kind(told["refused"], told["message"])
    return RenderedLetter(
        format=file_format,
        data=data,
        fonts=MappingProxyType(told.get("fonts", {})),
        grades=MappingProxyType(told.get("grades", {})),
        rare_characters=told.get("rare_characters", ""),
        template=template,
    )


def _ask_until_all_are_answered(job: Mapping[str, Any], room: PrintingRoom) -> list[tuple[dict[str, Any], bytes]]:
    """An answer to each order: a letter that ends the child takes its reason, the ones behind it get a new child."""
    answers: list[tuple[dict[str, Any], bytes]] = []
    while len(answers) < len(job["orders"]):
        more, reason = _ask({**job, "orders": job["orders"][len(answers) :]}, room)
        answers += more
        if len(answers) < len(job["orders"]):
            answers.append(({"refused": "letter_not_set", "message": reason}, b""))
    return answers


def _ask(job: Mapping[str, Any], room: PrintingRoom) -> tuple[list[tuple[dict[str, Any], bytes]], str]:
    """What one child answers, and what ended it if it did not answer all."""
    child = _start()
    ends_at = time.monotonic() + room.first_seconds + room.each_seconds * len(job["orders"])
    try:
        answers, reason = _converse(child, json.dumps(job, ensure_ascii=False).encode(), _Bounds(ends_at, room))
        if not reason:
            with suppress(subprocess.TimeoutExpired):  # its output has ended; its end tells why
                child.wait(5)
        return answers, reason or _cause_of_death(child.returncode)
    finally:
        with suppress(ProcessLookupError):  # already gone: what was wanted
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # the child died before it had read the whole job
                    pipe.close()


@dataclass(frozen=True, slots=True)
class _Bounds:
    ends_at: float
    room: PrintingRoom


def _start() -> subprocess.Popen[bytes]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "app.letter_forms.rendering_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "RAYON_NUM_THREADS": "1"},
        start_new_session=True,
    )


def _converse(
    child: subprocess.Popen[bytes], job: bytes, bounds: _Bounds
) -> tuple[list[tuple[dict[str, Any], bytes]], str]:
    if child.stdin is None or child.stdout is None:
        return [], "排版进程没有启动。"
    os.set_blocking(child.stdin.fileno(), False)
    received = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdin, selectors.EVENT_WRITE)
        selector.register(child.stdout, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, bounds.ends_at - time.monotonic()))
            if not ready:
                return _parsed(received), "排版超过了规定时间，已停止；请减少清单条目或者分件制发。"
            for key, _ in ready:
                job = _moved(key.fileobj is child.stdin, child, job, received, selector)
            if len(received) > bounds.room.letter_bytes:
                return [], "排成的文件超过了允许的大小；请减少清单条目或者分件制发。"
    return _parsed(received), ""


def _moved(
    writing: bool,  # noqa: FBT001 - private
    child: subprocess.Popen[bytes],
    job: bytes,
    received: bytearray,
    selector: selectors.BaseSelector,
) -> bytes:
    """One ready pipe's turn; what is left to be written comes back."""
    if child.stdin is None or child.stdout is None:
        return job
    if writing:
        try:
            job = job[os.write(child.stdin.fileno(), job[:_CHUNK]) :]
        except BrokenPipeError:
            job = b""
        if not job:
            selector.unregister(child.stdin)
            with suppress(BrokenPipeError):  # it died: its output tells
                child.stdin.close()
        return job
    chunk = os.read(child.stdout.fileno(), _CHUNK)
    received += chunk
    if not chunk:
        selector.unregister(child.stdout)
    return job


def _parsed(received: bytearray) -> list[tuple[dict[str, Any], bytes]]:
    """The whole answers; one cut off by the child's death is not among them."""
    answers: list[tuple[dict[str, Any], bytes]] = []
    at = 0
    while (end := received.find(b"\n", at)) >= 0:
        told = json.loads(received[at:end])
        at = end + 1 + told.get("size", 0)
        if at > len(received):
            break
        answers.append((told, bytes(received[end + 1 : at])))
    return answers


def _cause_of_death(return_code: int | None) -> str:
    if return_code == -signal.SIGXCPU:
        return "排版超过了规定时间，已停止；请减少清单条目或者分件制发。"
    if return_code is not None and return_code < 0:
        return "排版所需的内存超过了允许的范围，已停止；请减少清单条目或者分件制发。"
    return "排版进程没有完成这件文书，请把这份文书的内容报告给系统管理员。"
