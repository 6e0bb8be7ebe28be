"""The text of docs/ladder.md: the ladder as an official reads it, with an example reckoned by the ladder itself."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from app.regulation.deadlines import Calendar
from app.regulation.edition import SHIPPED_EDITION, Edition, load_edition
from app.regulation.edition_enforcement import EnforcementCounter, WindowUnit
from app.regulation.edition_ladder import Issuer, LadderRung, LetterForm, Superior, SuperiorOf
from app.regulation.ladder import after, due
from app.regulation.ladder_clocks import DUTY_LABELS, LATE_POSTS
from app.regulation.ladder_facts import Due, Step, TermHistory
from app.regulation.pages import NOTHING, page, table
from app.regulation.vocabulary import Act, EpisodeEnd, EpisodeKind, LetterKind, State

_WHOM = {
    "lead_department": "监管责任部门",
    "higher_department": "上一级主管部门",
    "territorial_office": "属地安委办",
    "enterprise": "责任单位",
    "public": "社会公众",
    "discipline": "纪检监察机关",
    "superior": "逾期岗位的上级",
    "late_organisation": "逾期的机构",
    "higher_office": "上一级安委办",
    "subject": "旗区人民政府、部门或者企业本身",
}
_OCCASIONS = {"slow": "进展缓慢", "no_reply": "上一档逾期未复函"}
_KINDS = {
    EpisodeKind.TERM: (
        "期限已过而没有报告整改完成,或者进展缓慢",
        "整改期限(或者退回整改之日);进展缓慢的,为成为缓慢的前一日",
        (EpisodeEnd.CLOSED, EpisodeEnd.EXTENDED, EpisodeEnd.CAUGHT_UP),
    ),
    EpisodeKind.DUTY: ("监管部门的时限已过,签发人逾期不签发", "该时限的最后一日", (EpisodeEnd.DONE,)),
    EpisodeKind.REPLY: ("要求复函的公文逾期没有复函", "复函期限", (EpisodeEnd.ANSWERED, EpisodeEnd.DONE)),
    EpisodeKind.AGGREGATE: ("同一旗区、部门或者企业同时逾期过多", "发现的前一日", (EpisodeEnd.RECEDED,)),
}
_SUPERIORS = {
    SuperiorOf.SAME_ORGANISATION: "本单位",
    SuperiorOf.SUPERIOR_ORGANISATION: "上级机构",
    SuperiorOf.SAME_LEVEL_GOVERNMENT: "本级人民政府",
    SuperiorOf.TERRITORIAL_OFFICE: "属地安委办",
    SuperiorOf.LEAD_DEPARTMENT: "监管责任部门",
}
_ISSUERS = {Issuer.LISTING_OFFICE: "挂牌督办的安委办", Issuer.LEAD_DEPARTMENT: "监管责任部门"}
_FORMS = {LetterForm.LETTER: "函", LetterForm.DOCUMENT: "文件", LetterForm.ORDER: "督办"}
_UNITS = {WindowUnit.DAY: "日", WindowUnit.MONTH: "个月"}


def ladder_page() -> str:
    """docs/ladder.md: causes, rungs with days and addressees, what pauses and ends, superiors, letters, examples."""
    edition = load_edition(SHIPPED_EDITION.read_text(encoding="utf-8"))
    ladder = edition.ladder
    basis = edition.basis
    return page(
        "督办阶梯 · Ladder",
        f"函告、通报、约谈(、曝光、移交)由每夜的运行依规则版本“{edition.name}”逐档提出并起草公文,由签发人签发后编号、"
        "送达。所有日期为北京时间;期限当日二十四时以后才算已过,起算当日不计。",
        "## 升级周期",
        "一个对象的一次迟延是一个升级周期;在一个周期里每档至多一次。",
        table(("种类", "情形", "自其次日起算", "结束"), [_kind_row(kind) for kind in EpisodeKind]),
        *_rung_blocks(edition),
        "## 何时提出一档",
        _bullets(_RAISING),
        f"视为送达:发出 {ladder.deemed_service_days} 日无回执。依据:{basis['ladder.deemed_service_days']}",
        "## 整改期限:逾期、缓慢、中止、接续",
        _bullets(_term_rules(edition)),
        "## 提示",
        f"到期前 {'、'.join(str(days) for days in ladder.reminder_days_before)} 日各提示一次主要负责人和实际控制人,"
        f"不是一档;停机之后只补最近的一次。依据:{basis['ladder.reminder_days_before']}",
        "## 监管部门的时限",
        table(("事项", "时限", "逾期的岗位", "依据"), _clock_rows(edition)),
        "签字链各级的时限见规则版本,逾期的是该级的岗位;草稿满 "
        f"{ladder.signatory_silence_days} 个工作日没有签发的,逾期的是签发人。",
        "### 逾期岗位的上级",
        table(("机构", "岗位", "层级", "发给", "依据"), [_superior_row(one) for one in ladder.superiors]),
        "## 公文",
        f"复函期限自送达次日起算。约谈在通知签发后 {ladder.summons_within_days} 日内进行。一夜超过 "
        f"{ladder.max_letters_per_night} 件的只起草、不发出并报警。",
        table(("公文", "种类", "以谁的名义", "签发岗位", "复函", "依据"), _letter_rows(edition)),
        "## 实例",
        *_examples(edition),
        "## 执法次数",
        table(
            ("情形", "窗口", "达到", "提醒", "行业领域", "依据"),
            [_counter_row(one, edition) for one in edition.enforcement.counters],
        ),
    )


_RAISING = (
    "启用的各档按次序,不跳档;上一档(包括接续而来的)没有送达的,不提下一档;",
    "自起算日起计满该档的天数(中止期间不计),或者出现该档所列的其他情形;",
    "距上一档送达已满该档的间隔;",
    "一个周期一夜至多一档;",
    "没有批准的暂缓。暂缓某一档,其上各档一并等待;",
    "停机之后,当夜只提到期的第一档,其后各档各等自己的间隔:不跳过,也不压缩。",
)


def _term_rules(edition: Edition) -> tuple[str, ...]:
    limits, hold = edition.limits, edition.clocks["decide_extension"]
    progress, milestone = limits.slow_progress_days, limits.slow_milestone_days
    held = f"{hold.days} 个{hold.unit.label}"
    return (
        "逾期:现整改期限已过,隐患仍在挂牌督办状态,没有报告整改完成。期限内报告、尚未核查或者签字的,不是逾期;",
        f"缓慢:{progress} 日没有进展报告,或者已批准方案的节点逾期 {milestone} 日而没有报告该节点的进展;",
        "方案待审批的,不是缓慢;方案的报送、审批和延期的批准都重新起算缓慢的天数;",
        f"期限内申请延期、尚未决定的,最多等 {held};期满未决或者未获批准的,自原期限起算,等待的日子照计;",
        "缓慢的周期中期限届满的,仍是同一周期,改为逾期,不再因报告进展而结束;",
        "中止:报告整改完成以后、撤销挂牌或者关停退出签字期间;核查不通过的,接着原来的天数计算,退回不算进展;",
        "接续:同一次挂牌之内再次迟延的,从已送达的最高一档之上继续;销号后复发的,从第一档起;",
        "补录的隐患,启用之日以前的日子不计。",
    )


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _kind_row(kind: EpisodeKind) -> tuple[str, ...]:
    when, since, ends = _KINDS[kind]
    return f"{kind.label} `{kind.value}`", when, since, "、".join(one.label for one in ends)


def _rung_blocks(edition: Edition) -> Iterable[str]:
    yield "## 各档"
    for kind in EpisodeKind:
        yield f"### {kind.label}"
        head = ("档", "启用", "满几日", "距上一档送达", "或者", "主送", "抄送", "依据")
        yield table(head, [_rung_row(one) for one in edition.ladder.rungs_of(kind)])


def _rung_row(one: LadderRung) -> tuple[object, ...]:
    return (
        one.rung.label,
        "是" if one.enabled else "否",
        one.threshold_days,
        f"{one.wait_days} 日" if one.wait_days else NOTHING,
        "、".join(_OCCASIONS[word] for word in one.also_when) or NOTHING,
        _WHOM[one.addressee],
        "、".join(_WHOM[word] for word in one.copies) or NOTHING,
        one.basis,
    )


def _clock_rows(edition: Edition) -> list[tuple[str, ...]]:
    return [
        (DUTY_LABELS[key], f"{clock.days} 个{clock.unit.label}", LATE_POSTS[key].label, clock.basis)
        for key, clock in edition.clocks.items()
    ]


def _superior_row(one: Superior) -> tuple[str, ...]:
    tiers = "、".join(f"第 {tier} 层" for tier in one.tiers) or "不限"
    return (
        one.organisation_kind.label,
        one.post.label,
        tiers,
        f"{_SUPERIORS[one.superior]}的{one.superior_post.label}",
        one.basis,
    )


def _letter_rows(edition: Edition) -> list[tuple[str, ...]]:
    return [_letter_row(kind, edition) for kind in LetterKind]


def _letter_row(kind: LetterKind, edition: Edition) -> tuple[str, ...]:
    signatory, reply = edition.ladder.signatories[kind], edition.ladder.replies.get(kind)
    answer = NOTHING if reply is None else f"{reply.days} 个{reply.unit.label}"
    whose = _ISSUERS[signatory.issuer]
    return f"{kind.label} `{kind.value}`", _FORMS[signatory.form], whose, signatory.post.label, answer, signatory.basis


def _counter_row(one: EnforcementCounter, edition: Edition) -> tuple[str, ...]:
    names = {sector.code: sector.name for sector in edition.sectors}
    sectors = "、".join(names[code] for code in one.sectors) or "不限"
    window = f"{one.window} {_UNITS[one.window_unit]}"
    return one.label, window, f"{one.count} 次", f"第 {one.warn_at} 次", sectors, one.basis


# ---- The examples: reckoned by the ladder, so that the page cannot differ from it

_LISTED_ON, _DEADLINE = date(2026, 6, 1), date(2026, 7, 20)
_LAST = date(2026, 9, 30)
_OUTAGE = (date(2026, 7, 15), date(2026, 8, 31))
_SERVED_AFTER = timedelta(days=2)
_YEAR = Calendar({}, date(2026, 12, 31))


def _examples(edition: Edition) -> Iterable[str]:
    overdue = _story(Act.REPORT_PROGRESS, *(_LISTED_ON + timedelta(days=7 * week) for week in range(1, 8)))
    failed = replace(overdue, steps=(*overdue.steps, *_declared_and_failed()))
    for title, history, nights in (
        ("每周报告进展、期限 2026-07-20 逾期的", overdue, _nights()),
        ("同上,7 月 25 日报告整改完成、8 月 10 日核查不通过的", failed, _nights()),
        ("没有进展报告的(6 月 1 日挂牌)", _story(Act.LIST), _nights()),
        ("同第一例,系统 7 月 15 日至 8 月 31 日停机的", overdue, _nights(without=_OUTAGE)),
    ):
        yield f"{title};每份公文起草后第 {_SERVED_AFTER.days} 日送达:"
        yield table(("夜", "提出", "说明"), _nights_told(history, nights, edition))


def _story(act: Act, *days: date) -> TermHistory:
    listed = Step(_LISTED_ON, Act.LIST, State.LISTED, _DEADLINE)
    return TermHistory("fire", _DEADLINE, (listed, *(Step(day, act, State.LISTED, _DEADLINE) for day in days)))


def _declared_and_failed() -> tuple[Step, Step]:
    return (
        Step(date(2026, 7, 25), Act.DECLARE, State.RECTIFIED, _DEADLINE),
        Step(date(2026, 8, 10), Act.FAIL_VERIFICATION, State.LISTED, _DEADLINE),
    )


def _nights(without: tuple[date, date] | None = None) -> list[date]:
    every = [_LISTED_ON + timedelta(days=day) for day in range((_LAST - _LISTED_ON).days + 1)]
    return [night for night in every if without is None or not without[0] <= night <= without[1]]


def _nights_told(history: TermHistory, nights: Iterable[date], edition: Edition) -> Iterable[tuple[str, str, str]]:
    for night in nights:
        what = due(history, night, edition, _YEAR)
        history = _served(after(history, what, night))
        yield from _rows_of(what, night)


def _served(history: TermHistory) -> TermHistory:
    """Each letter reaches its addressee two days after the night that drafted it."""
    return replace(
        history,
        episodes=tuple(
            replace(one, raised=tuple(replace(rung, served_on=rung.raised_on + _SERVED_AFTER) for rung in one.raised))
            for one in history.episodes
        ),
    )


def _rows_of(what: Due, night: date) -> Iterable[tuple[str, str, str]]:
    day = night.isoformat()
    if what.reminder is not None:
        yield day, "提示", what.reminder.explanation[0]
    if what.becomes_overdue:
        yield day, "同一周期改为逾期", NOTHING
    if what.opening is not None:
        yield day, f"升级周期开始({what.opening.cause.label})", ";".join(what.opening.explanation)
    if what.raising is not None:
        yield day, f"**{what.raising.rung.label}**", ";".join(what.raising.explanation[:-1])
