"""`report`: render the report of a finished run again."""

import argparse

import reports
from harness import cli
from harness.evaluation.book import accept
from harness.ranking.leaderboard import of_run
from harness.store.runs import load_run
from reports import pdf
from reports.public import redacted


def command(options: argparse.Namespace) -> int:
    """Render the run in `options.out`."""
    if options.accept:
        run = accept(options.out, options.accept, options.command_line)
    else:
        run = load_run(options.out)
    stored = out = options.out if options.out.is_dir() else options.out.parent
    if options.public:
        run, out = redacted(run), out / "public"
    if options.pdf:
        pdf.browser()
    page = reports.render(run, of_run(run), out, stored, public=options.public)
    print(f"Report: {page}")
    if options.pdf:
        printed = pdf.write([page, *sorted((page.parent / "factsheets").glob("*.html"))])
        print(f"PDF: {printed[0]} and {len(printed) - 1} factsheets")
    return cli.OK
