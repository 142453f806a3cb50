"""`run`: measure submissions, rank them, render the report."""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness import cli, protocols
from harness.cli import dry_run, executors
from harness.cli.inputs import data_folder, limits, say, stand_ins, submissions
from harness.cli.progress import PlainProgress, TerminalProgress, progress
from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError
from harness.evaluation import challenge, finished, outlook
from harness.evaluation.bench import Bench
from harness.evaluation.book import accept
from harness.evaluation.executors import Executor
from harness.images.datasets import open_splits
from harness.records import Protocol, Run, TimingPolicy
from harness.sandbox import jail
from harness.store.passes import Store

_Prepared = tuple[list[Submission | BrokenSubmission], Bench, Path, Executor]
_OUT = "{out}"  # in what is kept of a run: its folder, which may be moved
_CPU_ROUNDS = 5  # where nobody says how many: a CPU takes a hundred times as long as a GPU


def command(options: argparse.Namespace) -> int:
    """Run the challenge that `options` describe: one run per scale where it is of several."""
    device = executors.device(options)
    editions = [
        _as_asked(edition, options, device) for edition in protocols.load_scales(options.protocol)
    ]
    out = options.out = options.out or Path("runs") / editions[0].name
    if options.dry_run and options.executor == "slurm":
        raise InputError("--dry-run knows this machine, not the cluster's; leave --executor out")
    lent = stand_ins(options.no_stand_ins)
    found = submissions(
        options.paths,
        editions[0],
        options.weights,
        options.ids,
        lent,
        build=options.build,
        limits=limits(options),
    )
    for name in options.accept:
        if not any(name in (one.slug, str(_id(one))) for one in found):
            raise InputError(f"--accept {name}: no submission of this run has that id or folder")
    if options.require_isolation:
        jail.required()
    shown = progress()
    runs, ended = list[_Prepared](), []
    embedded = tempfile.TemporaryDirectory(prefix="esr-harness-data-")
    try:
        for edition, entries in _by_scale(editions, found):
            folder = out if len(editions) == 1 else out / f"x{edition.scale}"
            executor = executors.executor(options, folder)
            made = Path(embedded.name) if options.dry_run else folder
            data = data_folder(options.data, edition, made)
            splits = open_splits(edition, data, options.splits, progress=shown.opening)
            for split in splits:
                if split.left_out:
                    say(f"{split.name}: {split.left_out}")
            bench = Bench(
                edition,
                splits,
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
        if options.dry_run:
            return _foretold(runs, shown)
        if options.detach:
            shown.say(executors.detached(options, out))
            return cli.OK
        ended += [(prepared[2], _ended(prepared, options)) for prepared in runs]
    finally:
        shown.close()
        embedded.cleanup()
    for folder, said in ended:
        title = f"{said['title']}\n\n" if len(ended) > 1 else ""
        report = f"Report: {folder / said['page']}"
        print(f"{title}{said.get('before', '')}{said['table']}\n\n{report}")
        print(said["logs"].replace(_OUT, str(folder)), end="")
    return cli.SOMETHING_FAILED if any(said["failed"] for _, said in ended) else cli.OK


def _ended(prepared: _Prepared, options: argparse.Namespace) -> dict[str, str]:
    """Make a run that is not finished; return what is to be said of it."""
    entries, bench, folder, executor = prepared
    opened = executor.opened(bench)
    if said := finished.said(folder, entries, opened):
        before = f"All {len(entries)} entries are finished: nothing is measured.\n\n"
        return said | {"before": before}
    said = _made(prepared, options)
    if not said["lost"]:  # what no machine brought to its end is tried again
        finished.keep(folder, entries, opened, said)
    return said


def _made(prepared: _Prepared, options: argparse.Namespace) -> dict[str, str]:
    """Make a run and its report; return what is to be said of it."""
    entries, bench, folder, executor = prepared
    render = _render_to(folder) if options.live else _nothing
    run = challenge.run(
        entries, bench, folder, options.command_line, executor=executor, tell=render
    )
    if names := [name for name in options.accept if _has(run, name)]:
        run = accept(folder, names, options.command_line)
    import reports  # not where a finished run is recognised: it takes seconds
    from harness.ranking.leaderboard import of_run
    from reports.tables import terminal

    board = of_run(run)
    page = reports.render(run, board, folder)
    logs = "".join(
        f"What {entry.name} printed: {_OUT}/{reports.factsheet(page, entry).relative_to(folder)}\n"
        for entry in run.entries
        if entry.failure and entry.failure.stage == "process" and entry.log.strip()
    )
    failed = [entry for entry in run.entries if entry.status == "failed"]
    lost = [one for one in failed if one.failure and one.failure.stage == "machine"]
    return {
        "title": run.protocol.title,
        "page": str(page.relative_to(folder)),
        "logs": logs,
        "table": terminal.table(board, cli.width()),
        "failed": ", ".join(one.slug for one in failed),
        "lost": ", ".join(one.slug for one in lost),
    }


def _foretold(runs: Sequence[_Prepared], shown: TerminalProgress | PlainProgress) -> int:
    """Print what would be measured, and measure nothing."""
    for entries, bench, folder, executor in runs:
        found = outlook.outlook(entries, bench, executor)
        title = f"{bench.protocol.title}, {cli.quoted(folder.resolve())}"
        shown.say(f"{title}\n\n{dry_run.text(found, bench.protocol.timing.rounds)}")
    return cli.OK


def _id(one: Submission | BrokenSubmission) -> int | None:
    return one.manifest.id if isinstance(one, Submission) else one.id


def _has(run: Run, name: str) -> bool:
    return any(name in (entry.slug, str(entry.id)) and entry.digest for entry in run.entries)


def _render_to(folder: Path) -> Callable[[Run], None]:
    import reports
    from harness.ranking.leaderboard import of_run

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
