"""What the API takes to sign on through a provider and to bind a provider's subject to an account."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.tables.sign_on import LONGEST_SUBJECT

# OpenID Connect Core 2: at most 255 ASCII characters, compared byte for byte, so nothing is cleaned.
_VISIBLE = r"^[\x21-\x7e]+$"
_PARAMETER = Annotated[str | None, Field(max_length=4096)]


class Callback(BaseModel):
    """What the provider adds to the callback's address; everything it may send besides is read and ignored."""

    model_config = ConfigDict(extra="forbid")
    code: _PARAMETER = Field(default=None, description="授权码,只用一次")
    state: _PARAMETER = Field(default=None, description="开始登录时交给登录服务的随机值")
    iss: _PARAMETER = Field(default=None, description="签发方(RFC 9207);给出时须与配置一致")
    error: _PARAMETER = None
    error_description: _PARAMETER = None
    error_uri: _PARAMETER = None
    session_state: _PARAMETER = None
    scope: _PARAMETER = None


class NewIdentity(BaseModel):
    """绑定单点登录身份."""

    model_config = ConfigDict(extra="forbid")
    issuer: Annotated[str, Field(max_length=500, pattern=_VISIBLE, description="签发方地址,与系统配置的一致")]
    subject: Annotated[
        str, Field(max_length=LONGEST_SUBJECT, pattern=_VISIBLE, description="该人在签发方的唯一标识(sub),区分大小写")
    ]
