"""A team's pre-flight: will it load, does it restore, does it pass, how would it rank."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from harness.entries.imports import missing_packages
from harness.entries.submission import BrokenSubmission, Submission
from harness.evaluation import evaluate, forecast, hints, rounds
from harness.evaluation.bench import Bench, result
from harness.evaluation.countdown import Countdown
from harness.evaluation.scoring import restoring
from harness.evaluation.specimens import Restored, Specimens
from harness.evaluation.visits import Contestant
from harness.images.datasets import generated_split
from harness.images.datasets.splits import LR_SIZE
from harness.ranking import eligibility
from harness.ranking.forecast import Forecast
from harness.ranking.forecast import forecast as foretold
from harness.records import Entry, Figures, Inspection, ModelTable, Probe, Protocol
from harness.statistics import runtimes
from harness.statistics.figures import figures_of
from harness.statistics.flags import is_note
from harness.statistics.runtimes import Runtime

_REFERENCE = "the protocol's baseline"  # its slug here, whatever the checked one is called
_BETTER_DB = 0.05  # than bicubic interpolation, at least
_TIMED = 5  # images of a split, at most


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `good` is None where it is only told."""

    good: bool | None
    text: str


@dataclass
class Verdict:
    """What a check found; findings are told as they are added."""

    name: str
    tell: Callable[[Finding], None]
    findings: list[Finding] = field(default_factory=list)
    figures: Figures | None = None  # None where it does not load
    base: dict[str, float] = field(default_factory=dict)  # metrics of the protocol's baseline
    restored: Restored | None = None  # the embedded photographs
    runtime: Runtime | None = None
    related: bool = False  # whether the runtime is a ratio to the baseline's
    forecast: Forecast | None = None

    @property
    def to_fix(self) -> list[str]:
        """Return what stands in the way; none where the submission is ready."""
        return [finding.text for finding in self.findings if finding.good is False]

    def add(self, good: bool | None, text: str) -> None:
        """Add a finding, and tell it."""
        self.findings.append(Finding(good, text))
        self.tell(self.findings[-1])


def check(
    found: Submission | BrokenSubmission,
    baseline: Submission | None,
    published: Sequence[Figures],
    bench: Bench,
    tell: Callable[[Finding], None] = lambda finding: None,
) -> Verdict:
    """Look at one submission: first what takes seconds, then the data, then the clock.

    `baseline` is the protocol's, where its files are here; `published` are the figures of the
    edition's published table, where there is one. Timing takes as many rounds as the bench's
    protocol says; with none it is left out.
    """
    entry = evaluate.examined(found, bench)
    verdict = Verdict(entry.name, tell)
    if isinstance(found, BrokenSubmission) or entry.inspection is None:
        verdict.add(False, _reason(entry, found))
        return verdict
    _loading(verdict, entry, entry.inspection)
    verdict.base = {metric: bench.protocol.baseline.published[metric] for metric in _static(bench)}
    verdict.figures = figures_of(entry, bench.protocol, None)
    for line in cost_lines(verdict.figures, verdict.base, bench.protocol):
        verdict.add(None, line)
    _probing(verdict, found, entry, bench)
    forward_s = forecast.modelled(entry, bench)
    if entry.status == "ok" and not verdict.to_fix and bench.splits:
        began = bench.now()
        entry = evaluate.evaluate(found, bench)
        forward_s = forecast.measured(bench.now() - began, bench)
        verdict.figures = figures_of(entry, bench.protocol, None)
        if entry.failure:
            verdict.add(False, _reason(entry, found))
        else:
            _quality(verdict, bench.protocol)
    if entry.status == "ok" and bench.protocol.timing.rounds:
        entry = _timed(verdict, Contestant(entry, found), baseline, bench, forward_s)
    log_ratio = verdict.runtime.estimate if verdict.runtime and verdict.related else None
    if verdict.figures.status == "ok":
        verdict.forecast = foretold(verdict.figures, log_ratio, published, bench.protocol)
    for flag, text in entry.flags.items():
        verdict.add(None, text if is_note(flag) else f"[{flag}] {text}")
    return verdict


def _static(bench: Bench) -> list[str]:
    return [m for m in ("params", "flops") if m in bench.protocol.baseline.published]


def _reason(entry: Entry, found: Submission | BrokenSubmission) -> str:
    """Say why there is no result, every missing package, and what the entry printed last."""
    reason = entry.failure.reason if entry.failure else f"its status is {entry.status}"
    if isinstance(found, Submission) and "installed here" in reason:
        missing = missing_packages(found)
        if len(missing) > 1:
            reason += f"; missing altogether: {', '.join(missing)}"
    printed = [line for line in entry.log.strip().splitlines() if line.strip()]
    if printed and entry.failure and entry.failure.stage == "process":
        reason += f"; it printed last: {printed[-1].strip()[:200]}"
    return reason


# ---------------------------------------------------------------- what takes seconds


def _loading(verdict: Verdict, entry: Entry, inspection: Inspection) -> None:
    missing, unexpected = inspection.missing_keys, inspection.unexpected_keys
    if not inspection.complete:
        verdict.add(True, "its code builds a network")
        reason = entry.failure.reason if entry.failure else "its checkpoint is not here"
        verdict.add(False, reason)
    elif missing or unexpected:
        keys = ", ".join((*missing, *unexpected)[:5])
        counts = f"{len(missing)} missing and {len(unexpected)} unexpected keys"
        verdict.add(None, f"it loads with {counts} ({keys}), as weights.strict = false allows")
    elif entry.manifest and entry.manifest.weights is None:
        verdict.add(True, "it loads; its manifest names no checkpoint")
    elif inspection.left_out:
        verdict.add(True, "it loads; some keys of the checkpoint are not the network's")
    else:
        verdict.add(True, "it loads, every key of the checkpoint in its place")


def cost_lines(figures: Figures, base: dict[str, float], protocol: Protocol) -> list[str]:
    """Return a line on each cost that is known, as a ratio to the baseline's where that is."""
    own, lines = figures.metrics, []
    name = next(iter(protocol.baseline.names), "")
    units = (
        ("params", "params", 1e6, "M"),
        ("flops", "FLOPs", 1e9, "G"),
        ("runtime_ms", "runtime", 1, "ms"),
    )
    for metric, label, unit, symbol in units:
        if metric not in own:
            continue
        ratio = f", {own[metric] / base[metric]:.3g} x {name}'s" if base.get(metric) else ""
        lines.append(f"{label}: {own[metric] / unit:.4g} {symbol}{ratio}")
    return lines


def _probing(verdict: Verdict, found: Submission, entry: Entry, bench: Bench) -> None:
    """Try sizes, repeats and the embedded photographs."""
    specimens = Specimens(bench.protocol)
    sources = specimens.sources
    drive = restoring(sources, specimens.take, bench.progress.advance)
    outcome = bench.run("probe", found, drive, len(sources))
    probe = result(Probe, outcome)
    if probe is None:
        failed = replace(entry, failure=outcome.failure, log=outcome.log)
        verdict.add(False, f"it fails on generated images: {_reason(failed, found)}")
        return
    _sizes(verdict, probe, found.manifest.model, bench.protocol.scale)
    same = "the same input gives the same output twice"
    verdict.add(probe.repeatable or None, same if probe.repeatable else f"not: {same}")
    verdict.restored = specimens.compared()
    if entry.status == "ok" and verdict.restored:
        judged = any(split.scorable for split in bench.splits) and any(
            split.threshold for split in bench.protocol.splits
        )
        _restoring(verdict, verdict.restored, judged, bench.protocol)
    wanted = hints.data_range(probe, found.manifest.model)
    if wanted is not None and entry.status == "ok":
        spans = f"its outputs span {probe.low:.3g} to {probe.high:.3g}"
        verdict.add(False, f"{spans}; set model.data_range = {wanted} in its manifest")


def _sizes(verdict: Verdict, probe: Probe, model: ModelTable, scale: int) -> None:
    accepted = [size for size in probe.sizes if size not in probe.refused]
    if accepted:
        verdict.add(None, f"the smallest LR image it restores of those tried is {accepted[0]}")
    multiple = hints.multiple_of(probe, model)
    reasons: dict[tuple[bool, str], list[str]] = {}
    for size, reason in probe.refused.items():
        small = min(map(int, size.split("x"))) < hints.SMALL
        bare = reason.replace(size, "HxW")  # one fault of several sizes is told once
        reasons.setdefault((small, bare), []).append(size)
    for (small, bare), sizes in reasons.items():
        reason = bare.replace("HxW", sizes[-1])
        verdict.add(
            None if small or multiple else False, f"LR of {', '.join(sizes)} is refused: {reason}"
        )
    if multiple and not all(small for small, _ in reasons):
        verdict.add(
            False,
            f"every size that it refuses is no multiple of {multiple}; "
            f"set model.multiple_of = {multiple} in its manifest, and images are padded for it",
        )
    if probe.sizes[-1] in accepted:
        verdict.add(True, f"odd sizes come back {scale} times as large, finite, {probe.dtype}")


def _restoring(verdict: Verdict, restored: Restored, judged: bool, protocol: Protocol) -> None:
    """Compare with bicubic; where the protocol's own images judge, it is only told."""
    better = restored.psnr_db > restored.bicubic_db + _BETTER_DB
    text = (
        f"{protocol.psnr} of two embedded photographs: {restored.psnr_db:.2f} dB, "
        f"{restored.psnr_db - restored.bicubic_db:+.2f} dB from bicubic interpolation"
    )
    if not better:
        text += ", no better; is it trained, and are data_range and the order of channels right?"
    verdict.add(better or (None if judged else False), text)
    if exchange := hints.channels(restored):
        verdict.add(False, exchange)


# ---------------------------------------------------------------- the data, the clock


def _quality(verdict: Verdict, protocol: Protocol) -> None:
    assert verdict.figures
    for split in protocol.splits:
        psnr, threshold = verdict.figures.psnr_db.get(split.name), split.threshold
        what = f"{protocol.psnr} on {split.name}"
        if psnr is None:
            verdict.add(None, f"{what}: not measured, its images are not here")
        elif threshold is None:
            verdict.add(None, f"{what}: {psnr:.4f} dB, no threshold")
        else:
            verdict.add(
                eligibility.reaches(psnr, threshold),
                f"{what}: {psnr:.4f} dB, {psnr - threshold.db:+.4f} dB from the "
                f"threshold {threshold.db:g} dB ({threshold.decimals} decimals count)",
            )


def _timed(
    verdict: Verdict,
    one: Contestant,
    baseline: Submission | None,
    bench: Bench,
    forward_s: forecast.Forward,
) -> Entry:
    """Time on a few images of the data, or on one generated image where there is none."""
    splits = tuple(replace(split, pairs=split.pairs[:_TIMED]) for split in bench.splits)
    if not any(split.pairs for split in splits):
        splits = (generated_split(bench.protocol.splits[0].name, *LR_SIZE),)
    bench = replace(bench, splits=splits)
    reference = _reference(one.entry, baseline, bench)
    itself = one.entry.name in bench.protocol.baseline.names
    # the reference opens and closes every round
    round_s = (1 + 2 * len(reference)) * forecast.visit_s(forward_s, bench)
    say = Countdown(bench, lambda text: verdict.add(None, text), round_s)
    timed, _ = rounds.time([one, *reference], replace(bench, progress=say))
    entry, *others = timed.values()
    measured = runtimes.of_entries(list(timed.values()), bench.protocol.timing.policy)
    if entry.failure:
        verdict.add(False, _reason(entry, one.submission))
        return entry
    verdict.runtime = measured.get(entry.slug)
    verdict.figures = figures_of(entry, bench.protocol, verdict.runtime)
    for other in others:
        verdict.base = dict(figures_of(other, bench.protocol, measured.get(other.slug)).metrics)
    verdict.related = itself or "runtime_ms" in verdict.base
    verdict.add(None, cost_lines(verdict.figures, verdict.base, bench.protocol)[-1])
    if not verdict.related and bench.protocol.baseline.names:
        name = bench.protocol.baseline.names[0]
        verdict.add(None, f"runtime has no ratio: {name}'s checkpoint is not here")
    return entry


def _reference(entry: Entry, baseline: Submission | None, bench: Bench) -> list[Contestant]:
    """Return the baseline to compare with, where its checkpoint is here and it is another entry."""
    if baseline is None:
        return []
    reference = evaluate.evaluate(baseline, replace(bench, splits=()))
    if reference.status != "ok" or reference.digest == entry.digest:
        return []
    return [Contestant(replace(reference, slug=_REFERENCE), baseline)]
