"""How long passes may take, before they are made. A model, and said to be one."""

from collections.abc import Callable, Iterable, Sequence

from harness.evaluation.bench import Bench
from harness.evaluation.session import Session
from harness.evaluation.timing import EXCHANGES, restored_splits, timed_splits
from harness.images.datasets import SplitData
from harness.records import Entry
from harness.worker import devices

Forward = Callable[[int], float]  # seconds of a forward, by the pixels of its LR image

_START_S = {"cuda": 3.5, "cpu": 4.0}  # of a pass: the process, PyTorch, the GPU's context, the end
_BESIDE_S = 2.5e-3  # of a call: its LR image, the waits around it
_LEAST_S = 3e-3  # of a forward that kernel launches bound
_SHARE = {"cuda": 0.25, "cpu": 0.2}  # of the device's peak that a network reaches
_WARM_UP_CALLS = 3  # on every size of image, about
_INSPECTED = 8  # forwards of the image that costs are stated for, about


def start_s(bench: Bench) -> float:
    """Return the seconds that a pass takes before and after its forwards."""
    return _START_S.get(_kind(bench), 0.0)


def modelled(entry: Entry, bench: Bench) -> Forward:
    """Return what an entry's forwards take by its FLOPs: the baseline's where it has none yet."""
    height, width = bench.protocol.cost_size
    counted = entry.inspection.complexity.flops.values() if entry.inspection else ()
    usual = int(bench.protocol.baseline.published.get("flops", 0))
    macs = min((count.flops for count in counted), default=usual) / (height * width)  # of a pixel
    reached = (bench.ceiling.float32_macs or 0.0) * _SHARE.get(_kind(bench), 1.0)

    def forward_s(pixels: int) -> float:
        return max(_LEAST_S, macs * pixels / reached if reached else 0.0)

    return forward_s


def measured(seconds: float, bench: Bench) -> Forward:
    """Return what forwards take by a pass that restored every image that is, in `seconds`."""
    pixels = sum(h * w for h, w in _sizes(restored_splits(bench)))
    spent_s = max(0.0, seconds - start_s(bench))
    return lambda of: spent_s / pixels * of if pixels else _LEAST_S


def inspection_s(entry: Entry, bench: Bench) -> float:
    """Return the seconds of an inspection."""
    height, width = bench.protocol.cost_size
    return start_s(bench) + _INSPECTED * modelled(entry, bench)(height * width)


def restoration_s(entry: Entry, splits: Iterable[SplitData], bench: Bench) -> float:
    """Return the seconds that restoring `splits` takes in one pass, scored meanwhile."""
    forward_s = modelled(entry, bench)
    return start_s(bench) + sum(_BESIDE_S + forward_s(h * w) for h, w in _sizes(splits))


def timing_s(left: Sequence[tuple[Session, int]], bench: Bench) -> float:
    """Return the seconds of so many rounds of each session, none of them made again."""
    total = 0.0
    for session, rounds in left:
        # the baseline opens and closes every round
        everyone = [*session.crew, *([session.baseline] * 2 if session.baseline else [])]
        visits = (visit_s(modelled(one.entry, bench), bench) for one in everyone)
        total += rounds * (sum(visits) + _exchange_s(bench))
    return total


def _exchange_s(bench: Bench) -> float:
    """Return the seconds of the visit in every round that measures the exchange of images."""
    if devices.kind(bench.device).scripted:
        return 0.0
    sizes = len(set(_sizes(timed_splits(bench))))
    return start_s(bench) + (EXCHANGES + 1) * sizes * (_BESIDE_S + _LEAST_S)


def visit_s(forward_s: Forward, bench: Bench) -> float:
    """Return the seconds of one visit of the clock to an entry with such forwards."""
    timing, sizes = bench.protocol.timing, _sizes(timed_splits(bench))
    passes = timing.sweeps + 1 / max(1, timing.rounds)  # and the calls on perturbed LR
    calls_s = passes * sum(_BESIDE_S + forward_s(h * w) for h, w in sizes)
    warming_s = _WARM_UP_CALLS * sum(forward_s(h * w) for h, w in set(sizes))
    row_s = timing.warm_up_seconds + (timing.burst_seconds if timing.energy else 0.0)
    rows_s = len(timed_splits(bench)) * row_s if _kind(bench) == "cuda" else 0.0
    return start_s(bench) + calls_s + warming_s + rows_s


def _kind(bench: Bench) -> str:
    return bench.device.partition(":")[0]


def _sizes(splits: Iterable[SplitData]) -> list[tuple[int, int]]:
    return [(pair.lr.height, pair.lr.width) for split in splits for pair in split.pairs]
