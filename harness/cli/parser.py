"""What may stand on the command line, command by command."""

import argparse
import difflib
from pathlib import Path
from typing import Any

from harness.cli import authors, organisers, phases, teams, work
from harness.cli.options import (
    PATH_HELP,
    add_accept,
    add_device,
    add_limits,
    add_protocol,
    add_repository,
    add_time_limit,
    add_weights,
    limit,
    names,
    numbers,
    percentage,
    positive,
    run_by,
    scales,
    whole,
)

DEMO = "demo"


class _Parser(argparse.ArgumentParser):
    """Answers a word that is none of the choices with the nearest one."""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        near = difflib.get_close_matches(str(value), known, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        raise argparse.ArgumentError(action, f"{value!r} is unknown; {advice}")


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of all commands, called as `program`.

    `options.command` runs the command that was named; `options.keeps` tells whether it goes on
    where it was stopped.
    """
    parser = _Parser(
        prog=program,
        description="Measure, rank and report submissions of the NTIRE Efficient SR challenge. "
        "Without arguments: the embedded demo challenge.",
    )
    parser.set_defaults(keeps=False)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    _add_run(commands)

    teams.add(commands)

    rank = commands.add_parser("rank", help="rank a finished run or a CSV table; measure nothing")
    rank.add_argument("source", type=Path, metavar="OUT|TABLE.csv")
    add_protocol(rank, default=None)
    rank.add_argument(
        "--baseline",
        choices=("measured", "published"),
        default="measured",
        help="relate scores to the baseline's row or to its published figures",
    )
    rank.set_defaults(command=run_by("rank"))

    phases.add(commands)
    organisers.add(commands)
    _add_protocols(commands)
    _add_data(commands)

    _add_exchange(commands)
    authors.add(commands)

    weights = commands.add_parser("weights", help="published checkpoints")
    fetch = weights.add_subparsers(required=True, metavar="fetch").add_parser(
        "fetch", help="download checkpoints to the cache, checked by their sha256"
    )
    fetch.add_argument("paths", nargs="+", type=Path, metavar="SUBMISSION", help=PATH_HELP)
    fetch.set_defaults(command=run_by("weights"))

    report = commands.add_parser("report", help="render the report of a finished run again")
    report.add_argument("out", type=Path, metavar="OUT")
    report.add_argument(
        "--public",
        action="store_true",
        help="for everyone, below OUT/public: without logs, paths, mail addresses and the file "
        "names of private splits",
    )
    add_accept(report)
    report.add_argument("--pdf", action="store_true", help="print the pages to PDF files as well")
    report.set_defaults(command=run_by("report"))

    verify = commands.add_parser(
        "verify", help="recompute what a run says from its raw samples, and say what differs"
    )
    verify.add_argument("out", type=Path, metavar="OUT")
    verify.set_defaults(command=run_by("verify"))

    show = commands.add_parser("show", help="what there is, and what this machine can measure")
    show.add_argument("what", choices=("protocols", "submissions", "device"))
    show.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=PATH_HELP)
    add_device(show)
    add_repository(show)
    show.set_defaults(command=run_by("show"))
    return parser


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="measure submissions, rank them, render the report")
    run.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=PATH_HELP)
    add_protocol(run, default=DEMO)
    run.add_argument("--data", type=Path, help="folder of the protocol's image folders")
    add_weights(run)
    run.add_argument("--out", type=Path, help="folder of results (default: runs/PROTOCOL)")
    add_device(run)
    run.add_argument("--splits", type=names, default=(), help="only these, e.g. valid,test")
    run.add_argument(
        "--policy",
        choices=("fair", "official"),
        help="of timing; fair: warmed up, in rounds beside the baseline; official: cold, entry "
        "after entry, as the editions' scripts do (docs/definitions.md, Runtime)",
    )
    run.add_argument(
        "--rounds",
        type=whole,
        help="timed visits of each entry (default: the protocol's, on a CPU at most 5); 0 measures "
        "no runtime",
    )
    run.add_argument(
        "--energy",
        action="store_true",
        help="run each split back to back for 5 s more in every visit, for the GPU's energy",
    )
    run.add_argument("--sweeps", type=positive, help="timed passes over all images in a visit")
    run.add_argument(
        "--official-runs",
        type=positive,
        metavar="N",
        help="time N cold runs by the official policy too, to show beside the fair runtime",
    )
    run.add_argument(
        "--budget",
        type=positive,
        default=0,
        metavar="MINUTES",
        help="time this long at most, with rounds added until runtimes are known to --precision",
    )
    run.add_argument(
        "--precision",
        type=percentage,
        default=0.005,
        metavar="P%",
        help="half width of the 95 %% intervals that --budget works towards (default: 0.5%%)",
    )
    run.add_argument("--no-ssim", action="store_true", help="PSNR only, which is ten times as fast")
    run.add_argument(
        "--rounded-luma",
        action="store_true",
        help="round Y to uint8 before PSNR-Y and SSIM-Y, as some papers do",
    )
    add_time_limit(run)
    add_repository(run)
    add_limits(run)
    run.add_argument(
        "--require-isolation",
        action="store_true",
        help="refuse to start where entries cannot be jailed, see docs/security.md",
    )
    add_accept(run)
    work.add(run)
    run.add_argument(
        "--live", action="store_true", help="render the report after every entry and round"
    )
    run.add_argument("--keep-sr", action="store_true", help="keep every SR image in OUT/sr")
    run.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be measured, what the store has and how long the rest takes; measure "
        "nothing",
    )
    run.add_argument("--retry-failed", action="store_true", help="measure failed passes again")
    run.add_argument("--fresh", action="store_true", help="measure everything again")
    run.set_defaults(command=run_by("run"), keeps=True)


def _add_protocols(commands: Any) -> None:
    protocol = commands.add_parser("protocol", help="a new edition as data, and its faults")
    kinds = protocol.add_subparsers(required=True, metavar="WHAT", dest="what")
    new = kinds.add_parser("new", help="a copy of a bundled protocol under its own name")
    new.add_argument("name", metavar="NAME")
    new.add_argument("--from", dest="source", default="ntire2026", help="(default: ntire2026)")
    new.add_argument("--to", type=Path, default=Path(), metavar="DIR", help="(default: here)")
    check = kinds.add_parser("check", help="every fault of a file, with its line")
    check.add_argument("file", type=Path, metavar="FILE")
    protocol.set_defaults(command=run_by("protocol"))


def _add_data(commands: Any) -> None:
    data = commands.add_parser("data", help="make LR images, check data sets, fetch public ones")
    kinds = data.add_subparsers(required=True, metavar="WHAT", dest="what")
    prepare = kinds.add_parser("prepare", help="make LR from HR by MATLAB's bicubic")
    prepare.add_argument("hr", type=Path, metavar="HR_DIR", help="folder of HR images, PNG")
    prepare.add_argument("--scales", type=scales, default=(2, 3, 4), metavar="2,3,4")
    prepare.add_argument("--to", type=Path, required=True, help="folder of the data set")
    prepare.add_argument(
        "--border",
        choices=("replicate", "symmetric"),
        default="replicate",
        help="outside the image: its outermost pixel, as in the files in circulation, or its "
        "mirror, as in MATLAB's own imresize",
    )
    check = kinds.add_parser("check", help="counts, sizes, faults, and how LR was made")
    check.add_argument("folder", type=Path, metavar="DIR", help="a data set, or a folder of them")
    fetch = kinds.add_parser("fetch", help="download a public data set, or say where it is")
    fetch.add_argument("name", metavar="NAME", help="DIV2K_valid_HR, Set5, Manga109, ...")
    fetch.add_argument("--to", type=Path, default=Path("data"), help="(default: data)")
    data.set_defaults(command=run_by("data"))


def _add_exchange(commands: Any) -> None:
    compare = commands.add_parser("compare", help="two runs or CSV tables, metric beside metric")
    compare.add_argument("a", type=Path, metavar="A", help="folder of a run, or TABLE.csv")
    compare.add_argument("b", type=Path, metavar="B", help="folder of a run, or TABLE.csv")
    compare.add_argument(
        "--edition", default="", metavar="YEAR", help="of a table of several, only this one"
    )
    compare.add_argument("--to", type=Path, metavar="DIR", help="a page and tables of it, there")
    compare.add_argument(
        "--fail-on",
        type=limit,
        action="append",
        default=[],
        metavar="LIMIT",
        help="fail only where a figure of B moved beyond it: 'runtime_ms>5%%', "
        "'psnr_valid_db<-0.01'; may be given several times",
    )
    compare.set_defaults(command=run_by("compare"))

    merge = commands.add_parser("merge", help="runs of several machines, joined into one")
    merge.add_argument("outs", nargs="+", type=Path, metavar="OUT", help="folders of runs")
    merge.add_argument("--to", type=Path, required=True, help="folder of the whole")
    merge.set_defaults(command=run_by("merge"))

    adopt = commands.add_parser("import", help="native folders from an official repository")
    adopt.add_argument("repository", type=Path, metavar="REPOSITORY")
    adopt.add_argument("--ids", type=numbers, default=(), metavar="18", help="only these")
    adopt.add_argument("--to", type=Path, required=True, help="folder of submissions")
    adopt.set_defaults(command=run_by("adopt"))
