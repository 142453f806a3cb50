"""`compare`: two runs or tables, metric beside metric."""

import argparse
from pathlib import Path

from harness import cli
from harness.records import Run
from harness.store.runs import load_run
from reports.comparison import Rows, alone, compare, rows_of_run, rows_of_table
from reports.pages import changes


def command(options: argparse.Namespace) -> int:
    """Print every metric that both sides have; fail where one moved."""
    (a, of_a), (b, of_b) = (_read(source, options.edition) for source in (options.a, options.b))
    pairs = list(compare(a, b))
    for pair in pairs:
        verdict = "equal" if pair.equal else "DIFFERS"
        print(f"{pair.entry:>4}  {pair.name:<28}  {pair.metric:<18}  {pair.a}  {pair.b}  {verdict}")
    equal = sum(pair.equal for pair in pairs)
    print(f"{equal} of {len(pairs)} figures are equal, as printed or within their intervals.")
    if options.to:
        sides = (
            changes.Side(str(options.a), of_a, alone(a, b)),
            changes.Side(str(options.b), of_b, alone(b, a)),
        )
        print(f"Page: {changes.write(pairs, *sides, options.to)}")
    return cli.OK if equal == len(pairs) else cli.SOMETHING_FAILED


def _read(source: Path, edition: str) -> tuple[Rows, dict[str, str]]:
    """Return the figures of a run or a table, and what is known of where they come from."""
    if source.suffix == ".csv":
        return rows_of_table(source, edition), {}
    run = load_run(source)
    return rows_of_run(run), _facts(run)


def _facts(run: Run) -> dict[str, str]:
    data = {
        f"data {split.name}": f"{len(split.images)} images, LR sha256 {split.lr_digest[:16]}"
        for split in run.splits
        if split.images
    }
    return {"protocol": run.protocol.name, **data, **run.identity, **run.observed}
