"""/healthz and /readyz: whether this process lives, and whether acts can be taken."""

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.authentication import database_of, request_id
from app.console.readiness import Findings, OneLook, findings
from app.infrastructure.database import SystemPrincipal
from app.infrastructure.errors import RegistryError
from app.infrastructure.unnamed_proxy import Unnamed
from app.regulation.vocabulary import RoleClass

router = APIRouter(tags=["运行状态"])
_ASKING = SystemPrincipal(RoleClass.SIGNIN, "readiness")


@router.get("/healthz", operation_id="read_health", summary="进程存活")
async def read_health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", operation_id="read_readiness", summary="可以受理业务")
async def read_readiness(request: Request, response: Response) -> dict[str, Any]:
    """200 when acts can be taken, 503 with the reasons otherwise."""
    looks: OneLook = request.app.state.readiness

    async def look() -> Findings:
        return await _look(request)

    unnamed: Unnamed = request.app.state.unnamed_proxies
    faults, warnings = await looks.at(look)
    response.status_code = 503 if faults else 200
    return {"status": "unready" if faults else "ready", "faults": faults, "warnings": [*warnings, *unnamed.warnings()]}


async def _look(request: Request) -> Findings:
    try:
        async with database_of(request).transaction(_ASKING, request_id=request_id(request)) as context:
            return await findings(context, request.app.state.settings.security.head_destinations)
    except (RegistryError, SQLAlchemyError):
        return ["数据库无法连接或没有应答"], []
