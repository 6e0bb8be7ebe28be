"""`qingling`, with parts left out where a benchmark asks what they cost (`QINGLING_TEST_WITHOUT`)."""

import os
from typing import Any

from app.audit import record as audit
from app.cli import main
from app.hazards import transition


async def _nothing(*_: Any, **__: Any) -> None:  # noqa: ANN401 - stands for any function
    """Records nothing."""


def leave_out(part: str | None) -> None:
    """Takes a part out of this process; ValueError for one that nobody knows."""
    if part == "audit":
        vars(transition)["record"] = _nothing
        vars(audit)["record_all"] = _nothing
    elif part is not None:
        raise ValueError(f"nothing is called {part}")


if __name__ == "__main__":
    leave_out(os.environ.pop("QINGLING_TEST_WITHOUT", None))
    main()
