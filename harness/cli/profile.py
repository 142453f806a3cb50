"""`profile`: where one submission's time goes, and what if it ran in another way."""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import reports.profile
from harness import cli, devices, profiling, protocol
from harness.bench import Bench
from harness.cli.run import only_submission
from harness.datasets import SplitData, open_splits
from harness.errors import InputError
from harness.progress import progress
from harness.store import Store
from harness.submission import BrokenSubmission


def command(options: argparse.Namespace) -> int:
    """Measure, print the tables, write the page."""
    edition = protocol.load(options.protocol)
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
    page = reports.profile.render(made, out)
    print(reports.profile.text(made))
    print(f"\nReport: {page}")
    return cli.OK
