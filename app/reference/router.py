"""The routes of units, organisations, criteria, the calendar, the edition in force and the posts check."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.infrastructure.fields import BusinessDate, Identifier
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses
from app.reference import calendar, catalogue, posts_check
from app.reference.calendar import AnnouncedYear
from app.reference.catalogue import CriterionFilter, OrganisationConfirmation, OrganisationFilter

router = APIRouter(tags=["基础资料"], responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 503))

Year = Annotated[int, Path(ge=1990, le=2100, description="年份")]


@router.get("/units", operation_id="read_units", summary="属地单元")
async def read_units(
    context: SignedIn, on: Annotated[BusinessDate | None, Query(description="截至哪一天;不填为今天")] = None
) -> dict[str, Any]:
    """The units as a tree, as of a day."""
    return await catalogue.unit_tree(context, on)


@router.get("/organisations", operation_id="list_organisations", summary="查询机构")
async def list_organisations(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[OrganisationFilter, Query()]
) -> dict[str, Any]:
    """A page of organisations."""
    page = await catalogue.page_of_organisations(context, wanted, request.app.state.cursors)
    return linked(response, request.url, page)


@router.post(
    "/organisations/{organisation_id}/confirmation",
    status_code=201,
    operation_id="confirm_organisation",
    summary="确认机构",
)
async def confirm_organisation(organisation_id: Identifier, once: OnceOnly, body: OrganisationConfirmation) -> Response:
    """Confirms a department that an import met."""
    return await once.answer(await catalogue.confirm_organisation(once.context, organisation_id, body))


@router.get("/criteria", operation_id="list_criteria", summary="查询判定标准")
async def list_criteria(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[CriterionFilter, Query()]
) -> dict[str, Any]:
    """A page of criteria."""
    page = await catalogue.page_of_criteria(context, wanted, request.app.state.cursors)
    return linked(response, request.url, page)


@router.get("/calendar", operation_id="read_calendar", summary="工作日历")
async def read_calendar(
    context: SignedIn, year: Annotated[int, Query(ge=1990, le=2100, description="年份")]
) -> dict[str, Any]:
    """Every day of a year; warns where nobody has announced it."""
    return await calendar.year_of(context, year)


@router.post("/calendar/{year}", status_code=201, operation_id="announce_calendar", summary="导入一年的节假日安排")
async def announce_calendar(year: Year, once: OnceOnly, body: AnnouncedYear) -> Response:
    """Imports the State Council's notice of a year."""
    return await once.answer(await calendar.announce(once.context, year, body))


@router.get("/edition", operation_id="read_edition", summary="现行规则版本")
async def read_edition(context: SignedIn) -> dict[str, Any]:
    """The edition in force with its numbers and their legal basis."""
    return await catalogue.edition_in_force(context)


@router.get("/posts/check", operation_id="check_posts", summary="岗位核查")
async def check_posts(context: SignedIn) -> dict[str, Any]:
    """Which sign-off chains distinct persons in post cannot fill."""
    return posts_check.as_json(await posts_check.check_posts(context))
