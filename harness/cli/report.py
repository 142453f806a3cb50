"""`report`: render the report of a finished run again."""

import argparse

import reports
from harness import cli
from harness.store import load_run
from reports.public import redacted


def command(options: argparse.Namespace) -> int:
    """Render the run in `options.out`."""
    run = load_run(options.out)
    folder = options.out if options.out.is_dir() else options.out.parent
    if options.public:
        run, folder = redacted(run), folder / "public"
    print(f"Report: {reports.render(run, folder)}")
    return cli.OK
