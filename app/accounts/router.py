"""The routes of signing in and out and of choosing a post."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.accounts import sessions
from app.accounts.authentication import SignedIn, database_of, request_id
from app.accounts.idempotency import OnceOnly, created
from app.accounts.schemas import ChosenAppointment, SignIn
from app.infrastructure.problem_details import problem_responses

router = APIRouter(
    prefix="/session", tags=["登录"], responses=problem_responses(400, 401, 403, 413, 415, 422, 429, 503)
)


@router.post("", status_code=201, operation_id="sign_in", summary="登录")
async def sign_in(request: Request, body: SignIn) -> Response:
    """Opens a session; the token is shown once and sent as `Authorization: Bearer`."""
    hours = request.app.state.settings.session_max_hours
    answer = await sessions.sign_in(database_of(request), body, request_id=request_id(request), max_hours=hours)
    return created(answer)


@router.get("", operation_id="read_session", summary="当前登录")
async def read_session(context: SignedIn) -> dict[str, Any]:
    """Who is signed in, under which appointment, and which others there are."""
    return await sessions.who_am_i(context)


@router.post("/appointment", status_code=201, operation_id="choose_appointment", summary="切换任职")
async def choose_appointment(once: OnceOnly, body: ChosenAppointment) -> Response:
    """Acts under another appointment from the next request on."""
    return await once.answer(await sessions.choose_appointment(once.context, body.appointment_id))


@router.delete("", status_code=204, operation_id="sign_out", summary="退出登录")
async def sign_out(context: SignedIn) -> None:
    """Revokes the session."""
    await sessions.sign_out(context)
