"""The ladder part of an edition: who is addressed, who issues, under which code; and what an author is told."""

from datetime import date

import pytest

from app.regulation.area import SHIPPED_AREA, load_area, misfits
from app.regulation.edition import SHIPPED_EDITION, load_edition
from app.regulation.edition_check import check_edition
from app.regulation.edition_ladder import AggregateSubject, LetterForm, SuperiorOf
from app.regulation.vocabulary import DayUnit, EpisodeKind, LetterKind, OrganisationKind, Party, PostKind, Rung
from tests.regulation.builders import EDITION

TEXT = SHIPPED_EDITION.read_text(encoding="utf-8")
LADDER = EDITION.ladder
AREA = load_area(SHIPPED_AREA.read_text(encoding="utf-8"))
AUTHORISED = """
[ladder.standing_authorisation]
document = "市安委办〔2026〕9号"
post = "office_head"
until = 2026-12-31
basis = "办公室内部建议值"
"""


def changed(old: str, new: str, after: str = "") -> str:
    """The shipped text with the first `old` behind `after` replaced."""
    head, mark, tail = TEXT.partition(after) if after else ("", "", TEXT)
    assert mark == after
    assert old in tail
    return head + mark + tail.replace(old, new, 1)


def without(first: str, last: str) -> str:
    """The shipped text without what stands from one line to before another."""
    start = TEXT.index(first)
    return TEXT[:start] + TEXT[TEXT.index(last, start) :]


def with_authorisation(post: str = "office_head") -> str:
    marker = "[[ladder.superiors]]"
    return TEXT.replace(marker, AUTHORISED.replace('"office_head"', f'"{post}"') + "\n" + marker, 1)


# ---- The shipped edition


def test_each_kind_of_episode_begins_with_the_letter_of_the_first_day() -> None:
    for kind in EpisodeKind:
        first = LADDER.rungs_of(kind)[0]
        assert (first.rung, first.enabled, first.threshold_days) == (Rung.NOTICE_LETTER, True, 1)


def test_exposure_and_referral_are_off() -> None:
    used = {rung.rung for kind in EpisodeKind for rung in LADDER.rungs_of(kind) if rung.enabled}
    assert used == {Rung.NOTICE_LETTER, Rung.CIRCULAR, Rung.SUMMONS}


@pytest.mark.parametrize(
    ("kind", "post", "tier", "superior", "superior_post"),
    [
        ("regulator", "inspector", 2, SuperiorOf.SAME_ORGANISATION, PostKind.PRINCIPAL_HEAD),
        ("regulator", "principal_head", 2, SuperiorOf.SAME_LEVEL_GOVERNMENT, PostKind.GOVERNMENT_HEAD),
        ("safety_office", "office_head", 2, SuperiorOf.SUPERIOR_ORGANISATION, PostKind.OFFICE_HEAD),
        ("safety_office", "office_head", 1, SuperiorOf.SUPERIOR_ORGANISATION, PostKind.GOVERNMENT_HEAD),
        ("government", "government_head", 2, SuperiorOf.SUPERIOR_ORGANISATION, PostKind.GOVERNMENT_HEAD),
        ("enterprise", "enterprise_principal", 2, SuperiorOf.LEAD_DEPARTMENT, PostKind.PRINCIPAL_HEAD),
    ],
)
def test_a_late_posts_superior_is_addressed(
    kind: str, post: str, tier: int, superior: SuperiorOf, superior_post: PostKind
) -> None:
    found = LADDER.superior_of(OrganisationKind(kind), PostKind(post), tier)
    assert found is not None
    assert (found.superior, found.superior_post) == (superior, superior_post)


def test_the_city_offices_superior_is_the_committees_director() -> None:
    above = {one.key: one.superior for one in AREA.organisations}
    assert above["safety_office@ordos"] == "government@ordos"
    assert above["safety_office@dongsheng"] == "safety_office@ordos"
    assert above["government@dongsheng"] == "government@ordos"


def test_a_post_nobody_makes_late_has_no_superior() -> None:
    assert LADDER.superior_of(OrganisationKind.PLATFORM, PostKind.AUDITOR, 1) is None


def test_every_level_of_every_chain_has_a_superior_in_every_tier() -> None:
    kinds = {
        Party.ENTERPRISE: OrganisationKind.ENTERPRISE,
        Party.TOWNSHIP: OrganisationKind.TOWNSHIP,
        Party.LEAD_DEPARTMENT: OrganisationKind.REGULATOR,
        Party.HIGHER_DEPARTMENT: OrganisationKind.REGULATOR,
        Party.NAMED_AGENCY: OrganisationKind.AGENCY,
        Party.SAME_LEVEL_GOVERNMENT: OrganisationKind.GOVERNMENT,
    }
    levels = [level for chain in EDITION.chains for level in chain.levels]
    assert all(LADDER.superior_of(kinds[one.party], one.post, tier) for one in levels for tier in (1, 2, 3))


def test_every_letter_has_a_signatory_and_a_form() -> None:
    assert set(LADDER.signatories) == set(LetterKind)
    assert LADDER.signatories[LetterKind.NOTICE_LETTER].post is PostKind.OFFICE_HEAD
    assert LADDER.signatories[LetterKind.CIRCULAR].form is LetterForm.DOCUMENT


def test_every_safety_office_has_a_code_of_its_own_and_others_go_by_their_name() -> None:
    offices = {one.key for one in AREA.organisations if one.kind is OrganisationKind.SAFETY_OFFICE}
    assert set(LADDER.office_codes) == offices
    assert LADDER.office_code("safety_office@ordos", "鄂尔多斯市安委办", LetterForm.LETTER) == "鄂安办函"
    assert LADDER.office_code("energy@ordos", "鄂尔多斯市能源局", LetterForm.ORDER) == "鄂尔多斯市能源局督"


def test_a_code_of_an_organisation_the_area_lacks_is_told() -> None:
    foreign = load_edition(changed('"safety_office@ordos"', '"safety_office@atlantis"'))
    assert misfits(foreign, AREA) == ("机关代字在属地文件中没有机构 safety_office@atlantis",)
    assert misfits(EDITION, AREA) == ()


def test_replies_are_due_by_the_kind_of_letter() -> None:
    due = {kind: (one.days, one.unit) for kind, one in LADDER.replies.items()}
    assert due[LetterKind.NOTICE_LETTER] == (5, DayUnit.WORKING)
    assert due[LetterKind.SUMMONS_MINUTES] == (5, DayUnit.WORKING)
    assert due[LetterKind.CIRCULAR] == (10, DayUnit.WORKING)
    assert LetterKind.CLOSING_NOTICE not in due
    assert LADDER.summons_within_days == 7


def test_units_departments_and_enterprises_may_have_too_many() -> None:
    assert LADDER.aggregate_subjects == tuple(AggregateSubject)


def test_the_edition_ships_without_a_standing_authorisation() -> None:
    assert LADDER.standing_authorisation is None


def test_a_standing_authorisation_covers_the_first_letter_alone_until_its_last_day() -> None:
    given = load_edition(with_authorisation()).ladder.standing_authorisation
    assert given is not None
    assert given.document == "市安委办〔2026〕9号"
    assert given.covers(LetterKind.NOTICE_LETTER, date(2026, 12, 31))
    assert not given.covers(LetterKind.NOTICE_LETTER, date(2027, 1, 1))
    assert not given.covers(LetterKind.CIRCULAR, date(2026, 6, 1))


# ---- What an author is told

DUTY, REPLY = "[[ladder.duty_rungs]]", "[[ladder.reply_rungs]]"
SIGNING, CODES, REPLIES = "[[ladder.signatories]]", "[[ladder.office_codes]]", "[[ladder.replies]]"
OFFICE_HEAD = 'organisation_kind = "safety_office"\npost = "office_head"'


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        (changed('rung = "circular"', 'rung = "notice_letter"', DUTY), "ladder.duty_rungs", "按次序、不重复"),
        (changed('rung = "circular"', 'rung = "referral"', DUTY), "ladder.duty_rungs", "按次序、不重复"),
        (changed("threshold_days = 10", "threshold_days = 1", DUTY), "ladder.duty_rungs[1].threshold_days", "不晚于"),
        (
            changed("enabled = true", "enabled = false", REPLY).replace(
                'rung = "circular"\nenabled = true\nthreshold_days = 10\nwait_days = 5\nalso_when = ["no_reply"]\n'
                'addressee = "superior"\ncopies = ["late_organisation"]\n',
                'rung = "circular"\nenabled = false\nthreshold_days = 10\nwait_days = 5\nalso_when = ["no_reply"]\n'
                'addressee = "superior"\ncopies = ["late_organisation"]\n',
            ),
            "ladder.reply_rungs",
            "各档都已停用",
        ),
        (
            changed('addressee = "superior"', 'addressee = "public"', DUTY),
            "ladder.duty_rungs[0].addressee",
            "没有“public”",
        ),
        (changed("also_when = []", 'also_when = ["slow"]', DUTY), "ladder.duty_rungs[0].also_when[0]", "没有“slow”"),
        (
            changed(f"{OFFICE_HEAD}\ntiers = [1]", f"{OFFICE_HEAD}\ntiers = []"),
            "ladder.superiors[7]",
            "用不到",
        ),
        (
            changed(f"{OFFICE_HEAD}\ntiers = []", f"{OFFICE_HEAD}\ntiers = [2]"),
            "ladder.superiors",
            "“安委办”的“安委办负责人”逾期时没有上级",
        ),
        (
            changed('organisation_kind = "agency"', 'organisation_kind = "platform"'),
            "ladder.superiors",
            "“派驻监察机构”的“部门主要负责人”",
        ),
        (changed('letter = "circular"', 'letter = "notice_letter"', SIGNING), "ladder.signatories[2]", "重复"),
        (changed('letter = "circular"', 'letter = "notice_letter"', SIGNING), "ladder.signatories", "“通报”没有签发人"),
        (changed('post = "office_head"', 'post = "office_clerk"', SIGNING), "ladder.signatories[0].post", "不能签发"),
        (changed('form = "order"', 'form = "memo"', SIGNING), "ladder.signatories[0].form", "没有“memo”"),
        (changed('"safety_office@dongsheng"', '"safety_office@ordos"'), "ladder.office_codes[1]", "重复"),
        (changed('"东安办函"', '"鄂安办函"'), "ladder.office_codes[1].letter", "编出同一文号"),
        (changed('"东安办函"', '"东安办函〔2026〕"'), "ladder.office_codes[1].letter", "不是机关代字"),
        (changed('letter = "circular"', 'letter = "notice_letter"', REPLIES), "ladder.replies[1]", "重复"),
        (with_authorisation("office_clerk"), "ladder.standing_authorisation.post", "无权授权"),
        (changed('value = ["unit",', 'value = ["village",'), "ladder.aggregate_subjects.value[0]", "没有“village”"),
        (
            changed("aggregate_restart_days = { value = 90", "aggregate_restart_days = { value = 0"),
            "ladder.aggregate_restart_days.value",
            "超出范围",
        ),
        (without("[ladder.default_office_codes]", "[[ladder.office_codes]]"), "ladder.default_office_codes", "缺少"),
    ],
)
def test_each_fault_of_the_ladder_is_told_with_its_remedy(text: str, path: str, reason: str) -> None:
    found = [one for one in check_edition(text) if one.path == path and reason in one.reason]
    assert found, check_edition(text)
    assert all(one.remedy for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "[ladder]\nstanding_authorisation = 1\nsuperiors = [1]\nsignatories = [[]]\noffice_codes = {}\nreplies = 1",
        "[ladder]\nsuperiors = [{ tiers = 1 }]\nsignatories = [{ letter = [], issuer = {}, post = 1 }]",
        "[ladder]\noffice_codes = [{ letter = 1, document = '', order = [] }]\nduty_rungs = [{ rung = [] }]",
        "[chains.x]\nlevels = [{ party = 'moon', post = 'office_head' }, { party = 'township', post = 'moon' }]",
        "[enforcement]\ncounters = [{ count = 'x', warn_at = 1, sectors = [1] }]",
    ],
)
def test_whatever_the_shape_of_the_ladder_faults_are_told_and_nothing_breaks(text: str) -> None:
    assert check_edition(text)
