"""The routes of signing in and out, of what one signs in with, of sessions and of restored accesses."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly, created
from app.accounts.sensitive_reads import sensitive_of_others
from app.credentials import passwords, restorations, second_factor, sessions, step_up
from app.credentials.restorations import Wanted
from app.infrastructure.answers import Answer
from app.infrastructure.fields import Identifier
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses
from app.regulation.vocabulary import PendingStep
from app.sign_in import completing, service
from app.sign_in.dependencies import desk_of, rules_of
from app.sign_in.schemas import (
    ChosenAppointment,
    NewRestoration,
    NewStepUp,
    PasswordChange,
    RestorationConfirmed,
    RestorationFilter,
    SecondFactorConfirmation,
    SecondFactorEnrolment,
    SessionFilter,
    SignIn,
)

router = APIRouter(
    prefix="/session", tags=["登录"], responses=problem_responses(400, 401, 403, 409, 413, 415, 422, 429, 503)
)
sessions_and_restorations = APIRouter(
    tags=["登录会话与恢复登录"], responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 503)
)


@router.post("", status_code=201, operation_id="sign_in", summary="登录")
async def sign_in(request: Request, body: SignIn) -> Response:
    """Opens a session; the token is shown once and sent as `Authorization: Bearer`."""
    return created(await service.sign_in(desk_of(request), body))


@router.get("", operation_id="read_session", summary="当前登录")
async def read_session(context: SignedIn) -> dict[str, Any]:
    """Who is signed in, under which appointment, and which others there are."""
    return await service.who_am_i(context)


@router.post("/appointment", status_code=201, operation_id="choose_appointment", summary="切换任职")
async def choose_appointment(request: Request, once: OnceOnly, body: ChosenAppointment) -> Response:
    """Acts under another appointment from the next request on."""
    answer = await service.choose_appointment(once.context, body.appointment_id, rules_of(request.app.state.settings))
    return await once.answer(answer)


@router.delete("", status_code=204, operation_id="sign_out", summary="退出登录")
async def sign_out(context: SignedIn) -> None:
    """Revokes the session."""
    await service.sign_out(context)


@router.post("/password", status_code=201, operation_id="change_password", summary="修改口令")
async def change_password(request: Request, once: OnceOnly, body: PasswordChange) -> Response:
    """Sets the caller's own password; every other sign-in of the account ends."""
    await step_up.prove_by_password(once.context, body.password.get_secret_value())
    answer = await passwords.change(
        once.context, body.new_password.get_secret_value(), rules_of(request.app.state.settings)
    )
    return await once.answer(answer)


@router.post("/second-factor", status_code=201, operation_id="enrol_second_factor", summary="绑定动态口令")
async def enrol_second_factor(once: OnceOnly, body: SecondFactorEnrolment) -> Response:
    """A new secret with recovery codes, shown in this answer alone; in force once confirmed."""
    await step_up.prove_to_bind(once.context, body.password.get_secret_value(), body.code)
    return await once.answer(await second_factor.enrol(once.context))


@router.post(
    "/second-factor/confirmation", status_code=201, operation_id="confirm_second_factor", summary="确认绑定动态口令"
)
async def confirm_second_factor(request: Request, once: OnceOnly, body: SecondFactorConfirmation) -> Response:
    """Puts the enrolment in force by its first code, other sign-ins end; or completes a sign-on by a code of it."""
    if once.context.pending is PendingStep.SECOND_FACTOR_CODE:
        return await once.answer(await completing.show_code(once.context, desk_of(request), body.code))
    return await once.answer(await second_factor.confirm(once.context, body.code))


@router.post("/step-ups", status_code=201, operation_id="make_step_up", summary="重新验证身份")
async def make_step_up(once: OnceOnly, body: NewStepUp) -> Response:
    """A proof of the person over one content and level, good for one signature or confirmation within minutes."""
    made = await step_up.make(once.context, body.proof, body.content_sha256, body.level)
    return await once.answer(Answer(made, location="/api/v1/session"))


@sessions_and_restorations.get(
    "/sessions",
    operation_id="list_sessions",
    summary="登录会话",
    dependencies=[sensitive_of_others("sessions", "account_id")],
)
async def list_sessions(
    request: Request, context: SignedIn, wanted: Annotated[SessionFilter, Query()]
) -> dict[str, Any]:
    """The caller's live sign-ins; another account's for the security administrator."""
    idle_minutes = request.app.state.settings.session_idle_minutes
    return await sessions.sessions_of(context, wanted.account_id, idle_minutes)


@sessions_and_restorations.delete(
    "/sessions/{session_id}",
    status_code=204,
    response_class=Response,
    operation_id="revoke_session",
    summary="注销登录会话",
)
async def revoke_session(session_id: Identifier, context: SignedIn) -> None:
    """Ends one of the caller's sign-ins; any for the security administrator."""
    await sessions.revoke(context, session_id)


@sessions_and_restorations.get("/access-restorations", operation_id="list_access_restorations", summary="恢复登录记录")
async def list_access_restorations(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[RestorationFilter, Query()]
) -> dict[str, Any]:
    """A page of restorations with how many there were."""
    asked = Wanted(wanted, wanted.account_id, wanted.is_confirmed)
    return linked(response, request.url, await restorations.page(context, asked, request.app.state.cursors))


@sessions_and_restorations.post(
    "/accounts/{account_id}/access-restorations",
    status_code=201,
    operation_id="propose_access_restoration",
    summary="申请恢复登录",
)
async def propose_access_restoration(account_id: Identifier, once: OnceOnly, body: NewRestoration) -> Response:
    """One administrator proposes; nothing changes until another confirms."""
    return await once.answer(await restorations.propose(once.context, account_id, body.reason))


@sessions_and_restorations.get(
    "/accounts/{account_id}/access-restorations/{restoration_id}",
    operation_id="read_access_restoration",
    summary="查看恢复登录",
)
async def read_access_restoration(
    account_id: Identifier, restoration_id: Identifier, context: SignedIn
) -> dict[str, Any]:
    """One restoration; a proposal with the hash that its confirmation names."""
    return await restorations.read(context, account_id, restoration_id)


@sessions_and_restorations.post(
    "/accounts/{account_id}/access-restorations/{restoration_id}/confirmations",
    status_code=201,
    operation_id="confirm_access_restoration",
    summary="确认恢复登录",
)
async def confirm_access_restoration(
    request: Request, account_id: Identifier, restoration_id: Identifier, once: OnceOnly, body: RestorationConfirmed
) -> Response:
    """Another administrator confirms by step-up; the one-time password is in this answer alone."""
    wanted, policy = (account_id, restoration_id), rules_of(request.app.state.settings).passwords
    answer = await restorations.confirm(once.context, wanted, body.document_sha256, body.proof, policy)
    return await once.answer(answer)
