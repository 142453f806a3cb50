"""`codabench`: a bundle that opens a competition, and its leaderboard read back."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness import cli, protocols
from harness.codabench import bundle, leaderboard
from harness.codabench.competition import phases
from harness.errors import InputError
from harness.images.datasets import open_splits
from harness.ranking.leaderboard import of_run
from harness.ranking.table import read_table
from harness.records import Figures
from harness.store.files import write_text
from harness.store.runs import load_run
from reports.tables.csv_table import text_of

_DAYS = 30  # of a phase, where no dates are given


def command(options: argparse.Namespace) -> int:
    """Do what `options.what` asks for."""
    return {"bundle": _bundle, "pull": _pull}[options.what](options)


def _bundle(options: argparse.Namespace) -> int:
    edition = protocols.load(options.protocol, options.scale)
    chosen = bundle.named_phases(edition, options.phases)
    laid = phases(
        chosen,
        _dates(options.dates, len(chosen)),
        public_data=not options.lr_link,
        code=options.code,
    )
    # one by one: their order is that of the phases
    splits = [open_splits(edition, options.data, [phase.split.name])[0] for phase in laid]
    archive = bundle.write(
        edition, laid, splits, options.out, image=options.image, link=options.lr_link
    )
    for phase, split in zip(laid, splits, strict=True):
        hidden = ", scores hidden" if phase.split.private else ""
        print(
            f"{phase.name}: {len(split.pairs)} images of {split.name}, "
            f"{phase.start} to {phase.end} UTC{hidden}"
        )
    print(f"Bundle: {options.out}; to upload: {archive}")
    return cli.OK


def _dates(given: tuple[datetime, ...], phases: int) -> list[datetime]:
    if not given:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        return [today + timedelta(days=_DAYS * number) for number in range(phases + 1)]
    if len(given) != phases + 1 or sorted({*given}) != list(given):
        raise InputError(
            f"--dates: {phases} phases take {phases + 1} dates that follow each other: "
            "when each begins, and when the last ends"
        )
    return list(given)


def _pull(options: argparse.Namespace) -> int:
    """Write the table; print claims beside what was measured; fail where one is wrong."""
    scored = leaderboard.read(options.leaderboard)
    measured = _figures(options.measured) if options.measured else []
    rows = list(leaderboard.table(scored, options.split, measured))
    write_text(options.to, text_of(list(rows[0]), rows))
    wrong = False
    for remark in leaderboard.remarks(scored, options.split, measured) if measured else ():
        print(f"{'WRONG' if remark.wrong else '     '}  {remark.text}")
        wrong = wrong or remark.wrong
    print(f"Table: {options.to}")
    return cli.SOMETHING_FAILED if wrong else cli.OK


def _figures(source: Path) -> list[Figures]:
    if source.suffix == ".csv":
        return read_table(source)
    return [row.figures for row in of_run(load_run(source)).rows]
