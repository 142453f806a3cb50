"""Restores what the harness hands over, one image at a time, whatever it is wanted for."""

import contextlib
import gc
import math
import traceback
from collections.abc import Callable

import torch

from harness.errors import EntryError, ForwardError
from harness.records import Restoration
from harness.worker.calls import Calls
from harness.worker.desk import Desk
from harness.worker.devices import host
from harness.worker.exchange import COUNTERS, Answer, Ask, Asked, Image
from harness.worker.loading.faults import guarded
from harness.worker.witness import recompiled

# restores an LR image while a counter counts: FLOPs and SR, or nothing
Count = Callable[[str, torch.Tensor], tuple[int, torch.Tensor] | None]


class Restorer:
    """Answers for one network. Every image takes the same way, scored or timed, known or not."""

    def __init__(self, desk: Desk, count: Count = lambda counter, lr: None) -> None:
        self._count = count
        self._desk, self._device = desk, desk.device
        self._range = desk.job.manifest.model.data_range
        self._calls, self._guarded = Calls(desk.loaded.network, desk.device), guarded
        self._dtypes, self._sizes = set[str](), set[tuple[int, int]]()
        self.first: Image | None = None  # LR image
        self.low, self.high = math.inf, -math.inf  # least and largest value of all outputs

    def answer(self, asked: Asked, lr: Image | None) -> tuple[Answer, Image | None]:
        """Return the answer, and the SR image where one was asked for."""
        try:
            doing = f"the forward of a {asked.height}x{asked.width} image"
            done: tuple[Answer, Image | None]
            done = self._guarded(lambda: self._done(asked, lr), doing, ForwardError)
            return done
        except EntryError as error:
            with contextlib.suppress(Exception):  # the entry may have closed its output
                traceback.print_exc()
            return Answer(refused=str(error)), None

    def rest(self) -> None:
        """Begin a new measurement of peak memory: the next call's is its own, with its image."""
        self._device.reset_peak()

    def told(self) -> Restoration:
        """Return what is to be said of all calls together."""
        flags = self._desk.witness.flags() | recompiled(len(self._sizes))
        return Restoration(tuple(sorted(self._dtypes)), flags, host.pinned())

    def _done(self, asked: Asked, lr: Image | None) -> tuple[Answer, Image | None]:
        if asked.what is Ask.RELEASE:
            self._device.release()
        elif asked.what is Ask.SETTLE:
            # what is alive now is never looked at again: a collection costs little in a timed call
            gc.collect()
            gc.freeze()
        if lr is None:
            return Answer(), None
        self._sizes.add((asked.height, asked.width))
        tensor = self._desk.on_device(lr)
        if asked.what is Ask.ROW:
            made, ms = self._calls.in_a_row(tensor, asked.calls, asked.seconds)
            return Answer(ms, calls=made), None
        if asked.what is Ask.REPLAY:
            return Answer(self._calls.replayed(tensor)), None
        if asked.what is Ask.COUNT:
            return self._counted(COUNTERS[asked.calls], tensor)
        if self.first is None:
            self.first = lr
        return self._restored(tensor)

    def _counted(self, counter: str, lr: torch.Tensor) -> tuple[Answer, Image | None]:
        found = self._count(counter, lr)
        if found is None:
            return Answer(), None
        flops, sr = found
        return Answer(flops=flops), self._device.quantised(sr, self._range)

    def _restored(self, lr: torch.Tensor) -> tuple[Answer, Image]:
        lap = self._calls.timed(lr)
        sr = lap.sr
        peak, held = self._device.peak_bytes(), self._device.reserved_bytes()
        low, high = (float(one) for one in sr.aminmax())  # NaN shows in both
        if not (math.isfinite(low) and math.isfinite(high)):
            raise ForwardError("the network returned NaN or infinite values; check its data_range")
        self.low, self.high = min(self.low, low), max(self.high, high)
        self._dtypes.add(str(sr.dtype).removeprefix("torch."))
        image = self._device.quantised(sr, self._range)
        times = lap.ms, lap.whole_ms, lap.host_ms, lap.launch_ms
        return Answer(*times, peak_bytes=peak, reserved_bytes=held), image
