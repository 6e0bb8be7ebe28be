"""The pages made from the rules are the committed ones, and say what the rules say."""

from pathlib import Path

import pytest

from app.regulation.guards import GUARDS
from app.regulation.handbook import PAGES, lifecycle_page, metrics_page, permissions_page
from app.regulation.handbook_ladder import ladder_page
from app.regulation.lifecycle import LIFECYCLE
from app.regulation.metrics import DEFINITIONS
from app.regulation.permissions import Permission
from app.regulation.vocabulary import EpisodeKind, LetterKind, State
from tests.regulation.builders import EDITION

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("path", PAGES)
def test_the_committed_page_is_what_the_rules_give(path: str) -> None:
    assert (REPOSITORY / path).read_text(encoding="utf-8") == PAGES[path](), "qingling docs"


def test_the_lifecycle_page_has_every_rule_condition_and_state() -> None:
    page = lifecycle_page()
    for rule in LIFECYCLE:
        assert f"| {rule.id} |" in page
        assert rule.article in page
    assert all(f"`{name}`" in page for name in GUARDS)
    assert all(f"as {state.value}" in page for state in State)


def test_the_diagram_shows_each_change_of_state_once() -> None:
    arrows = [line.split(":")[0] for line in lifecycle_page().splitlines() if "-->" in line]
    assert len(arrows) == len(set(arrows))
    assert "    rectified --> closed" in arrows
    assert not [arrow for arrow in arrows if arrow.startswith("    dismissed") and not arrow.endswith("[*]")]


def test_the_permissions_page_has_every_permission() -> None:
    page = permissions_page()
    assert all(f"`{permission}`" in page for permission in Permission)


def test_the_metrics_page_has_every_definition_and_the_cut_off() -> None:
    page = metrics_page()
    assert all(f"`{key}`" in page for key in DEFINITIONS)
    assert "2023-12-31 及以前发现的" in page


def test_the_ladder_page_has_every_rung_with_its_days_letter_clock_and_superior() -> None:
    page = ladder_page()
    ladder = EDITION.ladder
    for rung in (one for kind in EpisodeKind for one in ladder.rungs_of(kind)):
        assert f"| {rung.rung.label} | {'是' if rung.enabled else '否'} | {rung.threshold_days} |" in page
    assert all(f"`{kind.value}`" in page for kind in LetterKind)
    assert all(clock.basis in page for clock in EDITION.clocks.values())
    assert all(one.basis in page for one in ladder.superiors)
    assert all(one.basis in page for one in EDITION.enforcement.counters)


def test_the_ladder_pages_examples_climb_by_the_editions_days() -> None:
    page = ladder_page()
    assert "| 2026-07-21 | **函告** |" in page
    assert "| 2026-08-04 | **通报** |" in page
    assert "| 2026-08-19 | **约谈** |" in page
    assert "| 2026-09-01 | **函告** |" in page, "after the outage the first due rung that night"
    assert "| 2026-07-21 | 同一周期改为逾期 |" in page
