"""Ties a worker's life to the harness's: whoever ends the harness, however, ends the worker."""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with(parent: int) -> None:
    """Let the kernel kill this process when the process `parent`, which started it, ends (Linux).

    Where memory runs out, the kernel is asked to choose this process and not the harness.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        Path("/proc/self/oom_score_adj").write_text("1000")
    if os.getppid() != parent:  # it ended before the kernel was asked
        sys.exit("the harness ended before its worker began")
