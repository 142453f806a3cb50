"""What all visits of an entry together give to doubt: flag -> explanation. Pure."""

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.records import Ceiling, DeviceState, Entry, RoundVisit
from harness.statistics.estimates import Estimate
from harness.statistics.sameness import other_function

# of nvml.REASONS: a power cap and locked clocks are the machine's settings, these are accidents
_SLOWDOWNS = (
    "hardware slowdown",
    "software thermal slowdown",
    "hardware thermal slowdown",
    "power brake",
)
_SLOWEST = 0.9  # of the SM clock in the baseline's visit before
_APART, _APART_MS = 0.05, 0.2  # by which two times of one call may differ
_LIBRARIES_BYTES = 2 * 2**30  # of a GPU, that a context and its libraries take at most
_INTERRUPTED = 0.05  # share of the calls in which the host may be interrupted
_CALLS_TO_JUDGE = 3  # fewer of one image cannot tell an interruption
# multiplications that Winograd's F(4x4, 3x3) saves; Lavin and Gray, CVPR 2016, section 4.3
_WINOGRAD = 4.0

Calls = Mapping[str, Sequence[Sequence[float]]]  # split -> image -> sweep
LrSizes = Mapping[str, Sequence[tuple[int, int]]]  # split -> height, width of each image


@dataclass(frozen=True)
class Circumstances:
    """What the visits of a run were made with."""

    noise: float  # of repeats, as the protocol's timing allows it
    input_size: tuple[int, int]  # of the count of FLOPs
    scale: int
    lr_sizes: LrSizes = field(default_factory=dict)
    ceiling: Ceiling = field(default_factory=Ceiling)


def of_visits(entry: Entry, visits: Sequence[RoundVisit], around: Circumstances) -> dict[str, str]:
    """Return the flags that go on the entry's row."""
    flags = {
        "other-function": other_function(visits),
        "disturbed": _disturbed(visits),
        "other-streams": _other_streams(visits),
        "clocks-differ": _clocks_differ(visits),
        "repeats-faster": _repeats_faster(visits, around.noise),
        "content-remembered": _content_remembered(visits, around.noise),
        "impossible-time": _impossible(entry, visits, around),
        "hidden-memory": _hidden_memory(visits),
        "content-dependent": _spread(entry, visits, around.lr_sizes),
    }
    return {flag: explanation for flag, explanation in flags.items() if explanation}


# ---------------------------------------------------------------- the machine


def disturbance(state: DeviceState | None, bracket_mhz: float | None = None) -> str:
    """Say what disturbed the GPU during a visit; nothing where all was well, or is not known.

    `bracket_mhz` is the median SM clock of the baseline's visit before it.
    """
    if state is None:
        return ""
    accidents = [reason for reason in state.reasons if reason in _SLOWDOWNS]
    if state.foreign:
        accidents.append(f"processes of others ({', '.join(map(str, state.foreign))})")
    mhz = state.sweeps_sm_mhz
    if mhz and bracket_mhz and mhz.middle < _SLOWEST * bracket_mhz:
        text = f"clocks of {mhz.middle:.0f} MHz where the baseline had {bracket_mhz:.0f} MHz"
        accidents.append(text)
    if state.lost:
        accidents.append(f"a watch that was lost ({state.lost})")
    return ", ".join(accidents)


def _disturbed(visits: Sequence[RoundVisit]) -> str:
    every = (disturbance(made.state, made.bracket_mhz) for made in visits)
    found = [what for what in every if what]
    if not found:
        return ""
    under = "; ".join(dict.fromkeys(found))
    return f"{len(found)} of {len(visits)} visits, however often measured again, under {under}"


# ---------------------------------------------------------------- the clock


def _other_streams(visits: Sequence[RoundVisit]) -> str:
    """Compare the timed stream's end with the whole device's: work may run on other streams."""
    pairs = ((made.visit.whole_ms, made.visit.samples_ms) for made in visits)
    if found := _apart(pairs):
        return f"{found} longer until the whole device was idle than until the timed stream was"
    return ""


def _clocks_differ(visits: Sequence[RoundVisit]) -> str:
    """Compare the device's clock with the host's, from the same start until the device was idle."""
    pairs = ((made.visit.host_ms, made.visit.whole_ms) for made in visits)
    if found := _apart(pairs):
        return f"{found} longer or shorter by the host's clock than by the device's"
    return ""


def _apart(pairs: Iterable[tuple[Calls, Calls]]) -> str:
    """Say in how many calls two times of the same call lie apart, if in too many.

    The host is interrupted now and then, on any image. So it takes more than 1 in 20 of all timed
    calls, or the median call of one image, whatever the others are.
    """
    apart: dict[tuple[str, int], list[bool]] = {}
    for one, other in pairs:
        for split in one.keys() & other.keys():
            for index, pair in enumerate(zip(one[split], other[split], strict=True)):
                calls = apart.setdefault((split, index), [])
                calls += [_are_apart(*call) for call in zip(*pair, strict=True)]
    calls = [call for image in apart.values() for call in image]
    judged = [image for image in apart.values() if len(image) >= _CALLS_TO_JUDGE]
    whole = sum(statistics.median_low(image) for image in judged)
    if not whole and sum(calls) <= _INTERRUPTED * len(calls):
        return ""
    return (
        f"{sum(calls)} of {len(calls)} calls, and the median call of {whole} images, took over "
        f"{_APART:.0%} and {_APART_MS} ms"
    )


def _are_apart(one_ms: float, other_ms: float) -> bool:
    return abs(one_ms - other_ms) > max(_APART_MS, _APART * one_ms)


def _repeats_faster(visits: Sequence[RoundVisit], noise: float) -> str:
    """Compare later calls on an image within a visit with its first: results may be remembered."""
    logs: dict[str, list[float]] = {}
    for made in visits:
        for split, images in made.visit.samples_ms.items():
            repeated = [sweeps for sweeps in images if len(sweeps) > 1]
            found = [math.log(statistics.median(later) / first) for first, *later in repeated]
            logs.setdefault(split, []).extend(found)
    faster = [
        f"{math.exp(ratio.mean):.0%} on {split}"
        for split, ratio in _estimates(logs).items()
        if ratio.mean + _doubt(ratio) < math.log(1 - noise)
    ]
    return f"later calls took, of an image's first call, {', '.join(faster)}" if faster else ""


def _content_remembered(visits: Sequence[RoundVisit], noise: float) -> str:
    """Compare calls on perturbed LR with those on the images themselves.

    That is what remembering an image's content, in whichever visits, gains of the runtime.
    """
    logs: dict[str, list[float]] = {}
    for made in visits:
        for split, calls in made.visit.perturbed_ms.items():
            samples = made.visit.samples_ms[split]
            found = [math.log(ms / statistics.median(samples[index])) for index, ms in calls]
            logs.setdefault(split, []).extend(found)
    slower = [
        f"{math.exp(ratio.mean):.2f} times as long on {split}"
        for split, ratio in _estimates(logs).items()
        if ratio.mean - _doubt(ratio) > math.log(1 + noise)
    ]
    return f"calls on LR changed by one level took {', '.join(slower)}" if slower else ""


def _estimates(logs: Mapping[str, Sequence[float]]) -> dict[str, Estimate]:
    """Return the mean log ratio by split, over all visits and images.

    None is left out as an outlier: remembering a few images is what is looked for.
    """
    return {split: _estimate(found) for split, found in logs.items() if found}


def _estimate(found: Sequence[float]) -> Estimate:
    count = len(found)
    error = statistics.stdev(found) / math.sqrt(count) if count > 1 else None
    return Estimate(statistics.fmean(found), error, count - 1)


def _doubt(ratio: Estimate) -> float:
    """Return half the 95 % interval, by which an entry is given the benefit of the doubt."""
    return ratio.half_width or 0.0


def _hidden_memory(visits: Sequence[RoundVisit]) -> str:
    """Compare the GPU memory of a visit's processes with what PyTorch's allocator held of it."""
    beyond = [
        made.state.process_bytes - max(made.visit.reserved_bytes.values())
        for made in visits
        if made.state and made.state.process_bytes and made.visit.reserved_bytes
    ]
    most = statistics.median_low(beyond) if beyond else 0
    if most <= _LIBRARIES_BYTES:
        return ""
    return (
        f"its processes held {most / 2**30:.1f} GiB of the GPU beyond what PyTorch's allocator "
        f"did, where a context and libraries take {_LIBRARIES_BYTES / 2**30:g} GiB at most"
    )


# ---------------------------------------------------------------- what the device can do


def _impossible(entry: Entry, visits: Sequence[RoundVisit], around: Circumstances) -> str:
    """Look for images that took less time than the device needs for the work that was counted."""
    macs, size = _least_macs(entry), around.input_size[0] * around.input_size[1]
    most = _most_macs(entry, around.ceiling)
    fast = 0
    for height, width, ms in _runtimes(visits, around.lr_sizes):
        share = height * width / size
        # of attention over the whole image, a smaller one costs the square of its share
        at_least_s = macs * min(share, share**2) / most / _WINOGRAD
        moved = _bytes_moved(entry, height * width, around.scale) - around.ceiling.cache_bytes
        at_least_s = max(at_least_s, moved / (around.ceiling.bytes_per_s or math.inf))
        fast += ms / 1e3 < at_least_s
    if not fast:
        return ""
    return (
        f"{fast} images took less time than this device needs for the multiplications that were "
        "counted, or for reading LR and writing SR"
    )


def _spread(entry: Entry, visits: Sequence[RoundVisit], lr_sizes: LrSizes) -> str:
    """Add to what an inspection says of a cost that depends on content how runtime follows it."""
    told = entry.flags.get("content-dependent", "")
    per_pixel = [1e6 * ms / (height * width) for height, width, ms in _runtimes(visits, lr_sizes)]
    if not told or not per_pixel:
        return told
    low, high = min(per_pixel), max(per_pixel)
    return f"{told}; runtime of its images is {low:.3g} to {high:.3g} ns for each LR pixel"


def _runtimes(visits: Sequence[RoundVisit], lr_sizes: LrSizes) -> Iterator[tuple[int, int, float]]:
    """Yield height, width and median runtime of every image."""
    for split, sizes in lr_sizes.items():
        every = [made.visit.samples_ms[split] for made in visits if split in made.visit.samples_ms]
        for index, (height, width) in enumerate(sizes if every else ()):
            yield height, width, statistics.median(ms for one in every for ms in one[index])


def _least_macs(entry: Entry) -> float:
    counts = entry.inspection.complexity.flops.values() if entry.inspection else ()
    return min((count.flops for count in counts), default=0)


def _most_macs(entry: Entry, ceiling: Ceiling) -> float:
    precisions = set(entry.inspection.precisions if entry.inspection else ())
    if not precisions <= {"float32", "float16", "bfloat16"}:
        return math.inf
    return (ceiling.float32_macs if precisions <= {"float32"} else ceiling.half_macs) or math.inf


def _bytes_moved(entry: Entry, lr_pixels: int, scale: int) -> int:
    """Return the bytes of LR in float32 and of SR in the entry's output precision."""
    dtypes = {dtype for one in entry.restorations.values() for dtype in one.dtypes}
    return 3 * lr_pixels * (4 + scale**2 * (4 if dtypes == {"float32"} else 2))
