"""The shipped area: tiers, units and departments, and the names by which a ledger knows them."""

from collections import Counter
from dataclasses import replace

import pytest

from app.regulation.area import SHIPPED_AREA, load_area, misfits
from app.regulation.vocabulary import OrganisationKind
from tests.regulation.builders import EDITION

AREA = load_area(SHIPPED_AREA.read_text(encoding="utf-8"))
BY_KEY = {one.key: one for one in AREA.organisations}
BANNERS = [unit for unit in AREA.units if unit.tier == 2 and unit.code_system == "gb2260"]
DEPARTMENT_OF = {
    "coal_mine": "能源局",
    "electric_power": "能源局",
    "construction": "住房和城乡建设局",
    "city_gas": "住房和城乡建设局",
    "road_transport": "交通运输局",
    "hazardous_chemicals": "应急管理局",
    "metallurgy_industry_trade": "应急管理局",
    "non_coal_mine": "应急管理局",
    "fire": "消防救援支队",
    "special_equipment": "市场监督管理局",
    "civil_explosives": "公安局",
}


def test_there_are_nine_banners_and_districts_with_national_codes() -> None:
    assert {unit.code for unit in BANNERS} == {
        f"1506{n}" for n in ("02", "03", "21", "22", "23", "24", "25", "26", "27")
    }


def test_zones_without_a_national_code_are_units_of_their_own() -> None:
    zones = [unit for unit in AREA.units if unit.code_system == "local"]
    assert len(zones) == 3
    assert all(zone.parent == "ordos" and zone.tier == 2 for zone in zones)


def test_no_township_is_invented() -> None:
    assert not [unit for unit in AREA.units if unit.tier == 3]
    assert AREA.undetermined_unit_name == "未定"


def test_every_sector_has_its_regulator_in_the_city_and_every_banner_as_the_ledger_names_it() -> None:
    assert {sector.code for sector in EDITION.sectors} == set(DEPARTMENT_OF)
    for unit in [*BANNERS, AREA.units[0]]:
        for sector, name in DEPARTMENT_OF.items():
            regulator = AREA.regulator_of(sector, unit.key)
            assert regulator is not None
            assert regulator.name == unit.name + name
            assert AREA.organisation_named(unit.name + name) == regulator


def test_no_name_or_alias_means_two_things() -> None:
    for things in (AREA.units, AREA.organisations):
        words = Counter(word for one in things for word in (one.name, *one.aliases))
        assert [word for word, times in words.items() if times > 1] == []
    assert len(BY_KEY) == len(AREA.organisations)


def test_a_department_answers_to_its_like_in_the_city_and_the_city_office_to_the_government() -> None:
    assert BY_KEY["energy@jungar"].superior == "energy@ordos"
    assert BY_KEY["safety_office@dongsheng"].superior == "safety_office@ordos"
    assert BY_KEY["safety_office@ordos"].superior == "government@ordos"
    assert BY_KEY["energy@ordos"].superior is None


def test_every_superior_and_unit_exists() -> None:
    units = {unit.key for unit in AREA.units}
    assert all(one.superior is None or one.superior in BY_KEY for one in AREA.organisations)
    assert all(one.unit in units for one in AREA.organisations)
    assert all(unit.parent is None or unit.parent in units for unit in AREA.units)


def test_the_shipped_edition_and_area_fit() -> None:
    assert misfits(EDITION, AREA) == ()


def test_an_edition_that_does_not_fit_the_area_is_told_why() -> None:
    agency = replace(EDITION.agencies[0], organisation="nobody")
    odd = replace(EDITION, area="elsewhere", agencies=(agency,), sectors=EDITION.sectors[1:])
    space = replace(EDITION.sectors[0], code="space")
    found = misfits(replace(odd, sectors=(space, *odd.sectors)), AREA)
    for part in ("用于属地 elsewhere", "没有机构 nobody", "space 在属地文件中没有监管部门", "coal_mine 不在规则版本中"):
        assert [one for one in found if part in one]
    assert len(found) == 4


def test_every_safety_office_and_government_exists_once_per_unit() -> None:
    for kind in (OrganisationKind.SAFETY_OFFICE, OrganisationKind.GOVERNMENT):
        assert sorted(one.unit for one in AREA.organisations if one.kind is kind) == sorted(
            unit.key for unit in AREA.units
        )
    assert BY_KEY["government@high_tech_zone"].name.endswith("管理委员会")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("东胜", "dongsheng"),
        (" 伊旗 ", "ejin_horo"),
        ("150624", "otog"),
        ("鄂托克前旗", "otog_front"),
        ("呼和浩特", None),
    ],
)
def test_a_unit_is_known_by_name_code_or_short_form(written: str, key: str | None) -> None:
    unit = AREA.unit_named(written)
    assert (unit.key if unit else None) == key


@pytest.mark.parametrize(("written", "tier"), [("市级", 1), ("旗区级", 2), ("省级", None)])
def test_a_ledgers_supervision_level_names_a_tier(written: str, tier: int | None) -> None:
    found = AREA.tier_of_supervision(written)
    assert (found.tier if found else None) == tier


def test_an_unknown_organisation_or_sector_is_nobody() -> None:
    assert AREA.organisation_named("东胜区气象局") is None
    assert AREA.regulator_of("space", "dongsheng") is None
