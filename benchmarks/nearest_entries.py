"""Many entries that cost next to nothing, small images, and benches that replay what one left."""

import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.entries.submission import Submission
from harness.evaluation import challenge
from harness.evaluation.bench import Bench, NotStoredError
from harness.images.png import write_image
from harness.images.resize import downscale
from harness.records import Outcome
from harness.records.schema import to_table
from harness.sandbox.exchange import Called, Exchange
from harness.sandbox.process import Drive, Finish, as_told
from harness.store.passes import Store
from harness.worker.exchange import Answer

Image = NDArray[np.uint8]
NEAREST = Path(__file__).parent / "nearest"
PROTOCOL = Path(__file__).with_name("nearest.toml")


def write_entries(folder: Path, count: int) -> None:
    """Write nearest-neighbour entries that differ by a line of a comment, and by name."""
    for number in range(count):
        entry = folder / f"nearest{number:05}"
        shutil.copytree(NEAREST, entry, ignore=shutil.ignore_patterns("__pycache__"))
        with (entry / "model.py").open("a") as code:
            code.write(f"# entry {number}\n")
        manifest = entry / "submission.toml"
        manifest.write_text(manifest.read_text().replace('"Nearest"', f'"Nearest {number}"', 1))


def write_data(folder: Path, images: int, side: int = 24) -> None:
    """Write pairs of noise, LR of side x side pixels."""
    chance = np.random.default_rng(0)
    for part in ("HR", "LR"):
        (folder / f"valid_{part}").mkdir(parents=True)
    for number in range(images):
        hr = chance.integers(0, 256, (side * 4, side * 4, 3), np.uint8)
        write_image(folder / "valid_HR" / f"{number:04}.png", hr)
        write_image(folder / "valid_LR" / f"{number:04}x4.png", downscale(hr, 4))


def nearest(lr: Image) -> Image:
    """Enlarge an LR image four times, as the entries do."""
    return lr.repeat(4, axis=0).repeat(4, axis=1)


class Instant:
    """A worker's exchange without the worker."""

    def called(self, lr: Image) -> Called:
        """Restore an image at once."""
        return Called(nearest(lr), 1.0, Answer(1.0), 1.0)

    def counted(self, lr: Image, counter: str) -> None:
        """Count nothing."""


class Left(NamedTuple):
    """What a pass left."""

    answer: Any  # what the worker said at last, of which the pass makes its result
    outcome: Outcome


def _kind(pass_name: str, submission: Submission) -> str:
    """Name a pass; timing has one for its exchange, too."""
    return "exchange" if submission.manifest.name == "exchange" else pass_name


@dataclass(frozen=True)
class Recording(Bench):
    """A bench that keeps what passes leave."""

    left: dict[str, Left] = field(default_factory=dict)  # by kind of pass

    def run(
        self,
        pass_name: Any,
        submission: Submission,
        drive: Drive | None = None,
        total: int = 0,
        **options: Any,
    ) -> Outcome:
        """Run a pass, and keep what it left."""
        answers: list[Any] = []

        def watched(exchange: Exchange) -> Finish:
            finish = drive(exchange) if drive else as_told

            def finished(answer: Any) -> Any:
                answers.append(answer)
                return finish(answer)

            return finished

        outcome = super().run(pass_name, submission, watched, total, **options)
        self.left[_kind(pass_name, submission)] = Left(answers[0], outcome)
        return outcome


def left_by(submission: Submission, bench: Bench, out: Path) -> dict[str, Left]:
    """Run a challenge of one submission in `out`; return what its passes leave."""
    recording = Recording(**vars(replace(bench, store=Store(out))))
    challenge.run([submission], recording, out, "benchmarks")
    return recording.left


@dataclass(frozen=True)
class Replaying(Bench):
    """A bench that runs no network: each pass takes its time, and leaves what one left before.

    SR images are those of the nearest neighbour, and are scored like any.
    """

    left: dict[str, Left] = field(default_factory=dict)  # by kind of pass
    seconds: float = 0.0  # of each pass

    def run(
        self,
        pass_name: Any,
        submission: Submission,
        drive: Any = None,
        total: int = 0,
        **options: Any,
    ) -> Outcome:
        """Wait, and hand over what was measured once. Raises NotStoredError as others do."""
        if not self.measuring:
            raise NotStoredError
        time.sleep(self.seconds)
        answer, outcome = self.left[_kind(pass_name, submission)]
        if pass_name == "time":  # warming up would take its time, whatever is called
            return outcome
        return replace(outcome, result=to_table(drive(Instant())(answer)))
