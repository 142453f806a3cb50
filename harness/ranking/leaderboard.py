"""A run, or a table, as ranked rows."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from harness.ranking import certainty
from harness.ranking.columns import Cell, of_measurements, of_standing
from harness.ranking.scores import rank
from harness.records import Certainty, Entry, Figures, Protocol, Run, Standing
from harness.statistics import estimates, runtimes
from harness.statistics.figures import figures_of
from harness.statistics.flags import is_note
from harness.statistics.runtimes import Runtime

BaselineSource = Literal["measured", "published"]


@dataclass(frozen=True)
class Row:
    """One entry on the leaderboard."""

    figures: Figures
    standing: Standing
    rank: int | None  # in the protocol's main track
    columns: dict[str, Cell]  # as in `leaderboard.csv`, base units
    entry: Entry | None = None  # None where a table was ranked
    runtime: Runtime | None = None  # what the rounds say of it
    certainties: dict[str, Certainty] = field(default_factory=dict)  # of its places, main first

    @property
    def certainty(self) -> Certainty:
        """Return how sure its place in the main track is."""
        return next(iter(self.certainties.values()), Certainty())

    @property
    def flags(self) -> dict[str, str]:
        """Return what measuring and ranking flagged: flag -> explanation."""
        return (self.entry.flags if self.entry else {}) | self.standing.flags

    @property
    def doubts(self) -> dict[str, str]:
        """Return the flags that put a figure in doubt; the others are notes."""
        return {flag: text for flag, text in self.flags.items() if not is_note(flag)}


@dataclass(frozen=True)
class Leaderboard:
    """All rows, best first; entries without a rank follow in the order they were given.

    Where the protocol ranks nothing, by FLOPs.
    """

    rows: tuple[Row, ...]
    protocol: Protocol
    baseline: str  # whose figures the scores are relative to; empty where there is none
    notes: tuple[str, ...]


_ISOLATION = {
    "bubblewrap": "each pass ran in a jail of its own by bubblewrap: no network, no others' files",
    "landlock": "each pass was confined by Landlock: no network, no others' files",
    "none": "trusted code: no jail kept the entries from files, network and other processes",
}


def of_run(
    run: Run, protocol: Protocol | None = None, baseline: BaselineSource = "measured"
) -> Leaderboard:
    """Rank the entries of `run`, under another protocol where one is given."""
    # how the entries were timed is the run's, whichever protocol ranks them
    protocol = replace(protocol or run.protocol, timing=run.protocol.timing)
    measured = runtimes.of_entries(run.entries, run.protocol.timing.policy)
    timed = [measured.get(entry.slug) for entry in run.entries]
    figures = [
        figures_of(entry, protocol, runtime)
        for entry, runtime in zip(run.entries, timed, strict=True)
    ]
    built = _build(figures, run.entries, timed, protocol, baseline)
    so_far = (f"this run is not finished: {run.unfinished}",) if run.unfinished else ()
    about_data = _data_notes(run, protocol)
    isolation = [_ISOLATION[run.isolation]] if run.isolation else []
    notes = (*so_far, *built.notes, *isolation, *about_data, *_timing_notes(run))
    return replace(built, notes=notes)


def of_table(
    figures: Sequence[Figures], protocol: Protocol, baseline: BaselineSource = "measured"
) -> Leaderboard:
    """Rank the figures of a table."""
    absent = [None] * len(figures)
    return _build(figures, absent, absent, protocol, baseline)


def _build(
    figures: Sequence[Figures],
    entries: Sequence[Entry | None],
    timed: Sequence[Runtime | None],
    protocol: Protocol,
    baseline: BaselineSource,
) -> Leaderboard:
    ranking = rank(figures, protocol, baseline)
    called = [
        runtime for one, runtime in zip(figures, timed, strict=True) if one.name == ranking.baseline
    ]
    reference = called[0] if called else None
    main, rows = protocol.main_track, []
    sure = {
        track.name: certainty.of_track(ranking, timed, reference, track)
        for track in protocol.tracks
    }
    for index, (numbers, entry, runtime, standing) in enumerate(
        zip(figures, entries, timed, ranking.standings, strict=True)
    ):
        how_sure = {track: certainties[index] for track, certainties in sure.items()}
        place = standing.places.get(main.name) if main else None
        row = Row(numbers, standing, place.rank if place else None, {}, entry, runtime, how_sure)
        columns = of_standing(numbers, standing, row.certainty, protocol)
        if entry:
            columns |= of_measurements(entry, numbers, runtime, protocol)
            columns["flags"] = "; ".join(entry.flags | standing.flags)
        rows.append(replace(row, columns=columns))
    if main:
        rows.sort(key=lambda r: (r.rank is None, r.rank or 0, r.figures.status == "skipped"))
    else:
        rows.sort(key=lambda row: row.figures.metrics.get("flops", math.inf))
    return Leaderboard(tuple(rows), protocol, ranking.baseline, ranking.notes)


def _data_notes(run: Run, protocol: Protocol) -> Iterator[str]:
    """Say what was compared, where it is not RGB, and on what it was not."""
    if protocol.colour == "y":
        rounded = "rounded to uint8" if run.protocol.rounded_luma else "in floating point"
        yield (
            f"PSNR-Y and SSIM-Y are of MATLAB's rgb2ycbcr {rounded}, "
            f"{run.protocol.border} pixels of border cut"
        )
    absent = [split.name for split in run.splits if not split.images]
    if absent:
        yield f"no images of {', '.join(absent)} were in the data folder"
    yield from (f"{split.name}: {split.left_out}" for split in run.splits if split.left_out)
    made = [split for split in run.splits if split.made_lr]
    if made:
        names = ", ".join(split.name for split in made)
        yield f"LR of {names} was made from HR by {made[0].made_lr}"


def _timing_notes(run: Run) -> Iterator[str]:
    """Say what a reader must know of the rounds."""
    policy = run.protocol.timing
    if run.rounds and policy.policy == "official":
        yield f"runtime by the official policy: cold, the mean of {policy.rounds} runs"
    elif policy.official_runs:
        yield (
            f"beside the runtime that counts stands that of the official policy: cold, the mean of "
            f"{policy.official_runs} runs"
        )
    if run.rounds and policy.policy == "fair" and not any(done.drifts for done in run.rounds):
        absent = "the baseline was not timed in this run"
        why = absent if run.protocol.baseline.names else "the protocol names no baseline"
        yield f"rounds have no brackets: {why}"
    yield from _card_notes(run)
    for done in run.rounds:
        if done.flagged:
            yield (
                f"round {done.number + 1} of session {done.session + 1}: the baselines before and "
                f"after it differ by {done.drifts[-1]:.1%}, after {len(done.drifts)} attempts"
            )


def _card_notes(run: Run) -> Iterator[str]:
    """Say which card played which session, and where two cards do not agree."""
    played: dict[int, list[str]] = {}
    for done in run.rounds:
        site = done.site
        job = f", job {site.job}" if site.job else ""
        where = site.card + (f" in {site.node}" if site.node != site.card else "") + job
        if site.card:
            played.setdefault(done.session, []).append(where)
    if len({where for every in played.values() for where in every}) < 2:
        return
    for session, every in played.items():
        yield f"session {session + 1} was played on {' and on '.join(dict.fromkeys(every))}"
    names = run.protocol.baseline.names
    baseline = next((entry for name in names for entry in run.entries if entry.name == name), None)
    found = runtimes.controls(baseline) if baseline else {}
    for (one, first), (other, second) in itertools.combinations(found.items(), 2):
        apart = estimates.difference(first, second)
        if apart.half_width is not None and abs(apart.mean) > apart.half_width:
            yield (
                f"sessions {one + 1} and {other + 1} do not agree: the baseline as an ordinary "
                f"entry took {math.expm1(apart.mean):+.2%} of the other's time, "
                f"+- {apart.half_width:.2%}; compare entries across them with care"
            )
