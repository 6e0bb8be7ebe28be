"""What the API takes to register persons, accounts, posts, appointments and service keys, and to filter their lists."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.infrastructure.fields import CleanLine, CleanText, EnterpriseCode, Identifier, IdentityNumber, Instant
from app.infrastructure.keyset import Paging
from app.regulation.vocabulary import PostKind

LONGEST_KEY_DAYS = 366

LoginName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$", description="登录名:3 至 64 位字母、数字、._-")
]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9][0-9-]{4,19}$", max_length=20, description="联系电话")]


class Sent(BaseModel):
    """A document someone sends: unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid")


class NewPerson(Sent):
    """登记自然人."""

    name: Annotated[CleanLine, Field(description="姓名")]
    identity_number: IdentityNumber | None = Field(
        default=None, description="身份证号码;签字岗位任职前必须登记,不保存原文"
    )
    phone: Phone | None = None


class PersonChange(Sent):
    """Only what is given is changed; an identity number is registered once."""

    phone: Phone | None = None
    identity_number: IdentityNumber | None = None


class NewAccount(Sent):
    """开设个人账号."""

    login_name: LoginName
    person_id: Identifier
    password: SecretStr = Field(min_length=1, max_length=200, description="初始口令,须符合本系统的口令规则")


class Disablement(Sent):
    """停用账号."""

    for_cause: bool = Field(description="是否因故停用:因故停用的,本人在未销号轮次中的签字作废")
    reason: CleanText = Field(description="停用原因")


class NewPost(Sent):
    """设岗: in an organisation, or in an enterprise's own by its code."""

    organisation_id: Identifier | None = None
    enterprise_code: EnterpriseCode | None = None
    kind: PostKind
    title: Annotated[CleanLine, Field(max_length=100, description="岗位名称,同一机构内不重复")]


class AppointmentProposal(Sent):
    """提出任职; 代签 names whose appointment it stands in for and an end."""

    person_id: Identifier
    post_id: Identifier
    valid_from: Instant | None = Field(default=None, description="起始时间;不填的自确认之时起算,不得早于现在")
    valid_until: Instant | None = Field(default=None, description="终止时间;代签必填")
    acting_for_appointment_id: Identifier | None = Field(default=None, description="代签:代哪一任职")
    authority: CleanLine | None = Field(default=None, description="任职文件")


class AppointmentEnding(Sent):
    """终止任职, at once or on a later day."""

    valid_until: Instant | None = Field(default=None, description="终止时间;不填为立即")
    reason: CleanLine = Field(description="终止原因")


class NewServiceAccount(Sent):
    """开设服务账号."""

    login_name: LoginName
    organisation_id: Identifier


class NewServiceKey(Sent):
    """签发服务密钥."""

    label: CleanLine = Field(description="用途")
    valid_days: int = Field(default=90, ge=1, le=LONGEST_KEY_DAYS, description="有效天数")
    scopes: list[CleanLine] = Field(
        default_factory=list,
        max_length=100,
        description="用途:权限(如 hazard:read)和事项(如 act:report);不填的,账号能办的都能办",
    )


class PersonFilter(Paging):
    """筛选自然人."""

    words: CleanLine | None = Field(default=None, description="姓名中包含的文字;仅管理员可用")


class AccountFilter(Paging):
    """筛选账号."""

    person_id: Identifier | None = None
    is_service: bool | None = None
    is_disabled: bool | None = None


class PostFilter(Paging):
    """筛选岗位."""

    organisation_id: Identifier | None = None
    kind: PostKind | None = None
    is_vacant: bool | None = Field(default=None, description="目前是否无人任职")


class AppointmentFilter(Paging):
    """筛选任职."""

    person_id: Identifier | None = None
    post_id: Identifier | None = None
    organisation_id: Identifier | None = None
    is_confirmed: bool | None = None
    is_in_force: bool | None = None
