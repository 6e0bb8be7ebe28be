"""What PostgreSQL refused, in the words of our refusals. The service checks first; this speaks when the wall had to.

The wall raises SQLSTATE class QL with a Chinese MESSAGE and the stable code as HINT. A named constraint that
a caller can run into has its row in constraint_messages.py. `None` means: our own fault, for the outermost edge.
"""

import re
from collections.abc import Mapping
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.infrastructure.constraint_messages import CONSTRAINT_MESSAGES, message_of_constraint
from app.infrastructure.errors import (
    Conflict,
    InvalidInput,
    NotPermitted,
    OutcomeUnknown,
    RegistryError,
    RuleNotMet,
    TemporarilyUnavailable,
)
from app.regulation.facts import Unmet

_CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,79}", re.ASCII)
_CHINESE: Final = re.compile("[\u4e00-\u9fff]")
_STANDS_IN_THE_WAY: Final = frozenset({"23505", "23P01"})
_CONTENTION: Final = frozenset({"40001", "40P01", "55P03"})
_ENDED_BY_THE_SERVER: Final = frozenset({"57P01", "57P02", "57P03"})
_BUSY: Final = "系统正忙，本次操作没有生效，请稍候重试。"
_CHANGED_MEANWHILE: Final = "他人正在同时办理同一事项，本次操作没有生效，请刷新后重试。"

_Row = tuple[type[RegistryError], str, str]
_STATES: Final[Mapping[str, _Row]] = {
    "22001": (InvalidInput, "text_too_long", "有文字超过了可保存的长度，请精简后重新提交。"),
    "22003": (InvalidInput, "number_out_of_range", "有数字超出了可保存的范围，请核对后重新提交。"),
    "22007": (InvalidInput, "date_malformed", "有日期或时间无效，请核对后重新提交。"),
    "22008": (InvalidInput, "date_out_of_range", "有日期或时间超出了可保存的范围，请核对后重新提交。"),
    "22021": (InvalidInput, "character_refused", "有文字含有无法保存的字符，请删去后重新提交。"),
    "22P02": (InvalidInput, "value_malformed", "有内容格式不符，请核对后重新提交。"),
    "22P05": (InvalidInput, "character_refused", "有文字含有无法保存的字符，请删去后重新提交。"),
    "23502": (InvalidInput, "value_missing", "有必填内容缺失，请补充后重新提交。"),
    "23503": (InvalidInput, "reference_missing", "所引用的记录不存在或仍被引用，请核对编号后重新提交。"),
    "23505": (Conflict, "already_exists", "相同的记录已经存在，不能重复登记，请核对。"),
    "23514": (InvalidInput, "value_refused", "有内容不符合登记规则，请核对后重新提交。"),
    "23P01": (Conflict, "periods_overlap", "与已有记录的期间重叠，请核对起止日期。"),
    "40001": (Conflict, "changed_meanwhile", _CHANGED_MEANWHILE),
    "40P01": (Conflict, "changed_meanwhile", _CHANGED_MEANWHILE),
    "42501": (NotPermitted, "outside_your_scope", "这一写入超出了您当前任职的管辖范围，请由有权限的岗位办理。"),
    "55P03": (TemporarilyUnavailable, "busy", _CHANGED_MEANWHILE),
    "57014": (TemporarilyUnavailable, "took_too_long", "处理时间过长，已停止且没有生效，请缩小范围或稍候重试。"),
    "25006": (TemporarilyUnavailable, "database_read_only", "系统正在切换，暂时只能查询，请稍候重试。"),
    "25P04": (TemporarilyUnavailable, "took_too_long", "处理时间过长，已停止且没有生效，请稍候重试。"),
    "25P03": (TemporarilyUnavailable, "took_too_long", "处理时间过长，已停止且没有生效，请稍候重试。"),
    "53100": (TemporarilyUnavailable, "storage_full", "系统存储空间不足，本次操作没有生效，请联系管理员。"),
}
_CLASSES: Final[Mapping[str, _Row]] = {
    "08": (TemporarilyUnavailable, "database_unavailable", "系统暂时连接不上数据库，本次操作没有生效，请稍候重试。"),
    "53": (TemporarilyUnavailable, "busy", _BUSY),
    "57": (TemporarilyUnavailable, "database_unavailable", "数据库正在重启，本次操作没有生效，请稍候重试。"),
    "58": (TemporarilyUnavailable, "database_unavailable", "数据库所在系统出现故障，请联系管理员。"),
}


def is_contention(error: SQLAlchemyError) -> bool:
    """Whether another transaction stood in the way: the same again, later, may succeed."""
    return _sqlstate(error) in _CONTENTION


def is_lost_connection(error: SQLAlchemyError) -> bool:
    """Whether the connection was lost, so that of a COMMIT nobody can tell whether it was done."""
    if not isinstance(error, DBAPIError) or not isinstance(error.orig, psycopg.OperationalError):
        return False
    state = error.orig.sqlstate
    return state is None or state.startswith("08") or state in _ENDED_BY_THE_SERVER


def _sqlstate(error: SQLAlchemyError) -> str | None:
    if isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.Error):
        return error.orig.sqlstate
    return None


def translate(error: SQLAlchemyError, *, committing: bool = False) -> RegistryError | None:
    """The refusal that a database error amounts to, or None when the fault is ours; `committing`: COMMIT was sent."""
    if committing and is_lost_connection(error):
        return OutcomeUnknown()
    if isinstance(error, PoolTimeoutError):
        return TemporarilyUnavailable("busy", _BUSY)
    if not isinstance(error, DBAPIError) or not isinstance(error.orig, psycopg.Error):
        return None
    original = error.orig
    if original.sqlstate is None:
        return _without_state(original)
    if original.sqlstate.startswith("QL"):
        return _refused_by_the_wall(original)
    return _named_constraint(original, original.sqlstate) or _of_state(original.sqlstate)


def _without_state(error: psycopg.Error) -> RegistryError | None:
    # Raised by the driver itself: a value it cannot send (NUL in a text), or a connection that is not there.
    if isinstance(error, psycopg.DataError):
        kind, code, message = _STATES["22021"]
        return kind(code, message)
    if isinstance(error, psycopg.OperationalError):
        kind, code, message = _CLASSES["08"]
        return kind(code, message)
    return None


def _refused_by_the_wall(error: psycopg.Error) -> RegistryError:
    said, hint = error.diag.message_primary or "", error.diag.message_hint or ""
    code = hint if _CODE.fullmatch(hint) else "refused_by_the_wall"
    message = said if _CHINESE.search(said) else "数据库防线拒绝了这次写入，请核对办理条件。"
    return RuleNotMet(unmet=(Unmet(code, message, rule="", article=""),))


def _named_constraint(error: psycopg.Error, sqlstate: str) -> RegistryError | None:
    name = error.diag.constraint_name or ""
    row = message_of_constraint(name)
    if row is None or sqlstate == "23503":
        return None
    if sqlstate in _STANDS_IN_THE_WAY:
        return Conflict(*row)
    # A CHECK with a row of its own states a rule of the registry; one of a family only describes a field.
    return RuleNotMet(*row) if name in CONSTRAINT_MESSAGES else InvalidInput(*row)


def _of_state(sqlstate: str) -> RegistryError | None:
    row = _STATES.get(sqlstate) or _CLASSES.get(sqlstate[:2])
    return row[0](row[1], row[2]) if row else None
