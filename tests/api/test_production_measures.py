"""责令停产停用与解除: in every open state and after closing, each with its refusals."""

import pytest

from tests.api.watching import Trial, Watch
from tests.support import walk
from tests.support.registry import Registry

ORDER = {"kind": "partial_stop", "document": "东应急令〔2026〕3号", "scope": "罐区", "from_on": "2026-11-23"}
LIFTING = {"document": "东应急解〔2026〕3号", "lifted_on": "2026-11-23"}
REACHED = {"reported": walk.reported, "listed": walk.listed, "rectified": walk.declared}


@pytest.mark.parametrize("state", sorted(REACHED))
def test_a_partial_stop_is_ordered_and_lifted_in_every_open_state(registry: Registry, watch: Watch, state: str) -> None:
    trial = Trial(registry, watch, REACHED[state](registry))
    path, act = "production-measures", "order_production_measure"
    trial.refused("production-measure-lifting", LIFTING, "a_measure_is_in_force", by="dongsheng-head")
    body = trial.done(path, ORDER, act, "production_measure", by="dongsheng-inspector1")
    assert body["state"] == state
    assert "lift_production_measure" in body["allowed_acts"]
    lifted = trial.done(
        "production-measure-lifting",
        LIFTING,
        "lift_production_measure",
        "production_measure_lift",
        by="dongsheng-head",
    )
    assert lifted["state"] == state


def test_a_full_stop_is_lifted_only_when_the_hazard_is_closed(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.verified(registry))
    order = ORDER | {"kind": "full_stop"}
    trial.done("production-measures", order, "order_production_measure", "production_measure", by="dongsheng-head")
    path = "production-measure-lifting"
    trial.refused(path, LIFTING, "a_full_stop_is_lifted_only_when_closed", by="dongsheng-head")
    for level in range(1, 5):
        walk.sign(registry, trial.hazard, level)
    assert registry.hazard(trial.hazard)["state"] == "closed"
    body = trial.done(path, LIFTING, "lift_production_measure", "production_measure_lift", by="dongsheng-head")
    assert body["state"] == "closed"


def test_an_enterprise_and_an_office_order_nothing(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.reported(registry))
    for by in ("chemical-principal", "dongsheng-clerk"):
        trial.forbidden("production-measures", ORDER, by=by)
        trial.forbidden("production-measure-lifting", LIFTING, by=by)


def test_an_order_names_its_document_scope_and_first_day(registry: Registry, watch: Watch) -> None:
    hazard = walk.reported(registry)
    for field in ("kind", "document", "scope", "from_on"):
        sent = {name: value for name, value in ORDER.items() if name != field}
        with watch.unchanged(hazard):
            answer = registry.attempt(f"/hazards/{hazard}/production-measures", sent, by="dongsheng-head", version=1)
        assert answer.status == 422
        assert [one["pointer"] for one in answer.body["errors"]] == [f"/{field}"]


def test_a_measure_does_not_end_before_it_begins(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.reported(registry))
    sent = ORDER | {"until_on": "2026-11-22"}
    code = "the_measures_document_scope_and_dates_are_given"
    trial.refused("production-measures", sent, code, by="dongsheng-head")
