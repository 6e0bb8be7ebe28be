"""督办通知书: one hazard is put under supervision (16号令 art. 20; the fields of domain note 3.4)."""

from dataclasses import dataclass
from datetime import date

from app.letter_forms.composing.basis import cited
from app.letter_forms.composing.letterhead import Letterhead, Words, bare, enumerated, letter, prose, sections
from app.letter_forms.content import Item, LetterContent
from app.letter_forms.payload import in_words
from app.regulation.vocabulary import LetterKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionNotice:
    """A listing as it is told to the responsible party, its regulator and its territorial government."""

    item: Item
    supervision_name: str
    """挂牌督办层级: 市级, 旗区级."""
    territorial_government: str
    determination_basis: str
    """The clause it was determined by, or the reasoned 综合判定."""
    requirements: tuple[str, ...]
    due_on: date
    supervising_organisation: str
    """督办责任单位."""
    supervising_post: str = ""
    """督办责任人, by post."""
    production_measures: tuple[str, ...] = ()
    reporting: str = "每月月底前报送一次整改进展情况，遇有重大变化随时报告"
    publication: str = ""
    """Where and when the listing is made public."""
    basis: str = ""


def supervision_notice(head: Letterhead, matter: SupervisionNotice) -> LetterContent:
    """挂牌督办通知书."""
    item = matter.item
    opening = (
        f"经核查，{item.enterprise}{item.place}存在事故隐患：{bare(item.circumstances)}。"
        f"依据{bare(matter.determination_basis)}，判定为重大事故隐患（台账编号：{item.number}）。"
        f"根据{cited(LetterKind.SUPERVISION_NOTICE, matter.basis)}，"
        f"决定对该重大事故隐患实行{matter.supervision_name}挂牌督办。"
        "现将有关事项通知如下。"
    )
    responsible = f"，督办责任人为{matter.supervising_post}" if matter.supervising_post else ""
    release = (
        "整改完成后，由整改责任单位主要负责人和实际控制人签字报告；经现场核查合格并完成四级签字的，予以销号；"
        f"销号后由{head.issuer}摘牌。隐患消除前，应当落实监控措施，确保安全。"
    )
    body = sections(
        (
            "督办对象",
            [
                f"整改责任单位为{item.enterprise}，监管责任部门为{item.department}，属地政府为{matter.territorial_government}。",
                f"督办责任单位为{matter.supervising_organisation}{responsible}。",
            ],
        ),
        ("整改要求", enumerated(matter.requirements)),
        (
            "整改期限",
            [f"整改期限至{in_words(matter.due_on)}，与责令限期整改的期限一致。确需延期的，应当在期限届满前提出申请。"],
        ),
        ("生产措施", enumerated(matter.production_measures)),
        ("情况报送", [f"{bare(matter.reporting)}。"]),
        (
            "验收、销号和摘牌",
            [release],
        ),
        ("信息公开", [f"{bare(matter.publication)}。" if matter.publication else ""]),
    )
    title = f"关于对{item.enterprise}重大事故隐患挂牌督办的通知"
    return letter(LetterKind.SUPERVISION_NOTICE, head, Words(title=title, paragraphs=(*prose(opening), *body)))
