"""The command line: what is typed, and what is printed while it runs. No logic.

Exit status: 0 every entry was evaluated as far as its files allow, 1 some entry failed or a
check found something to fix, 2 the input was unusable and nothing was measured.

parser    what may stand on the command line, command by command
teams     what may stand there for the commands of teams
authors   what may stand there for `table` and `strip`
organisers  what may stand there for `submissions`
work      what may stand there on where the work of a run is done
phases    what may stand there for `score` and `codabench`
options   options that several commands share, and how their values are read
inputs    what arguments name: submissions with their checkpoints, stand-ins, the data folder
executors  who does the units of a run: here, on several devices
progress  how far a run is: one live bar on a terminal, plain lines elsewhere
dry_run   `run --dry-run`: what would be measured, and how long it takes
run       `run`: measure submissions, rank them once, render the report
check     `check`: a team's pre-flight, submission after submission
verdict   what a check ends in: a block of text, or JSON
intake    `submissions status`: what each team handed in, and whether it is ready
init      `init`: a manifest from a model file and its checkpoint
pack      `pack`: the archive to hand in
export    `export`: an entry of a clone of the official repository
profile   `profile`: where one submission's time goes
score     `score`: SR images against HR, without the code that made them
codabench  `codabench`: a bundle that opens a competition
rank      `rank`: rank a finished run or a CSV table again
report    `report`: render the report of a finished run again
verify    `verify`: a stored run held to its raw samples and its trail
compare   `compare`: two runs or tables, metric beside metric
merge     `merge`: runs of several machines joined into one
table     `table`: the benchmark table of a paper
strip     `strip`: one box of one image as every method restores it
show      `show`: protocols, submissions, and what this machine can measure
adopt     `import`: native folders from an official repository
protocol  `protocol`: a new protocol, and what is wrong with one
data      `data`: LR images made, data sets checked and fetched
weights   `weights fetch`: published checkpoints to the cache
"""

import os
import shlex
import shutil
import signal
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from harness.cli.parser import parser
from harness.errors import InputError

OK, SOMETHING_FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
_CLONE = Path(__file__).resolve().parents[2]
# a wheel puts the few that protocols name beside the environment's other data
_INSTALLED = Path(sysconfig.get_path("data")) / "share" / "esr-harness"
SHIPPED_SUBMISSIONS = (
    _CLONE if (_CLONE / "run_challenge.py").is_file() else _INSTALLED
) / "submissions"


def program() -> str:
    """Return how the user calls the program: as installed, or by the script of a clone."""
    script = Path(sys.argv[0]).name
    return "python run_challenge.py" if script == "run_challenge.py" else "esr-harness"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status. Mistakes of the user end in one sentence."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = parser(program()).parse_args(arguments or ["run"])
    options.typed = arguments or ["run"]
    options.command_line = f"{program()} {shlex.join(arguments)}".strip()
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
        kept = (
            "What is finished is kept; go on" if options.keeps else "Nothing is kept; begin again"
        )
        print(f"\nStopped. {kept} with: {options.command_line}", file=sys.stderr)
        if options.keeps and options.out and (options.out / "results.json").is_file():
            report = f"{program()} report {quoted(options.out)}"
            print(f"Its report as far as it is: {report}", file=sys.stderr)
        return INTERRUPTED


def width() -> int:
    """Return the letters of a line: COLUMNS, or the terminal's; 0 where it has no end."""
    return shutil.get_terminal_size((0, 0)).columns


def quoted(path: Path) -> str:
    """Return a path as a shell takes it, relative where it lies below the working folder."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
