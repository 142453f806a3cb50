"""Starts a worker, follows it, and ends it: how long it may take, and what comes back."""

import contextlib
import math
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from harness.entries.submission import Submission
from harness.errors import EntryError, PassError
from harness.records import Failure, Job, Outcome, PassName
from harness.records.schema import from_table, to_table
from harness.sandbox import answers, cgroup, reaper
from harness.sandbox.disk import DiskWatch
from harness.sandbox.exchange import EndedError, Exchange
from harness.sandbox.jail import MOST_MEMORY, MOST_PROCESSES, Jail, command, harden
from harness.sandbox.log import CappedLog
from harness.sandbox.staging import bare_environment, private_folder, stage_submission
from harness.worker import devices
from harness.worker.folder import SUBMISSION, WORK, PassFolder

_LOOK_SECONDS = 0.1  # between two looks at what the pass takes
# a worker is not told whether what it restores is scored or timed
_TOLD: dict[PassName, PassName] = {"time": "restore"}
_TO_END_SECONDS = 10.0  # that a process may take once nothing more is asked, or it is gone

Finish = Callable[[Any], Any]  # makes of a worker's last answer the result of its pass
Drive = Callable[[Exchange], Finish]  # asks a worker for what its pass needs


def run_pass(
    job: Job,
    submission: Submission,
    drive: Drive | None = None,
    *,
    jail: Jail,
    time_limit: float,
    built: Callable[[bytes], None] = lambda product: None,
) -> Outcome:
    """Run `job` for `submission` in a fresh process, jailed, and return what it left.

    `drive` has images restored by the exchange, once the network is loaded; `built(product)` gets
    what a build made, packed. A worker that fails, hangs past `time_limit` seconds or dies gives a
    Failure.
    """
    harden()
    scripted = devices.kind(job.device).scripted
    exchange = Exchange(submission.manifest.model.scale, scripted)
    with private_folder() as folder, contextlib.closing(exchange):
        try:
            manifest = stage_submission(submission, folder.root)
        except EntryError as error:
            return Outcome(failure=Failure(error.stage, str(error)))
        told = _TOLD.get(job.pass_name, job.pass_name)
        folder.put_job(
            replace(
                job,
                pass_name=told,
                manifest=manifest,
                folder=SUBMISSION,
                exchange=exchange.handles,
            )
        )
        with cgroup.limited(MOST_PROCESSES, MOST_MEMORY) as group:
            started = [*group, *command(jail, folder.root, job.device)]
            worker = _Worker(folder, job, started, exchange, time_limit)
            try:
                outcome = worker.driven(drive)
                if job.pass_name == "build" and not outcome.failure:
                    built(folder.product())
                return outcome
            except EntryError as error:
                failure = Failure(error.stage, str(error))
                worker.end()
                return Outcome(log=worker.log.text(), failure=failure)
            finally:
                worker.end()


def as_told(answer: Any) -> Any:
    """Return a worker's last answer as the result of its pass."""
    return answer


class _Worker:
    """A running worker process, its private folder and its exchange."""

    def __init__(
        self,
        folder: PassFolder,
        job: Job,
        command: Sequence[str],
        exchange: Exchange,
        time_limit: float,
    ) -> None:
        self.folder, self.job, self.time_limit = folder, job, time_limit
        self.exchange, self.pass_name = exchange, job.pass_name
        self.disk = DiskWatch(folder.root)
        self.began = time.monotonic()
        self.process = reaper.started(
            lambda: subprocess.Popen(
                command,
                cwd=folder.root / WORK,
                env=bare_environment(folder.root / WORK),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=exchange.handles,
            )
        )
        assert self.process.stdout is not None
        self.log = CappedLog(self.process.stdout)

    def driven(self, drive: Drive | None) -> Outcome:
        """Ask for all that the pass needs; return what it gives. Raises EntryError."""
        finish: Finish | None = None if drive else as_told
        self.exchange.begin(self.process.pid, self.watch)
        with contextlib.suppress(EndedError):
            if drive:
                self.exchange.ready()
                finish = drive(self.exchange)
            self.exchange.end()
        self._await_end(_TO_END_SECONDS if finish is None else math.inf)
        outcome = self._outcome()
        if outcome.failure:
            return outcome
        if finish is None:
            raise PassError(f"the {self.pass_name} pass ended before it had done all it was asked")
        answer = from_table(answers.RECORDS[self.pass_name], outcome.result)
        return replace(outcome, result=to_table(finish(answer)))

    def watch(self) -> None:
        """Raise PassError where the pass takes too long, or writes too much."""
        self.disk.check()
        if time.monotonic() - self.began > self.time_limit:
            raise PassError(
                f"the {self.pass_name} pass took longer than {self.time_limit:g} s and was "
                "ended; make it faster, or allow more with --time-limit"
            )

    def _await_end(self, seconds: float) -> None:
        began = time.monotonic()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_LOOK_SECONDS)
                return
            self.watch()
            if time.monotonic() - began > seconds:
                raise PassError(f"the {self.pass_name} pass no longer answered and was ended")

    def _outcome(self) -> Outcome:
        """Read what it left, once it ended. Raises PassError where that is no answer."""
        self.log.close()
        content = self.folder.result()
        if content is None:
            raise PassError(self._last_words())
        return answers.outcome(content, self.job, self.log.text())

    def end(self) -> None:
        """End it and all that it started, whatever it does; nothing of it runs on."""
        reaper.end(self.process)
        self.log.close()

    def _last_words(self) -> str:
        code = self.process.returncode
        if code > 128:  # as bwrap tells of a signal
            code = 128 - code
        during = f"during the {self.pass_name} pass"
        if code >= 0:
            return f"the process ended itself with exit status {code} {during}"
        name = signal.Signals(-code).name
        hint = " (often the system, out of memory)" if -code == signal.SIGKILL else ""
        return f"the process was killed by {name}{hint} {during}"
