"""What Codabench's ingestion container runs on submitted code: SR images and figures out.

Each pass is a worker process as everywhere, with copies of the submission and of LR images alone;
HR is not in this container. Within it, a worker is the same user and can reach the output: figures
are written after the last worker was ended, and no more than that can be promised.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from harness.entries.discovery import discover
from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import HarnessError, SubmissionError
from harness.evaluation.bench import Bench, result
from harness.evaluation.scoring import restoring
from harness.evaluation.timing import time_pass
from harness.images.cache import ImageCache
from harness.images.datasets import Pair, SplitData
from harness.images.png import write_image
from harness.records import Inspection, Measured, Outcome, Protocol, Restoration, Visit
from harness.records.schema import from_table, to_table
from harness.statistics import estimates
from harness.store.files import write_text
from harness.store.passes import Store
from harness.uploads.checking import MEASURED
from harness.worker import devices

PROTOCOL, LR = "protocol.json", "lr"  # in the input data
T = TypeVar("T")


class _Lines:
    """A progress of one line per pass."""

    def say(self, line: str) -> None:
        """Print it: it ends in the log."""
        print(line, flush=True)

    def at(self, number: int, of: int, left_s: float | None = None) -> None: ...

    def begin(self, entry: str, stage: str, images: int) -> None:
        print(f"{entry}: {stage}", flush=True)

    def advance(self, done: int) -> None: ...


def main(arguments: Sequence[str]) -> int:
    """Run INPUT's protocol on the submission in FOLDER, into OUTPUT; fail where it fails."""
    given, folder, out = map(Path, arguments)
    protocol = from_table(Protocol, json.loads((given / PROTOCOL).read_text("utf-8")))
    _clear(out)  # Codabench copies a submission there
    try:
        with tempfile.TemporaryDirectory() as room:
            measured = _measure(_submission(folder), given / LR, out, protocol, Path(room))
    except HarnessError as error:
        _clear(out)
        measured = Measured(failure=str(error))
        print(measured.failure, file=sys.stderr)
    write_text(out / MEASURED, json.dumps(to_table(measured)))
    return 1 if measured.failure else 0


def _clear(out: Path) -> None:
    for path in out.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _submission(folder: Path) -> Submission:
    found = discover([folder])
    if len(found) != 1:
        raise SubmissionError(f"it holds {len(found)} submissions: upload one folder's files")
    if isinstance(found[0], BrokenSubmission):
        raise found[0].error
    return found[0]


def _measure(
    submission: Submission, lr: Path, out: Path, protocol: Protocol, room: Path
) -> Measured:
    """Inspect the submission, write its SR images, visit it once. Raises HarnessError."""
    cache = ImageCache(room)
    files = sorted(lr.glob("*.png"))
    split = SplitData(
        protocol.splits[0].name, tuple(Pair(file.name, cache.get(file), None) for file in files)
    )
    device = devices.resolve("auto")
    bench = Bench(protocol, (split,), device, Store(room), _Lines())
    inspection = _whole(Inspection, bench.run("inspect", submission))
    drive = restoring(
        [pair.lr for pair in split.pairs],
        lambda index, sr: write_image(out / files[index].name, sr),
        bench.progress.advance,
    )
    _whole(Restoration, bench.run("restore", submission, drive, len(files)))
    visit = _whole(Visit, time_pass(submission, bench))
    return Measured(inspection.params, estimates.visit_ms(visit.samples_ms), device)


def _whole(record: type[T], outcome: Outcome) -> T:
    """Return what a pass left. Raises SubmissionError where it failed."""
    left = result(record, outcome)
    if left is None:
        assert outcome.failure
        raise SubmissionError(f"{outcome.failure.stage}: {outcome.failure.reason}")
    return left
