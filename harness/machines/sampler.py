"""Samples the GPU of a visit from the harness's process, never from the one that is measured."""

import os
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import numpy as np

from harness.machines import nvml
from harness.machines.nvml import Gpu, Reading
from harness.records import Burst, DeviceState, Spread, Visit

_INTERVAL_SECONDS = 0.05
_READINGS, _AT_REST_PERCENT = 20, 1.0  # of the load before a run, and that of a GPU at rest
_MOST = 72_000  # samples that are kept: the last hour
_PROC = Path("/proc")


class Sampler:
    """Reads a GPU's state at 20 Hz while it is entered; without a GPU it does nothing.

    Enter it before the visit's process is started: what computes on the GPU then is foreign, but
    for the `standing`, which were idle there before.
    """

    def __init__(
        self,
        gpu: Gpu | None,
        standing: Collection[int] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gpu, self._standing, self._now = gpu, standing, now
        self._taken: deque[tuple[float, Reading]] = deque(maxlen=_MOST)
        self._before: set[int] = set()  # who computed before the visit's process began
        self._descends: dict[int, bool] = {}  # pid of those that came later -> whether from here
        self._lost = ""
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
        if first:
            self._before = {pid for pid in reading.processes if not _descends(pid)}
        for pid in reading.processes.keys() - self._descends.keys():
            self._descends[pid] = _descends(pid)
        self._taken.append((self._now(), reading))

    def _run(self) -> None:
        try:
            while not self._done.wait(_INTERVAL_SECONDS):
                self.take()
        except Exception as error:  # whatever it is: nothing seen is not the same as all well
            self._lost = f"{type(error).__name__}: {error}"

    def _is_foreign(self, pid: int) -> bool:
        """Tell whether a process is neither the visit's nor one that was idle there before.

        Where none of those that came descends from here, NVML counts processes in another
        namespace than this one: then whoever came is taken for the visit's own.
        """
        if pid in self._standing:
            return False
        if pid in self._before:
            return True
        return any(self._descends.values()) and not self._descends[pid]

    def state(self, visit: Visit | None) -> DeviceState | None:
        """Return the state during `visit`; None without a GPU, or where the visit failed."""
        if visit is None or not self._taken:
            return None
        during = self._during([(visit.began_s, visit.ended_s)])
        pids = sorted({pid for reading in during for pid in reading.processes})
        foreign = tuple(pid for pid in pids if self._is_foreign(pid))
        others = {*foreign, *self._standing, os.getpid()}
        held = [sum(size for pid, size in r.processes.items() if pid not in others) for r in during]
        sweeping = self._during(visit.sweeps_s.values())
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
            burst_c={
                split: spread
                for split, burst in visit.bursts.items()
                if (spread := self._celsius(burst))
            },
            sweeps_sm_mhz=_spread([r.sm_clock_mhz for r in sweeping]),
            lost=self._lost,
        )

    def _during(self, spans: Iterable[tuple[float, float]]) -> list[Reading]:
        return [r for began, ended in spans for at, r in self._taken if began <= at <= ended]

    def _celsius(self, burst: Burst) -> Spread | None:
        return _spread([r.temperature_c for r in self._during([(burst.began_s, burst.ended_s)])])

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


def standing(device: str) -> dict[int, bool]:
    """Return the processes that hold a context on a GPU before anything runs there.

    Each with whether it is idle: the GPU is at rest in every reading of a second.
    """
    with nvml.opened(device) as gpu:
        if gpu is None:
            return {}
        pids = [pid for pid in gpu.processes() if not _descends(pid)]
        load = 0.0
        for _ in range(_READINGS if pids else 0):
            time.sleep(_INTERVAL_SECONDS)
            load = max(load, gpu.read().utilisation_percent or 0.0)
    return dict.fromkeys(pids, load <= _AT_REST_PERCENT)


def _descends(pid: int) -> bool:
    """Tell whether a process is this one or descends from it, as far as /proc shows it.

    It does not show those that have ended, nor those of another namespace.
    """
    while pid > 0:
        if pid == os.getpid():  # first: in a container that may be 1, from which all descend
            return True
        try:
            stat = (_PROC / str(pid) / "stat").read_text()
        except OSError:
            return False
        pid = int(stat.rpartition(")")[2].split()[1])  # proc(5): state, then the parent
    return False
