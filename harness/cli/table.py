"""`table`: the benchmark table of a paper, from finished runs and published figures."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import reports
from harness import cli
from harness.errors import InputError
from harness.store.runs import RESULTS, load_run
from reports import paper
from reports.paper import differences, figures
from reports.paper.layout import build
from reports.paper.methods import Method, of_published, of_run_rows
from reports.paper.published import Published, read_published
from reports.paper.table import Choice

PAPERS = reports.PUBLISHED / "papers"


def command(options: argparse.Namespace) -> int:
    """Write the table in the formats that `options` ask for; say what differs from papers."""
    unknown = [form for form in options.format if form not in paper.SUFFIXES]
    if unknown:
        known = ", ".join(paper.SUFFIXES)
        raise InputError(f"--format {','.join(unknown)} is unknown; there are {known}")
    choice = Choice(
        scales=options.scales,
        datasets=options.datasets,
        baseline=options.baseline,
        sort=options.sort,
        tolerances=differences.parse(options.tolerance),
    )
    unfinished = [text for out in options.outs for text in _unfinished(out)]
    table = build(methods(options.outs, options.published), choice, unfinished)
    for text in unfinished:
        print(text)
    for file in paper.write(table, options.format, options.to, options.name, options.marks):
        print(f"Table: {file}")
    for cost in options.figures:
        drawn = figures.write(table, cost, options.bubbles, options.to, options.name)
        if not drawn:
            print(f"No figure of {cost}: of no data set have two methods both PSNR and {cost}.")
        for file in drawn:
            print(f"Figure: {file}")
    if table.differences:
        print(table.summary)
    for difference in table.exceeding:
        print(f"  {difference}")
    return cli.OK


def methods(outs: Sequence[Path], names: Sequence[str]) -> list[Method]:
    """Return the rows of finished runs, then those of published figures. Raises InputError."""
    runs = [load_run(folder) for out in outs for folder in run_folders(out)]
    measured = [row for run in runs for row in of_run_rows(run)]
    return measured + of_published(figure for name in names for figure in _published(name))


def run_folders(out: Path) -> list[Path]:
    """Return the folders of the runs in `out`: itself, or x2, x3, x4 of a run of several scales."""
    if out.is_dir() and not (out / RESULTS).is_file():
        inner = sorted(file.parent for file in out.glob(f"x[0-9]*/{RESULTS}"))
        return inner or [out]
    return [out]


def _unfinished(out: Path) -> Iterator[str]:
    """Say of which scales of a run more is to come."""
    folders = run_folders(out)
    for folder in folders:
        run = load_run(folder)
        if run.unfinished:
            yield f"×{run.protocol.scale} is not finished: {run.unfinished}."
    if folders != [out]:
        begun = sorted(one for one in out.glob("x[0-9]*") if one.is_dir() and one not in folders)
        yield from (f"×{one.name[1:]} is not finished: nothing is measured yet." for one in begun)


def _published(name: str) -> list[Published]:
    file = Path(name) if name.endswith(".csv") else PAPERS / f"{name}.csv"
    if not file.is_file() and file.parent == PAPERS:
        known = ", ".join(sorted(one.stem for one in PAPERS.glob("*.csv")))
        raise InputError(f"no published figures are called {name!r}; there are {known}")
    return read_published(file)
