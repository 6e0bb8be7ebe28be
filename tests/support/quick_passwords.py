"""Passwords hashed in this process with argon2's smallest parameters: the real ones cost a fifth of a second each.

A hash carries its own parameters: nothing else differs. The real ones are looked at by the tests of `security`.
"""

from typing import Any, Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.infrastructure import security

QUICK: Final = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
_NAMES: Final = ("_ARGON2", "_NOBODYS_HASH")
AS_SERVED: Final[dict[str, Any]] = {name: getattr(security, name) for name in _NAMES}
"""What stands there when nobody tests."""

for _name, _value in zip(_NAMES, (PasswordHash((QUICK,)), QUICK.hash("nobody's")), strict=True):
    setattr(security, _name, _value)
