"""岗位: a seat in an organisation; an enterprise's seats stand in the enterprise's own organisation."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select

from app.audit.record import Subject, record
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, FieldError, InvalidInput, NotPermitted
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.personnel.schemas import NewPost, PostFilter
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import OrganisationKind, PostKind
from app.tables.enterprises import Enterprise
from app.tables.people import Appointment, Post
from app.tables.places import Organisation

_OF_ENTERPRISES = frozenset(
    {
        PostKind.ENTERPRISE_SAFETY_OFFICER,
        PostKind.ENTERPRISE_SAFETY_HEAD,
        PostKind.ENTERPRISE_PRINCIPAL,
        PostKind.ENTERPRISE_CONTROLLER,
    }
)


async def create(context: Context, sent: NewPost) -> Answer:
    """A post; whoever may propose appointments to it may create it."""
    if not has_permission(Permission.APPOINTMENT_PROPOSE, context.actor):
        raise NotPermitted
    organisation_id, kind = await _organisation(context, sent)
    if (sent.kind in _OF_ENTERPRISES) != (kind == OrganisationKind.ENTERPRISE.value):
        message = "企业岗位只设在企业,监管岗位不设在企业;请核对岗位类别和机构。"
        raise InvalidInput("post_of_other_kind", message, fields=(FieldError("/kind", "post_of_other_kind", message),))
    taken = select(Post.id).where(Post.organisation_id == organisation_id, Post.title == sent.title)
    if (await context.session.execute(taken)).scalar_one_or_none() is not None:
        raise Conflict("post_exists", "该机构已有同名岗位,请直接使用已有岗位。")
    row = {"organisation_id": organisation_id, "kind": sent.kind.value, "title": sent.title}
    created = await context.session.execute(insert(Post).values(row).returning(Post.id))
    post_id = int(created.scalar_one())
    await record(context, "post:record:created", Subject("post", post_id), row)
    return Answer({"id": post_id, **row}, location=f"/api/v1/posts?organisation_id={organisation_id}")


async def _organisation(context: Context, sent: NewPost) -> tuple[int, str]:
    if (sent.organisation_id is None) == (sent.enterprise_code is None):
        message = "请在 organisation_id(机构)和 enterprise_code(企业)中填写一项。"
        fields = (FieldError("/organisation_id", "organisation_or_enterprise", message),)
        raise InvalidInput("organisation_or_enterprise", message, fields=fields)
    if sent.enterprise_code is not None:
        return await _organisation_of_enterprise(context, sent.enterprise_code), OrganisationKind.ENTERPRISE.value
    found = select(Organisation.id, Organisation.kind).where(Organisation.id == sent.organisation_id)
    row = (await context.session.execute(found)).one_or_none()
    if row is None:
        message = "没有这个机构,请从 /api/v1/organisations 中选取。"
        fields = (FieldError("/organisation_id", "organisation_unknown", message),)
        raise InvalidInput("organisation_unknown", message, fields=fields)
    return row.id, row.kind


async def _organisation_of_enterprise(context: Context, code: str) -> int:
    """The enterprise's own organisation, entered with its first post."""
    found = select(Enterprise.id, Enterprise.name, Enterprise.unit_id).where(Enterprise.code == code)
    enterprise = (await context.session.execute(found)).one_or_none()
    if enterprise is None:
        message = "没有登记这个统一社会信用代码的企业,请核对。"
        fields = (FieldError("/enterprise_code", "enterprise_unknown", message),)
        raise InvalidInput("enterprise_unknown", message, fields=fields)
    known = select(Organisation.id).where(Organisation.enterprise_id == enterprise.id)
    organisation_id = (await context.session.execute(known)).scalar_one_or_none()
    if organisation_id is not None:
        return organisation_id
    row = {
        "unit_id": enterprise.unit_id,
        "kind": OrganisationKind.ENTERPRISE.value,
        "name": enterprise.name,
        "code": code,
        "enterprise_id": enterprise.id,
        "confirmed_at": func.registry_now(),
    }
    entered = await context.session.execute(insert(Organisation).values(row).returning(Organisation.id))
    organisation_id = int(entered.scalar_one())
    particulars = {"enterprise": enterprise.id}
    await record(context, "organisation:record:entered", Subject("organisation", organisation_id), particulars)
    return organisation_id


async def page(context: Context, wanted: PostFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of posts with whether somebody holds them now."""
    if not has_permission(Permission.ORGANISATION_READ, context.actor):
        raise NotPermitted
    is_vacant = ~select(Appointment.id).where(Appointment.post_id == Post.id, is_in_force(context)).exists()
    statement = select(
        Post.id,
        Post.organisation_id,
        Organisation.name.label("organisation"),
        Post.kind,
        Post.title,
        is_vacant.label("is_vacant"),
    ).join(Organisation, Organisation.id == Post.organisation_id)
    if wanted.organisation_id is not None:
        statement = statement.where(Post.organisation_id == wanted.organisation_id)
    if wanted.kind is not None:
        statement = statement.where(Post.kind == wanted.kind.value)
    if wanted.is_vacant is not None:
        statement = statement.where(is_vacant == wanted.is_vacant)
    return await page_by_id(context, "posts", statement, Post.id, wanted, cursors)


def is_in_force(context: Context) -> ColumnElement[bool]:
    """The condition under which an appointment holds now."""
    not_over = or_(Appointment.valid_until.is_(None), Appointment.valid_until > context.now)
    return and_(Appointment.confirmed_at.is_not(None), Appointment.valid_from <= context.now, not_over)
