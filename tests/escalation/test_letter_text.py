"""What a night's letter cites: published documents, and never what the office proposed to itself."""

from datetime import date

import pytest

from app.escalation.drafts.letter_text import documents_in, worded
from app.regulation.vocabulary import EpisodeKind, LetterKind
from tests.regulation.builders import EDITION


@pytest.mark.parametrize("kind", EpisodeKind)
def test_no_letter_tells_its_addressee_what_the_office_proposed_to_itself(kind: EpisodeKind) -> None:
    for rung in EDITION.ladder.rungs_of(kind):
        said = str(worded(LetterKind.NOTICE_LETTER, kind, date(2026, 11, 23), rung.basis))
        assert "建议值" not in said
        assert "同上" not in said
        assert "参照" not in said


def test_a_basis_of_published_documents_is_cited_in_full() -> None:
    basis = "安全生产治本攻坚三年行动方案三(三)22“约谈”;安委〔2018〕2号;天数为办公室内部建议值"
    assert documents_in(basis) == "安全生产治本攻坚三年行动方案三(三)22“约谈”;安委〔2018〕2号"


def test_without_a_published_document_nothing_is_cited() -> None:
    paragraphs = worded(
        LetterKind.CIRCULAR, EpisodeKind.REPLY, date(2026, 11, 23), "办公室内部建议值:逾期一日即催复"
    ).body
    assert not any("依据" in one["text"] for one in paragraphs["paragraphs"])
