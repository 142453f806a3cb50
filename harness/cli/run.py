"""`run`: measure submissions, rank them, render the report."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import reports
from harness import challenge, cli, devices, protocol
from harness.bench import Bench
from harness.datasets import open_splits, write_bundled
from harness.errors import InputError
from harness.leaderboard import of_run
from harness.progress import progress
from harness.records import Protocol, TimingPolicy
from harness.store import Store
from harness.submission import BrokenSubmission, Submission, discover
from harness.weights import located
from reports import terminal


def command(options: argparse.Namespace) -> int:
    """Run the challenge that `options` describe."""
    edition = protocol.load(options.protocol)
    edition = replace(edition, timing=_timing(options, edition.timing))
    if options.no_ssim:
        edition = replace(edition, ssim=False)
    out = options.out or Path("runs") / edition.name
    found = submissions(
        options.paths, edition, options.weights, options.ids, stand_ins(options.no_stand_ins)
    )
    device = devices.resolve(options.device)
    splits = open_splits(edition, data_folder(options.data, edition, out), options.splits)
    shown = progress()
    bench = Bench(
        edition,
        splits,
        device,
        Store(out),
        shown,
        time_limit=options.time_limit,
        retry_failed=options.retry_failed,
        fresh=options.fresh,
        budget_minutes=options.budget,
        precision=options.precision,
        keep_sr=out / "sr" if options.keep_sr else None,
    )
    try:
        finished = challenge.run(found, bench, out, options.command_line)
    finally:
        shown.close()
    page = reports.render(finished, out)
    print(terminal.table(of_run(finished)))
    print(f"\nReport: {page}")
    failed = any(entry.status == "failed" for entry in finished.entries)
    return cli.SOMETHING_FAILED if failed else cli.OK


def _timing(options: argparse.Namespace, policy: TimingPolicy) -> TimingPolicy:
    """Return the protocol's timing with what the command line says otherwise."""
    given = {name: getattr(options, name) for name in ("policy", "rounds", "sweeps")}
    timing = replace(policy, **{name: value for name, value in given.items() if value})
    if timing.policy == "official" and options.sweeps and options.sweeps > 1:
        raise InputError("the official policy makes one pass per run; give --rounds, not --sweeps")
    return timing


def submissions(
    paths: Sequence[Path],
    edition: Protocol,
    weights: Sequence[Path],
    ids: Sequence[int] = (),
    lent: Sequence[str] = (),
) -> list[Submission | BrokenSubmission]:
    """Find the submissions of `paths`, or those that the protocol names, and checkpoints."""
    if not paths and not edition.entries:
        raise InputError("no submission is named; give a submission folder or a folder of them")
    if not paths and not cli.SHIPPED_SUBMISSIONS.is_dir():
        raise InputError("the shipped submissions are not here; run from a clone of the project")
    paths = paths or [cli.SHIPPED_SUBMISSIONS / name for name in edition.entries]
    found = discover(paths, ids, lent)
    return [located(one, weights) if isinstance(one, Submission) else one for one in found]


def stand_ins(refused: bool) -> tuple[str, ...]:
    """Return the packages that may be stood in for: none where stand-ins are refused."""
    from harness.loading.standins import not_installed

    return () if refused else not_installed()


def data_folder(data: Path | None, edition: Protocol, out: Path) -> Path:
    """Return the data folder; an embedded challenge makes its own."""
    if data is not None:
        return data
    if not any(split.bundled for split in edition.splits):
        raise InputError(f"protocol {edition.name} needs images; name their folder with --data")
    write_bundled(edition, out / "data")
    return out / "data"
