"""/healthz and /readyz: whether this process lives, and whether the registry behind it can be worked with."""

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.infrastructure.context import Context
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import RegistryError
from app.infrastructure.migrations import head_revision
from app.regulation.deadlines import business_date
from app.regulation.vocabulary import RoleClass
from app.tables import rules

router = APIRouter(tags=["运行状态"])
_ASKING = SystemPrincipal(RoleClass.SIGNIN, "readiness")


@router.get("/healthz", operation_id="read_health", summary="进程存活")
async def read_health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", operation_id="read_readiness", summary="可以受理业务")
async def read_readiness(request: Request, response: Response) -> dict[str, Any]:
    """200 when acts can be taken; 503 with the reasons otherwise. Warnings do not make it unready."""
    database: Database = request.app.state.database
    try:
        async with database.transaction(_ASKING, request_id=str(request.state.request_id)) as context:
            faults, warnings = await _findings(context)
    except (RegistryError, SQLAlchemyError):
        faults, warnings = ["数据库无法连接或没有应答"], []
    response.status_code = 503 if faults else 200
    return {"status": "unready" if faults else "ready", "faults": faults, "warnings": warnings}


async def _findings(context: Context) -> tuple[list[str], list[str]]:
    session = context.session
    revision = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    setting = (await session.execute(select(rules.RegistrySetting))).scalar_one_or_none()
    today = business_date(context.now)
    in_force = select(func.count()).select_from(rules.Edition).where(rules.Edition.in_force_from <= today)
    editions = (await session.execute(in_force)).scalar_one()
    newest_year = (await session.execute(select(func.max(rules.CalendarYear.year)))).scalar_one() or 0
    movable = (await session.execute(select(rules.ClockSetting.is_movable))).scalar_one_or_none()
    faults = {
        "数据库结构不是本程序的版本,请执行迁移": revision != head_revision(),
        "尚未初始化,请执行 qingling init": setting is None,
        "没有生效的规则版本": editions == 0,
        "没有时钟设置,请执行 qingling init": movable is None,
        "时钟可以调整,但这不是演示或测试": bool(movable) and setting is not None and not setting.is_demo,
    }
    warnings = {
        f"{newest_year + 1} 年的节假日安排尚未导入,跨年的期限按周末估算": newest_year <= today.year,
        "演示环境:时钟可以调整": bool(movable) and setting is not None and setting.is_demo,
    }
    return [words for words, holds in faults.items() if holds], [words for words, holds in warnings.items() if holds]
