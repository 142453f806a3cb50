"""`check`: a team's pre-flight on one submission."""

import argparse
import tempfile
from pathlib import Path

import reports
from harness import cli, protocols
from harness.cli.inputs import only_submission
from harness.cli.progress import progress
from harness.entries.discovery import discover
from harness.entries.submission import Submission
from harness.evaluation import preflight
from harness.evaluation.bench import Bench
from harness.images.datasets import SplitData, open_splits
from harness.machines import environment
from harness.ranking.table import read_table
from harness.records import Figures, Protocol
from harness.store.passes import Store
from harness.worker import devices

_MARKS = {True: "ok ", False: "FIX", None: "   "}


def command(options: argparse.Namespace) -> int:
    """Print findings as they are made; fail where something is to be fixed."""
    edition = protocols.load(options.protocol)
    submission = only_submission(options, edition, "check")
    if isinstance(submission, Submission):
        edition = protocols.load(options.protocol, submission.manifest.model.scale)
    device = devices.resolve(options.device)
    splits: tuple[SplitData, ...] = ()
    if options.data:
        splits = open_splits(edition, options.data)
    ready = True
    shown = progress()
    with tempfile.TemporaryDirectory(prefix="esr-harness-check-") as folder:
        bench = Bench(
            edition,
            splits,
            device,
            Store(Path(folder)),
            shown,
            time_limit=options.time_limit,
            machine=environment.machine(device, edition.switches),
        )
        findings = preflight.check(
            submission, _baseline(edition, options.weights), _published(edition), bench
        )
        for finding in findings:
            shown.say(f"{_MARKS[finding.good]}  {finding.text}")
            ready = ready and finding.good is not False
    shown.close()
    print("Ready." if ready else "Not ready: fix what is marked FIX.")
    return cli.OK if ready else cli.SOMETHING_FAILED


def _baseline(edition: Protocol, weights: list[Path]) -> Submission | None:
    """Find the protocol's baseline among the shipped submissions."""
    if not cli.SHIPPED_SUBMISSIONS.is_dir():
        return None
    for found in discover([cli.SHIPPED_SUBMISSIONS], weights=weights):
        if isinstance(found, Submission) and found.manifest.shown_name in edition.baseline.names:
            return found
    return None


def _published(edition: Protocol) -> list[Figures]:
    table = reports.PUBLISHED / f"{edition.name}.csv"
    return read_table(table) if table.is_file() else []
