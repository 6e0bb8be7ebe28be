"""Runs `qingling` in children that need not import it anew: `python -m tests.support.command_kitchen`.

Its first line of standard input names the process it ends with; each further line is one command, answered with its
exit code. A child is forked before anything has run: it is as fresh as any process, but for the imports.
"""

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any

from app.cli import main as qingling

_PR_SET_PDEATHSIG = 1
_STREAMS = ("stdin", "stdout", "stderr")


def _die_with(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _take(order: Mapping[str, Any]) -> None:
    """This process becomes the one that was ordered: its streams, environment, zone and arguments."""
    for number, name in enumerate(_STREAMS):
        os.dup2(os.open(order[name], os.O_RDWR), number)
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    sys.argv = ["qingling", *order["arguments"]]


def _obey() -> bool:
    """Whether this is a child, which has its command to run; False when standard input has ended."""
    orders = os.fdopen(os.dup(sys.stdin.fileno()))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    own = os.getpid()
    _die_with(json.loads(orders.readline())["parent"])
    for line in orders:
        child = os.fork()
        if not child:
            _die_with(own)
            _take(json.loads(line))
            return True
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()
    return False


if __name__ == "__main__" and _obey():
    qingling()
