"""What passes between a worker and the harness: the files of the worker's private folder.

Both sides go by this module: the harness writes the job and LR images and reads the result, the
progress and SR images; the worker does the reverse. What a worker wrote is read as data of a
stated size, from the folders that the harness made and opened before it ran, and never trusted
further.
"""

import contextlib
import json
import os
import shutil
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import PassError
from harness.records import Job
from harness.records.schema import from_table, to_table
from harness.worker import regular

SUBMISSION, WORK = "submission", "work"  # the entry's files; the worker's working folder
PRODUCT = "product.zip"  # what a build made: never opened but by a worker
_JOB, _RESULT, _PROGRESS, _LR, _SR = "job.json", "result.json", "progress", "lr", "sr"
_LARGEST_RESULT, _LARGEST_PROGRESS = 16 * 2**20, 9  # bytes
_LARGEST_PRODUCT = 2**29  # bytes
_UNSCORED_AT_MOST = 4  # SR images that may wait for the harness


class PassFolder:
    """The private folder of one pass."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        """Make the folders in which both sides write; keep open what the harness reads from."""
        for name in (WORK, _LR, _SR):
            (self.root / name).mkdir()
        self._own = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        self._sr = os.open(self.root / _SR, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield
        finally:
            os.close(self._own)
            os.close(self._sr)

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

    def pack(self, folder: Path, names: Iterable[str]) -> None:
        """Pack files that a build made in the entry's folder, for the passes that follow."""
        with zipfile.ZipFile(self.root / PRODUCT, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.write(folder / name, name)

    def unpack(self, folder: Path) -> None:
        """Put what a build made, where there is something, into the entry's folder."""
        if (self.root / PRODUCT).is_file():
            with zipfile.ZipFile(self.root / PRODUCT) as archive:
                archive.extractall(folder)

    # ------------------------------------------------------------ what the harness reads of it

    def progress(self) -> int:
        """Return how many images the worker says are done. Raises PassError."""
        said = _read(_PROGRESS, _LARGEST_PROGRESS, self._own) or b""
        return int(said) if said.isdigit() else 0

    def take_sr(self, index: int, size: tuple[int, int]) -> NDArray[np.uint8] | None:
        """Take one SR image, uint8 [height, width, 3], out of the folder; None: not there yet.

        Raises PassError where what is there is not that many pixels.
        """
        height, width = size
        content = _read(str(index), height * width * 3, self._sr)
        if content is None:
            return None
        if len(content) != height * width * 3:
            raise PassError(f"an SR image came back with {len(content)} bytes, not {size} pixels")
        with contextlib.suppress(OSError):  # it is the worker's own loss
            os.unlink(str(index), dir_fd=self._sr)
        return np.frombuffer(content, np.uint8).reshape(height, width, 3)

    def result(self) -> bytes | None:
        """Read what the worker left, JSON text; None where it left nothing. Raises PassError."""
        return _read(_RESULT, _LARGEST_RESULT, self._own)

    def product(self) -> bytes:
        """Read what a build left, packed. Raises PassError."""
        return _read(PRODUCT, _LARGEST_PRODUCT, self._own) or b""


def _read(name: str, most: int, folder: int) -> bytes | None:
    """Read a regular file of the open `folder`; None where it is not there. Raises PassError."""
    try:
        return regular.read(name, most, folder=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        what = {_PROGRESS: "its progress", _RESULT: "its result", PRODUCT: "what it built"}.get(
            name, f"SR image {name}"
        )
        raise PassError(f"{what} cannot be read: {error.strerror}") from error
