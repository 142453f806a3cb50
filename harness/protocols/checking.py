"""What is wrong with a protocol, sentence by sentence."""

import difflib
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.records import (
    METRICS,
    Baseline,
    CostImage,
    Protocol,
    Split,
    Threshold,
    TimingPolicy,
    Track,
)


def faults_of(protocol: Protocol) -> Iterator[str]:
    """Yield what is malformed in a protocol, or contradicts itself."""
    if protocol.scale < 1 or protocol.border < 0:
        yield "scale must be at least 1 and border at least 0"
    yield from _cost_faults(protocol.complexity)
    if protocol.switches.threads < 0:
        yield "switches.threads must be at least 0"
    yield from _timing_faults(protocol.timing)
    if not protocol.splits:
        yield "splits must not be empty"
    yield from _names("splits", [split.name for split in protocol.splits])
    yield from _names("tracks", [track.name for track in protocol.tracks])
    for split in protocol.splits:
        yield from _split_faults(split)
    for track in protocol.tracks:
        yield from _track_faults(track)
    yield from _baseline_faults(protocol)
    if not protocol.counter.source.strip():
        yield "counter needs a source"


def _cost_faults(image: CostImage) -> Iterator[str]:
    if min(image.output or image.input) < 1:
        yield "complexity.input and complexity.output must be two positive numbers"
    if image.output and image.input != CostImage.input:
        yield "complexity.input and complexity.output exclude each other; give one"


def _timing_faults(timing: TimingPolicy) -> Iterator[str]:
    if timing.rounds < 0 or timing.sweeps < 1:
        yield "timing.rounds must be at least 0, and timing.sweeps at least 1"
    if timing.policy == "official" and timing.sweeps != 1:
        yield "timing.sweeps must be 1 under the official policy, which makes one pass per run"
    if timing.warm_up_passes < 2:
        yield "timing.warm_up_passes must be at least 2: two passes are compared"
    if not (0 < timing.settled < 1 and 0 < timing.drift < 1):
        yield "timing.settled and timing.drift must lie between 0 and 1"


def _names(kind: str, names: Sequence[str]) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{kind}: the name {name!r} stands twice"


def _split_faults(split: Split) -> Iterator[str]:
    where = f"split {split.name!r}"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", split.name):
        # an underscore would make the columns psnr_y_S_db ambiguous
        yield f"{where}: a name is of letters and digits, the first a letter"
    if split.hr or split.lr or split.bundled:
        yield from _pattern_faults(where, split)
    if split.threshold:
        yield from _threshold_faults(where, split.threshold)


def _pattern_faults(where: str, split: Split) -> Iterator[str]:
    for pattern in (split.hr, split.lr):
        inside = not Path(pattern).is_absolute() and ".." not in Path(pattern).parts
        if not inside or pattern.count("*") != 1 or "*" not in Path(pattern).name:
            yield f"{where}: {pattern!r} must lie below the data folder, one `*` in its file name"
    if split.hr == split.lr:
        yield f"{where}: hr and lr are the same pattern"


def _threshold_faults(where: str, threshold: Threshold) -> Iterator[str]:
    db, decimals = threshold.db, threshold.decimals
    if not 0 < db < 100:
        yield f"{where}: a threshold of {db} dB is out of range"
    if not 0 <= decimals <= 6 or round(db, decimals) != db:
        yield f"{where}: the threshold {db} is not a number of {decimals} decimals (0 to 6)"
    if not threshold.source.strip():
        yield f"{where}: the threshold needs a source"


def _track_faults(track: Track) -> Iterator[str]:
    where = f"track {track.name!r}"
    if not track.weights:
        yield f"{where}: weights must not be empty"
    for metric, weight in track.weights.items():
        if metric not in METRICS:
            yield f"{where}: unknown metric {metric!r}; {_advice(metric, METRICS)}"
        if not 0 < weight < math.inf:
            yield f"{where}: the weight of {metric} must be positive, not {weight}"
    if not track.source.strip():
        yield f"{where} needs a source"


def _baseline_faults(protocol: Protocol) -> Iterator[str]:
    baseline = protocol.baseline
    relative = [track.name for track in protocol.tracks if track.method == "exp_ratio"]
    if baseline == Baseline() and not relative:
        return
    if not any(name.strip() for name in baseline.names):
        yield "baseline.names must not be empty"
    known = [*METRICS, *(f"psnr_{split.name}_db" for split in protocol.splits)]
    for key, value in baseline.published.items():
        if key not in known:
            yield f"baseline.published: unknown figure {key!r}; {_advice(key, known)}"
        if not 0 < value < math.inf:
            yield f"baseline.published: {key} must be positive, not {value}"
    if not baseline.source.strip():
        yield "baseline needs a source"


def _advice(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
