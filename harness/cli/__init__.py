"""The command line: arguments in, exit status out.

0  every entry was evaluated as far as its files allow
1  some entry failed, or a check found something to fix
2  the input was unusable and nothing was measured
"""

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from harness.errors import InputError

OK, SOMETHING_FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
SHIPPED_SUBMISSIONS = Path(__file__).resolve().parents[2] / "submissions"
DEMO = "demo"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status. Mistakes of the user end in one sentence."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(arguments or ["run"])
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


def _command(name: str) -> Callable[[argparse.Namespace], Any]:
    """Return a command whose module, with its seconds of imports, is loaded when it is called."""
    return lambda options: import_module(f"harness.cli.{name}").command(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run_challenge.py",
        description="Measure, rank and report submissions of the NTIRE Efficient SR challenge. "
        "Without arguments: the embedded demo challenge.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    _add_run(commands)

    check = commands.add_parser("check", help="a team's pre-flight on one submission")
    check.add_argument("path", type=Path, metavar="PATH", help="a submission folder")
    _add_protocol(check, default="ntire2026")
    check.add_argument("--data", type=Path, help="folder of the protocol's image folders")
    _add_weights(check)
    _add_device(check)
    _add_time_limit(check)
    check.set_defaults(command=_command("check"))

    rank = commands.add_parser("rank", help="rank a finished run or a CSV table; measure nothing")
    rank.add_argument("source", type=Path, metavar="OUT|TABLE.csv")
    _add_protocol(rank, default=None)
    rank.add_argument(
        "--baseline",
        choices=("measured", "published"),
        default="measured",
        help="relate scores to the baseline's row or to its published figures",
    )
    rank.set_defaults(command=_command("rank"))

    _add_exchange(commands)

    weights = commands.add_parser("weights", help="published checkpoints")
    fetch = weights.add_subparsers(required=True, metavar="fetch").add_parser(
        "fetch", help="download checkpoints to the cache, checked by their sha256"
    )
    fetch.add_argument("paths", nargs="+", type=Path, metavar="SUBMISSION", help=_PATH_HELP)
    fetch.set_defaults(command=_command("weights"))

    report = commands.add_parser("report", help="render the report of a finished run again")
    report.add_argument("out", type=Path, metavar="OUT")
    report.add_argument(
        "--public",
        action="store_true",
        help="for everyone, below OUT/public: without logs, paths, mail addresses, and the file "
        "names and pixels of private splits",
    )
    report.add_argument("--pdf", action="store_true", help="print the pages to PDF files as well")
    report.set_defaults(command=_command("report"))

    show = commands.add_parser("show", help="what there is, and what this machine can measure")
    show.add_argument("what", choices=("protocols", "submissions", "device"))
    show.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=_PATH_HELP)
    _add_device(show)
    _add_repository(show)
    show.set_defaults(command=_command("show"))
    return parser


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="measure submissions, rank them, render the report")
    run.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=_PATH_HELP)
    _add_protocol(run, default=DEMO)
    run.add_argument("--data", type=Path, help="folder of the protocol's image folders")
    _add_weights(run)
    run.add_argument("--out", type=Path, help="folder of results (default: runs/PROTOCOL)")
    _add_device(run)
    run.add_argument("--splits", type=_names, default=(), help="only these, e.g. valid,test")
    run.add_argument("--policy", choices=("fair", "official"), help="of timing, see the README")
    run.add_argument("--rounds", type=_positive, help="timed visits of each entry")
    run.add_argument("--sweeps", type=_positive, help="timed passes over all images in a visit")
    run.add_argument(
        "--budget",
        type=_positive,
        default=0,
        metavar="MINUTES",
        help="add rounds, this long, until runtimes are known to --precision",
    )
    run.add_argument(
        "--precision",
        type=_percentage,
        default=0.005,
        metavar="P%",
        help="half width of the 95 %% intervals that --budget works towards (default: 0.5%%)",
    )
    run.add_argument("--no-ssim", action="store_true", help="PSNR only, which is ten times as fast")
    _add_time_limit(run)
    _add_repository(run)
    run.add_argument("--keep-sr", action="store_true", help="keep every SR image in OUT/sr")
    run.add_argument("--retry-failed", action="store_true", help="measure failed passes again")
    run.add_argument("--fresh", action="store_true", help="measure everything again")
    run.set_defaults(command=_command("run"))


def _add_exchange(commands: Any) -> None:
    compare = commands.add_parser("compare", help="two runs or CSV tables, metric beside metric")
    compare.add_argument("a", type=Path, metavar="A", help="folder of a run, or TABLE.csv")
    compare.add_argument("b", type=Path, metavar="B", help="folder of a run, or TABLE.csv")
    compare.add_argument(
        "--edition", default="", metavar="YEAR", help="of a table of several, only this one"
    )
    compare.add_argument("--to", type=Path, metavar="DIR", help="a page and tables of it, there")
    compare.set_defaults(command=_command("compare"))

    adopt = commands.add_parser("import", help="native folders from an official repository")
    adopt.add_argument("repository", type=Path, metavar="REPOSITORY")
    adopt.add_argument("--ids", type=_numbers, default=(), metavar="18", help="only these")
    adopt.add_argument("--to", type=Path, required=True, help="folder of submissions")
    adopt.set_defaults(command=_command("adopt"))


_PATH_HELP = "a submission folder, a folder of them, or an official repository"


def _add_protocol(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--protocol", default=default, metavar="NAME|FILE", help=f"edition (default: {default})"
    )


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")


def _add_weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="look for checkpoints here first, by their sha256",
    )


def _add_time_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--time-limit",
        type=_positive,
        default=600,
        metavar="S",
        help="seconds that one pass of one entry may take (default: 600)",
    )


def _add_repository(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ids",
        type=_numbers,
        default=(),
        metavar="0,1,22",
        help="of an official repository, only these",
    )
    parser.add_argument(
        "--no-stand-ins",
        action="store_true",
        help="of an official repository: fail where a package is not installed",
    )


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in _names(text))
    except ValueError:
        message = f"{text!r} is not a list of whole numbers like 0,1,22"
        raise argparse.ArgumentTypeError(message) from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _percentage(text: str) -> float:
    """Read `0.5%` as 0.005."""
    try:
        value = float(text.removesuffix("%")) / 100
    except ValueError:
        value = 0.0
    if not (text.endswith("%") and 0 < value < 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage like 0.5%")
    return value
