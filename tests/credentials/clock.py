"""The registry's clock in a test's hand, and the codes a telephone would show at that instant."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from tests.api.watching import Watch
from tests.support.registry import Registry


@dataclass(frozen=True)
class Clock:
    """Moves forward only, as clocks do; whoever was signed in too long ago signs in anew."""

    watch: Watch
    registry: Registry

    def now(self) -> datetime:
        """The registry's instant."""
        instant = self.watch.value("SELECT registry_now()")
        assert isinstance(instant, datetime)
        return instant

    def advance(self, **by: float) -> None:
        """Moves on; sign-ins that were kept for later tests are forgotten."""
        seconds = int(timedelta(**by).total_seconds())
        self._move(seconds)
        self.registry.tokens.clear()

    def code(self, secret: str, *, steps: int = 0) -> str:
        """What the telephone shows now, or so many steps of thirty seconds from now."""
        return pyotp.TOTP(secret).at(int(self.now().timestamp()) + 30 * steps)

    def next_step(self) -> None:
        """The next code's time, without ending anybody's sign-in."""
        self._move(30)

    def stop(self) -> "Clock":
        """Stands still from now on but where a test moves it."""
        self._move(0)
        return self

    def _move(self, seconds: int) -> None:
        self.watch.connection.execute(
            "UPDATE clock_setting SET fixed_at = registry_now() + make_interval(secs => %s), offset_seconds = 0",
            [seconds],
        )
