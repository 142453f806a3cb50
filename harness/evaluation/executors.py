"""Ways to have units of work done: one after another here, or on several devices of this machine.

What a unit measured lies in the store, where the caller looks it up: no executor brings results.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from harness.errors import InputError
from harness.evaluation.bench import Bench, Progress, unheard
from harness.evaluation.units import Unit
from harness.machines import environment
from harness.records import Machine


@dataclass(frozen=True)
class Ended:
    """How a unit ended: on which machine, and what the machinery did to it."""

    machine: Machine = field(default_factory=Machine)
    lost: str = ""  # why it never came to its end
    retried: str = ""  # what had to happen before it did


_End = tuple[int, str | BaseException]  # of which unit; why it was lost, or what to raise


Done = Callable[[int, Ended], None]  # told of the number of a unit, and how it ended


def _untold(number: int, end: Ended) -> None:
    """Hear of a unit, where nobody does."""


class Executor(Protocol):
    """Has units done, each whole on one device."""

    crews: int  # sessions of timing that it can play at once

    def opened(self, bench: Bench) -> Bench:
        """Return the bench with what is known of the machines before any unit is done."""

    def carry_out(self, units: Sequence[Unit], bench: Bench, done: "Done" = _untold) -> list[Ended]:
        """Return when every unit is done or lost, and how each ended; tell `done` of each."""


class Serial:
    """One unit after another, here."""

    crews = 1

    def opened(self, bench: Bench) -> Bench:
        """Describe this machine."""
        return replace(bench, machine=environment.machine(bench.device, bench.protocol.switches))

    def carry_out(self, units: Sequence[Unit], bench: Bench, done: "Done" = _untold) -> list[Ended]:
        """Do every unit in turn."""
        ended = list[Ended]()
        for number, unit in enumerate(units, 1):
            bench.progress.at(number, len(units))
            ended.append(Ended(bench.machine, unit.measure(bench)))
            done(number - 1, ended[-1])
        return ended


class Local:
    """As many units at once as there are devices, or `jobs` where nothing is timed."""

    def __init__(self, devices: Sequence[str], jobs: int = 1) -> None:
        self._devices, self._jobs = list(dict.fromkeys(devices)), jobs
        self.crews = len(self._devices)

    def opened(self, bench: Bench) -> Bench:
        """Describe this machine. Raises InputError where its devices are not of one kind."""
        first, *others = (
            environment.machine(device, bench.protocol.switches) for device in self._devices
        )
        for device, other in zip(self._devices[1:], others, strict=True):
            apart = sorted(k for k, v in other.identity.items() if first.identity.get(k) != v)
            if apart:
                raise InputError(
                    f"{device} and {self._devices[0]} differ in {', '.join(apart)}; "
                    "name devices of one kind in --devices"
                )
        return replace(bench, device=self._devices[0], machine=first)

    def carry_out(self, units: Sequence[Unit], bench: Bench, done: "Done" = _untold) -> list[Ended]:
        """Let a thread per device take unit after unit; the first error ends all."""
        waiting: queue.SimpleQueue[tuple[int, Unit]] = queue.SimpleQueue()
        for numbered in enumerate(units):
            waiting.put(numbered)
        ended: queue.SimpleQueue[_End] = queue.SimpleQueue()
        told = _Told(bench.progress, len(units))
        timed = any(unit.timed for unit in units)
        lanes = len(self._devices) if timed else max(self._jobs, len(self._devices))
        for lane in range(min(lanes, len(units))):
            device = self._devices[lane % len(self._devices)]
            machine = environment.machine(device, bench.protocol.switches)
            own = replace(
                bench,
                device=device,
                machine=machine,
                progress=_Lane(told, device),
                round_made=unheard,
            )
            # a daemon: Ctrl-C ends the run at once, and its workers with it
            threading.Thread(target=_work, args=(waiting, ended, own), daemon=True).start()
        lost: dict[int, str] = {}
        for finished in range(1, len(units) + 1):
            number, end = ended.get()
            if isinstance(end, BaseException):
                raise end
            lost[number] = end
            told.done = finished
            done(number, Ended(bench.machine, end))
        return [Ended(bench.machine, lost[number]) for number in range(len(units))]


def _work(
    waiting: "queue.SimpleQueue[tuple[int, Unit]]",
    ended: "queue.SimpleQueue[_End]",
    bench: Bench,
) -> None:
    while True:
        try:
            number, unit = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            ended.put((number, unit.measure(bench)))
        except BaseException as error:  # the caller's to raise, in its own thread
            ended.put((number, error))
            return


class _Told:
    """A progress that several lanes tell of what they begin."""

    def __init__(self, progress: Progress, of: int) -> None:
        self.done, self._of, self._progress, self._lock = 0, of, progress, threading.Lock()

    def begin(self, entry: str, stage: str, images: int) -> None:
        with self._lock:
            self._progress.at(self.done, self._of)
            self._progress.begin(entry, stage, images)


class _Lane:
    """The progress of one lane: of how far a stage is, only the whole is told."""

    def __init__(self, told: _Told, device: str) -> None:
        self._told, self._device = told, device

    def at(self, number: int, of: int, left_s: float | None = None) -> None:
        """Say nothing: others are at other places."""

    def say(self, line: str) -> None:
        """Say nothing: what is said of all is said by whoever began them."""

    def begin(self, entry: str, stage: str, images: int) -> None:
        """Tell a stage with its device."""
        self._told.begin(entry, f"{stage} on {self._device}", images)

    def advance(self, done: int) -> None:
        """Say nothing: the bar is not this lane's alone."""
