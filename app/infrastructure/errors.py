"""The kinds of refusal, and nothing about how they travel: no HTTP number stands here.

    RegistryError                     every refusal a caller may see
    ├── NotFound                      no such thing, or none this actor may see
    ├── NotPermitted                  seen, but this actor may not do it
    ├── IllegalTransition             the lifecycle has no such act from this state
    ├── RuleNotMet                    the act exists, its conditions do not hold: carries each unmet rule
    │   └── ProofFailed               the person was not proved: counted against the sign-in
    ├── Conflict                      somebody else's act, or an earlier one, stands in the way
    │   ├── AlreadyDone               this very act was done before: carries its address
    │   └── StaleVersion              the record moved since it was read
    ├── VersionRequired               an act that decides or signs came without the version it is based on
    ├── InvalidInput                  the document sent is malformed: carries each field
    │   └── InvalidParameter          a filter, cursor, page size, header or path part is malformed
    ├── TooLarge                      more bytes than allowed
    ├── Unauthenticated               nobody is signed in
    ├── TooManyRequests               wait, then try again: carries the seconds
    └── TemporarilyUnavailable        the fault is ours and may pass: carries the seconds
        └── OutcomeUnknown            the answer to COMMIT was lost: the same key again tells

`code` is stable, snake_case and part of the API; `message` is Chinese and names the field, the rule and the remedy.
`problem_details.py` alone knows the status of each kind.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Self, TypedDict, Unpack

from app.regulation.facts import Unmet

Fact = str | int | bool | None | tuple[str, ...]

_CODE = re.compile(r"[a-z][a-z0-9_]{1,79}", re.ASCII)


class Basis(TypedDict, total=False):
    """What a refusal rests on: rule id, article of the law, what to do about it, and facts for a program to read."""

    rule: str | None
    article: str | None
    remedy: str | None
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One malformed field. `pointer` is an RFC 6901 pointer below `where`; the value sent is never kept."""

    pointer: str
    code: str
    message: str
    where: str = "body"


class RegistryError(Exception):
    """A refusal with a stable code, a Chinese message, and where known its rule, article, remedy and facts."""

    default_code: ClassVar[str] = "refused"
    default_message: ClassVar[str] = "系统没有受理这一请求。"
    default_remedy: ClassVar[str | None] = None

    def __init__(self, code: str = "", message: str = "", **basis: Unpack[Basis]) -> None:
        self.code = code or self.default_code
        if not _CODE.fullmatch(self.code):
            raise ValueError(f"error code {self.code!r} is not snake_case")
        self.message = message or self.default_message
        self.rule = basis.get("rule")
        self.article = basis.get("article")
        self.remedy = basis.get("remedy")
        if self.remedy is None and self.code == self.default_code:
            # Only the default code takes the default remedy: another code's remedy may be the opposite.
            self.remedy = self.default_remedy
        self.facts: Mapping[str, Fact] = MappingProxyType(dict(basis.get("facts", {})))
        super().__init__(f"{self.code}: {self.message}")


class NotFound(RegistryError):
    """No such thing within what this actor may see; the two cases are told apart nowhere."""

    default_code = "not_found"
    default_message = "没有找到所请求的内容，或者它不在您的管辖范围内。"
    default_remedy = "请核对编号；确属本单位业务的，请联系管理员核实岗位与辖区。"


class NotPermitted(RegistryError):
    """The actor sees the thing, but the act belongs to another post or organisation."""

    default_code = "not_permitted"
    default_message = "您当前的岗位无权办理这一事项。"
    default_remedy = "请由有权限的岗位办理，或切换到相应任职后重试。"


class IllegalTransition(RegistryError):
    """The lifecycle has no such act from the state the hazard is in; facts name the state and what is allowed."""

    default_code = "illegal_transition"
    default_message = "隐患当前所处的状态不允许办理这一事项。"
    default_remedy = "请刷新后查看当前状态和可办理事项。"


class RuleNotMet(RegistryError):
    """Conditions of the act do not hold; `unmet` names all of them. Without a code it speaks with the first one's."""

    default_code = "rule_not_met"
    default_message = "办理条件尚未满足。"
    default_remedy = "请补齐 unmet 中逐项列明的条件后重新办理。"

    def __init__(
        self, code: str = "", message: str = "", *, unmet: tuple[Unmet, ...] = (), **basis: Unpack[Basis]
    ) -> None:
        if unmet and not code:
            first = unmet[0]
            code = first.code
            message = message or _first_of(unmet)
            spoken = Basis(rule=first.rule or None, article=first.article or None, remedy=first.remedy or None)
            basis = {**spoken, **basis}
        super().__init__(code, message, **basis)
        self.unmet = unmet or (Unmet(self.code, self.message, self.rule or "", self.article or "", self.remedy or ""),)


class ProofFailed(RuleNotMet):
    """A password or code given to prove the person was wrong; so many in a row end the sign-in."""

    default_code = "step_up_failed"
    default_message = "身份验证没有通过。"
    default_remedy = "请核对后重试；连续失败五次，本次登录将被注销。"


def _first_of(unmet: tuple[Unmet, ...]) -> str:
    return unmet[0].message if len(unmet) == 1 else f"{unmet[0].message}（共有 {len(unmet)} 项条件未满足）"


class Conflict(RegistryError):
    """Another act, earlier or at the same instant, stands in the way."""

    default_code = "conflict"
    default_message = "这一事项与已有记录或正在办理的事项冲突。"
    default_remedy = "请刷新后核对，再决定是否重新办理。"


class AlreadyDone(Conflict):
    """The same act under the same key was done before; `address` says where its result is to be read."""

    default_code = "already_done"
    default_message = "这一请求此前已经办理成功，不再重复办理。"
    default_remedy = "请到所给地址查看办理结果。"

    def __init__(self, address: str, **basis: Unpack[Basis]) -> None:
        super().__init__(**basis)
        self.address = address


class StaleVersion(Conflict):
    """The version named in If-Match is no longer the current one."""

    default_code = "stale_version"
    default_message = "您看到的内容已被他人更新，本次办理没有生效。"
    default_remedy = "请刷新，核对最新内容后重新办理。"


class VersionRequired(RegistryError):
    """An official decides or signs: the request must name, by If-Match, the version it is based on."""

    default_code = "version_required"
    default_message = "决定或签字必须注明所依据的版本（请求头 If-Match）。"
    default_remedy = "请先读取该隐患，把返回的 ETag 放入 If-Match 后重新提交。"


class InvalidInput(RegistryError):
    """The document is malformed; `fields` names each field, its rule and its remedy, never the value sent."""

    default_code = "invalid_input"
    default_message = "提交的内容有误。"
    default_remedy = "请按 errors 中逐项说明改正后重新提交。"

    def __init__(
        self, code: str = "", message: str = "", *, fields: tuple[FieldError, ...] = (), **basis: Unpack[Basis]
    ) -> None:
        super().__init__(code, message, **basis)
        self.fields = fields

    @classmethod
    def of_field(cls, pointer: str, code: str, message: str, *, where: str = "body") -> Self:
        """The refusal of one field, `pointer` as in `FieldError`."""
        return cls(code, message, fields=(FieldError(pointer, code, message, where),))


class InvalidParameter(InvalidInput):
    """A filter, cursor, page size, header or path part is unknown or malformed."""

    default_code = "invalid_parameter"
    default_message = "请求的参数有误。"
    default_remedy = "请按 errors 中逐项说明改正参数后重试。"


class TooLarge(RegistryError):
    """More bytes than this address accepts; facts name the limit in bytes."""

    default_code = "too_large"
    default_message = "提交的内容超过了允许的大小。"
    default_remedy = "请缩小文件或分次提交。"


class Unauthenticated(RegistryError):
    """Nobody is signed in, or the sign-in has ended."""

    default_code = "unauthenticated"
    default_message = "您尚未登录，或登录已经失效。"
    default_remedy = "请重新登录后再办理。"


class TooManyRequests(RegistryError):
    """Too many attempts; `retry_after` is in whole seconds."""

    default_code = "too_many_requests"
    default_message = "请求过于频繁。"
    default_remedy = "请稍候再试。"

    def __init__(self, code: str = "", message: str = "", *, retry_after: int = 60) -> None:
        super().__init__(code, message, facts={"retry_after_seconds": retry_after})
        self.retry_after = retry_after


class TemporarilyUnavailable(RegistryError):
    """The system, not the caller, is at fault and it may pass; `retry_after` is in whole seconds."""

    default_code = "temporarily_unavailable"
    default_message = "系统暂时无法办理，本次操作没有生效。"
    default_remedy = "请稍候重试；持续出现时请联系管理员。"

    def __init__(self, code: str = "", message: str = "", *, retry_after: int = 3) -> None:
        super().__init__(code, message, facts={"retry_after_seconds": retry_after})
        self.retry_after = retry_after


class OutcomeUnknown(TemporarilyUnavailable):
    """The connection was lost after COMMIT was sent: done or not, the same request under the same key tells."""

    default_code = "outcome_unknown"
    default_message = "提交过程中与数据库的连接中断，暂时无法确认本次操作是否已经生效。"
    default_remedy = (
        "请用同一 Idempotency-Key 原样重新提交：已生效的返回原结果，未生效的照常办理；未带该键的，请先查询核对再决定。"
    )
