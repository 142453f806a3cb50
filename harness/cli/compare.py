"""`compare`: two runs or tables, metric beside metric."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from harness import cli
from harness.records import Run
from harness.store.runs import load_run
from reports.comparison import Pair, Rows, alone, compare, rows_of_run, rows_of_table
from reports.pages import changes
from reports.tables.terminal import aligned

_HEADINGS = ("ID", "Entry", "Metric", "A", "B", "", "Change")


def command(options: argparse.Namespace) -> int:
    """Print what moved; fail where something did, or where a limit of --fail-on is passed."""
    (a, of_a), (b, of_b) = (_read(source, options.edition) for source in (options.a, options.b))
    pairs = list(compare(a, b))
    if not a.keys() & b.keys():
        print(f"There are no entries in common. A: {_some(alone(a, b))}. B: {_some(alone(b, a))}.")
        return cli.SOMETHING_FAILED
    moved = [pair for pair in pairs if not pair.equal]
    if moved:
        rows = [_HEADINGS, *map(_row, moved)]
        columns = list(zip(*rows, strict=True))
        numbers = [heading in ("ID", "A", "B", "Change") for heading in _HEADINGS]
        print("\n".join([*aligned(columns, numbers), ""]))
    equal = len(pairs) - len(moved)
    print(f"{equal} of {len(pairs)} figures are equal, as printed or within their intervals.")
    if options.to:
        sides = (
            changes.Side(str(options.a), of_a, alone(a, b)),
            changes.Side(str(options.b), of_b, alone(b, a)),
        )
        print(f"Page: {changes.write(pairs, *sides, options.to)}")
    if not options.fail_on:
        return cli.SOMETHING_FAILED if moved else cli.OK
    passed = [(pair, limit) for pair in moved for limit in options.fail_on if limit.passed(pair)]
    for pair, limit in passed:
        print(f"FAIL  {pair.name}: {pair.metric} {pair.a} -> {pair.b}, beyond {limit}")
    return cli.SOMETHING_FAILED if passed else cli.OK


def _row(pair: Pair) -> tuple[str, ...]:
    entry = "" if pair.entry == pair.name else pair.entry
    change = f"{float(pair.change):+.3g}"
    if relative := pair.relative:
        change += f" ({relative:+.1%})"
    sides = (f"{float(text):.9g}" for text in (pair.a, pair.b))
    return (entry, pair.name, pair.metric, *sides, "DIFFERS", change)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


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
