"""Builds the FastAPI app: routers, error rendering, lifespan; nothing else."""

from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.routing import BaseRoute

from app.accounts.idempotency import Replayed
from app.accounts.refusals import record_refusal
from app.accounts.router import router as access_events
from app.audit.router import router as audit
from app.case_file.router import router as case_file
from app.console.readiness import OneLook
from app.console.router import router as console
from app.delivery.router import router as delivery
from app.enforcement.router import of_enterprise as enforcement_of_enterprise
from app.enforcement.router import router as enforcement
from app.enterprises.router import router as enterprises
from app.escalation.router import router as escalation
from app.evidence.folder import EvidenceFolder
from app.evidence.router import router as evidence
from app.exchange.router import router as exchange
from app.hazards.router import router as hazards
from app.holds.router import router as holds
from app.inbox.router import router as inbox
from app.infrastructure.clock import machine_seconds
from app.infrastructure.database import Database
from app.infrastructure.middleware import install_edge, limit_by_path
from app.infrastructure.pagination import Cursors
from app.infrastructure.problem_details import install_problem_handlers
from app.infrastructure.request_shape import only_declared_parameters, only_json_documents
from app.infrastructure.retrying import Retrying
from app.infrastructure.settings import Settings
from app.infrastructure.unnamed_proxy import Unnamed
from app.infrastructure.vault import Vault
from app.infrastructure.workbook import WorkbookLimits
from app.letters.files.printing import press_of
from app.letters.router import router as letters
from app.personnel.router import router as personnel
from app.rectification.router import router as rectification
from app.reference.router import router as reference
from app.reporting.router import router as reporting
from app.separation.router import router as separation
from app.sign_in.refusals import counted_tries
from app.sign_in.router import router as sign_in
from app.sign_in.router import sessions_and_restorations
from app.sign_off.router import router as sign_off
from app.sign_on.provider import Provider
from app.sign_on.router import router as sign_on
from app.statistics.router import router as statistics
from app.supervision.router import router as supervision
from app.tables.roles import LIMITS
from app.worklist.router import router as worklist

API = "/api/v1"
_MULTIPART_ENVELOPE = 64 * 1024
# Routes are tried in this order: what is asked most stands first.
ROUTERS: tuple[APIRouter, ...] = (
    hazards,
    sign_in,
    sessions_and_restorations,
    sign_on,
    reporting,
    supervision,
    rectification,
    sign_off,
    case_file,
    access_events,
    evidence,
    personnel,
    separation,
    reference,
    enterprises,
    enforcement,
    enforcement_of_enterprise,
    letters,
    inbox,
    delivery,
    escalation,
    holds,
    statistics,
    exchange,
    worklist,
    audit,
)

_OF_EVERY_ROUTE = (Depends(only_declared_parameters),)
_OF_EVERY_DOCUMENT = (*_OF_EVERY_ROUTE, Depends(only_json_documents), Depends(counted_tries, scope="function"))
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def create_app(settings: Settings, database: Database) -> FastAPI:
    """The application on a database; `/docs` works offline."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await database.refuse_unsafe_login(LIMITS)
        yield
        await database.close()

    app: FastAPI = FastAPIOffline(
        title="清零 Qingling",
        version="1.0",
        summary="重大事故隐患动态清零登记系统",
        lifespan=lifespan,
        # A redirect would be built from the Host header, and would send a document twice.
        redirect_slashes=False,
    )
    app.state.database = database
    app.state.settings = settings
    app.state.vault = Vault(settings.identity_key_bytes())
    app.state.evidence = EvidenceFolder(settings.data_dir / "evidence")
    app.state.press = press_of(settings.letters, settings.data_dir)
    app.state.sign_on = Provider.configured(settings.security, machine_seconds)
    app.state.readiness = OneLook()
    app.state.unnamed_proxies = Unnamed()
    app.state.cursors = Cursors(settings.cursor_key_bytes())
    for router in ROUTERS:
        app.include_router(_part(router, takes_documents=False), prefix=API, dependencies=_OF_EVERY_ROUTE)
        app.include_router(_part(router, takes_documents=True), prefix=API, dependencies=_OF_EVERY_DOCUMENT)
    app.include_router(console)
    install_problem_handlers(app, record_refusal=record_refusal)
    app.add_exception_handler(Replayed, _replay)
    uploads = {
        "/evidence": settings.evidence_max_bytes + _MULTIPART_ENVELOPE,
        "/enforcements/imports": WorkbookLimits().file_bytes + _MULTIPART_ENVELOPE,
        "/imports/ledger": WorkbookLimits().file_bytes + _MULTIPART_ENVELOPE,
    }
    app.add_middleware(Retrying)
    install_edge(app, limit_by_path(settings.body_max_bytes, uploads), settings.security)
    return app


def _part(router: APIRouter, *, takes_documents: bool) -> APIRouter:
    """The routes of a router that read, or all its others: what is asked of a document costs no read anything."""
    part = APIRouter()
    part.routes += [one for one in router.routes if (_methods(one) <= _READING) is not takes_documents]
    return part


def _methods(route: BaseRoute) -> AbstractSet[str]:
    if not isinstance(route, APIRoute) or route.methods is None:
        raise TypeError(f"{route} says nothing of what it takes")
    return route.methods


async def _replay(_request: Request, answered: Exception) -> Response:
    if not isinstance(answered, Replayed):
        raise answered
    return answered.response
