"""What arguments name: submissions, checkpoints, stand-ins, data."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness import cli
from harness.entries.discovery import Asked, discover
from harness.entries.files import Limits
from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError
from harness.images.datasets import write_bundled
from harness.records import Protocol


def submissions(
    paths: Sequence[Path],
    edition: Protocol,
    weights: Sequence[Path],
    ids: Sequence[Asked] = (),
    lent: Sequence[str] = (),
    *,
    build: bool = False,
    limits: Limits | None = None,
) -> list[Submission | BrokenSubmission]:
    """Find the submissions of `paths`, or those that the protocol names, and checkpoints.

    What is left out is said on standard error.
    """
    if not paths and not edition.entries:
        raise InputError("no submission is named; give a submission folder or a folder of them")
    if not paths and not cli.SHIPPED_SUBMISSIONS.is_dir():
        raise InputError("the shipped submissions are not here; run from a clone of the project")
    paths = paths or [cli.SHIPPED_SUBMISSIONS / name for name in edition.entries]
    found = discover(paths, ids, lent, weights, say, build=build, limits=limits)
    if not found:
        raise InputError("nothing is left to look at; name another id, or another folder")
    return found


def only_submission(
    options: argparse.Namespace, edition: Protocol, verb: str
) -> Submission | BrokenSubmission:
    """Find the submission that `options` name. Raises InputError where there are several."""
    lent = stand_ins(options.no_stand_ins)
    found = submissions(
        [options.path], edition, options.weights, options.ids, lent, build=options.build
    )
    if len(found) > 1:
        raise InputError(
            f"{options.path} holds {len(found)} submissions; {verb} one at a time: "
            "name its folder, or its id in an official repository with --ids"
        )
    return found[0]


def limits(options: argparse.Namespace) -> Limits:
    """Return how much one submission may hold."""
    usual = Limits()
    size = options.entry_gib * 2**30 if options.entry_gib else usual.size
    return Limits(options.entry_files or usual.files, size)


def stand_ins(refused: bool) -> tuple[str, ...]:
    """Return the packages that may be stood in for: none where stand-ins are refused."""
    from harness.worker.loading.standins import not_installed

    return () if refused else not_installed()


def say(line: str) -> None:
    """Print a line beside the results."""
    print(line, file=sys.stderr)


def data_folder(data: Path | None, edition: Protocol, out: Path) -> Path:
    """Return the data folder; an embedded challenge makes its own."""
    if data is not None:
        return data
    if not any(split.bundled for split in edition.splits):
        raise InputError(f"protocol {edition.name} needs images; name their folder with --data")
    write_bundled(edition, out / "data")
    return out / "data"
