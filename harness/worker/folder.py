"""What passes between a worker and the harness: the files of the worker's private folder.

Both sides go by this module: the harness writes the job and LR images and reads the result, the
progress and SR images; the worker does the reverse. What a worker wrote is read as data of a
stated size and never trusted further.
"""

import json
import os
import shutil
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import PassError
from harness.records import Job
from harness.records.schema import from_table, to_table

SUBMISSION, WORK = "submission", "work"  # the entry's files; the worker's working folder
_JOB, _RESULT, _PROGRESS, _LR, _SR = "job.json", "result.json", "progress", "lr", "sr"
_LARGEST_RESULT = 64 * 2**20
_UNSCORED_AT_MOST = 4  # SR images that may wait for the harness


class PassFolder:
    """The private folder of one pass."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def make(self) -> None:
        """Make the folders in which both sides write."""
        for name in (WORK, _LR, _SR):
            (self.root / name).mkdir()

    # ------------------------------------------------------------ what the harness hands over

    def put_lr(self, index: int, array: Path) -> str:
        """Copy an LR image, a .npy file, under a neutral name; return the name."""
        name = f"{_LR}/{index}.npy"
        shutil.copyfile(array, self.root / name)
        return name

    def put_job(self, job: Job) -> None:
        """Write what the worker is told."""
        (self.root / _JOB).write_text(json.dumps(to_table(job)))

    def job(self) -> Job:
        """Read what the worker is told."""
        return from_table(Job, json.loads((self.root / _JOB).read_text()))

    def lr(self, name: str) -> NDArray[np.uint8]:
        """Read an LR image, uint8 [H, W, 3]."""
        array: NDArray[np.uint8] = np.load(self.root / name, allow_pickle=False)
        return array

    # ------------------------------------------------------------ what the worker hands over

    def put_progress(self, done: int) -> None:
        """Say how many images are done."""
        (self.root / _PROGRESS).write_text(str(done))

    def put_sr(self, index: int, sr: NDArray[np.uint8]) -> None:
        """Write one SR image, whole or not at all, once the harness has taken earlier ones."""
        folder = self.root / _SR
        while (folder / str(index - _UNSCORED_AT_MOST)).exists():
            time.sleep(0.001)
        partial = folder / f"{index}.part"
        sr.tofile(partial)
        partial.rename(folder / str(index))

    def put_result(self, answer: Mapping[str, Any]) -> None:
        """Write the result, whole or not at all."""
        partial = self.root / f"{_RESULT}.part"
        partial.write_text(json.dumps(answer))
        partial.rename(self.root / _RESULT)

    def progress(self) -> int:
        """Return how many images the worker says are done."""
        try:
            return int((self.root / _PROGRESS).read_text() or 0)
        except (OSError, ValueError):
            return 0

    def take_sr(self, index: int, size: tuple[int, int]) -> NDArray[np.uint8] | None:
        """Take one SR image, uint8 [height, width, 3], out of the folder; None: not there yet.

        Raises PassError where what is there is not that many pixels.
        """
        file = self.root / _SR / str(index)
        if not file.exists():
            return None
        height, width = size
        content = _read_regular(file, height * width * 3)
        if len(content) != height * width * 3:
            raise PassError(f"an SR image came back with {len(content)} bytes, not {size} pixels")
        file.unlink()
        return np.frombuffer(content, np.uint8).reshape(height, width, 3)

    def result(self) -> dict[str, Any] | None:
        """Read what the worker left; None where it left nothing.

        Raises PassError where that is not a result.
        """
        file = self.root / _RESULT
        if not file.exists():
            return None
        try:
            answer = json.loads(_read_regular(file, _LARGEST_RESULT))
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not ("failure" in answer or "result" in answer):
            raise PassError("the pass left a result that is not the harness's")
        return answer


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
