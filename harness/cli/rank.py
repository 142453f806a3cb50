"""`rank`: rank a finished run or a CSV table, measuring nothing."""

import argparse
from pathlib import Path

from harness import cli, leaderboard, protocol
from harness.errors import InputError
from harness.records import Protocol
from harness.store import load_run
from harness.table import read_table
from reports import terminal


def command(options: argparse.Namespace) -> int:
    """Print the ranking that `options` ask for."""
    edition = protocol.load(options.protocol) if options.protocol else None
    source: Path = options.source
    if source.suffix == ".csv":
        figures = read_table(source)
        ranked = leaderboard.of_table(figures, edition or _named_like(source), options.baseline)
    else:
        ranked = leaderboard.of_run(load_run(source), edition, options.baseline)
    print(terminal.table(ranked))
    return cli.OK


def _named_like(table: Path) -> Protocol:
    """Take `ntire2026.csv` as a table of protocol `ntire2026`."""
    if table.stem not in protocol.bundled():
        raise InputError(f"{table} does not say which edition it is of; name it with --protocol")
    return protocol.load(table.stem)
