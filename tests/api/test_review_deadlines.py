"""整改期限: what set it last, when it is final, and from when the enterprise's duty counts."""

from datetime import datetime
from typing import Any

import pytest

from tests.api.watching import CHINESE, Trial, Watch, unmet_of
from tests.support import walk
from tests.support.registry import Registry

OFFICER, CLERK, INSPECTOR = "chemical-safety-officer", "dongsheng-clerk", "dongsheng-inspector1"
BY_CALENDAR = {"deadline": None, "term": {"days": 40, "unit": "working"}}
EARLIER, LATER = "2027-01-15", "2027-02-10"


def told(registry: Registry, hazard: str) -> dict[str, Any]:
    """What GET …/deadline says, which never contradicts the hazard."""
    answer = registry.get(f"/hazards/{hazard}/deadline", by=OFFICER)
    assert answer.status == 200, answer.body
    seen = registry.hazard(hazard)
    assert answer.body["is_provisional"] is seen["deadline_is_provisional"]
    assert answer.body["explained"]["provisional"] is seen["deadline_is_provisional"]
    return dict(answer.body)


def provisional(registry: Registry) -> str:
    """A hazard listed for a term that reaches into a year nobody has announced."""
    hazard = walk.listed(registry, **BY_CALENDAR)
    before = told(registry, hazard)
    assert (before["set_by"], before["is_provisional"]) == ("listing", True)
    return hazard


def extended(registry: Registry, hazard: str, *, granted: bool) -> None:
    registry.post(f"/hazards/{hazard}/extensions", {"new_deadline": LATER, "note": "设备到货推迟"}, by=OFFICER)
    registry.act(hazard, "extension-decision", {"granted": granted, "note": "已核实"}, by=CLERK)


def raised(registry: Registry, hazard: str, **changed: object) -> None:
    sent = {"supervision_tier": 1, "supervision_notice": {"number": "市安办督〔2026〕9号"}, "note": "提级", **changed}
    registry.act(hazard, "supervision-level", sent, by="city-clerk1")


def relapsed(registry: Registry, hazard: str) -> None:
    found_at = registry.hazard(hazard)["read_at"]
    sent = {"found_at": found_at, "findings": "再次出现", "note": "复发", "deadline": EARLIER}
    registry.act(hazard, "relapses", sent, by=CLERK)


def test_a_granted_extension_is_final_and_told_as_what_set_the_deadline(registry: Registry) -> None:
    hazard = provisional(registry)
    extended(registry, hazard, granted=True)
    after = told(registry, hazard)
    assert (after["set_by"], after["is_provisional"], after["current_deadline"]) == ("extension", False, LATER)
    assert after["explained"]["lines"][-1] == f"2026-11-23 审批延期,整改期限定为 {LATER} 二十四时(北京时间)"


def test_what_sets_no_deadline_leaves_a_provisional_one_provisional(registry: Registry) -> None:
    hazard = provisional(registry)
    extended(registry, hazard, granted=False)
    raised(registry, hazard)
    after = told(registry, hazard)
    assert (after["set_by"], after["is_provisional"]) == ("listing", True)


def test_a_deadline_set_with_a_change_of_level_is_final(registry: Registry) -> None:
    hazard = provisional(registry)
    raised(registry, hazard, deadline="2026-12-31")
    after = told(registry, hazard)
    assert (after["set_by"], after["is_provisional"]) == ("supervision_change", False)
    assert after["explained"]["lines"][-1].endswith("调整督办层级,整改期限定为 2026-12-31 二十四时(北京时间)")


def close(registry: Registry, hazard: str) -> None:
    registry.post(f"/hazards/{hazard}/plans", walk.plan_document(), by=OFFICER)
    registry.act(hazard, "plan-approval", {}, by="dongsheng-section")
    walk.declare(registry, hazard)
    walk.verify(registry, hazard)
    for level in range(1, 5):
        walk.sign(registry, hazard, level)


def test_the_next_cycle_has_a_final_deadline_and_no_extension_of_the_one_before(registry: Registry) -> None:
    hazard = provisional(registry)
    extended(registry, hazard, granted=False)
    assert len(told(registry, hazard)["extensions"]) == 1
    close(registry, hazard)
    relapsed(registry, hazard)
    after = told(registry, hazard)
    assert (after["set_by"], after["is_provisional"], after["extensions"]) == ("revisit", False, [])
    assert "复发" in after["explained"]["lines"][-1]


def test_a_failed_verification_sets_a_deadline_only_where_none_ran(registry: Registry) -> None:
    hazard = walk.determined(registry)
    pictures = [registry.upload(hazard, kind, by=INSPECTOR) for kind in ("before", "after")]
    registry.act(hazard, "on-the-spot-listing", {"supervision_tier": 2, "evidence_ids": pictures}, by=INSPECTOR)
    assert told(registry, hazard)["set_by"] is None
    walk.declare(registry, hazard)
    walk.verify(registry, hazard, passed=False, note="没有整改到位", deadline=EARLIER)
    after = told(registry, hazard)
    assert (after["set_by"], after["is_provisional"], after["current_deadline"]) == ("verification", False, EARLIER)
    ran = walk.declared(registry)
    running = registry.hazard(ran)["current_deadline"]
    walk.verify(registry, ran, passed=False, note="没有整改到位", deadline=running)
    assert told(registry, ran)["set_by"] == "listing"


def test_a_listing_with_both_a_date_and_a_term_is_refused_naming_both(registry: Registry, watch: Watch) -> None:
    hazard = walk.determined(registry)
    both = walk.listing_document(term={"days": 30, "unit": "calendar"})
    with watch.unchanged(hazard):
        answer = registry.attempt(f"/hazards/{hazard}/listing", both, by=CLERK, version=1)
    assert answer.status == 422, answer.body
    assert [one["pointer"] for one in answer.body["errors"]] == ["/deadline", "/term"]
    assert all(CHINESE.search(one["message"]) for one in answer.body["errors"])
    neither = walk.listing_document(deadline=None)
    Trial(registry, watch, hazard).refused("listing", neither, "a_deadline_is_given", by=CLERK)


@pytest.mark.parametrize("deadline", ["2026-11-22", "2027-11-24", None])
def test_the_remedy_for_a_deadline_fits_too_early_and_too_late(
    registry: Registry, watch: Watch, deadline: str | None
) -> None:
    trial = Trial(registry, watch, walk.determined(registry))
    sent = walk.listing_document(deadline=deadline)
    refused = unmet_of(trial.refused("listing", sent, "a_deadline_is_given", by=CLERK), "a_deadline_is_given")
    assert refused["remedy"] == "请写明不早于今天、不超过规则版本最长期限的整改期限"


def rectify_since(registry: Registry, hazard: str) -> object:
    page = registry.get("/worklist?limit=50", by=OFFICER).body
    items = page["items"]
    while page["next_cursor"]:
        page = registry.get(f"/worklist?limit=50&cursor={page['next_cursor']}", by=OFFICER).body
        items += page["items"]
    duties = [one for item in items if item["id"] == hazard for one in item["duties"]]
    (since,) = [one["since"] for one in duties if one["duty"] == "rectify"]
    return since


def began(watch: Watch, hazard: str, act: str) -> object:
    """When the hazard's one act of that kind was recorded."""
    found: Any = watch.value(
        "SELECT t.recorded_at FROM hazard_transition t JOIN hazard h ON h.id = t.hazard_id"
        " WHERE h.public_id = %(hazard)s AND t.act = %(act)s",
        hazard=hazard,
        act=act,
    )
    return found


@pytest.mark.parametrize("act", ["relapse", "fail_revisit", "fail_verification"])
def test_the_duty_to_rectify_counts_from_the_beginning_of_its_cycle(registry: Registry, watch: Watch, act: str) -> None:
    if act == "fail_verification":
        hazard = walk.declared(registry)
        walk.verify(registry, hazard, passed=False, note="没有整改到位")
    else:
        hazard = walk.closed(registry)
        sent = {"findings": "再次出现", "note": "复发", "deadline": EARLIER}
        when = registry.hazard(hazard)["read_at"]
        if act == "relapse":
            registry.act(hazard, "relapses", sent | {"found_at": when}, by=CLERK)
        else:
            registry.act(hazard, "revisits", sent | {"visited_at": when, "passed": False}, by=INSPECTOR)
    since = rectify_since(registry, hazard)
    assert datetime.fromisoformat(str(since)) == began(watch, hazard, act)
