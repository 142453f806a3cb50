"""A run as tables: one row per entry, per image, per timed sample."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from harness.ranking.leaderboard import of_run
from harness.records import Entry, Run
from harness.statistics import estimates
from harness.store.runs import load_run

IMAGE_COLUMNS = ("split", "image", "psnr_db", "ssim", "psnr_y_db", "ssim_y", "runtime_ms")


@dataclass(frozen=True)
class Frames:
    """A run as pandas DataFrames in base units, joined by `entry`, `split` and `image`."""

    entries: pd.DataFrame  # as leaderboard.csv, best first
    images: pd.DataFrame  # as per_image.csv
    samples: pd.DataFrame  # entry, split, image, sweep, runtime_ms: every timed forward


def load(out: str | Path) -> Frames:
    """Read a finished run from its folder. Raises RunError."""
    run = load_run(Path(out))
    rows = of_run(run).rows
    return Frames(
        pd.DataFrame([row.columns | {"entry": row.entry.slug} for row in rows if row.entry]),
        pd.DataFrame(
            ({"entry": entry.slug, **row} for entry in run.entries for row in images(run, entry)),
            columns=["entry", *IMAGE_COLUMNS],
        ),
        pd.DataFrame(_samples(run), columns=["entry", "split", "image", "sweep", "runtime_ms"]),
    )


def images(run: Run, entry: Entry) -> Iterator[dict[str, str | float | None]]:
    """Yield IMAGE_COLUMNS of every image that `entry` was scored or timed on."""
    scores = {(score.split, score.image): score.fidelity for score in entry.scores}
    for split in run.splits:
        samples = entry.timing.samples_ms.get(split.name, ()) if entry.timing else ()
        for index, image in enumerate(split.images):
            fidelity = scores.get((split.name, image))
            if fidelity is None and not samples:
                continue
            yield {
                "split": split.name,
                "image": image,
                **(vars(fidelity) if fidelity else {}),
                "runtime_ms": estimates.image_runtime_ms(samples[index]) if samples else None,
            }


def _samples(run: Run) -> Iterator[tuple[str, str, str, int, float]]:
    for entry in run.entries:
        for split in run.splits:
            timed = entry.timing.samples_ms.get(split.name, ()) if entry.timing else ()
            for image, sweeps in zip(split.images, timed, strict=bool(timed)):
                for sweep, runtime_ms in enumerate(sweeps):
                    yield entry.slug, split.name, image, sweep, runtime_ms
