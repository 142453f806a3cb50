"""The command line: arguments in, exit status out.

0  every entry was evaluated as far as its files allow
1  some entry failed, or a check found something to fix
2  the input was unusable and nothing was measured
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
