"""`run`: measure submissions, rank them, render the report."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import reports
from harness import cli, protocols
from harness.cli import executors
from harness.cli.inputs import data_folder, limits, stand_ins, submissions
from harness.cli.progress import progress
from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError
from harness.evaluation import challenge
from harness.evaluation.bench import Bench
from harness.evaluation.book import accept
from harness.evaluation.cluster import DetachedError
from harness.images.datasets import open_splits
from harness.ranking.leaderboard import of_run
from harness.records import Protocol, Run, TimingPolicy
from harness.sandbox import jail
from harness.store.passes import Store
from reports.tables import terminal

_CPU_ROUNDS = 5  # where nobody says how many: a CPU takes a hundred times as long as a GPU


def command(options: argparse.Namespace) -> int:
    """Run the challenge that `options` describe: one run per scale where it is of several."""
    device = executors.device(options)
    editions = [
        _as_asked(edition, options, device) for edition in protocols.load_scales(options.protocol)
    ]
    out = options.out = options.out or Path("runs") / editions[0].name
    found = submissions(
        options.paths,
        editions[0],
        options.weights,
        options.ids,
        stand_ins(options.no_stand_ins),
        limits=limits(options),
    )
    for name in options.accept:
        if not any(name in (one.slug, str(_id(one))) for one in found):
            raise InputError(f"--accept {name}: no submission of this run has that id or folder")
    if options.require_isolation:
        jail.required()
    shown = progress()
    runs, finished = [], []
    try:
        for edition, entries in _by_scale(editions, found):
            folder = out if len(editions) == 1 else out / f"x{edition.scale}"
            executor = executors.executor(options, folder)
            data = data_folder(options.data, edition, folder)
            bench = Bench(
                edition,
                open_splits(edition, data, options.splits, progress=shown.opening),
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
            runs.append((entries, bench, folder, executor))
        for entries, bench, folder, executor in runs:
            render = _render_to(folder) if options.live else _nothing
            run = challenge.run(
                entries, bench, folder, options.command_line, executor=executor, tell=render
            )
            if names := [name for name in options.accept if _has(run, name)]:
                run = accept(folder, names, options.command_line)
            board = of_run(run)
            finished.append((run, board, reports.render(run, board, folder)))
    except DetachedError as left:
        print(f"{left}; the same command without --detach waits for them and goes on")
        return cli.OK
    finally:
        shown.close()
    for run, board, page in finished:
        title = f"{run.protocol.title}\n\n" if len(finished) > 1 else ""
        print(f"{title}{terminal.table(board, cli.width())}\n\nReport: {page}")
    failed = any(entry.status == "failed" for run, _, _ in finished for entry in run.entries)
    return cli.SOMETHING_FAILED if failed else cli.OK


def _id(one: Submission | BrokenSubmission) -> int | None:
    return one.manifest.id if isinstance(one, Submission) else one.id


def _has(run: Run, name: str) -> bool:
    return any(name in (entry.slug, str(entry.id)) and entry.digest for entry in run.entries)


def _render_to(folder: Path) -> Callable[[Run], None]:
    def render(run: Run) -> None:
        reports.render(run, of_run(run), folder)

    return render


def _nothing(_: Run) -> None:
    """Render at the end alone."""


def _as_asked(edition: Protocol, options: argparse.Namespace, device: str) -> Protocol:
    """Return the protocol with what the command line says otherwise."""
    return replace(
        edition,
        timing=_timing(options, edition.timing, device),
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


def _timing(options: argparse.Namespace, policy: TimingPolicy, device: str) -> TimingPolicy:
    """Return the protocol's timing with what the command line says otherwise."""
    most = _CPU_ROUNDS if device == "cpu" else policy.rounds
    policy = replace(policy, rounds=min(policy.rounds, most), energy=options.energy)
    names = ("policy", "rounds", "sweeps", "official_runs")
    given = {name: getattr(options, name) for name in names}
    timing = replace(policy, **{name: value for name, value in given.items() if value is not None})
    if timing.policy == "official" and options.sweeps and options.sweeps > 1:
        raise InputError("the official policy makes one pass per run; give --rounds, not --sweeps")
    if timing.policy == "official" and timing.official_runs:
        raise InputError("--official-runs stand beside the fair policy; leave one of the two out")
    return timing
