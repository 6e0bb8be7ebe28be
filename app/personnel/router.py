"""The routes of persons, accounts, posts, appointments and service keys."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly, shown
from app.accounts.sensitive_reads import sensitive
from app.documents.confirming import Confirmation
from app.infrastructure.fields import Identifier
from app.infrastructure.keyset import linked
from app.infrastructure.password_policy import PasswordPolicy
from app.infrastructure.problem_details import problem_responses
from app.personnel import accounts, appointments, persons, posts, service_accounts
from app.personnel.schemas import (
    AccountFilter,
    AppointmentEnding,
    AppointmentFilter,
    AppointmentProposal,
    Disablement,
    NewAccount,
    NewPerson,
    NewPost,
    NewServiceAccount,
    NewServiceKey,
    PersonChange,
    PersonFilter,
    PostFilter,
)

router = APIRouter(tags=["人员与任职"], responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 503))


def _identity_key(request: Request) -> bytes:
    key: bytes = request.app.state.settings.identity_key_bytes()
    return key


@router.get("/persons", operation_id="list_persons", summary="查询人员", dependencies=[sensitive("persons")])
async def list_persons(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[PersonFilter, Query()]
) -> dict[str, Any]:
    """A page of persons; names and phones for administrators only."""
    return linked(response, request.url, await persons.page(context, wanted, request.app.state.cursors))


@router.post("/persons", status_code=201, operation_id="register_person", summary="登记人员")
async def register_person(request: Request, once: OnceOnly, body: NewPerson) -> Response:
    """Registers a person; the identity number is turned into a keyed digest and not kept."""
    return await once.answer(await persons.register(once.context, body, _identity_key(request)))


@router.get(
    "/persons/{person_id}",
    operation_id="read_person",
    summary="查看人员",
    dependencies=[sensitive("person", "person_id")],
)
async def read_person(person_id: Identifier, context: SignedIn) -> Response:
    """One person."""
    return shown(await persons.read(context, person_id))


@router.patch("/persons/{person_id}", operation_id="change_person", summary="修改联系电话、补登身份")
async def change_person(request: Request, person_id: Identifier, context: SignedIn, body: PersonChange) -> Response:
    """Changes the phone or registers a missing identity number."""
    return shown(await persons.change(context, person_id, body, _identity_key(request)))


@router.get("/accounts", operation_id="list_accounts", summary="查询账号")
async def list_accounts(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[AccountFilter, Query()]
) -> dict[str, Any]:
    """A page of accounts."""
    return linked(response, request.url, await accounts.page(context, wanted, request.app.state.cursors))


@router.post("/accounts", status_code=201, operation_id="open_account", summary="开设个人账号")
async def open_account(request: Request, once: OnceOnly, body: NewAccount) -> Response:
    """Opens an account for a registered person."""
    policy = PasswordPolicy.configured(request.app.state.settings.security)
    return await once.answer(await accounts.open_for_person(once.context, body, policy))


@router.get("/accounts/{account_id}", operation_id="read_account", summary="查看账号")
async def read_account(account_id: Identifier, context: SignedIn) -> Response:
    """One account."""
    return shown(await accounts.read(context, account_id))


@router.post("/accounts/{account_id}/disablement", status_code=201, operation_id="disable_account", summary="停用账号")
async def disable_account(account_id: Identifier, once: OnceOnly, body: Disablement) -> Response:
    """Disables an account and its person from the next request on."""
    return await once.answer(await accounts.disable(once.context, account_id, body))


@router.get("/posts", operation_id="list_posts", summary="查询岗位")
async def list_posts(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[PostFilter, Query()]
) -> dict[str, Any]:
    """A page of posts with whether they are vacant."""
    return linked(response, request.url, await posts.page(context, wanted, request.app.state.cursors))


@router.post("/posts", status_code=201, operation_id="create_post", summary="设岗")
async def create_post(once: OnceOnly, body: NewPost) -> Response:
    """Creates a post in an organisation or in an enterprise's own."""
    return await once.answer(await posts.create(once.context, body))


@router.get("/appointments", operation_id="list_appointments", summary="查询任职")
async def list_appointments(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[AppointmentFilter, Query()]
) -> dict[str, Any]:
    """A page of appointments, proposed ones included."""
    return linked(response, request.url, await appointments.page(context, wanted, request.app.state.cursors))


@router.post("/appointments", status_code=201, operation_id="propose_appointment", summary="提出任职")
async def propose_appointment(once: OnceOnly, body: AppointmentProposal) -> Response:
    """Proposes an appointment; it counts from the second administrator's confirmation."""
    return await once.answer(await appointments.propose(once.context, body))


@router.get("/appointments/{appointment_id}", operation_id="read_appointment", summary="查看任职")
async def read_appointment(appointment_id: Identifier, context: SignedIn) -> Response:
    """One appointment."""
    return shown(await appointments.read(context, appointment_id))


@router.post(
    "/appointments/{appointment_id}/confirmations",
    status_code=201,
    operation_id="confirm_appointment",
    summary="确认任职",
)
async def confirm_appointment(appointment_id: Identifier, once: OnceOnly, body: Confirmation) -> Response:
    """A second administrator confirms the proposal as read, with the password again."""
    return await once.answer(await appointments.confirm_proposal(once.context, appointment_id, body))


@router.post(
    "/appointments/{appointment_id}/ending", status_code=201, operation_id="end_appointment", summary="终止任职"
)
async def end_appointment(appointment_id: Identifier, once: OnceOnly, body: AppointmentEnding) -> Response:
    """Ends an appointment, at once or on a later day."""
    return await once.answer(await appointments.end(once.context, appointment_id, body))


@router.post("/service-accounts", status_code=201, operation_id="open_service_account", summary="开设服务账号")
async def open_service_account(once: OnceOnly, body: NewServiceAccount) -> Response:
    """Opens a service account of an organisation."""
    return await once.answer(await service_accounts.open_for_service(once.context, body))


@router.get("/service-accounts/{account_id}/keys", operation_id="list_service_keys", summary="查看服务密钥")
async def list_service_keys(account_id: Identifier, context: SignedIn) -> dict[str, Any]:
    """Every key of a service account, without secrets."""
    return {"items": await service_accounts.keys_of(context, account_id)}


@router.post(
    "/service-accounts/{account_id}/keys", status_code=201, operation_id="issue_service_key", summary="签发服务密钥"
)
async def issue_service_key(account_id: Identifier, once: OnceOnly, body: NewServiceKey) -> Response:
    """Issues a key; its secret is in this answer alone."""
    return await once.answer(await service_accounts.issue_key(once.context, account_id, body))


@router.get("/service-accounts/{account_id}/keys/{key_id}", operation_id="read_service_key", summary="查看一个服务密钥")
async def read_service_key(account_id: Identifier, key_id: Identifier, context: SignedIn) -> dict[str, Any]:
    """One key without its secret."""
    return await service_accounts.read_key(context, account_id, key_id)


@router.delete(
    "/service-accounts/{account_id}/keys/{key_id}",
    status_code=204,
    response_class=Response,
    operation_id="revoke_service_key",
    summary="吊销服务密钥",
)
async def revoke_service_key(account_id: Identifier, key_id: Identifier, context: SignedIn) -> None:
    """Revokes a key from the next request on."""
    await service_accounts.revoke_key(context, account_id, key_id)
