"""Samples the GPU of a visit from the harness's process, never from the one that is measured."""

import os
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from harness.machines import nvml
from harness.machines.nvml import Gpu, Reading
from harness.records import DeviceState, Spread, Visit

_INTERVAL_SECONDS = 0.05
_MOST = 72_000  # samples that are kept: the last hour
_PROC = Path("/proc")


class Sampler:
    """Reads a GPU's state at 20 Hz while it is entered; without a GPU it does nothing.

    Enter it before the visit's process is started: what computes on the GPU then is foreign.
    """

    def __init__(self, gpu: Gpu | None, now: Callable[[], float] = time.monotonic) -> None:
        self._gpu, self._now = gpu, now
        self._taken: deque[tuple[float, Reading]] = deque(maxlen=_MOST)
        self._foreign: dict[int, bool] = {}  # pid -> whether it is
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="GPU sampler", daemon=True)

    def __enter__(self) -> "Sampler":
        if self._gpu:
            self.take()
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._gpu:
            self._thread.join()

    def take(self) -> None:
        """Take one sample."""
        assert self._gpu
        first, reading = not self._taken, self._gpu.read()
        for pid in reading.processes.keys() - self._foreign.keys():
            ours = _descends(pid)
            self._foreign[pid] = not ours if first else ours is False
        self._taken.append((self._now(), reading))

    def _run(self) -> None:
        while not self._done.wait(_INTERVAL_SECONDS):
            self.take()

    def state(self, visit: Visit | None) -> DeviceState | None:
        """Return the state during `visit`; None without a GPU, or where the visit failed."""
        if visit is None or not self._taken:
            return None
        during = [r for at, r in self._taken if visit.began_s <= at <= visit.ended_s]
        pids = sorted({pid for reading in during for pid in reading.processes})
        foreign = tuple(pid for pid in pids if self._foreign[pid])
        held = [
            sum(size for pid, size in r.processes.items() if pid not in {*foreign, os.getpid()})
            for r in during
        ]
        return DeviceState(
            len(during),
            sm_clock_mhz=_spread([r.sm_clock_mhz for r in during]),
            memory_clock_mhz=_spread([r.memory_clock_mhz for r in during]),
            power_w=_spread([r.power_w for r in during]),
            temperature_c=_spread([r.temperature_c for r in during]),
            utilisation_percent=_spread([r.utilisation_percent for r in during]),
            reasons=tuple(
                reason
                for reason in nvml.REASONS.values()
                if any(reason in reading.reasons for reading in during)
            ),
            foreign=foreign,
            process_bytes=max(held, default=0) or None,
            energy_mj=self._energy(visit),
        )

    def _energy(self, visit: Visit) -> dict[str, float]:
        """Return each split's energy per image, its counter read between samples by a line."""
        counted = [(at, r.energy_mj) for at, r in self._taken if r.energy_mj is not None]
        if not counted:
            return {}
        times, energies = zip(*counted, strict=True)
        found = {}
        for split, burst in visit.bursts.items():
            began, ended = np.interp([burst.began_s, burst.ended_s], times, energies)
            found[split] = float(ended - began) / burst.images
        return found


def _spread(samples: Sequence[float | None]) -> Spread | None:
    known = [float(sample) for sample in samples if sample is not None]
    return Spread(min(known), statistics.median(known), max(known)) if known else None


def _descends(pid: int) -> bool | None:
    """Tell whether a process is this one or descends from it.

    None where /proc does not show it: it has ended, or NVML counts processes as the host of this
    container does. Such a process may be the visit's own.
    """
    while pid > 1:
        if pid == os.getpid():
            return True
        try:
            stat = (_PROC / str(pid) / "stat").read_text()
        except OSError:
            return None
        pid = int(stat.rpartition(")")[2].split()[1])  # proc(5): state, then the parent
    return False
