"""Starts a worker, follows it, and ends it: how long it may take, and what comes back."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness.entries.submission import Submission
from harness.errors import EntryError, PassError
from harness.records import Failure, Job, Outcome
from harness.sandbox import answers, cgroup, reaper
from harness.sandbox.disk import DiskWatch
from harness.sandbox.jail import MOST_MEMORY, MOST_PROCESSES, Jail, command, harden
from harness.sandbox.log import CappedLog
from harness.sandbox.staging import (
    SourceImage,
    bare_environment,
    private_folder,
    stage_images,
    stage_submission,
)
from harness.worker.folder import SUBMISSION, WORK, PassFolder

_POLL_SECONDS = 0.005


Receive = Callable[[int, NDArray[np.uint8]], None]
Shapes = Sequence[tuple[int, int]]


def run_pass(
    job: Job,
    submission: Submission,
    images: Sequence[SourceImage] = (),
    *,
    jail: Jail,
    time_limit: float,
    sr_sizes: Shapes = (),
    receive: Receive | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Outcome:
    """Run `job` for `submission` in a fresh process, jailed, and return what it left.

    `receive(index, sr)` gets every SR image (uint8, [height, width, 3] of `sr_sizes[index]`) as it
    arrives. A worker that fails, hangs past `time_limit` seconds or dies gives a Failure.
    """
    harden()
    with private_folder() as folder:
        try:
            manifest = stage_submission(submission, folder.root)
        except EntryError as error:
            return Outcome(failure=Failure(error.stage, str(error)))
        lr = stage_images(images, folder)
        job = replace(job, manifest=manifest, folder=SUBMISSION, images=lr)
        folder.put_job(job)
        with cgroup.limited(MOST_PROCESSES, MOST_MEMORY) as group:
            started = [*group, *command(jail, folder.root, job.device)]
            worker = _Worker(folder, job, started, time_limit)
            try:
                worker.follow(sr_sizes, receive, progress)
                return worker.outcome()
            except PassError as error:
                failure = Failure(error.stage, str(error))
                return Outcome(log=worker.log.text(), failure=failure)
            finally:
                worker.end()


class _Worker:
    """A running worker process and its private folder."""

    def __init__(
        self, folder: PassFolder, job: Job, command: Sequence[str], time_limit: float
    ) -> None:
        self.folder, self.job, self.time_limit = folder, job, time_limit
        self.pass_name = job.pass_name
        self.missing = 0  # SR images that were asked for and never came
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
            )
        )
        assert self.process.stdout is not None
        self.log = CappedLog(self.process.stdout)

    def follow(
        self, sr_sizes: Shapes, receive: Receive | None, progress: Callable[[int], None]
    ) -> None:
        """Pass on SR images and progress until the process ends. Raises PassError."""
        next_sr, reported = 0, -1
        disk = DiskWatch(self.folder.root)
        while True:
            disk.check()
            ended = self.process.poll() is not None
            while receive and next_sr < len(sr_sizes):
                sr = self.folder.take_sr(next_sr, sr_sizes[next_sr])
                if sr is None:
                    break
                receive(next_sr, sr)
                next_sr += 1
                progress(next_sr)
            if not receive:
                done = self.folder.progress()
                if done != reported:
                    reported = done
                    progress(done)
            if ended:
                self.missing = len(sr_sizes) - next_sr if receive else 0
                return
            if time.monotonic() - self.began > self.time_limit:
                raise PassError(
                    f"the {self.pass_name} pass took longer than {self.time_limit:g} s and was "
                    "ended; make it faster, or allow more with --time-limit"
                )
            time.sleep(_POLL_SECONDS)

    def outcome(self) -> Outcome:
        """Read what it left, once it ended. Raises PassError where that is no answer."""
        between = self.began, time.monotonic()
        self.log.close()
        content = self.folder.result()
        if content is None:
            raise PassError(self._last_words())
        outcome = answers.outcome(content, self.job, self.log.text(), between)
        if self.missing and outcome.failure is None:
            raise PassError(
                f"the {self.pass_name} pass handed over {self.missing} SR images less "
                "than it was asked for"
            )
        return outcome

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
            return f"the process ended itself with exit status {code} {during}; see its log"
        name = signal.Signals(-code).name
        hint = " (often the system, out of memory)" if -code == signal.SIGKILL else ""
        return f"the process was killed by {name}{hint} {during}; see its log"
