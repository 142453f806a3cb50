"""Starts a worker, follows it, and ends it: how long it may take, and what comes back.

Files that come back are read as data of a stated size, never trusted further.
"""

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import PassError
from harness.log import CappedLog
from harness.records import Failure, Job, Outcome
from harness.schema import to_table
from harness.staging import (
    SUBMISSION_FOLDER,
    WORK_FOLDER,
    SourceImage,
    bare_environment,
    private_folder,
    stage_images,
    stage_submission,
)
from harness.submission import Submission
from harness.worker import JOB, PROGRESS, RESULT, SR_FOLDER

_ROOT = Path(__file__).resolve().parents[1]
_BOOTSTRAP = """
import os, sys
sys.path.insert(0, sys.argv[1])
from harness import leash
leash.end_with(int(sys.argv[2]))
from pathlib import Path
from harness.worker import main
main(Path(sys.argv[3]))
os._exit(0)  # the result is written: no thread that an entry left is waited for, nor PyTorch's end
"""
_LARGEST_RESULT = 64 * 2**20
_POLL_SECONDS = 0.005


Receive = Callable[[int, NDArray[np.uint8]], None]
Shapes = Sequence[tuple[int, int]]


def run_pass(
    job: Job,
    submission: Submission,
    images: Sequence[SourceImage] = (),
    *,
    time_limit: float,
    sr_sizes: Shapes = (),
    receive: Receive | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Outcome:
    """Run `job` for `submission` in a fresh process and return what it left.

    `receive(index, sr)` gets every SR image (uint8, [height, width, 3] of `sr_sizes[index]`) as it
    arrives. A worker that fails, hangs past `time_limit` seconds or dies gives a Failure.
    """
    with private_folder() as folder:
        (folder / SR_FOLDER).mkdir()
        manifest = stage_submission(submission, folder)
        lr = stage_images(images, folder)
        job = replace(job, manifest=manifest, folder=SUBMISSION_FOLDER, images=lr)
        (folder / JOB).write_text(json.dumps(to_table(job)))
        worker = _Worker(folder, job.pass_name, time_limit)
        try:
            worker.follow(sr_sizes, receive, progress)
            answer = worker.answer()
        except PassError as error:
            failure = Failure(error.stage, str(error))
            return Outcome(log=worker.log.text(), failure=failure)
        finally:
            worker.end()
        log = worker.log.text()
    if told := answer.get("failure"):
        return Outcome(log=log, failure=Failure(str(told["stage"]), str(told["reason"])))
    return Outcome(answer["result"], tuple(answer["switches_changed"]), log)


class _Worker:
    """A running worker process and its private folder."""

    def __init__(self, folder: Path, pass_name: str, time_limit: float) -> None:
        self.folder, self.pass_name, self.time_limit = folder, pass_name, time_limit
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOTSTRAP, str(_ROOT), str(os.getpid()), str(folder)],
            cwd=folder / WORK_FOLDER,
            env=bare_environment(folder / WORK_FOLDER),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.log = CappedLog(self.process.stdout)

    def follow(
        self, sr_sizes: Shapes, receive: Receive | None, progress: Callable[[int], None]
    ) -> None:
        """Pass on SR images and progress until the process ends. Raises PassError."""
        next_sr, reported = 0, -1
        while True:
            ended = self.process.poll() is not None
            while receive and next_sr < len(sr_sizes):
                file = self.folder / SR_FOLDER / str(next_sr)
                if not file.exists():
                    break
                receive(next_sr, self._read_sr(file, sr_sizes[next_sr]))
                file.unlink()
                next_sr += 1
                progress(next_sr)
            if not receive:
                done = self._progress()
                if done != reported:
                    reported = done
                    progress(done)
            if ended:
                return
            if time.monotonic() - self.started > self.time_limit:
                raise PassError(
                    f"the {self.pass_name} pass took longer than {self.time_limit:g} s and was "
                    "ended; make it faster, or allow more with --time-limit"
                )
            time.sleep(_POLL_SECONDS)

    def answer(self) -> dict[str, Any]:
        """Read the result. Raises PassError where the process left none."""
        self.log.close()
        file = self.folder / RESULT
        if not file.exists():
            raise PassError(self._last_words())
        try:
            answer = json.loads(_read_regular(file, _LARGEST_RESULT))
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not ("failure" in answer or "result" in answer):
            raise PassError(f"the {self.pass_name} pass left a result that is not the harness's")
        return answer

    def end(self) -> None:
        """End the process group, whatever it does; nothing of it runs on."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def _last_words(self) -> str:
        code = self.process.returncode
        during = f"during the {self.pass_name} pass"
        if code >= 0:
            return f"the process ended itself with exit status {code} {during}; see its log"
        name = signal.Signals(-code).name
        hint = " (often the system, out of memory)" if -code == signal.SIGKILL else ""
        return f"the process was killed by {name}{hint} {during}; see its log"

    def _progress(self) -> int:
        try:
            return int((self.folder / PROGRESS).read_text() or 0)
        except (OSError, ValueError):
            return 0

    def _read_sr(self, file: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
        height, width = size
        content = _read_regular(file, height * width * 3)
        if len(content) != height * width * 3:
            raise PassError(f"an SR image came back with {len(content)} bytes, not {size} pixels")
        return np.frombuffer(content, np.uint8).reshape(height, width, 3)


def _read_regular(file: Path, most: int) -> bytes:
    """Read at most `most` bytes of a regular file; links and pipes are refused."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise PassError(f"a result of the submission cannot be read: {error.strerror}") from error
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise PassError("the submission replaced a result by something that is not a file")
        return stream.read(most)
