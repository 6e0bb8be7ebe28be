"""What verification can find: every kind of fault, what it means, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class FaultKind(StrEnum):
    """The word of a fault, stable: auditors' own programs may ask for it."""

    EVENT_ALTERED = "event_altered"
    EVENT_SAYS_OTHERWISE = "event_says_otherwise"
    EVENT_MISSING = "event_missing"
    CHAIN_BROKEN = "chain_broken"
    STREAM_HEAD_DIFFERS = "stream_head_differs"
    STREAM_MISSING = "stream_missing"
    ACT_WITHOUT_EVENT = "act_without_event"
    EVENT_WITHOUT_ACT = "event_without_act"
    HAZARD_DIFFERS = "hazard_differs"
    DOCUMENT_DIFFERS = "document_differs"
    DOCUMENT_MISSING = "document_missing"
    DOCUMENT_UNTOLD = "document_untold"
    SIGNATURE_DIFFERS = "signature_differs"
    SIGNATURE_MISSING = "signature_missing"
    WITHDRAWAL_DIFFERS = "withdrawal_differs"
    SEAL_DIFFERS = "seal_differs"
    SEAL_MISSING = "seal_missing"
    CONTENT_ALTERED = "content_altered"
    EVIDENCE_UNTOLD = "evidence_untold"
    EVIDENCE_FILE_DIFFERS = "evidence_file_differs"
    POSITION_MISSING = "position_missing"
    POSITION_WITHOUT_ROW = "position_without_row"
    ROW_WITHOUT_POSITION = "row_without_position"
    LEAF_DIFFERS = "leaf_differs"
    NODE_DIFFERS = "node_differs"
    NODE_SURPLUS = "node_surplus"
    HEAD_BEYOND_THE_TREE = "head_beyond_the_tree"
    HEAD_ROOT_DIFFERS = "head_root_differs"
    HEAD_CHAIN_BROKEN = "head_chain_broken"
    HEAD_SIGNATURE_WRONG = "head_signature_wrong"
    HEAD_KEY_WRONG = "head_key_wrong"
    HEAD_HANDED_MISSING = "head_handed_missing"
    OUTSIDE_HEAD_UNREADABLE = "outside_head_unreadable"
    OUTSIDE_HEAD_MISSING = "outside_head_missing"
    OUTSIDE_HEAD_DIFFERS = "outside_head_differs"


_K: Final = FaultKind
_RESTORE: Final = "请保留现场,从备份恢复该部分并查明何人何时以数据库权限改动。"
_COMPARE: Final = "请与外部持有的树头和备份比对,确定哪一份为真,并按安全事件处置。"
MEANING: Final[Mapping[FaultKind, tuple[str, str]]] = {
    _K.EVENT_ALTERED: ("审计记录的内容与其哈希不符,记录写入后被改动", _RESTORE),
    _K.EVENT_SAYS_OTHERWISE: ("审计记录的列与其内容所载不一致", _RESTORE),
    _K.EVENT_MISSING: ("审计流的序号有缺口,记录被删除", _RESTORE),
    _K.CHAIN_BROKEN: ("审计记录没有接在前一条之后,链条在此断开", _RESTORE),
    _K.STREAM_HEAD_DIFFERS: ("审计流的流头与最后一条记录不符,记录在流尾被增删", _RESTORE),
    _K.STREAM_MISSING: ("审计记录所属的审计流不存在", _RESTORE),
    _K.ACT_WITHOUT_EVENT: ("一次办理没有对应的审计记录,或者不止一条", _RESTORE),
    _K.EVENT_WITHOUT_ACT: ("审计记录所称的办理不存在或者与之不符", _RESTORE),
    _K.HAZARD_DIFFERS: ("隐患的现状与其最后一次办理所记不一致,未经办理而被改动", _RESTORE),
    _K.DOCUMENT_DIFFERS: ("文书与其办理的审计记录所载的哈希不符,文书写成后被改动", _RESTORE),
    _K.DOCUMENT_MISSING: ("审计记录所载的文书不存在,文书被删除或者被改挂到别的办理", _RESTORE),
    _K.DOCUMENT_UNTOLD: ("办理的审计记录没有载明其文书,或者文书没有经过办理而插入", _RESTORE),
    _K.SIGNATURE_DIFFERS: ("签字与审计记录或办理记录不一致,或者没有经过办理", _RESTORE),
    _K.SIGNATURE_MISSING: ("审计记录所载的签字不存在,签字被删除", _RESTORE),
    _K.WITHDRAWAL_DIFFERS: ("撤回签字与审计记录不一致", _RESTORE),
    _K.SEAL_DIFFERS: ("封存的销号记录与其签字或内容不符", _RESTORE),
    _K.SEAL_MISSING: ("隐患已销号而没有封存的销号记录", _RESTORE),
    _K.CONTENT_ALTERED: ("签字内容与其哈希不符,或者与所签的哈希不同", _RESTORE),
    _K.EVIDENCE_UNTOLD: ("证据登记与审计记录不一致", _RESTORE),
    _K.EVIDENCE_FILE_DIFFERS: ("证据文件缺失或者与登记的哈希不符", "请从备份恢复该文件;恢复前该证据停止提供。"),
    _K.POSITION_MISSING: ("总序列有缺口,位置被删除", _RESTORE),
    _K.POSITION_WITHOUT_ROW: ("该位置所指的记录不存在,记录被删除", _RESTORE),
    _K.ROW_WITHOUT_POSITION: ("早已提交的记录没有位置:它是事后插入的,或者其位置被删除", _RESTORE),
    _K.LEAF_DIFFERS: ("记录与封存时的叶子不符,封存之后被改动", _RESTORE),
    _K.NODE_DIFFERS: ("哈希树的节点缺失或者与其叶子不符", "请从叶子重算节点;若记录无误,恢复该节点后再核验。"),
    _K.NODE_SURPLUS: ("哈希树有多余的节点", _RESTORE),
    _K.HEAD_BEYOND_THE_TREE: ("树头所称的大小超过现有记录,尾部记录被删除", _RESTORE),
    _K.HEAD_ROOT_DIFFERS: ("树头的根与按现有记录重算的根不同,该大小以内的记录被改动", _COMPARE),
    _K.HEAD_CHAIN_BROKEN: ("树头没有接在前一个树头之后,树头被删除或者改动", _COMPARE),
    _K.HEAD_SIGNATURE_WRONG: ("树头的签名不成立,树头被伪造或者改动", _COMPARE),
    _K.HEAD_KEY_WRONG: ("树头所用的公钥不存在或者与其标识不符", _COMPARE),
    _K.HEAD_HANDED_MISSING: ("曾经送出的树头在库中不存在", _COMPARE),
    _K.OUTSIDE_HEAD_UNREADABLE: ("外部树头文件无法识别", "请核对文件是否完整,格式见 docs/audit-format.md。"),
    _K.OUTSIDE_HEAD_MISSING: ("外部持有的树头在库中不存在,尾部被截去或者库被换回旧备份", _COMPARE),
    _K.OUTSIDE_HEAD_DIFFERS: ("外部持有的树头与库中的记录不符,历史被改写", _COMPARE),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing found: its kind, where, and the particulars an investigation begins with."""

    kind: FaultKind
    where: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def meaning(self) -> str:
        """What it says of the trail, in one sentence."""
        return MEANING[self.kind][0]

    @property
    def remedy(self) -> str:
        """What to do now."""
        return MEANING[self.kind][1]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "kind": self.kind.value,
            "where": self.where,
            "meaning": self.meaning,
            "remedy": self.remedy,
            "facts": dict(self.facts),
        }
