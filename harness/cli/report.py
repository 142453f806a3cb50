"""`report`: render the report of a finished run again."""

import argparse

import reports
from harness import cli
from harness.store import load_run


def command(options: argparse.Namespace) -> int:
    """Render the run in `options.out`."""
    run = load_run(options.out)
    folder = options.out if options.out.is_dir() else options.out.parent
    print(f"Report: {reports.render(run, folder)}")
    return cli.OK
