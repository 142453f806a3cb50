"""A team's pre-flight: will it load, does it pass, how would it rank."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.entries.submission import BrokenSubmission, Submission
from harness.evaluation import evaluate, rounds
from harness.evaluation.bench import Bench, result
from harness.evaluation.session import Contestant
from harness.images.datasets import generated_split
from harness.images.datasets.splits import LR_SIZE
from harness.ranking import eligibility, leaderboard
from harness.ranking.scores import format_score
from harness.records import Entry, Figures, Inspection, Probe, Protocol
from harness.statistics import runtimes
from harness.statistics.figures import figures_of

_ROUNDS = 3  # of timing, at most
_REFERENCE = "the protocol's baseline"  # its slug here, whatever the checked one is called


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `good` is None where it is only told."""

    good: bool | None
    text: str


def check(
    found: Submission | BrokenSubmission,
    baseline: Submission | None,
    published: Sequence[Figures],
    bench: Bench,
) -> Iterator[Finding]:
    """Yield the findings on one submission as they are made.

    `baseline` is the protocol's, where its files are here; `published` are the figures of the
    edition's published table, where there is one.
    """
    entry = evaluate.evaluate(found, bench)
    if isinstance(found, BrokenSubmission) or entry.inspection is None:
        yield Finding(False, _reason(entry))
        return
    yield from _loading(entry.inspection)
    if entry.status == "partial":
        yield Finding(False, _reason(entry))
        return
    yield from _probing(result(Probe, bench.run("probe", found)), bench)
    if entry.status == "failed":
        yield Finding(False, _reason(entry))
        return
    contestants = [Contestant(entry, found), *_reference(entry, baseline, bench)]
    entries = list(_timed(contestants, bench).values())
    measured = runtimes.of_entries(entries, bench.protocol.timing.policy)
    figures, *others = (figures_of(one, bench.protocol, measured.get(one.slug)) for one in entries)
    itself = entry.name in bench.protocol.baseline.names
    base = others[0].metrics if others else figures.metrics if itself else {}
    entry = entries[0]
    yield from _quality(figures, bench.protocol)
    yield from _costs(figures, base, bench.protocol)
    yield from _places(figures, base, published, bench.protocol)
    for flag, text in entry.flags.items():
        yield Finding(None, f"[{flag}] {text}")


def _reference(entry: Entry, baseline: Submission | None, bench: Bench) -> list[Contestant]:
    """Return the baseline to compare with, where its checkpoint is here and it is another entry."""
    if baseline is None:
        return []
    reference = evaluate.evaluate(baseline, _without_scores(bench))
    if reference.status != "ok" or reference.digest == entry.digest:
        return []
    return [Contestant(replace(reference, slug=_REFERENCE), baseline)]


def _reason(entry: Entry) -> str:
    return entry.failure.reason if entry.failure else f"its status is {entry.status}"


def _loading(inspection: Inspection) -> Iterator[Finding]:
    missing, unexpected = inspection.missing_keys, inspection.unexpected_keys
    if missing or unexpected:
        keys = ", ".join((*missing, *unexpected)[:5])
        counts = f"{len(missing)} missing and {len(unexpected)} unexpected keys"
        yield Finding(None, f"it loads with {counts} ({keys}), as weights.strict = false allows")
    else:
        yield Finding(True, "it loads, every key of the checkpoint in its place")


def _probing(probe: Probe | None, bench: Bench) -> Iterator[Finding]:
    if probe is None:
        yield Finding(False, "it fails on a generated image; see what `run` says of it")
        return
    accepted = [size for size in probe.sizes if size not in probe.refused]
    if accepted:
        yield Finding(None, f"the smallest LR image it restores of those tried is {accepted[0]}")
    scale = bench.protocol.scale
    for size, reason in probe.refused.items():
        height, width = map(int, size.split("x"))
        small = min(height, width) < 32
        yield Finding(None if small else False, f"LR {size} is refused: {reason}")
    if probe.sizes[-1] in accepted:
        yield Finding(True, f"odd sizes come back {scale} times as large, finite, {probe.dtype}")
    same = "the same input gives the same output twice"
    yield Finding(probe.repeatable or None, same if probe.repeatable else f"not: {same}")


def _timed(contestants: Sequence[Contestant], bench: Bench) -> dict[str, Entry]:
    """Time in a few rounds on the data, or on one generated image where there is none."""
    policy = bench.protocol.timing
    few = replace(policy, rounds=min(policy.rounds, _ROUNDS), sweeps=1)
    bench = replace(bench, protocol=replace(bench.protocol, timing=few))
    if not any(split.pairs for split in bench.splits):
        name = bench.protocol.splits[0].name
        bench = replace(bench, splits=(generated_split(name, *LR_SIZE),))
    return rounds.time(contestants, bench)[0]


def _without_scores(bench: Bench) -> Bench:
    """Leave HR out: of the baseline only costs are wanted."""
    splits = (
        replace(split, pairs=tuple(replace(pair, hr=None) for pair in split.pairs))
        for split in bench.splits
    )
    return replace(bench, splits=tuple(splits))


def _quality(figures: Figures, protocol: Protocol) -> Iterator[Finding]:
    for split in protocol.splits:
        psnr, threshold = figures.psnr_db.get(split.name), split.threshold
        what = f"{protocol.psnr} on {split.name}"
        if psnr is None:
            yield Finding(None, f"{what}: not measured, its images are not here")
        elif threshold is None:
            yield Finding(None, f"{what}: {psnr:.4f} dB, no threshold")
        else:
            yield Finding(
                eligibility.reaches(psnr, threshold),
                f"{what}: {psnr:.4f} dB, {psnr - threshold.db:+.4f} dB from the "
                f"threshold {threshold.db:g} dB ({threshold.decimals} decimals count)",
            )


def _costs(figures: Figures, base: Mapping[str, float], protocol: Protocol) -> Iterator[Finding]:
    own = figures.metrics
    name = next(iter(protocol.baseline.names), "")
    for metric, unit, label in (("params", 1e6, "M"), ("flops", 1e9, "G"), ("runtime_ms", 1, "ms")):
        if metric not in own:
            continue
        ratio = f", {own[metric] / base[metric]:.3f} x {name}'s" if base.get(metric) else ""
        yield Finding(
            None, f"{metric.removesuffix('_ms')}: {own[metric] / unit:.4g} {label}{ratio}"
        )
    if name and "runtime_ms" not in base:
        yield Finding(None, f"runtime has no ratio: {name}'s checkpoint is not here")


def _places(
    figures: Figures,
    base: Mapping[str, float],
    published: Sequence[Figures],
    protocol: Protocol,
) -> Iterator[Finding]:
    """Say which rank it would take in the published table, its runtime scaled by the baseline's."""
    if not protocol.tracks:
        return
    theirs = next((f for f in published if f.name in protocol.baseline.names), None)
    if theirs is None:
        yield Finding(None, f"no published table of {protocol.name} is here to rank it in")
        return
    metrics: dict[str, float] = {
        name: figures.metrics[name] for name in ("params", "flops") if name in figures.metrics
    }
    if {"runtime_ms"} <= base.keys() & figures.metrics.keys():
        ratio = figures.metrics["runtime_ms"] / base["runtime_ms"]
        metrics["runtime_ms"] = ratio * theirs.metrics["runtime_ms"]
    own = Figures(figures.name, psnr_db=figures.psnr_db, metrics=metrics)
    row = next(
        row for row in leaderboard.of_table([*published, own], protocol).rows if row.figures is own
    )
    if row.standing.eligible == "no":
        yield Finding(None, f"it would not be ranked: {row.standing.reason}")
        return
    for metric in ("params", "flops"):
        if place := row.standing.metric_ranks.get(metric):
            yield Finding(None, f"rank by {metric} in the published table: {place}")
    if row.rank is not None:
        score = format_score(row.standing.places[protocol.tracks[0].name].log_score)
        yield Finding(
            None,
            f"rank by score in the published table: {row.rank}, score {score} "
            "(runtime from this device, as a ratio to the baseline's)",
        )
