"""`rank`: rank a finished run or a CSV table, measuring nothing."""

import argparse
from pathlib import Path

from harness import cli, protocols
from harness.errors import InputError
from harness.ranking import leaderboard
from harness.ranking.table import read_table
from harness.records import Protocol
from harness.store.runs import load_run
from reports.tables import terminal


def command(options: argparse.Namespace) -> int:
    """Print the ranking that `options` ask for."""
    source: Path = options.source
    run = None if source.suffix == ".csv" else load_run(source)
    if options.protocol:
        edition = protocols.load(options.protocol)
    else:
        edition = run.protocol if run else _named_like(source)
    if not edition.tracks:
        raise InputError(f"protocol {edition.name} ranks nothing; name another with --protocol")
    if run:
        ranked = leaderboard.of_run(run, edition, options.baseline)
    else:
        ranked = leaderboard.of_table(read_table(source), edition, options.baseline)
    print(terminal.table(ranked, cli.width()))
    return cli.OK


def _named_like(table: Path) -> Protocol:
    """Take `ntire2026.csv` as a table of protocol `ntire2026`."""
    if not table.is_file():
        raise InputError(f"{table} does not exist; name the --out folder of a run, or a table")
    if table.stem not in protocols.bundled():
        raise InputError(f"{table} does not say which edition it is of; name it with --protocol")
    return protocols.load(table.stem)
