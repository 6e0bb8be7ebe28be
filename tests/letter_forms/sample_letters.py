"""One letter of every kind, with invented enterprises and posts for people."""

from dataclasses import replace
from datetime import UTC, date, datetime

from app.letter_forms.composing.by_hand import HandLetter, assignment_order, urging_letter, warning_reminder
from app.letter_forms.composing.closing import (
    ClosingApprovalForm,
    ClosingNotice,
    DelistingNotice,
    closing_approval_form,
    closing_notice,
    delisting_notice,
)
from app.letter_forms.composing.ladder import (
    Circular,
    Delay,
    ExposureNotice,
    ExposureWarning,
    MonthlyCircular,
    NoticeLetter,
    Receiver,
    Referral,
    circular,
    exposure_notice,
    exposure_warning,
    monthly_circular,
    notice_letter,
    referral,
)
from app.letter_forms.composing.letterhead import Letterhead
from app.letter_forms.composing.summons import SummonsMinutes, SummonsNotice, summons_minutes, summons_notice
from app.letter_forms.composing.supervision import SupervisionNotice, supervision_notice
from app.letter_forms.content import Contact, Imprint, Item, LetterContent, SignatureLine
from app.regulation.vocabulary import EpisodeCause, LetterKind

OFFICE = "鄂尔多斯市安全生产委员会办公室"
TODAY = date(2026, 11, 22)
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

HEAD = Letterhead(
    issuer=OFFICE,
    addressees=("准格尔旗能源局",),
    number="鄂安办函〔2026〕3号",
    dated=TODAY,
    contact=Contact("安委办经办人", "0477-8580000"),
    copies=("准格尔旗安全生产委员会办公室", "鄂尔多斯市乌兰示例煤业有限责任公司"),
    imprint=Imprint(OFFICE, TODAY),
)


def item(number: int = 1) -> Item:
    return Item(
        number=f"鄂重〔2026〕{number}号",
        enterprise=f"鄂尔多斯市乌兰示例煤业有限责任公司第{number}煤矿",
        place="井下3103综采工作面回风隅角",
        circumstances="采空区瓦斯积聚未及时排放，甲烷传感器T1设置位置不符合规定，断电浓度设定为1.5%",
        due_on=date(2026, 11, 2),
        overdue_days=20,
        department="准格尔旗能源局",
        unit="准格尔旗",
        note="经两次督促仍无进展",
    )


def items(count: int) -> tuple[Item, ...]:
    return tuple(item(number) for number in range(1, count + 1))


def delay(count: int = 1) -> Delay:
    causes = (EpisodeCause.OVERDUE,) if count == 1 else (EpisodeCause.OVERDUE, EpisodeCause.SLOW)
    return Delay(items=items(count), as_of=TODAY, causes=causes)


def signatures() -> tuple[SignatureLine, ...]:
    posts = ("主办检查人员", "业务科室负责人", "分管负责人", "部门主要负责人")
    return tuple(
        SignatureLine(
            level=level,
            post=post,
            organisation="准格尔旗能源局",
            signer=f"签字人{level}",
            opinion="经现场核查，整改措施已落实，同意销号。",
            signed_at=datetime(2026, 11, 19 + level // 2, 1, 30 + level, tzinfo=UTC),
            on_paper=level == 3,
            acting_for="分管负责人" if level == 3 else "",
        )
        for level, post in enumerate(posts, 1)
    )


def _supervision() -> LetterContent:
    matter = SupervisionNotice(
        item=item(),
        supervision_name="市级",
        territorial_government="准格尔旗人民政府",
        determination_basis="《煤矿重大事故隐患判定标准》（应急管理部令第4号）第五条第（一）项",
        requirements=(
            "立即停止3103综采工作面作业，撤出受影响区域人员",
            "按照批准的整改方案重新设置甲烷传感器，完善抽采系统",
            "整改期间落实专人盯守，每班检测瓦斯浓度并记录",
        ),
        due_on=date(2026, 12, 31),
        supervising_organisation="准格尔旗能源局",
        supervising_post="准格尔旗能源局主要负责人",
        production_measures=("责令3103综采工作面停止作业",),
        publication="本通知自印发之日起五个工作日内在鄂尔多斯市应急管理局网站公布",
    )
    return supervision_notice(replace(HEAD, number="鄂安办督〔2026〕3号", addressees=(item().enterprise,)), matter)


def _minutes() -> LetterContent:
    matter = SummonsMinutes(
        delay=delay(),
        held_at=datetime(2026, 11, 22, 1, 30, tzinfo=UTC),
        place="市应急管理局三楼会议室",
        host="市安委办负责人",
        present=("市安委办经办人", "准格尔旗能源局主要负责人", "乌兰示例煤业主要负责人、实际控制人"),
        recorder="安委办登记员",
        findings=("重大事故隐患整改责任没有落实到人", "整改方案确定的节点两次未按期完成"),
        statements=("完全接受约谈意见，立即组织整改", "每周报送整改进展"),
        requirements=("举一反三，全面排查同类隐患",),
        report_due_on=date(2026, 11, 27),
        absent=("准格尔旗能源局业务科室负责人（因公出差）",),
    )
    return summons_minutes(replace(HEAD, addressees=(), number="第3期", contact=None), matter)


def _monthly() -> LetterContent:
    matter = MonthlyCircular(
        year=2026,
        month=10,
        area="全市",
        found=339,
        closed=333,
        remaining=6,
        overdue=5,
        clearance_rate="98.2%",
        by_unit=tuple(
            (unit, str(20 + at), str(19 + at), "1", "0", "95.0%")
            for at, unit in enumerate(("东胜区", "康巴什区", "达拉特旗", "准格尔旗", "鄂托克前旗", "鄂托克旗"))
        ),
        items=items(5),
        findings=("个别地区对逾期隐患督办不力", "部分企业整改方案针对性不强"),
    )
    head = replace(HEAD, number="鄂安办发〔2026〕18号", addressees=("各旗区安全生产委员会", "市安委会各成员单位"))
    return monthly_circular(head, matter)


def _approval() -> LetterContent:
    matter = ClosingApprovalForm(
        item=item(),
        responsible_party=item().enterprise,
        determination="《煤矿重大事故隐患判定标准》第五条第（一）项",
        requirements="重新设置甲烷传感器，完善抽采系统，整改期间停止作业",
        listed_on=date(2026, 9, 1),
        declaration="2026年11月15日由主要负责人、实际控制人签字报告",
        verification="2026年11月18日由两名检查人员现场核查，结论为合格",
        signatures=signatures(),
        content_sha256=HASH,
    )
    return closing_approval_form(replace(HEAD, number="鄂重〔2026〕1号", contact=None, copies=(), imprint=None), matter)


def _hand() -> HandLetter:
    return HandLetter(
        subject="岁末年初重大事故隐患排查整治",
        reasons=("近期井下瓦斯超限报警次数增多", "两处采空区密闭出现漏风"),
        requirements=("立即组织全面排查", "对发现的问题立查立改"),
        items=items(2),
        due_on=date(2026, 12, 5),
    )


def _ends() -> dict[str, LetterContent]:
    closing = ClosingNotice(item=item(), verified_on=date(2026, 11, 18), closed_on=date(2026, 11, 21), revisit_days=90)
    delisting = DelistingNotice(
        item=item(),
        listing_number="鄂安办督〔2026〕3号",
        supervision_name="市级",
        closed_on=date(2026, 11, 21),
        publication="自印发之日起五个工作日内在同一网站公布",
    )
    return {
        "closing_notice": closing_notice(replace(HEAD, number="鄂安办发〔2026〕20号"), closing),
        "delisting_notice": delisting_notice(replace(HEAD, number="鄂安办发〔2026〕21号"), delisting),
        "closing_approval_form": _approval(),
    }


def _exposures() -> dict[str, LetterContent]:
    warning = ExposureWarning(delay=delay(), medium="鄂尔多斯市应急管理局网站", answer_due_on=date(2026, 11, 30))
    public = replace(HEAD, number="鄂安办公告〔2026〕2号", addressees=(), copies=())
    notice = ExposureNotice(delay=delay(2), taken_down_on=date(2027, 5, 21))
    return {"exposure_warning": exposure_warning(HEAD, warning), "exposure_notice": exposure_notice(public, notice)}


def _hands() -> dict[str, LetterContent]:
    return {
        "warning_reminder": warning_reminder(HEAD, _hand()),
        "urging_letter": urging_letter(HEAD, _hand()),
        "assignment_order": assignment_order(HEAD, _hand()),
    }


def _summons() -> LetterContent:
    matter = SummonsNotice(
        delay=delay(2),
        held_at=datetime(2026, 11, 25, 1, 30, tzinfo=UTC),
        place="市应急管理局三楼会议室",
        host="市安委办负责人",
        invited="贵单位主要负责人",
    )
    return summons_notice(HEAD, matter)


def _referral() -> LetterContent:
    matter = Referral(
        delay=delay(),
        receiver=Receiver.DISCIPLINE,
        facts=("2026年9月1日函告，10月8日通报，10月20日约谈", "监管部门逾期35天未组织核查"),
    )
    return referral(replace(HEAD, attachments=("函告、通报、约谈文书复印件",)), matter)


def _circular() -> LetterContent:
    matter = Circular(
        delay=delay(3),
        named=("准格尔旗能源局", "伊金霍洛旗能源局"),
        report_due_on=date(2026, 12, 1),
        findings=("整改责任落实不到位", "对逾期隐患没有采取进一步措施"),
    )
    return circular(replace(HEAD, number="鄂安办发〔2026〕17号"), matter)


def every_letter() -> dict[str, LetterContent]:
    """By a name of its own: the kind, with what distinguishes two of one kind."""
    due = date(2026, 11, 27)
    return {
        "supervision_notice": _supervision(),
        "notice_letter": notice_letter(HEAD, NoticeLetter(delay=delay(), reply_due_on=due)),
        "notice_letter_long": notice_letter(HEAD, NoticeLetter(delay=delay(30), reply_due_on=due)),
        "circular": _circular(),
        "circular_monthly": _monthly(),
        "summons_notice": _summons(),
        "summons_minutes": _minutes(),
        "referral_letter": _referral(),
        **_exposures(),
        **_hands(),
        **_ends(),
    }


def kinds() -> set[LetterKind]:
    return {content.kind for content in every_letter().values()}
