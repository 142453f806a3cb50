"""A challenge small enough for tests: a protocol, two image pairs, real entries, a fake clock."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from harness import protocols
from harness.entries.discovery import discover
from harness.entries.submission import BrokenSubmission, Submission
from harness.evaluation import challenge
from harness.evaluation.bench import Bench
from harness.images.cache import ImageCache
from harness.images.datasets import open_splits
from harness.images.png import write_image
from harness.images.resize import downscale
from harness.records import Protocol, Run
from harness.store.passes import Store
from tests.support.places import TESTS

SUBMISSIONS = TESTS / "submissions"
PROTOCOL = Path(__file__).with_name("tiny.toml")


def untimed() -> Protocol:
    """Return the tiny protocol without rounds: runtime is not what every test is about."""
    edition = protocols.load(PROTOCOL)
    return replace(edition, timing=replace(edition.timing, rounds=0))


class Recorder:
    """A progress that remembers which passes were run."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, str]] = []

    def at(self, number: int, of: int, left_s: float | None = None) -> None: ...

    def say(self, line: str) -> None: ...

    def begin(self, entry: str, stage: str, images: int) -> None:
        self.stages.append((entry, stage))

    def advance(self, done: int) -> None: ...


def write_pair(data: Path, name: str, height: int, width: int, split: str = "valid") -> None:
    """Write an HR image of noise and its LR image, of height x width, in the tiny layout."""
    generator = np.random.default_rng(height * width)
    hr = generator.integers(0, 256, (height * 4, width * 4, 3), np.uint8)
    for side, image, suffix in (("HR", hr, ""), ("LR", downscale(hr, 4), "x4")):
        folder = data / f"{split}_{side}"
        folder.mkdir(parents=True, exist_ok=True)
        write_image(folder / f"{name}{suffix}.png", image)


def write_data(folder: Path) -> Path:
    """Write the tiny challenge's data: two sizes of image."""
    write_pair(folder, "a", 16, 20)
    write_pair(folder, "b", 17, 12)
    return folder


def run(out: Path, data: Path, entries: list[Path], **options: object) -> tuple[Run, Recorder]:
    """Run the tiny challenge on the fake device; return the run and what was measured."""
    return run_found(out, data, discover(entries), **options)


def run_found(
    out: Path, data: Path, found: list[Submission | BrokenSubmission], **options: object
) -> tuple[Run, Recorder]:
    """Run the tiny challenge with submissions that were discovered already."""
    edition = options.pop("edition", None) or protocols.load(PROTOCOL)
    executor = options.pop("executor", None)
    splits = open_splits(edition, data, cache=ImageCache(data / "cache"))
    recorder, device = Recorder(), options.pop("device", "fake")
    bench = Bench(edition, splits, device, Store(out), recorder, **options)
    return challenge.run(found, bench, out, "tests", executor=executor), recorder
