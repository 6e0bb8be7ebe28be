"""What the API takes to sign in, to choose a post and to change what one signs in with."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.credentials.step_up import Code, Password, ProofGiven
from app.infrastructure.fields import Clean, CleanLine, CleanText, Identifier
from app.infrastructure.keyset import Paging


class SignIn(BaseModel):
    """登录."""

    model_config = ConfigDict(extra="forbid")
    login_name: CleanLine = Field(description="登录名")
    password: SecretStr = Field(min_length=1, max_length=200, description="口令")
    code: Annotated[str, Clean(32)] | None = Field(
        default=None, description="动态口令,或者一个恢复码;已绑定的账号须填写"
    )
    appointment_id: Identifier | None = Field(default=None, description="以哪一任职登录;只有一个任职时可不填")


class ChosenAppointment(BaseModel):
    """切换任职."""

    model_config = ConfigDict(extra="forbid")
    appointment_id: Identifier


class PasswordChange(BaseModel):
    """修改口令."""

    model_config = ConfigDict(extra="forbid")
    proves_the_person: ClassVar[bool] = True
    password: Password
    new_password: SecretStr = Field(min_length=1, max_length=200, description="新口令")


class SecondFactorEnrolment(BaseModel):
    """绑定动态口令."""

    model_config = ConfigDict(extra="forbid")
    proves_the_person: ClassVar[bool] = True
    password: Password
    code: Code | None = Field(default=None, description="换绑时须填写:原动态口令,或者一个恢复码")


class SecondFactorConfirmation(BaseModel):
    """以第一个动态口令确认绑定;单点登录后以动态口令或者恢复码完成登录."""

    model_config = ConfigDict(extra="forbid")
    proves_the_person: ClassVar[bool] = True
    code: Code


class NewStepUp(ProofGiven):
    """重新验证身份: over one content, for a signature at one level."""

    model_config = ConfigDict(extra="forbid")
    content_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="所签内容或者所确认文书的 SHA-256")
    level: int | None = Field(default=None, ge=1, le=9, description="签字级别;确认文书时不填")


class SessionFilter(BaseModel):
    """筛选登录会话."""

    model_config = ConfigDict(extra="forbid")
    account_id: Identifier | None = Field(default=None, description="哪一账号的;仅安全管理员可查他人")


class NewRestoration(BaseModel):
    """申请恢复登录."""

    model_config = ConfigDict(extra="forbid")
    reason: CleanText = Field(description="恢复登录的事由,如遗失手机、忘记口令")


class RestorationConfirmed(ProofGiven):
    """确认恢复登录."""

    model_config = ConfigDict(extra="forbid")
    document_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="所确认申请的 SHA-256,读取申请时返回")


class RestorationFilter(Paging):
    """筛选恢复登录的记录."""

    account_id: Identifier | None = None
    is_confirmed: bool | None = None
