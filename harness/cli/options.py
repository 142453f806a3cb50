"""Options that several commands share, and how their values are read."""

import argparse
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.entries.discovery import Asked
    from reports.comparison import Limit

PATH_HELP = "a submission folder, a folder of them, or an official repository"


def run_by(name: str) -> Callable[[argparse.Namespace], Any]:
    """Return a command whose module, with its seconds of imports, is loaded when it is called."""
    return lambda options: import_module(f"harness.cli.{name}").command(options)


def add_protocol(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Add --protocol; without a default it is that of the run."""
    assumed = default or "the run's own, or the one that a table is named after"
    parser.add_argument(
        "--protocol", default=default, metavar="NAME|FILE", help=f"edition (default: {assumed})"
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add --device."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Add --weights, which may be given several times."""
    parser.add_argument(
        "--weights",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="look for checkpoints here first, by their sha256",
    )


def add_time_limit(parser: argparse.ArgumentParser) -> None:
    """Add --time-limit."""
    parser.add_argument(
        "--time-limit",
        type=positive,
        default=600,
        metavar="S",
        help="seconds that one pass of one entry may take (default: 600)",
    )


def add_repository(parser: argparse.ArgumentParser) -> None:
    """Add --ids and --build, of official repositories, and --no-stand-ins."""
    parser.add_argument(
        "--ids",
        type=ids,
        default=(),
        metavar="0,1,REPO:22",
        help="of official repositories, only these; REPO is the name of one's folder",
    )
    parser.add_argument(
        "--build",
        action="store_true",
        help="compile the operators of an official repository's entries, as their own manifests "
        "would ask; without it their plain twins are measured",
    )
    parser.add_argument(
        "--no-stand-ins",
        action="store_true",
        help="fail where a package that an entry imports is not installed",
    )


def add_accept(parser: argparse.ArgumentParser) -> None:
    """Add --accept, which may be given several times."""
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="ID|NAME",
        help="rank this entry, by its id or folder, whatever is flagged: a person has looked into "
        "it; OUT remembers it for these files of the entry",
    )


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add --entry-files and --entry-gib."""
    parser.add_argument(
        "--entry-files",
        type=positive,
        metavar="N",
        help="files that one submission may hold (default: 10000)",
    )
    parser.add_argument(
        "--entry-gib",
        type=positive,
        metavar="N",
        help="GiB that they may have together (default: 4)",
    )


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add --to, where tables and figures go."""
    parser.add_argument(
        "--to", type=Path, default=Path("tables"), metavar="DIR", help="(default: tables)"
    )


def numbers(text: str) -> tuple[int, ...]:
    """Read `0,1,22`."""
    try:
        return tuple(int(number) for number in names(text))
    except ValueError:
        message = f"{text!r} is not a list of whole numbers like 0,1,22"
        raise argparse.ArgumentTypeError(message) from None


def ids(text: str) -> tuple["Asked", ...]:
    """Read `0,1,REPO:22`."""
    try:
        found = (name.rpartition(":") for name in names(text))
        return tuple((repo, int(number)) if repo else int(number) for repo, _, number in found)
    except ValueError:
        message = f"{text!r} is not a list of ids like 0,1,22 or REPO:22"
        raise argparse.ArgumentTypeError(message) from None


def box(text: str) -> tuple[int, ...]:
    """Read `x,y,w,h`."""
    try:
        found = numbers(text)
    except argparse.ArgumentTypeError:
        found = ()
    if len(found) != 4:
        raise argparse.ArgumentTypeError(f"{text!r} is not a box x,y,w,h like 100,60,64,48")
    return found


def limit(text: str) -> "Limit":
    """Read `runtime_ms>5%`."""
    from reports.comparison import Limit

    try:
        return Limit.read(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def scales(text: str) -> tuple[int, ...]:
    """Read `2,3,4` as scales, all above 1."""
    found = numbers(text)
    if not found or min(found) < 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of scales like 2,3,4")
    return found


def dates(text: str) -> tuple[datetime, ...]:
    """Read `2026-02-01,2026-03-10 12:00`."""
    try:
        return tuple(datetime.fromisoformat(date).replace(tzinfo=None) for date in names(text))
    except ValueError:
        message = f"{text!r} is not a list of dates like 2026-02-01,2026-03-10"
        raise argparse.ArgumentTypeError(message) from None


def names(text: str) -> tuple[str, ...]:
    """Read `valid,test`."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def whole(text: str) -> int:
    """Read a whole number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def setting(text: str) -> tuple[str, str]:
    """Read `KEY=VALUE`."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not a setting like mem=16G")
    return key, value


def percentage(text: str) -> float:
    """Read `0.5%` as 0.005."""
    try:
        value = float(text.removesuffix("%")) / 100
    except ValueError:
        value = 0.0
    if not (text.endswith("%") and 0 < value < 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage like 0.5%")
    return value
