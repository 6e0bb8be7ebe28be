"""What must stand in no log and in no refusal, and how it is looked for."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

PASSWORD: Final = "Kanarie-9-Passwort!"
CODE: Final = "739164"
RECOVERY_CODE: Final = "kxqz-7f3m-w9hd"
TOKEN: Final = "kanarie-token-Zk3vQ9xT7bLmN2sRw8yH4dJf6gPcUaEi"
SERVICE_KEY: Final = "qk_kanarieQ9xT7bLmN2sRw8yH4dJf6gPcUaEiZk3vXoB1"
PHONE: Final = "13947700381"
# Invented: its unit code is none of the six digits in use.
IDENTITY_NUMBER: Final = "159999199003070016"
NAME: Final = "金丝雀姓名"
TIP: Final = "金丝雀举报内容"

CANARIES: Final[Mapping[str, str]] = {
    "password": PASSWORD,
    "code": CODE,
    "recovery code": RECOVERY_CODE,
    "token": TOKEN,
    "service key": SERVICE_KEY,
    "phone": PHONE,
    "identity number": IDENTITY_NUMBER,
    "name": NAME,
    "tip": TIP,
}


@dataclass(slots=True)
class Search:
    """The canaries, and the secrets that the run itself was given."""

    secrets: dict[str, str] = field(default_factory=lambda: dict(CANARIES))

    def hits(self, text: str) -> list[str]:
        """The names of what stands in a text, in any of the ways a text may carry it."""
        return [name for name, secret in self.secrets.items() if any(one.search(text) for one in _written(secret))]


def _written(secret: str) -> Iterator[re.Pattern[str]]:
    ways = {
        secret,
        quote(secret),
        json.dumps(secret)[1:-1],
        base64.b64encode(secret.encode()).decode(),
        repr(secret)[1:-1],
    }
    for way in ways:
        # A code of six digits is also the end of a number or of a clock's microseconds.
        yield re.compile(rf"(?<![\d.]){re.escape(way)}(?!\d)" if way.isdigit() else re.escape(way))
