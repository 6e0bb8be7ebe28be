"""Passwords, tokens, digests: what is kept can be checked but not turned back into what was given."""

import hashlib
import hmac
import json
import secrets
from typing import Final

import anyio
import anyio.to_thread
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from app.infrastructure.errors import InvalidInput
from app.infrastructure.password_policy import PasswordPolicy

TOKEN_BYTES: Final = 32
LONGEST_PASSWORD: Final = 256
"""In characters; argon2 takes any length, so a limit keeps a megabyte of password from costing a megabyte of work."""

_ARGON2: Final = PasswordHash((Argon2Hasher(),))
# Each verification holds 64 MiB and a core for a fifth of a second: two at once leave the rest of the server alive.
_ARGON2_AT_ONCE: Final = anyio.CapacityLimiter(2)
# Anybody may send passwords to the sign-in; whoever proves themselves again holds a transaction and waits in no queue
# of theirs.
_OF_STRANGERS_AT_ONCE: Final = anyio.CapacityLimiter(2)
# Of random bytes nobody kept, with the parameters of every new hash: written down, for making it costs each start.
_NOBODYS_HASH: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$w6lIz5Q52HisDnlqsyYDnA$iUGq4KTlpNHMDdYwogD6VJ0pSxxrMc3IK7gVwJ17v/g"
)


async def hash_password(password: str) -> str:
    """The argon2id hash to keep, with its own salt; computed off the event loop."""
    return await anyio.to_thread.run_sync(_ARGON2.hash, password, limiter=_ARGON2_AT_ONCE)


async def hash_initial_password(password: str, login_name: str, policy: PasswordPolicy) -> str:
    """The hash of a password set for somebody, good for one sign-in; InvalidInput naming every unmet rule."""
    faults = policy.faults(password, login_name, "/password")
    if faults:
        message = "".join(fault.message for fault in faults)
        raise InvalidInput(faults[0].code, message, fields=tuple(faults))
    return await hash_password(password)


async def verify_password(password: str, kept: str | None, *, of_stranger: bool = False) -> bool:
    """Whether the password is the kept hash's. `None` (no such account) costs the same time and is always False.

    `of_stranger`: of somebody who is not signed in yet.
    """
    if len(password) > LONGEST_PASSWORD:
        return False
    limiter = _OF_STRANGERS_AT_ONCE if of_stranger else _ARGON2_AT_ONCE
    right = await anyio.to_thread.run_sync(_is_right, password, kept or _NOBODYS_HASH, limiter=limiter)
    return right and kept is not None


def _is_right(password: str, kept: str) -> bool:
    try:
        return _ARGON2.verify(password, kept)
    except (UnknownHashError, UnicodeEncodeError):
        # An account without a usable password, or a password no client can have set: the cost must not tell.
        _ARGON2.verify("", _NOBODYS_HASH)
        return False


def new_token(prefix: str = "") -> str:
    """A secret of 256 random bits, URL-safe, shown to its holder once; `prefix` names its kind for secret scanners."""
    return prefix + secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> bytes:
    """SHA-256 of a token, the only form that is kept: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def person_digest(key: bytes, identity_number: str) -> bytes:
    """Keyed digest of an identity number (HMAC-SHA-256): the same person twice is seen, the number is not kept."""
    return hmac.digest(key, b"qingling:person:" + identity_number.strip().upper().encode(), "sha256")


def canonical_json(value: object) -> bytes:
    """The one byte form of a document: keys sorted by code point, no spaces, UTF-8. ValueError for a float."""
    _refuse_what_has_no_single_form(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _refuse_what_has_no_single_form(value: object) -> None:
    if value is None or isinstance(value, (str, int)):
        return
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a canonical document has text keys only")
        for item in value.values():
            _refuse_what_has_no_single_form(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_what_has_no_single_form(item)
    else:
        raise ValueError(f"{type(value).__name__} has no canonical form: write it as text")  # noqa: TRY004 - one kind for all


def content_digest(value: object) -> str:
    """SHA-256 of the canonical form, 64 lower-case hexadecimal digits: what a signature binds to."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
