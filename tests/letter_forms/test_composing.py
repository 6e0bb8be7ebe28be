import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.letter_forms.composing.basis import BASIS
from app.letter_forms.composing.closing import ClosingNotice, closing_notice
from app.letter_forms.composing.ladder import Delay, NoticeLetter, Receiver, Referral, notice_letter, referral
from app.letter_forms.composing.letterhead import Letterhead, enumerated, sections
from app.letter_forms.composing.summons import SummonsNotice, summons_notice
from app.letter_forms.content import FormLayout, LetterContent, ParagraphRole
from app.letter_forms.payload import printable
from app.regulation.vocabulary import EpisodeCause, HazardLevel, LetterKind
from tests.letter_forms.sample_letters import HEAD, OFFICE, TODAY, delay, every_letter, item

LETTERS = every_letter()
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]")
DUE = date(2026, 11, 27)


def words(content: LetterContent) -> str:
    return "".join(each["text"] for each in printable(content)["paragraphs"])


@pytest.mark.parametrize("name", LETTERS)
def test_every_letter_reads_like_one(name: str) -> None:
    content = LETTERS[name]
    text = words(content)
    assert not HALF_WIDTH.search(text + printable(content)["title"])
    for slip in ("。。", "，，", "，。", "；。", "：。", "、、", "None", "()", "（）", "。，"):
        assert slip not in text
    assert all(each.text.endswith(("。", "：")) for each in content.paragraphs if each.role is ParagraphRole.BODY)


@pytest.mark.parametrize(
    "name", [name for name in LETTERS if name not in {"circular_monthly", "closing_approval_form"}]
)
def test_every_letter_cites_what_it_rests_on(name: str) -> None:
    content = LETTERS[name]
    cited = "《中华人民共和国监察法》" if name == "referral_letter" else BASIS[content.kind]
    assert cited in words(content)


def test_every_kind_has_a_basis() -> None:
    assert set(BASIS) == set(LetterKind)


def test_an_offices_own_basis_goes_before_ours() -> None:
    own = "《鄂尔多斯市重大事故隐患督办办法》第九条"
    text = words(notice_letter(HEAD, NoticeLetter(delay=delay(), reply_due_on=DUE, basis=own)))
    assert own in text
    assert "第四十一条" not in text


def test_one_hazard_is_told_in_a_sentence_and_several_in_a_list() -> None:
    one, three = (notice_letter(HEAD, NoticeLetter(delay=delay(count), reply_due_on=DUE)) for count in (1, 3))
    assert item().circumstances in words(one)
    assert one.lists == ()
    assert item().circumstances not in words(three)
    assert len(three.lists[0].items) == 3
    assert "共3项，详见附件" in words(three)


def test_a_notice_letter_says_until_when_to_answer_and_what_follows() -> None:
    text = words(LETTERS["notice_letter"])
    assert "请于2026年11月27日前将督促整改情况书面函复我办" in text
    assert "将按照规定予以通报、约谈" in text


def test_the_responsible_party_is_asked_to_rectify_and_its_regulator_to_supervise() -> None:
    own = words(notice_letter(HEAD, NoticeLetter(delay=delay(), reply_due_on=DUE, rectifies=True)))
    assert "由贵单位负责整改的" in own
    assert "监管职责" not in own
    assert "由贵单位负责监管的" in words(LETTERS["notice_letter"])


def test_a_talk_that_a_leader_orders_claims_no_earlier_letters() -> None:
    notice = SummonsNotice(
        delay=delay(),
        held_at=datetime(2026, 11, 25, 2, 0, tzinfo=UTC),
        place="会议室",
        host="市安委办负责人",
        invited="贵单位主要负责人",
        steps=(),
    )
    text = words(summons_notice(HEAD, notice))
    assert "经函告" not in text
    assert "2026年11月25日10时；" in text
    assert "经函告、通报仍未完成整改" in words(LETTERS["summons_notice"])


@pytest.mark.parametrize("cause", EpisodeCause)
def test_every_cause_has_its_words_in_the_title(cause: EpisodeCause) -> None:
    late = Delay(items=(item(),), as_of=TODAY, causes=(cause, cause))
    title = notice_letter(HEAD, NoticeLetter(delay=late, reply_due_on=DUE)).title
    assert title == f"关于重大事故隐患{late.cause}的函"
    assert "、" not in late.cause


def test_a_key_hazard_is_not_called_a_major_one() -> None:
    late = replace(delay(2), level=HazardLevel.KEY)
    content = notice_letter(HEAD, NoticeLetter(delay=late, reply_due_on=DUE))
    assert content.title.startswith("关于重点隐患")
    assert content.lists[0].title.endswith("重点隐患清单")


@pytest.mark.parametrize("receiver", Receiver)
def test_each_receiver_of_a_referral_has_its_own_basis(receiver: Receiver) -> None:
    content = referral(HEAD, Referral(delay=delay(), receiver=receiver, facts=("已函告",)))
    bases = {
        Receiver.DISCIPLINE: "监察法",
        Receiver.PROCURATORATE: "第七十四条",
        Receiver.POLICE: "国务院令第310号",
        Receiver.DEPARTMENT: "第六十九条",
    }
    assert bases[receiver] in words(content)


def test_a_public_notice_has_no_addressee_and_lists_no_person() -> None:
    content = LETTERS["exposure_notice"]
    assert content.addressees == ()
    assert set(content.lists[0].columns) == {
        "number",
        "enterprise",
        "place",
        "circumstances",
        "due_on",
        "department",
    }


def test_before_an_exposure_the_enterprise_is_told_that_it_may_answer() -> None:
    assert "陈述、申辩" in words(LETTERS["exposure_warning"])
    assert LETTERS["exposure_warning"].layout is FormLayout.LETTER


def test_nobody_may_send_a_delegate_to_a_summons() -> None:
    assert "不得委托他人" in words(LETTERS["summons_notice"])
    assert "2026年11月25日9时30分" in words(LETTERS["summons_notice"])


def test_minutes_tell_who_was_there() -> None:
    told = {each.label: each.value for each in LETTERS["summons_minutes"].particulars}
    assert set(told) == {"主持", "出席", "请假", "记录"}


def test_the_supervision_notice_has_every_field_of_its_kind() -> None:
    text = words(LETTERS["supervision_notice"])
    for told in (
        "市级挂牌督办",
        "准格尔旗人民政府",
        "督办责任人",
        "判定标准",
        "2026年12月31日",
        "每月月底前",
        "予以销号",
    ):
        assert told in text


def test_a_closing_that_is_not_revisited_does_not_promise_it() -> None:
    content = closing_notice(HEAD, ClosingNotice(item=item(), verified_on=TODAY, closed_on=TODAY))
    assert "回访" not in words(content)


@pytest.mark.parametrize(
    ("issuer", "ourselves"),
    [(OFFICE, "我办"), ("某市安全生产委员会", "我委"), ("某旗能源局", "我局"), ("某消防救援大队", "我单位")],
)
def test_an_issuer_speaks_of_itself_as_offices_do(issuer: str, ourselves: str) -> None:
    assert Letterhead(issuer=issuer).ourselves == ourselves


def test_points_are_numbered_only_where_there_are_several() -> None:
    assert enumerated(("一件事", " ")) == ("一件事。",)
    assert enumerated(("甲；", "乙。")) == ("1. 甲。", "2. 乙。")


def test_a_part_without_words_takes_no_number() -> None:
    told = sections(("甲", ["一"]), ("乙", [""]), ("丙", ["三"]))
    assert [each.text for each in told if each.role is ParagraphRole.HEADING] == ["一、甲", "二、丙"]
