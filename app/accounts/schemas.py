"""What the API takes to sign in and to choose a post."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.infrastructure.fields import CleanLine, Identifier


class SignIn(BaseModel):
    """登录."""

    model_config = ConfigDict(extra="forbid")
    login_name: CleanLine = Field(description="登录名")
    password: SecretStr = Field(min_length=1, max_length=200, description="口令")
    appointment_id: Identifier | None = Field(default=None, description="以哪一任职登录;只有一个任职时可不填")


class ChosenAppointment(BaseModel):
    """切换任职."""

    model_config = ConfigDict(extra="forbid")
    appointment_id: Identifier
