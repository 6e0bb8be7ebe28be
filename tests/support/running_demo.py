"""`qingling demo` as a process of its own, its whole output in a file."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2

from tests.support.polling import until

QINGLING = Path(sys.executable).with_name("qingling")
READY_WITHIN = 180.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/readyz", timeout=10).status_code == 200
    except httpx2.TransportError:
        return False


@contextlib.contextmanager
def running_demo(folder: Path, log: Path, settings: Mapping[str, str], *arguments: str) -> Iterator[str]:
    """Its address, once it is ready."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QINGLING_")}
    environment = kept | {"QINGLING_DATA_DIR": str(folder), **settings}
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [QINGLING, "demo", "--port", str(port), *arguments],
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or _is_ready(address), READY_WITHIN)
        assert process.poll() is None, log.read_text("utf-8", "replace")[-4000:]
        yield address
    finally:
        process.terminate()
        process.wait(60)
