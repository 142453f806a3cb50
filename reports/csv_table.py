"""CSV tables: base units, full precision, one row per entry or image."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness import files, statistics
from harness.leaderboard import Leaderboard
from harness.records import Run


def write_leaderboard(leaderboard: Leaderboard, file: Path) -> None:
    """Write `leaderboard.csv`: one row per entry, best first."""
    rows = [row.columns for row in leaderboard.rows]
    _write(file, list(rows[0]), rows)


def write_images(run: Run, file: Path) -> None:
    """Write `per_image.csv`: fidelity and median runtime of every entry on every image."""
    header = ["entry", "id", "name", "split", "image"]
    header += ["psnr_db", "ssim", "psnr_y_db", "ssim_y", "runtime_ms"]
    _write(file, header, list(_image_rows(run)))


def _image_rows(run: Run) -> Iterable[dict[str, object]]:
    for entry in run.entries:
        scores = {(score.split, score.image): score.fidelity for score in entry.scores}
        for split in run.splits:
            samples = entry.timing.samples_ms.get(split.name, ()) if entry.timing else ()
            for index, image in enumerate(split.images):
                fidelity = scores.get((split.name, image))
                if fidelity is None and not samples:
                    continue
                yield {
                    "entry": entry.slug,
                    "id": entry.id,
                    "name": entry.name,
                    "split": split.name,
                    "image": image,
                    **(vars(fidelity) if fidelity else {}),
                    "runtime_ms": statistics.image_runtime_ms(samples[index]) if samples else None,
                }


def _write(file: Path, header: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    files.write_text(file, text.getvalue())
