"""The text of docs/lifecycle.md, permissions.md, metrics.md and ladder.md, made from the rules; CI compares."""

from collections.abc import Callable, Iterable, Mapping

from app.regulation.catalogue import chapters
from app.regulation.definition import Definition
from app.regulation.edition import SHIPPED_EDITION, load_edition
from app.regulation.facts import Actor
from app.regulation.guards import GUARDS
from app.regulation.handbook_ladder import ladder_page
from app.regulation.lifecycle import LIFECYCLE
from app.regulation.masking import LABELS, MASKING, PersonalField, Shown
from app.regulation.pages import NOTHING, page, table
from app.regulation.permissions import PERMISSIONS, SCOPES, WORDS, Scope, Who, is_one_of
from app.regulation.rule import SIGN_CLOCK, Rule
from app.regulation.vocabulary import PostKind, Relation, RoleClass, State

_OUTSIDE = "(尚未登记)"
_HEAD = ("标识", "版本", "名称", "口径", "分子", "分母", "单位与取舍", "取向", "来源", "依据")


def lifecycle_page() -> str:
    """docs/lifecycle.md: the diagram, the table of every rule, and every condition with its article."""
    rows = [_rule_row(rule) for rule in LIFECYCLE]
    conditions = [
        (f"`{one.name}`", one.sentence, one.article, one.remedy)
        for one in sorted(GUARDS.values(), key=lambda g: g.name)
    ]
    return page(
        "隐患办理规则 · Lifecycle",
        "一行一条规则:从什么状态、办什么事、到什么状态、由谁办、条件、起算的时限、依据。表中没有的,一律不能办。",
        "## 状态图",
        _diagram(),
        "## 规则表",
        "完成最后一级签字而销号的,起算 `clocks.delist`;拒绝签字退回核查的,重新起算 `clocks.verify`。",
        table(("编号", "从", "办理事项", "到", "由谁", "条件", "起算时限", "写明理由", "依据"), rows),
        "## 条件",
        "每一条在满足时为真;不满足的条件一次全部告知。",
        table(("条件", "含义", "依据", "不满足时怎么办"), conditions),
    )


def permissions_page() -> str:
    """docs/permissions.md: who may do what — each rule by post and relation, then everything else by post."""
    words = [(word.label, _labels(word.post_kinds), _labels(word.relations), _service(word)) for word in WORDS]
    matrix = [
        (rule.id, *_where(rule), *(_cell(rule, post) for post in PostKind), _service_cell(rule)) for rule in LIFECYCLE
    ]
    others = [
        (f"`{permission}`", _labels(granted), *(_scope_cell(granted, scope) for scope in SCOPES))
        for permission, granted in sorted(PERMISSIONS.items())
    ]
    personal = [(LABELS[field], *(_shown_to(field, role) for role in _READING_ROLES)) for field in PersonalField]
    return page(
        "权限 · Permissions",
        "格内为该岗位办理此事时,其单位与隐患须有的关系,有其一即可;“–”为不能办。没有列出的状态与事项组合,任何岗位都不能办。",
        "## 办理主体",
        table(("主体", "岗位", "单位与隐患的关系", "服务账号"), words),
        "## 状态 × 事项 × 岗位",
        table(("编号", "从", "事项", *(post.label for post in PostKind), "企业服务账号"), matrix),
        "## 其他权限",
        "范围是该权限所及的行:同一句话,先在查询里、再在数据库的行级策略里各说一遍(`hazards/scope.py`、`tables/access*.py`)。",
        table(("范围", "谁", "看得到哪些行"), [(scope.label, scope.holders, scope.rows) for scope in SCOPES]),
        "格内为“●”的,有该范围的岗位或角色有此权限。",
        table(("权限", "岗位、角色", *(scope.label for scope in SCOPES)), others),
        "## 个人信息",
        "没有列出的字段和角色,一律没有该字段。签字、确认和办理过程只写岗位和机构,任何人都看不到姓名。"
        "企业看本企业自查上报的隐患时,排查人员和上报内容不脱敏;签字内容逐字显示,以便核对哈希,城市平台不得读取。",
        table(("字段", *(role.label for role in _READING_ROLES)), personal),
    )


_READING_ROLES = (
    RoleClass.ENTERPRISE,
    RoleClass.OFFICIAL,
    RoleClass.PLATFORM,
    RoleClass.AUDITOR,
    RoleClass.ADMINISTRATOR,
    RoleClass.PUBLIC,
)
_SHOWN = {Shown.SHOWN: "显示", Shown.MASKED: "脱敏", Shown.ABSENT: NOTHING}


def _scope_cell(granted: frozenset[PostKind | RoleClass], scope: Scope) -> str:
    return "●" if not granted.isdisjoint(scope.granted_to) else NOTHING


def _shown_to(field: PersonalField, role: RoleClass) -> str:
    return _SHOWN[MASKING[field].get(role, Shown.ABSENT)]


def metrics_page() -> str:
    """docs/metrics.md: every figure with id, version, words, parts, unit, rounding, direction, source and basis."""
    edition = load_edition(SHIPPED_EDITION.read_text(encoding="utf-8"))
    subjects = [
        (f"## {chapter.name}", table(_HEAD, [_metric_row(one) for one in chapter.definitions]))
        for chapter in chapters(edition.stock_found_by)
    ]
    return page(
        "指标 · Metrics",
        "统计日 T 指当日二十四时(北京时间)以前;每个数都可以按任一统计日、任一知悉时刻重算。",
        "隐患在统计日的情形:发生时间不晚于 T、入库时间不晚于知悉时刻的各行中,按(发生时间、事项次序、编号)最后的一行。",
        "“由登记记录计算”的数由登记的各行算出,任何人可以重算;“由单位填报”的数由属地单元按行业、按月填报,单位确认以后才计入。",
        "第一部分各项由 `GET /api/v1/statistics/clearance` 计算并可逐项下钻;其余各部分先有定义,尚未列入该接口的答复。",
        *(block for subject in subjects for block in subject),
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/lifecycle.md": lifecycle_page,
    "docs/permissions.md": permissions_page,
    "docs/metrics.md": metrics_page,
    "docs/ladder.md": ladder_page,
}
"""Path in the repository → what its text must be."""


def _diagram() -> str:
    lines = [f"    state “{state.label}” as {state.value}".replace("“", '"').replace("”", '"') for state in State]
    arrows: dict[tuple[str, str], list[str]] = {}
    for rule in LIFECYCLE:
        origin = rule.from_state.value if rule.from_state else "[*]"
        for end in rule.to_states:
            if end is not rule.from_state:
                arrows.setdefault((origin, end.value), []).append(_arrow_label(rule))
    lines += [f"    {a} --> {b}: {'、'.join(dict.fromkeys(acts))}" for (a, b), acts in arrows.items()]
    lines.append(f"    {State.DISMISSED.value} --> [*]")
    return "\n".join(("```mermaid", "stateDiagram-v2", *lines, "```"))


def _arrow_label(rule: Rule) -> str:
    return f"{rule.act.label}({rule.purpose.label})" if rule.purpose else rule.act.label


def _rule_row(rule: Rule) -> tuple[str, ...]:
    return (
        rule.id,
        *_where(rule),
        "、".join(state.label for state in rule.to_states),
        "、".join(word.label for word in rule.who),
        "<br>".join(f"`{one.name}`" for one in rule.guards) or NOTHING,
        _clock(rule),
        "是" if rule.note_required else NOTHING,
        rule.article,
    )


def _where(rule: Rule) -> tuple[str, str]:
    return (rule.from_state.label if rule.from_state else _OUTSIDE), f"{_arrow_label(rule)} `{rule.act.value}`"


def _clock(rule: Rule) -> str:
    if rule.starts_clock is None:
        return NOTHING
    return "签字链各级时限" if rule.starts_clock == SIGN_CLOCK else f"`clocks.{rule.starts_clock}`"


def _labels(words: Iterable[PostKind | Relation | RoleClass]) -> str:
    return "、".join(word.label for word in sorted(words, key=str)) or NOTHING


def _service(word: Who) -> str:
    return word.service_role.label if word.service_role else NOTHING


def _cell(rule: Rule, post: PostKind) -> str:
    return _relations_for(rule, Actor(RoleClass.OFFICIAL, post_kind=post))


def _service_cell(rule: Rule) -> str:
    return _relations_for(rule, Actor(RoleClass.ENTERPRISE, is_service=True))


def _relations_for(rule: Rule, actor: Actor) -> str:
    return _labels(one for one in Relation if is_one_of(rule.who, actor, frozenset({one})))


def _metric_row(one: Definition) -> tuple[object, ...]:
    return (
        f"`{one.id}`",
        one.version,
        one.name,
        one.words,
        one.numerator,
        one.denominator or NOTHING,
        f"{one.unit}:{one.rounding}",
        one.direction.label,
        one.source.label,
        ";".join(basis.text for basis in one.basis),
    )
