"""`check`: a team's pre-flight, submission after submission."""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import reports
from harness import cli, protocols
from harness.cli import verdict as shown_verdict
from harness.cli.inputs import data_folder, limits, stand_ins, submissions
from harness.cli.progress import PlainProgress, TerminalProgress, progress
from harness.entries.discovery import discover
from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError
from harness.evaluation import preflight
from harness.evaluation.bench import Bench
from harness.evaluation.preflight import Finding, Verdict
from harness.images.datasets import SplitData, open_splits
from harness.machines import environment
from harness.ranking.table import read_table
from harness.records import Figures, Protocol, TimingPolicy
from harness.store.passes import Store
from harness.worker import devices

_MARKS = {True: "ok ", False: "FIX", None: "   "}
_ROUNDS = 3  # of timing, unless the user says otherwise


def command(options: argparse.Namespace) -> int:
    """Print findings as they are made, then a verdict; fail where something is to be fixed."""
    edition = protocols.load_scales(options.protocol)[0]
    lent = stand_ins(options.no_stand_ins)
    found = submissions(
        options.paths,
        edition,
        options.weights,
        options.ids,
        lent,
        build=options.build,
        limits=limits(options),
    )
    shown, records, ready = progress(), [], True
    try:
        for one in found:
            verdict, own = checked(one, options, shown)
            path = one.folder
            following = shown_verdict.following(verdict, path, options.protocol, options.data)
            ready = ready and not verdict.to_fix
            if options.json:
                records.append(shown_verdict.record(verdict, own, path, following))
            else:
                shown.say(f"\n{shown_verdict.block(verdict, own, following)}\n")
    finally:
        shown.close()
    if options.json:
        print(json.dumps(records, indent=2, allow_nan=False))
    return cli.OK if ready else cli.SOMETHING_FAILED


def checked(
    one: Submission | BrokenSubmission,
    options: argparse.Namespace,
    shown: TerminalProgress | PlainProgress,
) -> tuple[Verdict, Protocol]:
    """Check one submission under the protocol of its scale."""
    scale = one.manifest.model.scale if isinstance(one, Submission) else None
    edition = _of_scale(options.protocol, scale)
    edition = replace(edition, timing=_timing(options, edition.timing))
    device = devices.resolve(options.device)

    def tell(finding: Finding) -> None:
        if not options.json:
            shown.say(f"{_MARKS[finding.good]}  {finding.text}")

    with tempfile.TemporaryDirectory(prefix="esr-harness-check-") as folder:
        bench = Bench(
            edition,
            _splits(options.data, edition, Path(folder)),
            device,
            Store(Path(folder)),
            shown,
            time_limit=options.time_limit,
            machine=environment.machine(device, edition.switches),
        )
        baseline = _baseline(edition, options.weights) if edition.timing.rounds else None
        return preflight.check(one, baseline, _published(edition), bench, tell), edition


def _splits(data: Path | None, edition: Protocol, folder: Path) -> tuple[SplitData, ...]:
    """Open the images of --data, or those of an embedded challenge."""
    if data is None and not any(split.bundled for split in edition.splits):
        return ()
    return open_splits(edition, data_folder(data, edition, folder))


def _of_scale(name: str, scale: int | None) -> Protocol:
    """Return the protocol at a scale that it knows; at its first where it does not know this."""
    editions = protocols.load_scales(name)
    return next((edition for edition in editions if edition.scale == scale), editions[0])


def _timing(options: argparse.Namespace, policy: TimingPolicy) -> TimingPolicy:
    """Return the timing asked for: without data none, unless it is asked for."""
    usual = min(policy.rounds, _ROUNDS) if options.data else 0
    rounds = options.rounds if options.rounds is not None else usual
    if options.quick and options.rounds:
        raise InputError("--quick leaves timing out and --rounds asks for it; leave one out")
    return replace(
        policy,
        rounds=0 if options.quick else rounds,
        sweeps=options.sweeps or policy.sweeps,
        official_runs=0,
    )


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
