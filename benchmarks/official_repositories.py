"""Measure the editions' public repositories; write docs/measurements/official-repositories.md.

    python benchmarks/official_repositories.py REPOSITORIES SHARED OUT

REPOSITORIES holds clones, `NTIRE2026_ESR` for example; SHARED holds `data/Set5` and the tables of
`published`; OUT keeps what is measured, so that the command goes on where it was stopped. With
`--parts 2022 wall` only these are measured; the note is written from all that OUT holds.
"""

import argparse
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from official_note import CLONES, NOTE, SECONDS, WALL, WALL_EDITION, kept_seconds, note

from harness import protocols
from harness.cli.progress import progress
from harness.entries.discovery import discover
from harness.evaluation import challenge
from harness.evaluation.bench import Bench, Progress
from harness.images.datasets import open_splits
from harness.records import Protocol, Run, Split
from harness.store.passes import Store
from harness.worker.loading.standins import not_installed

AGAIN = 2  # more times that a nondeterministic entry restores the images


@dataclass
class Stopwatch:
    """A progress that keeps the seconds of every pass in a file."""

    folder: Path
    doing: tuple[str, str] = ("", "")
    since: float = 0.0

    def at(self, number: int, of: int, left_s: float | None = None) -> None: ...

    def say(self, line: str) -> None: ...

    def advance(self, done: int) -> None: ...

    def begin(self, entry: str, stage: str, images: int) -> None:
        """Start another pass."""
        self.stop()
        print(f"{entry}: {stage}", flush=True)
        self.doing, self.since = (entry, stage), time.monotonic()

    def stop(self) -> None:
        """Close the pass, and keep what it took."""
        entry, stage = self.doing
        if entry:
            seconds = kept_seconds(self.folder)
            of_entry = seconds.setdefault(entry, {})
            of_entry[stage] = of_entry.get(stage, 0.0) + time.monotonic() - self.since
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / SECONDS).write_text(json.dumps(seconds, indent=1))
        self.doing = ("", "")


def set5(edition: str, threads: int, rounds: int) -> Protocol:
    """Return the edition's protocol with Set5 for its images, one timed sweep, without SSIM."""
    plain = protocols.load(f"ntire{edition}")
    split = Split("set5", hr="HR/*.png", lr="LR_bicubic/X4/*x4.png")
    timing = replace(plain.timing, rounds=rounds, sweeps=1)
    switches = replace(plain.switches, threads=threads)
    return replace(plain, splits=(split,), ssim=False, timing=timing, switches=switches)


def run(
    plain: Protocol, out: Path, shown: Progress, ids: Sequence[int], options: argparse.Namespace
) -> Run:
    """Take the entries of `plain`'s edition through it, with the store in `out`."""
    clone = options.repositories / CLONES[plain.name.removeprefix("ntire")]
    splits = open_splits(plain, options.shared / "data" / "Set5")
    bench = Bench(plain, splits, "cpu", Store(out), shown, time_limit=options.time_limit)
    found = discover([clone], ids, not_installed())
    return challenge.run(found, bench, out, "benchmarks/official_repositories.py")


def measure(edition: str, options: argparse.Namespace) -> None:
    """Inspect all entries of a clone and score their images, on one thread as the reference."""
    plain, out = set5(edition, threads=1, rounds=0), options.out / edition
    first = run(plain, out, progress(), options.ids, options)
    dice = [e.id for e in first.entries if "nondeterministic" in e.flags and e.id is not None]
    for number in range(AGAIN) if dice else ():
        again = out / f"again-{number}"
        shutil.copytree(out / "store" / "inspect", again / "store" / "inspect", dirs_exist_ok=True)
        run(plain, again, progress(), dice, options)


def time_all(options: argparse.Namespace) -> None:
    """Take an edition through all passes on all cores, with one timed sweep."""
    out = options.out / WALL
    watch = Stopwatch(out)
    run(set5(WALL_EDITION, threads=0, rounds=1), out, watch, (), options)
    watch.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repositories", type=Path)
    parser.add_argument("shared", type=Path)
    parser.add_argument("out", type=Path)
    parts = [*CLONES, WALL]
    parser.add_argument("--parts", nargs="*", choices=parts, default=parts)
    parser.add_argument("--ids", nargs="*", type=int, default=[], help="of one part, only these")
    parser.add_argument("--time-limit", type=int, default=3600)
    options = parser.parse_args()
    for part in options.parts:
        if part == WALL:
            time_all(options)
        else:
            measure(part, options)
    lines = note(options.repositories, options.shared / "published", options.out)
    NOTE.parent.mkdir(parents=True, exist_ok=True)
    NOTE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
