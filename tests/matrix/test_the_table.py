"""The table is whole: a route, a persona, a post or a role class without a place in it fails, and so does one gone."""

import re

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient

from app.infrastructure.database import Database
from app.main import create_app
from app.regulation.vocabulary import PostKind, RoleClass
from tests.matrix.asking_records import ASKS
from tests.matrix.cast import NOT_OVER_HTTP, PERSONAS, Entry
from tests.matrix.routes import METHODS, MOUNTED, WEBSOCKET, Served, declared_methods, every_route
from tests.matrix.table import RELATED, RELATIONS_OF, Verdict, cells, columns, rows, targets
from tests.support.registry import ordinary_settings

NOWHERE = "postgresql+psycopg://nobody@nowhere.invalid/none"


def the_app() -> FastAPI:
    return create_app(ordinary_settings(), Database.at(NOWHERE))


def served_by(app: FastAPI) -> set[str]:
    return {f"{one.method} {one.path}" for one in every_route(app)}


def without_a_row(app: FastAPI) -> set[str]:
    """Routes that nobody has given verdicts."""
    return served_by(app) - {f"{row['method']} {row['path']}" for row in rows()}


def test_every_route_has_its_rows_and_every_row_its_route() -> None:
    app = the_app()
    assert without_a_row(app) == set()
    served = served_by(app)
    assert {f"{row['method']} {row['path']}" for row in rows()} - served == set()
    assert set(ASKS) == served


@pytest.mark.parametrize(
    "plant",
    [
        lambda app: app.get("/api/v1/planted")(lambda: None),
        lambda app: app.head("/healthz")(lambda: None),
        lambda app: app.websocket("/planted")(lambda: None),
        lambda app: app.mount("/planted", StaticFiles(directory=".", check_dir=False)),
        lambda app: app.mount("/planted", the_app()),
        lambda app: app.add_route("/planted", lambda _request: None),
    ],
)
def test_a_planted_route_is_found_without_a_row(plant: object) -> None:
    app = the_app()
    assert callable(plant)
    plant(app)
    assert without_a_row(app) != set()


def test_a_route_planted_in_a_router_inside_a_router_is_found() -> None:
    app, inner, outer = the_app(), APIRouter(prefix="/inner"), APIRouter(prefix="/outer")
    inner.delete("/{planted}")(lambda planted: planted)
    outer.include_router(inner)
    app.include_router(outer, prefix="/api/v1")
    assert without_a_row(app) == {"DELETE /api/v1/outer/inner/{planted}"}


def test_every_row_has_a_verdict_for_every_persona_and_relation() -> None:
    names = tuple(persona.name for persona in PERSONAS)
    assert columns() == names
    for row in rows():
        assert all(row[name] in set(Verdict) for name in names), row
    for route, ask in ASKS.items():
        told = [row["relation"] for row in rows() if f"{row['method']} {row['path']}" == route]
        assert tuple(told) == RELATIONS_OF[ask.subject], route


def test_every_post_and_every_role_class_that_comes_in_is_a_column() -> None:
    assert {persona.post_kind for persona in PERSONAS} >= set(PostKind)
    services = {persona.role_class for persona in PERSONAS if persona.role_class is not None}
    of_posts = {RoleClass.ADMINISTRATOR, RoleClass.AUDITOR}
    assert services | of_posts | NOT_OVER_HTTP == set(RoleClass)
    assert {persona.entry for persona in PERSONAS} == set(Entry)


def test_a_cell_is_left_out_only_where_nobody_stands_in_that_relation_or_it_changes_nothing() -> None:
    """Whoever is outside has one verdict a route; for everybody else a missing cell is a missing relation."""
    outside = {persona.name for persona in PERSONAS if persona.is_outside}
    related = targets()
    for row in rows():
        for persona in columns():
            if row[persona] != Verdict.NO_CELL or persona in outside:
                continue
            is_related = row["relation"] in RELATED and bool(related[persona][row["relation"]])
            assert not is_related or row["path"].endswith("/tree-heads/{size}"), (row["path"], persona)
    alone = {(f"{cell.route}", cell.persona) for cell in cells()}
    assert {(route, name) for route in ASKS for name in outside} - alone == set()


APP = the_app()
DECLARED = declared_methods(APP)
CLIENT = TestClient(APP)
"""Its lifespan is never entered: nothing is asked of a database before the method is refused."""


def matching(address: str) -> set[str]:
    """The methods of every route whose path the address has."""
    shapes = {path: re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)) for path in DECLARED}
    return {method for path, shape in shapes.items() if re.fullmatch(shape, address) for method in DECLARED[path]}


@pytest.mark.parametrize("path", sorted(DECLARED))
def test_a_method_that_no_route_declares_is_refused_with_those_that_are(path: str) -> None:
    """ASVS 4.1.4."""
    address = path.replace("{size}", "1").replace("{batch}", "1")
    declared = matching(address)
    assert declared >= DECLARED[path]
    for method in set(METHODS) - declared:
        answer = CLIENT.request(method, address, follow_redirects=False)
        assert answer.status_code == 405, (method, path, answer.status_code)
        assert {one.strip() for one in answer.headers["allow"].split(",")} <= declared, (method, path)


def test_what_is_mounted_takes_no_other_method() -> None:
    mounts = [one for one in every_route(the_app()) if one.method in (MOUNTED, WEBSOCKET)]
    assert mounts == [Served("/static-offline-docs", MOUNTED)]
