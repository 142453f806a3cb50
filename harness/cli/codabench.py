"""`codabench`: a bundle that opens a competition."""

import argparse
from datetime import UTC, datetime, timedelta

from harness import cli, protocols
from harness.codabench import bundle
from harness.codabench.competition import phases
from harness.errors import InputError
from harness.images.datasets import open_splits

_DAYS = 30  # of a phase, where no dates are given


def command(options: argparse.Namespace) -> int:
    """Do what `options.what` asks for."""
    return {"bundle": _bundle}[options.what](options)


def _bundle(options: argparse.Namespace) -> int:
    edition = protocols.load(options.protocol, options.scale)
    chosen = bundle.named_phases(edition, options.phases)
    laid = phases(chosen, _dates(options.dates, len(chosen)), public_data=not options.lr_link)
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
