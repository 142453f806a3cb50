"""How long a timing may take, before any of it is made. A model, and said to be one."""

from collections.abc import Sequence

from harness.evaluation.bench import Bench
from harness.evaluation.timing import timed_splits
from harness.evaluation.visits import Contestant

_START_S = {"cuda": 3.5, "cpu": 1.5}  # of a visit: the process, PyTorch, the GPU's context, the end
_BESIDE_MS = 2.5  # of a call: its LR image, the waits around it
_LEAST_MS = 3.0  # of a forward that kernel launches bound
_SHARE = {"cuda": 0.25, "cpu": 0.5}  # of the device's peak that a network reaches
_WARM_UP_CALLS = 3  # on every size of image; half of the images are of one of their own
_SIZES = 0.5


def timing_s(contestants: Sequence[Contestant], bench: Bench) -> float:
    """Return the seconds that all rounds take, none of them stored yet or made again."""
    timing, kind = bench.protocol.timing, bench.device.partition(":")[0]
    base = [one for one in contestants if one.entry.name in bench.protocol.baseline.names][:1]
    # with the baseline, which opens and closes every round
    visits = [_visit_s(one, bench, kind) for one in (*contestants, *base)]
    return timing.rounds * sum(visits)


def _visit_s(one: Contestant, bench: Bench, kind: str) -> float:
    timing, pixels = bench.protocol.timing, _pixels(bench)
    height, width = bench.protocol.cost_size
    inspection, peak = one.entry.inspection, bench.ceiling.float32_macs
    counts = inspection.complexity.flops.values() if inspection else ()
    macs = min((count.flops for count in counts), default=0) / (height * width)  # of a pixel
    calls_s = [
        _BESIDE_MS / 1e3
        + max(_LEAST_MS / 1e3, macs * image / (peak * _SHARE.get(kind, 1.0)) if peak else 0.0)
        for image in pixels
    ]
    passes = timing.sweeps + _WARM_UP_CALLS * _SIZES + 1 / max(1, timing.rounds)
    splits = len(timed_splits(bench))
    row_s = timing.warm_up_seconds + (timing.burst_seconds if timing.energy else 0.0)
    return _START_S.get(kind, 0.0) + passes * sum(calls_s) + splits * row_s * (kind == "cuda")


def _pixels(bench: Bench) -> list[int]:
    return [p.lr.height * p.lr.width for split in timed_splits(bench) for p in split.pairs]
