"""Units done by the tasks of a cluster's jobs; here they are submitted, watched, and followed up.

The store alone says what is done. The scheduler says how many tasks are alive, so that there are
as many as the open units need: what it says of how a task ended is not asked.
"""

import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from harness.errors import InputError
from harness.evaluation import slurm
from harness.evaluation.bench import Bench, unheard
from harness.evaluation.executors import Done, Ended
from harness.evaluation.slurm import Jobs, Queue, RefusedError, Settings
from harness.evaluation.task import LOSSES, Plan, Silent, finished
from harness.evaluation.units import Unit
from harness.store import files
from harness.store.claims import Claims, Holder

_BARREN = 3  # submissions in a row of which nothing came
_REFUSALS = 3  # in a row: one alone may be a controller that was lost for a moment


class Cluster:
    """As many units at once as tasks of a job run."""

    def __init__(
        self,
        settings: Settings,
        out: Path,
        cancels: Callable[[int], bool] = lambda tasks: False,
    ) -> None:
        """`cancels` tells, on an interrupt, whether so many tasks are to be cancelled.

        Raises InputError where no job can be submitted from.
        """
        if not slurm.available():
            raise InputError("there is no sbatch here; run on a login node of the cluster")
        self.crews, self._settings = settings.jobs, settings
        self._folder, self._cancels = out.resolve() / "jobs", cancels

    def opened(self, bench: Bench) -> Bench:
        """Return the bench as it is: the jobs tell which machines they were given."""
        return bench

    def carry_out(
        self, units: Sequence[Unit], bench: Bench, done: Done = lambda number, end: None
    ) -> list[Ended]:
        """Submit tasks as long as units are open. Raises InputError."""
        keys = [unit.key(bench) for unit in units]
        numbers: dict[str, list[int]] = {}
        for number, key in enumerate(keys):
            numbers.setdefault(key, []).append(number)
        planned = {key: units[first] for key, (first, *_) in numbers.items() if key}
        claims = Claims(self._folder / "claims", self._settings.lease_s)
        _reopen(planned, bench, claims)
        ends: dict[str, Ended] = {}

        def ended(key: str, why: str = "") -> None:
            ends[key] = _ended(key, bench, claims, why)
            for number in numbers[key]:
                done(number, ends[key])

        name = f"esr-{sha256(' '.join(planned).encode()).hexdigest()[:12]}"
        timed = any(unit.timed for unit in units)
        jobs = Jobs(name, self._folder, self._settings, timed and self._settings.exclusive)
        watch = _Watch(planned, bench, claims, jobs, most=self._settings.jobs, ended=ended)
        if watch.open():
            travelling = replace(bench, progress=Silent(), round_made=unheard)
            plan = Plan(planned, travelling, self._folder / "claims", self._settings.lease_s)
            file = jobs.folder / "plan.pkl"
            files.write_whole(file, lambda stream: pickle.dump(plan, stream))
            self._wait(watch, jobs, file)
        for key in numbers.keys() - ends.keys():
            ended(key, watch.given_up)
        return [ends[key] for key in keys]

    def _wait(self, watch: "_Watch", jobs: Jobs, plan: Path) -> None:
        try:
            while watch.open():
                watch.look(plan)
                time.sleep(self._settings.poll_s)
        except KeyboardInterrupt:
            if self._cancels(watch.queue.alive) and not jobs.cancel():
                watch.say(f"Slurm does not answer; cancel them later: scancel -n {jobs.name}")
            raise


def _reopen(planned: Mapping[str, Unit], bench: Bench, claims: Claims) -> None:
    """Forget what is to be measured again: everything, or what failed or was lost."""
    if not (bench.fresh or bench.retry_failed):
        return
    for key, unit in planned.items():
        claims.forget(key)
        machine = finished(key, bench)
        if machine and (bench.fresh or unit.failed(replace(bench, machine=machine))):
            bench.store.forget("unit", key)


def _ended(key: str, bench: Bench, claims: Claims, given_up: str) -> Ended:
    if not key:
        return Ended()
    losses = claims.losses(key)
    if machine := finished(key, bench):
        return Ended(machine, retried="; ".join(map(_told, losses)))
    if losses:
        return Ended(lost=f"it was lost {len(losses)} times: {'; '.join(map(_told, losses))}")
    return Ended(lost=given_up)


def _told(loss: Holder) -> str:
    return f"{loss.lost} (job {loss.job} on {loss.node})"


class _Watch:
    """How far the units of a plan are, and how many tasks are at them."""

    def __init__(
        self,
        planned: Mapping[str, Unit],
        bench: Bench,
        claims: Claims,
        jobs: Jobs,
        *,
        most: int,
        ended: Callable[[str], None],
    ) -> None:
        self._bench, self._claims, self._jobs, self._most = bench, claims, jobs, most
        self._ended = ended  # told of each key that is finished, or lost for good
        self._of, self._left, self._lost = len(planned), list(planned), 0
        self._barren, self._before, self._told, self._refusals = 0, "", "", 0
        self._since = time.monotonic()
        self.queue, self.given_up = Queue(), ""
        self._drop_ended()
        self._first = len(self._left)

    def open(self) -> bool:
        """Tell whether there is anything to wait for."""
        return bool(self._left) and not self.given_up

    def look(self, plan: Path) -> None:
        """Look at the store, the claims and the queue; submit the tasks that are lacking."""
        held = self._claims.held() & set(self._left)
        lapsed = {key for key in held if self._claims.lapsed(key)}
        for key in lapsed:
            self._claims.lose(key, "its task was not heard of any more")
        self._drop_ended()
        queue = self._jobs.queue()
        if queue is not None:
            self.queue = queue
            at_work = len((held - lapsed) & set(self._left))
            beginning = max(0, queue.alive - at_work)
            lacking = len(self._left) - at_work - beginning
            self._submit(plan, min(self._most - queue.alive, lacking))
        self._tell(answered=queue is not None)

    def say(self, line: str) -> None:
        """Tell whoever waits."""
        self._bench.progress.say(line)

    def _drop_ended(self) -> None:
        done, losses, left = self._bench.store.keys("unit"), self._claims.lost(), []
        for key in self._left:
            lost = losses.get(key, 0) >= LOSSES and key not in done
            self._lost += lost
            if lost or key in done:
                self._ended(key)
            else:
                left.append(key)
        self._left = left

    def _submit(self, plan: Path, tasks: int) -> None:
        """Submit so many tasks; give up where nothing came of several submissions in a row.

        Raises RefusedError where several in a row were refused.
        """
        if tasks <= 0:
            return
        before = f"{self._left} {sorted(self._claims.lost().items())}"
        barren = self._barren + 1 if before == self._before else 1
        if barren <= _BARREN:
            try:
                self._jobs.submit(plan, tasks)
            except RefusedError:
                self._refusals += 1
                if self._refusals == _REFUSALS:
                    raise
            else:
                self._before, self._barren, self._refusals = before, barren, 0
        elif not self.queue.alive:
            self.given_up = (
                f"{_BARREN} jobs in a row ended without finishing a unit: give more --job-minutes, "
                "name machines of the run's kind with --constraint, or see the logs in "
                f"{self._jobs.folder}"
            )

    def _tell(self, answered: bool) -> None:
        queue, done = self.queue, self._of - len(self._left)
        told = f"{queue.waiting} waiting" + (f" ({queue.reason})" if queue.reason else "")
        told += f", {queue.running} running, {queue.restarts} requeued, {self._lost} lost"
        if not answered:
            told = "Slurm does not answer; the jobs go on"
        if now := self._first - len(self._left):
            minutes = (time.monotonic() - self._since) / now * len(self._left) / 60
            told += f", about {minutes:.0f} min left"
        if told != self._told:
            self._told = told
            self._bench.progress.at(done, self._of)
            self._bench.progress.begin("cluster", told, 0)
