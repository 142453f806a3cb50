"""What launching the kernels of a network costs beside computing them. Pure; ranks nobody."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.records import Entry, Visit
from harness.statistics.runtimes import Runtime

_HALF = 0.5  # of the runtime: with less work of its device, an entry is bound by the host


@dataclass(frozen=True)
class Launches:
    """Milliseconds per image beside the runtime; None where none was measured.

    `row_ms` and `graph_ms` are the runtime times the geometric mean ratio to the same images' own
    timed calls.
    """

    host_ms: float | None  # until the call returned to the host
    row_ms: float | None  # back to back: the device's work, or the host's where that is longer
    graph_ms: float | None  # as a CUDA graph: the device's work without the launches

    def bound_by(self, runtime_ms: float) -> Literal["host", "device"] | None:
        """Return what the runtime is: `host` where the device works less than half of it."""
        work = [ms for ms in (self.graph_ms, self.row_ms) if ms is not None]
        if not work:
            return None
        return "host" if min(work) < _HALF * runtime_ms else "device"


def of_entry(entry: Entry, runtime: Runtime) -> Launches:
    """Return what the visits of an entry say of its launches."""
    visits = [made.visit for made in entry.timing.visits] if entry.timing else []
    return Launches(
        _host_ms(visits),
        _scaled(runtime, [(visit, visit.row_ms) for visit in visits]),
        _scaled(runtime, [(visit, visit.graph_ms) for visit in visits]),
    )


def _host_ms(visits: Sequence[Visit]) -> float | None:
    """Return the mean over splits and images of the median over all calls."""
    splits = [
        statistics.fmean(
            statistics.median(ms for sweeps in image for ms in sweeps)
            for image in zip(*(visit.launch_ms[split] for visit in visits), strict=True)
        )
        for split in (visits[0].launch_ms if visits else ())
        if all(split in visit.launch_ms for visit in visits)
    ]
    return statistics.fmean(splits) if splits else None


Drawn = Mapping[str, Sequence[tuple[int, float]]]  # split -> image and ms


def _scaled(runtime: Runtime, every: Sequence[tuple[Visit, Drawn]]) -> float | None:
    logs = [
        math.log(ms / statistics.median(visit.samples_ms[split][index]))
        for visit, splits in every
        for split, drawn in splits.items()
        for index, ms in drawn
    ]
    return runtime.ms * math.exp(statistics.fmean(logs)) if logs else None
