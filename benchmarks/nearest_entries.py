"""Many entries that cost next to nothing, small images, and benches that replay what one left."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness.entries.submission import Submission
from harness.evaluation.bench import Bench
from harness.evaluation.scoring import sources
from harness.evaluation.timing import time_pass
from harness.images.png import write_image
from harness.images.resize import downscale
from harness.records import Outcome

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


def left_by(submission: Submission, bench: Bench) -> dict[str, Outcome]:
    """Run each pass of a submission once; return what they leave."""
    images = sources(bench.splits)
    sizes = [(4 * p.lr.height, 4 * p.lr.width) for split in bench.splits for p in split.pairs]
    restored = bench.run(
        "restore", submission, images, len(images), sizes=sizes, receive=lambda index, sr: None
    )
    return {
        "inspect": bench.run("inspect", submission),
        "restore": restored,
        "time": time_pass(submission, bench),
    }


@dataclass(frozen=True)
class Replaying(Bench):
    """A bench that runs no network: each pass takes its time, and leaves what one left before.

    SR images are those of the nearest neighbour, and are scored like any.
    """

    left: dict[str, Outcome] = field(default_factory=dict)  # by the pass
    seconds: float = 0.0  # of each pass

    def run(
        self,
        pass_name: Any,
        submission: Submission,
        images: Sequence[Any] = (),
        total: int = 0,
        *,
        receive: Callable[[int, Any], None] | None = None,
        **options: Any,
    ) -> Outcome:
        """Wait, and hand over what was measured once."""
        time.sleep(self.seconds)
        for index, source in enumerate(images if receive else ()):
            lr = np.load(source.array)
            receive(index, lr.repeat(4, axis=0).repeat(4, axis=1))
        return self.left[pass_name]
