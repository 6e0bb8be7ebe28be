"""Which chain serves which hazard."""

import re
from dataclasses import replace
from itertools import product

import pytest

from app.regulation.edition import Edition
from app.regulation.sign_off import (
    NoChainError,
    chain_faults,
    choose_chain,
    is_last,
    level_numbered,
    newest_signed_level,
    next_level,
)
from app.regulation.vocabulary import HazardLevel, Party, PostKind, Purpose
from tests.regulation.builders import EDITION, signed_round

BY_KEY = {chain.key: chain for chain in EDITION.chains}


def chosen(edition: Edition = EDITION, **changes: object) -> str:
    wanted = {
        "level": HazardLevel.MAJOR,
        "sector": "fire",
        "supervision_tier": 2,
        "full_stop": False,
        "purpose": Purpose.CLOSING,
        **changes,
    }
    return choose_chain(edition, **wanted).key  # type: ignore[arg-type]  # a table of plain values


def with_vertical_in_use() -> Edition:
    in_use = tuple(
        replace(chain, purposes=tuple(Purpose)) if chain.key == "vertical" else chain for chain in EDITION.chains
    )
    return replace(EDITION, chains=in_use)


def test_the_default_chain_serves_unless_something_more_specific_does() -> None:
    for tier, purpose in product((1, 2, 3, None), Purpose):
        assert chosen(supervision_tier=tier, purpose=purpose) == "default"


def test_coal_with_production_stopped_closes_by_the_statutory_chain() -> None:
    assert chosen(sector="coal_mine", full_stop=True) == "coal"
    assert chosen(sector="coal_mine", full_stop=False) == "default"
    assert chosen(sector="fire", full_stop=True) == "default"


def test_the_statutory_chain_closes_and_does_not_withdraw() -> None:
    assert chosen(sector="coal_mine", full_stop=True, purpose=Purpose.WITHDRAWAL) == "default"


def test_key_hazards_have_their_own_profile() -> None:
    for purpose in Purpose:
        assert chosen(level=HazardLevel.KEY, sector="coal_mine", full_stop=True, purpose=purpose) == "key"


def test_a_chain_without_purposes_is_shipped_and_not_chosen() -> None:
    assert BY_KEY["vertical"].purposes == ()
    assert chosen(supervision_tier=1) == "default"


def test_the_vertical_alternate_serves_its_tier_once_in_use() -> None:
    edition = with_vertical_in_use()
    assert chosen(edition, supervision_tier=1) == "vertical"
    assert chosen(edition, supervision_tier=2) == "default"
    assert chosen(edition, supervision_tier=None) == "default"


def test_the_statute_outranks_the_vertical_alternate() -> None:
    assert chosen(with_vertical_in_use(), supervision_tier=1, sector="coal_mine", full_stop=True) == "coal"


def test_an_edition_without_a_serving_chain_says_so() -> None:
    bare = replace(EDITION, chains=(BY_KEY["coal"],))
    with pytest.raises(NoChainError, match=re.escape(EDITION.id)):
        chosen(bare)


def test_every_selection_finds_a_chain_whose_major_has_four_levels_and_never_ends_at_the_enterprise() -> None:
    sectors = [sector.code for sector in EDITION.sectors]
    for level, sector, tier, stop, purpose in product(HazardLevel, sectors, (1, 2, 3, None), (True, False), Purpose):
        key = chosen(level=level, sector=sector, supervision_tier=tier, full_stop=stop, purpose=purpose)
        chain = BY_KEY[key]
        assert chain_faults(chain) == ()
        assert len(chain.levels) >= (4 if level is HazardLevel.MAJOR else 2)
        assert chain.levels[-1].party is not Party.ENTERPRISE


def test_the_default_chain_climbs_the_department() -> None:
    posts = [level.post for level in BY_KEY["default"].levels]
    assert posts == [PostKind.INSPECTOR, PostKind.SECTION_HEAD, PostKind.DEPUTY_HEAD, PostKind.PRINCIPAL_HEAD]


def test_the_coal_chain_keeps_within_the_twenty_days_of_article_48() -> None:
    assert sum(level.limit_days for level in BY_KEY["coal"].levels) <= 20


def test_the_shipped_edition_allows_no_paper() -> None:
    assert not [level for chain in EDITION.chains for level in chain.levels if level.paper_allowed]


def test_an_unlawful_chain_is_told_why() -> None:
    default = BY_KEY["default"]
    assert "四级" in chain_faults(replace(default, levels=default.levels[:3]))[0]
    own = replace(default.levels[0], party=Party.ENTERPRISE)
    assert "企业不能给自己销号" in chain_faults(replace(default, levels=(*default.levels, own)))[0]
    assert len(chain_faults(replace(default, levels=()))) == 2
    assert chain_faults(BY_KEY["key"]) == ()


def test_the_next_level_is_the_lowest_unsigned() -> None:
    for signed in range(5):
        due = next_level(signed_round(signed))
        assert (due.level if due else None) == (signed + 1 if signed < 4 else None)
        newest = newest_signed_level(signed_round(signed))
        assert (newest.level if newest else None) == (signed or None)


def test_only_the_top_level_is_the_last() -> None:
    levels = signed_round().levels
    assert [is_last(signed_round(), one) for one in levels] == [False, False, False, True]
    assert level_numbered(signed_round(), 5) is None
