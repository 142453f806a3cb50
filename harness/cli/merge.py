"""`merge`: runs of several machines joined into one."""

import argparse
import shutil
from pathlib import Path

import reports
from harness import cli
from harness.errors import InputError
from harness.evaluation import merging
from harness.ranking.leaderboard import of_run
from harness.store import trail
from harness.store.files import write_whole
from harness.store.runs import digest_of, load_run, save_run
from reports.tables import terminal


def command(options: argparse.Namespace) -> int:
    """Join the runs that `options` name, and render the report of the whole."""
    if options.to.resolve() in [out.resolve() for out in options.outs]:
        raise InputError(f"--to {options.to} is one of the runs; name another folder")
    runs = {str(out): load_run(out) for out in options.outs}
    whole = merging.merged(runs, options.command_line)
    for index, name in merging.pictured(list(runs.values())):
        _copy(options.outs[index] / name, options.to / name)
    sources = {str(out): digest_of(out) for out in options.outs}
    trail.add(options.to, "merged", command=options.command_line, runs=sources)
    save_run(options.to, whole)
    board = of_run(whole)
    page = reports.render(whole, board, options.to)
    print(f"{terminal.table(board)}\n\nReport: {page}")
    return cli.OK


def _copy(source: Path, target: Path) -> None:
    """Copy a file of a store where it is there; its name holds the digest of its content."""
    if source.is_file() and not target.is_file():
        with source.open("rb") as stream:
            write_whole(target, lambda out: shutil.copyfileobj(stream, out))
