"""`compare`: two runs or tables, metric beside metric."""

import argparse
from pathlib import Path

from harness import cli
from harness.comparison import Rows, compare, rows_of_run, rows_of_table
from harness.store import load_run


def command(options: argparse.Namespace) -> int:
    """Print every metric that both sides have; fail where one differs."""
    pairs = list(compare(*(_rows(source, options.edition) for source in (options.a, options.b))))
    for pair in pairs:
        verdict = "equal" if pair.equal else "DIFFERS"
        print(f"{pair.entry:>4}  {pair.name:<28}  {pair.metric:<18}  {pair.a}  {pair.b}  {verdict}")
    equal = sum(pair.equal for pair in pairs)
    print(f"{equal} of {len(pairs)} figures are equal at the printed decimals.")
    return cli.OK if equal == len(pairs) else cli.SOMETHING_FAILED


def _rows(source: Path, edition: str) -> Rows:
    if source.suffix == ".csv":
        return rows_of_table(source, edition)
    return rows_of_run(load_run(source))
