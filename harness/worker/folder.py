"""What passes between a worker and the harness: the files of the worker's private folder.

Both sides go by this module: the harness writes the job and reads the result, the worker does the
reverse; images go by the exchange. What a worker wrote is read as data of a stated size, from the
folder that the harness made and opened before it ran, and never trusted further.
"""

import contextlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import PassError
from harness.records import Job
from harness.records.schema import from_table, to_table
from harness.worker import regular

SUBMISSION, WORK = "submission", "work"  # the entry's files; the worker's working folder
PRODUCT = "product.zip"  # what a build made: never opened but by a worker
_JOB, _RESULT = "job.json", "result.json"
_LARGEST_RESULT, _LARGEST_PRODUCT = 16 * 2**20, 2**29  # bytes


class PassFolder:
    """The private folder of one pass."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        """Make the worker's working folder; keep open what the harness reads from."""
        (self.root / WORK).mkdir()
        self._own = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield
        finally:
            os.close(self._own)

    # ------------------------------------------------------------ what the harness hands over

    def put_job(self, job: Job) -> None:
        """Write what the worker is told."""
        (self.root / _JOB).write_text(json.dumps(to_table(job)))

    def job(self) -> Job:
        """Read what the worker is told."""
        return from_table(Job, json.loads((self.root / _JOB).read_text()))

    # ------------------------------------------------------------ what the worker hands over

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
        what = {_RESULT: "its result", PRODUCT: "what it built"}[name]
        raise PassError(f"{what} cannot be read: {error.strerror}") from error
