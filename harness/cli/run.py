"""`run`: measure submissions, rank them, render the report."""

import argparse
from collections.abc import Iterator, Sequence
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
    """Run the challenge that `options` describe: one run per scale where it is of several."""
    editions = [_as_asked(edition, options) for edition in protocol.load_scales(options.protocol)]
    out = options.out or Path("runs") / editions[0].name
    found = submissions(
        options.paths, editions[0], options.weights, options.ids, stand_ins(options.no_stand_ins)
    )
    device = devices.resolve(options.device)
    shown = progress()
    runs = []
    for edition, entries in _by_scale(editions, found):
        folder = out if len(editions) == 1 else out / f"x{edition.scale}"
        data = data_folder(options.data, edition, folder)
        bench = Bench(
            edition,
            open_splits(edition, data, options.splits),
            device,
            Store(folder),
            shown,
            time_limit=options.time_limit,
            retry_failed=options.retry_failed,
            fresh=options.fresh,
            budget_minutes=options.budget,
            precision=options.precision,
            keep_sr=folder / "sr" if options.keep_sr else None,
        )
        runs.append((entries, bench, folder))
    finished = []
    try:
        for entries, bench, folder in runs:
            run = challenge.run(entries, bench, folder, options.command_line)
            finished.append((run, reports.render(run, folder)))
    finally:
        shown.close()
    for run, page in finished:
        title = f"{run.protocol.title}\n\n" if len(finished) > 1 else ""
        print(f"{title}{terminal.table(of_run(run))}\n\nReport: {page}")
    failed = any(entry.status == "failed" for run, _ in finished for entry in run.entries)
    return cli.SOMETHING_FAILED if failed else cli.OK


def _as_asked(edition: Protocol, options: argparse.Namespace) -> Protocol:
    """Return the protocol with what the command line says otherwise."""
    return replace(
        edition,
        timing=_timing(options, edition.timing),
        ssim=edition.ssim and not options.no_ssim,
        rounded_luma=edition.rounded_luma or options.rounded_luma,
    )


def _by_scale(
    editions: Sequence[Protocol], found: Sequence[Submission | BrokenSubmission]
) -> Iterator[tuple[Protocol, list[Submission | BrokenSubmission]]]:
    """Yield each protocol of a scale that some submission has, with the submissions to measure.

    One that is of no protocol's scale, or of none because it is broken, has its row in every run.
    """
    if len(editions) == 1:
        yield editions[0], list(found)
        return
    scales = [one.manifest.model.scale if isinstance(one, Submission) else None for one in found]
    known = [edition.scale for edition in editions]
    if not set(known).intersection(scales):
        wanted = ", ".join(map(str, known))
        raise InputError(f"no submission is of a scale that {editions[0].name} knows: {wanted}")
    for edition in editions:
        if edition.scale in scales:
            pairs = zip(found, scales, strict=True)
            fitting = [one for one, scale in pairs if scale == edition.scale or scale not in known]
            yield edition, fitting


def _timing(options: argparse.Namespace, policy: TimingPolicy) -> TimingPolicy:
    """Return the protocol's timing with what the command line says otherwise."""
    names = ("policy", "rounds", "sweeps", "official_runs")
    given = {name: getattr(options, name) for name in names}
    timing = replace(policy, **{name: value for name, value in given.items() if value is not None})
    if timing.policy == "official" and options.sweeps and options.sweeps > 1:
        raise InputError("the official policy makes one pass per run; give --rounds, not --sweeps")
    if timing.policy == "official" and timing.official_runs:
        raise InputError("--official-runs stand beside the fair policy; leave one of the two out")
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


def only_submission(
    options: argparse.Namespace, edition: Protocol, verb: str
) -> Submission | BrokenSubmission:
    """Find the submission that `options` name. Raises InputError where there are several."""
    lent = stand_ins(options.no_stand_ins)
    found = submissions([options.path], edition, options.weights, options.ids, lent)
    if len(found) > 1:
        raise InputError(
            f"{options.path} holds {len(found)} submissions; {verb} one at a time: "
            "name its folder, or its id in an official repository with --ids"
        )
    return found[0]


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
