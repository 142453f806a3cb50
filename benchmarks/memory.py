"""Peak memory of a process, as the kernel keeps it for its own address space.

What getrusage(2) tells counts the memory of the process that started it, which a benchmark's is.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_TOLD = """
import atexit, sys
sys.path.insert(0, sys.argv.pop(1))
from memory import peak_mib
from harness.cli import main
atexit.register(lambda: print(peak_mib()))
sys.exit(main(sys.argv[1:]))
"""


def peak_mib() -> float:
    """Return the peak resident memory of this process, in MiB (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def of_command(arguments: Sequence[str]) -> float:
    """Run a command of the harness in a process of its own; return its peak memory in MiB."""
    told = [sys.executable, "-c", _TOLD, str(Path(__file__).parent), *arguments]
    done = subprocess.run(told, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.split()[-1])
