"""Reading a clerk's workbook without trusting it: a child process opens it, this side only receives plain cells.

Whatever the file does to the child (time, memory, a crash) ends the child and becomes a `WorkbookRefused`.
"""

import json
import os
import selectors
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar

from app.infrastructure.errors import InvalidInput

Cell = str | float | bool | date | datetime | None
"""A cell as the workbook stores it; a blank one is None, whole numbers are floats, a formula is its stored value."""

Place = tuple[int, int]
"""Row and column, both counted from 1."""

MEBIBYTE = 1024 * 1024

OUT_OF_MEMORY = 3
"""The child's exit status when an allocation failed."""


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    """What a workbook may cost: sizes in bytes, counts, seconds. A year's ledger needs a hundredth of it."""

    file_bytes: int = 20 * MEBIBYTE
    entries: int = 1_000
    entry_bytes: int = 120 * MEBIBYTE
    total_bytes: int = 160 * MEBIBYTE
    ratio: int = 200
    sheets: int = 50
    rows: int = 20_000
    columns: int = 256
    area: int = 600_000
    merged_cells: int = 50_000
    characters: int = 10_000_000
    memory_bytes: int = 512 * MEBIBYTE
    cpu_seconds: int = 8
    wall_seconds: float = 10.0
    output_bytes: int = 96 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a sheet, numbered as the spreadsheet program shows it; trailing blanks are cut."""

    number: int
    cells: tuple[Cell, ...]

    def at(self, column: int) -> Cell:
        """The cell in a column counted from 1."""
        return self.cells[column - 1] if 0 < column <= len(self.cells) else None


@dataclass(frozen=True, slots=True)
class RawSheet:
    """One visible sheet: `formulas` tells whether each has a stored value, `merged` leads to a cell's top left."""

    name: str
    rows: tuple[RawRow, ...]
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    formulas: Mapping[Place, bool] = field(default_factory=dict)
    errors: frozenset[Place] = frozenset()
    merged: Mapping[Place, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawWorkbook:
    """What the child understood. `looked_inside`: formulas, error values and hidden rows could be looked for."""

    file_name: str
    sha256: str
    file_format: str
    looked_inside: bool
    date_1904: bool
    external_links: bool
    hidden_sheets: tuple[str, ...]
    sheets: tuple[RawSheet, ...]


_ANOTHER_FORMAT = "请在 WPS 或 Excel 中打开，另存为“Excel 工作簿(.xlsx)”后重新导入。"
_SAVE_AGAIN = "请在 WPS 或 Excel 中打开核对，另存为新的 .xlsx 文件后重新导入；打不开的，请向填报单位索取原件。"
_TRIM = "请只保留台账本身的行和列(删除下方、右侧的空行空列和无关工作表)，另存后重新导入；确有更多行的，请分文件导入。"

_REFUSALS: Mapping[str, tuple[str, str]] = {
    "workbook_not_found": ("没有找到台账文件。", "请核对文件路径。"),
    "workbook_not_a_file": ("所给的路径不是普通文件，不能作为台账读取。", "请给出台账文件本身的路径。"),
    "workbook_empty": ("文件是空的(0 字节)。", "请核对是否保存、上传完整。"),
    "workbook_too_large": ("文件超过允许的大小。", _TRIM),
    "workbook_is_text": ("这是文本文件(如 CSV、网页导出的“xls”)，不是电子表格工作簿。", _ANOTHER_FORMAT),
    "workbook_unknown": ("不是可识别的电子表格文件；可以导入 xlsx、xls、et、ods。", _ANOTHER_FORMAT),
    "workbook_is_xlsb": ("这是二进制工作簿(.xlsb)，不能导入。", _ANOTHER_FORMAT),
    "workbook_has_macros": ("工作簿含有宏，系统不接收含宏的文件。", _ANOTHER_FORMAT),
    "workbook_encrypted": ("工作簿设有打开密码或已加密，无法读取。", "请取消密码、另存后重新导入。"),
    "workbook_broken": ("工作簿已损坏、不完整，或内部结构不合规，无法读取。", _SAVE_AGAIN),
    "workbook_has_doctype": ("工作簿内部文件含有文档类型或实体声明，正常的表格不会有，按可疑文件拒收。", _SAVE_AGAIN),
    "workbook_unpacks_too_large": ("工作簿解开后的内容远超正常台账，按可疑文件拒收。", _TRIM),
    "workbook_too_many_parts": ("工作簿内部的文件或工作表过多。", _TRIM),
    "workbook_sheet_too_large": ("工作表声明或占用的行、列超过允许的范围。", _TRIM),
    "workbook_too_much_text": ("工作表中的文字总量超过允许的范围。", _TRIM),
    "workbook_too_slow": ("在规定时间内没有读完这个工作簿，已停止读取。", _TRIM),
    "workbook_too_much_memory": ("读取这个工作簿所需的内存超过允许的范围，已停止读取。", _TRIM),
}


class WorkbookRefused(InvalidInput):
    """The workbook as a whole cannot be read; nothing was taken in."""

    default_code: ClassVar[str] = "workbook_broken"

    @classmethod
    def because(cls, code: str, detail: str = "") -> "WorkbookRefused":
        """The refusal of that code; `detail` names the sheet, the size found and the limit."""
        message, remedy = _REFUSALS[code]
        return cls(code, f"{message[:-1]}：{detail}。" if detail else message, remedy=remedy)


def read_workbook(path: Path, *, name: str = "", limits: WorkbookLimits | None = None) -> RawWorkbook:
    """The visible sheets of a workbook, read in a child of its own. Raises `WorkbookRefused`."""
    bounds = limits or WorkbookLimits()
    descriptor = _open(path, bounds)
    try:
        child = _start_child(descriptor, bounds)
    finally:
        os.close(descriptor)
    try:
        return _assemble(_messages(child, bounds), _printable(name or path.name))
    finally:
        with suppress(ProcessLookupError):  # already gone: what was wanted
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _open(path: Path, limits: WorkbookLimits) -> int:
    try:
        # O_NONBLOCK: opening a named pipe must not wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise WorkbookRefused.because("workbook_not_found") from error
    found = os.fstat(descriptor)
    refusal = None
    if not stat.S_ISREG(found.st_mode):
        refusal = WorkbookRefused.because("workbook_not_a_file")
    elif found.st_size > limits.file_bytes:
        refusal = WorkbookRefused.because("workbook_too_large", f"最大 {limits.file_bytes // MEBIBYTE} MB")
    if refusal is not None:
        os.close(descriptor)
        raise refusal
    return descriptor


def _start_child(descriptor: int, limits: WorkbookLimits) -> subprocess.Popen[bytes]:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-P", "-m", "app.infrastructure.workbook_process", json.dumps(asdict(limits))]
    return subprocess.Popen(  # noqa: S603 - our own module, its arguments are our own numbers
        command,
        stdin=descriptor,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
        start_new_session=True,
    )


def _messages(child: subprocess.Popen[bytes], limits: WorkbookLimits) -> Iterator[Any]:
    """What the child says, line by line; ends with its last word, or raises for what ended the child."""
    finished = False
    for line in _lines(child, limits):
        message = json.loads(line)
        finished = message == {"end": True}
        yield message
    if not finished:
        raise WorkbookRefused.because(_cause_of_death(child.wait()))


def _cause_of_death(return_code: int) -> str:
    if return_code in {-signal.SIGXCPU, -signal.SIGALRM}:
        return "workbook_too_slow"
    if return_code < 0 or return_code == OUT_OF_MEMORY:  # an allocation that failed aborts; the kernel kills
        return "workbook_too_much_memory"
    return "workbook_broken"


def _lines(child: subprocess.Popen[bytes], limits: WorkbookLimits) -> Iterator[bytes]:
    if child.stdout is None:
        raise WorkbookRefused.because("workbook_broken")
    ends_at = time.monotonic() + limits.wall_seconds
    pending: list[bytes] = []
    received = 0
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, ends_at - time.monotonic())):
                raise WorkbookRefused.because("workbook_too_slow", f"上限 {limits.wall_seconds:g} 秒")
            chunk = os.read(child.stdout.fileno(), 1 << 16)
            if not chunk:
                return
            received += len(chunk)
            if received > limits.output_bytes:
                raise WorkbookRefused.because("workbook_too_much_text")
            pending.append(chunk)
            if b"\n" in chunk:
                *complete, rest = b"".join(pending).split(b"\n")
                pending = [rest]
                yield from complete


def _assemble(messages: Iterator[Any], file_name: str) -> RawWorkbook:
    head: dict[str, Any] = {}
    sheets: list[dict[str, Any]] = []
    rows: list[list[RawRow]] = []
    for message in messages:
        if isinstance(message, list):
            rows[-1].append(RawRow(message[0], tuple(_cell(value) for value in message[1])))
        elif "refused" in message:
            raise WorkbookRefused.because(message["refused"], message["detail"])
        elif "sheet" in message:
            sheets.append(message)
            rows.append([])
        elif "sha256" in message:
            head = message
    return RawWorkbook(
        file_name=file_name,
        sha256=head["sha256"],
        file_format=head["format"],
        looked_inside=head["looked_inside"],
        date_1904=head["date_1904"],
        external_links=head["external_links"],
        hidden_sheets=tuple(_shown(name) for name in head["hidden_sheets"]),
        sheets=tuple(_sheet(message, tuple(found)) for message, found in zip(sheets, rows, strict=True)),
    )


def _sheet(message: Mapping[str, Any], rows: tuple[RawRow, ...]) -> RawSheet:
    return RawSheet(
        name=_shown(message["sheet"]),
        rows=rows,
        hidden_rows=frozenset(message["hidden_rows"]),
        hidden_columns=frozenset(message["hidden_columns"]),
        formulas={(row, column): stored for row, column, stored in message["formulas"]},
        errors=frozenset((row, column) for row, column in message["errors"]),
        merged={(row, column): (top, left) for row, column, top, left in message["merged"]},
    )


def _cell(value: Any) -> Cell:  # noqa: ANN401 - JSON's own
    if isinstance(value, list):
        kind, text = value
        return date.fromisoformat(text) if kind == "d" else datetime.fromisoformat(text)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _printable(name: str) -> str:
    """A file's name without its path, fit to be shown and stored."""
    return _shown(name.replace("\\", "/").rpartition("/")[2])


def _shown(name: str) -> str:
    """No control or direction characters, at most 120 characters."""
    return "".join(letter for letter in name if letter.isprintable())[:120] or "未命名"
