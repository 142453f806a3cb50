"""What a task of a cluster's job does: unit after unit of a plan, until none is left to take."""

import contextlib
import os
import pickle
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from harness.evaluation.bench import Bench
from harness.evaluation.units import Unit
from harness.machines import environment
from harness.records import Machine
from harness.records.schema import from_table, to_table
from harness.sandbox.staging import remove_leftovers
from harness.store.claims import Claims, Holder

_ENDED = "its task was told to end: preempted, or over its memory"
LOSSES = 3  # of one unit, its first try and two more, before it is given up


@dataclass(frozen=True)
class Plan:
    """What travels to the tasks of a job: units by key, and what they are measured with."""

    units: dict[str, Unit]
    bench: Bench
    claims: Path
    lease_s: float


class _GivenBack(BaseException):
    """The scheduler wants the node back, and may start the job again elsewhere."""


class Silent:
    """A progress that nobody looks at."""

    def at(self, number: int, of: int, left_s: float | None = None) -> None:
        """Say nothing."""

    def say(self, line: str) -> None:
        """Say nothing."""

    def begin(self, entry: str, stage: str, images: int) -> None:
        """Say nothing."""

    def advance(self, done: int) -> None:
        """Say nothing."""


def finished(key: str, bench: Bench) -> Machine | None:
    """Return the machine that a unit was finished on; None where it is not."""
    told = bench.store.get("unit", key)
    return None if told is None else from_table(Machine, told)


def work(file: str) -> None:
    """Take unit after unit of the plan in `file`, as a task of a Slurm job.

    A signal gives the unit in hand back. Slurm sends SIGUSR2 before the time limit; SIGTERM before
    it preempts a job and starts it again, or ends one for the memory that it took. So SIGTERM is a
    loss of the unit until the job is started again.
    """
    for number in (signal.SIGTERM, signal.SIGUSR2):
        signal.signal(number, _give_back)
    plan: Plan = pickle.loads(Path(file).read_bytes())
    remove_leftovers()
    task = _Task(plan, environment.machine(plan.bench.device, plan.bench.protocol.switches))
    with contextlib.suppress(_GivenBack):
        while task.went_through():
            pass


class _Task:
    """One task of a job, on its machine."""

    def __init__(self, plan: Plan, machine: Machine) -> None:
        self._plan, self._claims = plan, Claims(plan.claims, plan.lease_s)
        bench = replace(plan.bench, machine=machine)
        self._bench, self._holder = replace(bench, timing_began=bench.now()), _holder(machine)
        self._claims.pardon(self._holder, _ENDED)

    def went_through(self) -> bool:
        """Go through the plan once, measuring what is free; tell whether anything was."""
        units = list(self._plan.units.items())
        # each task of an array begins where no other does
        first = int(os.environ.get("SLURM_ARRAY_TASK_ID") or 0) % len(units)
        return sum(self._measured(*one) for one in units[first:] + units[:first]) > 0

    def _measured(self, key: str, unit: Unit) -> bool:
        """Measure a unit if nobody did, does, or lost it too often; tell whether that was so."""
        if unit.timed and self._bench.identity != self._plan.bench.identity:
            return False  # this machine is of another kind than the run's
        if finished(key, self._bench):
            return False
        before = self._claims.holder(key)
        if before and before.job == self._holder.job and before.restarts < self._holder.restarts:
            self._claims.lose(key, "its job was started again")
        if len(self._claims.losses(key)) >= LOSSES:
            return False
        measured = False
        with self._claims.taken(key, self._holder) as free:
            if free and not finished(key, self._bench):
                if lost := self._measure(key, unit):
                    self._claims.lose(key, lost)
                else:
                    self._bench.store.put("unit", key, to_table(self._bench.machine))
                measured = True
        return measured

    def _measure(self, key: str, unit: Unit) -> str:
        """Measure a unit; return why it was lost, where a fault of this program ended it."""
        try:
            return unit.measure(self._bench)
        except _GivenBack as back:
            if back.args == (signal.SIGTERM,):
                self._claims.lose(key, _ENDED)
            raise


def _holder(machine: Machine) -> Holder:
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    site = machine.site
    return Holder(f"{array}_{task}" if array else site.job, site.restarts, site.node)


def _give_back(received: int, _: object) -> NoReturn:
    for number in (signal.SIGTERM, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)  # once is enough: what follows tidies up
    raise _GivenBack(received)
