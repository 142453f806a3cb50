"""`profile`: where one submission's time goes, and what if it ran in another way."""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import reports.pages.profile
from harness import cli, protocols
from harness.cli.inputs import only_submission
from harness.cli.progress import progress
from harness.entries.submission import BrokenSubmission
from harness.errors import InputError
from harness.evaluation import profiling
from harness.evaluation.bench import Bench
from harness.images.datasets import SplitData, open_splits
from harness.store.passes import Store
from harness.worker import devices


def command(options: argparse.Namespace) -> int:
    """Measure, print the tables, write the page."""
    edition = protocols.load(options.protocol)
    timing = replace(edition.timing, policy="fair", sweeps=options.sweeps)
    edition = replace(edition, timing=timing)
    submission = only_submission(options, edition, "profile")
    if isinstance(submission, BrokenSubmission):
        raise InputError(str(submission.error))
    device = devices.resolve(options.device)
    splits: tuple[SplitData, ...] = ()
    if options.data:
        splits = open_splits(edition, options.data)
    shown = progress()
    try:
        with tempfile.TemporaryDirectory(prefix="esr-harness-profile-") as folder:
            store = Store(Path(folder))
            bench = Bench(edition, splits, device, store, shown, time_limit=options.time_limit)
            made = profiling.profile(submission, bench, options.images, options.command_line)
    finally:
        shown.close()
    out = options.out or Path("profiles") / submission.slug
    page = reports.pages.profile.render(made, out)
    print(reports.pages.profile.text(made))
    print(f"\nReport: {page}")
    return cli.OK
