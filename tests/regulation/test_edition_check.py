"""What the author of an edition is told: where, why and what to do, all at once, for each way to get it wrong."""

import pytest

from app.regulation.edition import SHIPPED_EDITION
from app.regulation.edition_check import LARGEST_FILE, check_edition
from app.regulation.edition_shapes import Finding

TEXT = SHIPPED_EDITION.read_text(encoding="utf-8")


def changed(old: str, new: str, after: str = "") -> str:
    """The shipped text with the first `old` behind `after` replaced."""
    head, mark, tail = TEXT.partition(after) if after else ("", "", TEXT)
    assert mark == after
    assert old in tail
    return head + mark + tail.replace(old, new, 1)


def without(section: str) -> str:
    """The shipped text without the block that starts with that line."""
    start = TEXT.index(section)
    end = TEXT.find("\n\n", start)
    return TEXT[:start] + TEXT[end if end >= 0 else len(TEXT) :]


COAL = "[chains.coal]"
KEY = "[chains.key]"
LEVEL_4 = 'party = "lead_department"\npost = "principal_head"'
FOURTH = f"[[chains.default.levels]]\n{LEVEL_4}"

BAD = [
    (changed('id = "ordos-2024"', 'id = "Ordos 2024"'), "edition.id", "不是合法代号"),
    (changed('id = "ordos-2024"', "id = 2024"), "edition.id", "须为非空文字"),
    (changed('name = "鄂尔多斯', 'nmae = "鄂尔多斯'), "edition.nmae", "没有这个键"),
    (changed('name = "鄂尔多斯', 'nmae = "鄂尔多斯'), "edition.name", "缺少这个键"),
    (changed('area = "ordos"', 'area = ""'), "edition.area", "须为非空文字"),
    (changed("in_force_from = 2024-01-01", 'in_force_from = "2024-01-01"'), "edition.in_force_from", "须为日期"),
    (
        changed("in_force_from = 2024-01-01", "in_force_from = 2024-01-01T00:00:00Z"),
        "edition.in_force_from",
        "须为日期",
    ),
    (changed('code = "coal_mine"', 'code = "煤矿"'), "sectors[0].code", "不是合法代号"),
    (changed('code = "non_coal_mine"', 'code = "coal_mine"'), "sectors[1]", "重复"),
    (changed('"非煤"', '"煤炭"'), "sectors[1]", "重复"),
    (changed('aliases = ["煤炭"', 'aliases = ["露天煤矿"'), "sectors[0].aliases[3]", "重复"),
    (changed("high_risk = true", 'high_risk = "是"'), "sectors[0].high_risk", "须为 true 或者 false"),
    (changed("days = 5", "days = 0"), "clocks.determine.days", "超出范围"),
    (changed("days = 5", "days = 5.5"), "clocks.determine.days", "须为整数"),
    (changed("days = 5", "days = true"), "clocks.determine.days", "须为整数"),
    (changed("days = 5", "days = 2147483648"), "clocks.determine.days", "超出范围"),
    (changed('unit = "working"', 'unit = "workday"'), "clocks.determine.unit", "没有“workday”"),
    (changed("[clocks.determine]", "[clocks.determin]"), "clocks.determin", "没有这个键"),
    (changed("[clocks.determine]", "[clocks.determin]"), "clocks.determine", "缺少这个键"),
    (
        changed("by_sector = { coal_mine", "by_sector = { coal_mines"),
        "clocks.verify.by_sector.coal_mines",
        "没有行业领域",
    ),
    (changed("by_sector_basis =", "basis_by_sector ="), "clocks.verify.by_sector_basis", "没有依据"),
    (changed('hazard_level = "major"', 'hazard_level = "huge"'), "chains.default.hazard_level", "没有“huge”"),
    (changed('sectors = ["coal_mine"]', 'sectors = ["coal"]', COAL), "chains.coal.sectors[0]", "没有行业领域“coal”"),
    (changed("precedence = 30", "precedence = 10", COAL), "chains.coal.precedence", "无法决定先后"),
    (changed('purposes = ["closing", "w', 'purposes = ["close", "w'), "chains.default.purposes[0]", "没有“close”"),
    (changed('purposes = ["closing", "withdrawal", "cessation"]', "purposes = []"), "chains", "没有兜底的签字链"),
    (changed("sectors = []", 'sectors = ["fire"]', KEY), "chains", "没有兜底的签字链"),
    (changed("full_stop = true", 'full_stop = "全部"', COAL), "chains.coal.full_stop", "须为 true 或者 false"),
    (without(FOURTH), "chains.default.levels", "须四级签字,现有 3 级"),
    (
        changed(LEVEL_4, 'party = "enterprise"\npost = "enterprise_principal"'),
        "chains.default.levels[3].party",
        "最后一级是责任单位",
    ),
    (changed('post = "section_head"', 'post = "section"'), "chains.default.levels[1].post", "没有“section”"),
    (
        changed('post = "section_head"', 'post = "auditor"'),
        "chains.default.levels[1].post",
        "不是“监管责任部门”的签字岗位",
    ),
    (changed('post = "section_head"', 'post = "inspector"'), "chains.default.levels[1].post", "同一单位的同一岗位"),
    (changed('agency = "mine_safety"', 'agency = "mine_safty"'), "chains.coal.levels[2].agency", "没有指定机构"),
    (changed('agency = "mine_safety"\n', ""), "chains.coal.levels[2].agency", "没有指定机构"),
    (
        changed('post = "inspector"', 'post = "inspector"\nagency = "mine_safety"'),
        "chains.default.levels[0].agency",
        "只有 named_agency",
    ),
    (changed("limit_days = 2", "limit_days = 61"), "chains.default.levels[0].limit_days", "超出范围"),
    (
        changed('refusal_returns_to = "verification"', 'refusal_returns_to = "reported"'),
        "chains.default.levels[0].refusal_returns_to",
        "没有“reported”",
    ),
    (
        changed("paper_allowed = false", "paper_allowed = true"),
        "chains.default.levels[0].paper_allowed",
        "不得用纸质签字",
    ),
    (changed("paper_allowed = false\n", ""), "chains.default.levels[0].paper_allowed", "缺少这个键"),
    (
        changed("[[agencies]]", '[[agencies]]\nkey = "mine_safety"\norganisation = "x"\nbasis = "无"\n\n[[agencies]]'),
        "agencies[1].key",
        "重复",
    ),
    (changed('by_party = "higher_department"', 'by_party = "lead_department"'), "substitutes[0]", "由自己补位"),
    (changed('by_post = "section_head"', 'by_post = "registrar"'), "substitutes[0].by_post", "不是该单位的签字岗位"),
    (changed("value = 50", "value = 150"), "extension.max_percent_of_original.value", "超出范围"),
    (changed("max_times = { value = 1,", "max_times = { days = 1,"), "extension.max_times.value", "缺少这个键"),
    (changed("max_times = { value = 1,", "max_times = 1 #"), "extension.max_times", "须为表"),
    (
        changed("verification_inspectors = { value = 2", "verification_inspectors = { value = 1"),
        "limits.verification_inspectors.value",
        "超出范围",
    ),
    (
        changed(', basis = "办公室内部建议值:现场先办', ', remark = "办公室内部建议值:现场先办'),
        "limits.back_entry_days.basis",
        "缺少这个键",
    ),
    (without("[limits]"), "limits", "缺少这个键"),
    (changed("value = [15, 7, 3]", "value = [3, 7, 15]"), "ladder.reminder_days_before.value", "由远到近"),
    (changed("value = [15, 7, 3]", "value = [15, 7, 7]"), "ladder.reminder_days_before.value[2]", "重复"),
    (changed("value = [15, 7, 3]", "value = 15"), "ladder.reminder_days_before.value", "须为列表"),
    (without(FOURTH).replace("[[chains.key.levels]]", "levels = []\n[[unused]]"), "chains.key.levels", "至少须有 1 项"),
    (changed("threshold_days = 30", "threshold_days = 10"), "ladder.rungs[2].threshold_days", "不晚于前一档"),
    (changed('rung = "circular"', 'rung = "summons"'), "ladder.rungs", "五档须齐全"),
    (changed("enabled = true", "enabled = false"), "ladder.rungs[0].enabled", "不能停用"),
    (changed('addressee = "public"', 'addressee = "television"'), "ladder.rungs[3].addressee", "没有“television”"),
    (changed('id = "national-increment-2025"', 'id = "national-stock-2024"'), "targets[1].id", "重复"),
    (changed('metric = "clearance_rate"', 'metric = "clearence_rate"'), "targets[0].metric", "没有指标"),
    (changed('goal = "100"', 'goal = "全部"'), "targets[0].goal", "不是数值"),
    (changed('population = "stock"', 'population = "old"'), "targets[0].population", "没有“old”"),
    (changed("[key_profile]", "[key_profil]"), "key_profil", "没有这个键"),
]


def test_the_shipped_edition_has_no_fault() -> None:
    assert check_edition(TEXT) == []


@pytest.mark.parametrize(("text", "path", "reason"), BAD, ids=lambda one: one if len(one) < 60 else "")
def test_each_fault_is_told_where_why_and_what_to_do(text: str, path: str, reason: str) -> None:
    found = [one for one in check_edition(text) if one.path == path and reason in one.reason]
    assert found, check_edition(text)
    assert all(one.remedy for one in found)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[edition]\nid = "没有收尾\n', 2),
        ("[edition]\nid = 1\nid = 2\n", 3),
        ("[edition\n", 1),
        ("a = [\n1,", 2),
        ("= 1", 1),
        ("a = \x00", 1),
    ],
)
def test_broken_toml_is_told_with_its_line(text: str, line: int) -> None:
    (finding,) = check_edition(text)
    assert finding.line == line
    assert "不是合法的 TOML" in finding.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# " + "长" * LARGEST_FILE, "文件过大"),
        ("a = '\ud800'", "无法编码"),
        ("a = " + "[" * 100_000, "嵌套过深"),
    ],
)
def test_a_hostile_file_is_refused_in_one_sentence(text: str, reason: str) -> None:
    (finding,) = check_edition(text)
    assert reason in finding.reason


def test_a_near_miss_is_answered_with_the_word_that_was_meant() -> None:
    (finding,) = [
        one for one in check_edition(changed('"clearance_rate"', '"clearence_rate"')) if "targets" in one.path
    ]
    assert finding.remedy == "是否应为 clearance_rate?"


def test_all_faults_are_told_at_once_and_each_once() -> None:
    text = (
        changed("days = 5", "days = 0")
        .replace('rung = "exposure"', 'rung = "shame"')
        .replace("value = 50", "value = 0")
    )
    found = check_edition(text)
    paths = [one.path for one in found]
    assert {"clocks.determine.days", "ladder.rungs[3].rung", "extension.max_percent_of_original.value"} <= set(paths)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "edition = 1",
        "sectors = 1\nclocks = 1\nchains = 1\nladder = 1\ntargets = 1\nagencies = 1\nsubstitutes = 1",
        "sectors = [1]\nchains = {}\nladder = {rungs = [1], reminder_days_before = 1}\ntargets = [[1]]",
        "[chains.x]\nlevels = [1]\nhazard_level = [1]\nprecedence = {}\nsectors = 1\npurposes = [1, {}]",
        "[chains]\nx = 1\n[clocks]\ny = 1\n[clocks.z]\nby_sector = 1",
        '[[chains.x.levels]]\nparty = ["a"]\npost = {}\nagency = 1',
        "[[substitutes]]\nby_party = 1\nby_post = []\n[[sectors]]\ncode = []\naliases = [[]]",
        "[ladder.reminder_days_before]\nvalue = ['a', 1]\n[[ladder.rungs]]\nthreshold_days = 'x'",
    ],
)
def test_whatever_the_shape_faults_are_told_and_nothing_breaks(text: str) -> None:
    found = check_edition(text)
    assert found
    assert all(isinstance(one, Finding) and one.reason and one.remedy for one in found)
