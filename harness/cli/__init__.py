"""The command line: what is typed, and what is printed while it runs. No logic.

Exit status: 0 every entry was evaluated as far as its files allow, 1 some entry failed or a
check found something to fix, 2 the input was unusable and nothing was measured.

parser    what may stand on the command line, command by command
options   options that several commands share, and how their values are read
phases    the same of `score` and `codabench`
inputs    what arguments name: submissions with their checkpoints, stand-ins, the data folder
progress  how far a run is: one live bar on a terminal, plain lines elsewhere
run       `run`: measure submissions, rank them once, render the report
check     `check`: a team's pre-flight on one submission
profile   `profile`: where one submission's time goes
score     `score`: SR images against HR, without the code that made them
codabench  `codabench`: a bundle that opens a competition
rank      `rank`: rank a finished run or a CSV table again
report    `report`: render the report of a finished run again
compare   `compare`: two runs or tables, metric beside metric
table     `table`: the benchmark table of a paper
strip     `strip`: one box of one image as every method restores it
show      `show`: protocols, submissions, and what this machine can measure
adopt     `import`: native folders from an official repository
data      `data`: LR images made, data sets checked and fetched
weights   `weights fetch`: published checkpoints to the cache
"""

import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from harness.cli.parser import parser
from harness.errors import InputError

OK, SOMETHING_FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
SHIPPED_SUBMISSIONS = Path(__file__).resolve().parents[2] / "submissions"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status. Mistakes of the user end in one sentence."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_args(arguments or ["run"])
    options.command_line = shlex.join(["run_challenge.py", *arguments])
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        status = int(options.command(options))
        sys.stdout.flush()
        return status
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        print(
            f"\nStopped. What is finished is kept; go on with: {options.command_line}",
            file=sys.stderr,
        )
        return INTERRUPTED


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
