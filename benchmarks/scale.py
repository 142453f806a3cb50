"""A run of many entries on a private Slurm cluster, with 1, 2, 4 and 7 GPUs that are none.

    python benchmarks/scale.py [--entries N] [--images N] [--gpus 1,2,4,7] [--seconds S] [--real N]

`--real` entries run their network in a process of its own. The others replay what that left, and
each of their passes waits `--seconds`, as a GPU would be waited for: so two cores are enough to see
what the parent, the store and Slurm cost. Then it is simulated what a challenge takes
(benchmarks/scale_plan.py).
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import scale_plan
from memory import peak_mib
from nearest_entries import PROTOCOL, Replaying, left_by, write_data, write_entries
from overhead import Quiet

import reports
from harness import protocols
from harness.entries.discovery import discover
from harness.evaluation import challenge
from harness.evaluation.bench import Bench
from harness.evaluation.cluster import Cluster
from harness.evaluation.slurm import Settings
from harness.images.datasets import open_splits
from harness.machines import environment
from harness.ranking.leaderboard import of_run
from harness.store.claims import Claims
from harness.store.passes import Store
from tests.support.cluster import started

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Measured:
    """What a run cost its parent."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    operations: int  # on store and claims, by the parent
    report_s: float  # from the end of the last unit to the report
    units_s: float  # from the first unit's end to the last one's
    stored_bytes: int


def counted(made: Counter[str], kind: type, names: str) -> None:
    """Count the calls of methods."""
    for name in names.split():
        method: Callable[..., Any] = getattr(kind, name)

        @wraps(method)
        def calling(*given: Any, method: Callable[..., Any] = method, **named: Any) -> Any:
            made[method.__name__] += 1
            return method(*given, **named)

        setattr(kind, name, calling)


def parent(folder: Path, out: Path, bench: Bench, jobs: int, answers: Any) -> None:
    """Make a run as the parent of `jobs` tasks, in a process of its own."""
    operations: Counter[str] = Counter()
    counted(operations, Store, "get put keys forget")
    counted(operations, Claims, "held lost lose losses holder lapsed")
    settings = Settings(
        partition="gpu",
        gres="gpu:1",
        exclusive=False,
        jobs=jobs,
        job_minutes=60,  # as long as the partition allows
        slurm={"mem": "1500M"},
    )
    start = time.time()
    run = challenge.run(discover([folder]), bench, out, "", executor=Cluster(settings, out))
    peak = peak_mib()
    reports.render(run, of_run(run), out)
    end = time.time()
    assert all(entry.status == "ok" for entry in run.entries), [e.failure for e in run.entries]
    ends = [file.stat().st_mtime for file in (out / "store" / "unit").glob("*.json")]
    stored = sum(file.stat().st_size for file in (out / "store").rglob("*.*"))
    answers.put(
        Measured(
            end - start, sum(os.times()[:4]), peak, operations.total(), end - max(ends),
            max(ends) - min(ends), stored,
        )
    )  # fmt: skip


def made_by(folder: Path, out: Path, bench: Bench, jobs: int) -> Measured:
    """Make a run with so many tasks; return what it cost."""
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    process = spawn.Process(target=parent, args=(folder, out, bench, jobs, answers))
    process.start()
    process.join()
    measured: Measured = answers.get(timeout=1)
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=200)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--gpus", default="1,2,4,7")
    parser.add_argument("--seconds", type=float, default=0.5, help="that a replayed pass takes")
    parser.add_argument("--real", type=int, default=8, metavar="N", help="entries that run")
    options = parser.parse_args()
    edition = protocols.load(PROTOCOL)
    edition = replace(edition, timing=replace(edition.timing, rounds=0))
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(
        f"{options.entries} entries x {options.images} images, {os.cpu_count()} cores, load {load}"
    )
    print(
        "GPUs  entries          wall  units  last unit   parent's CPU  ms an  parent's  operations"
    )
    print("                          s      s  to report s            s  entry  MiB       a second")

    def told(gpus: int, count: int, kind: str, made: Measured) -> None:
        print(
            f"{gpus:4}  {count:4} {kind:8} {made.wall_s:8.1f} {made.units_s:6.1f} "
            f"{made.report_s:10.1f} {made.cpu_s:14.1f} {made.cpu_s / count * 1e3:8.1f} "
            f"{made.peak_mib:7.0f} {made.operations / made.wall_s:10.1f}",
            flush=True,
        )

    with tempfile.TemporaryDirectory() as name, started():
        folder = Path(name)
        os.environ["ESR_HARNESS_CACHE"] = str(folder / "cache")
        os.environ["PYTHONPATH"] = f"{ROOT}{os.pathsep}{ROOT / 'benchmarks'}"
        write_data(folder / "data", options.images)
        write_entries(folder / "real", options.real)
        write_entries(folder / "replayed", options.entries)
        splits = open_splits(edition, folder / "data")
        (first, *_) = discover([folder / "real"])

        def bench(out: Path) -> Bench:
            return Bench(edition, splits, "cpu", Store(out), Quiet())

        machine = environment.machine("cpu", edition.switches)
        here = replace(bench(folder / "first"), machine=machine)
        left = left_by(first, here, folder / "first")
        real = made_by(folder / "real", folder / "out", bench(folder / "out"), 2)
        told(2, options.real, "real", real)
        made = real
        for gpus in map(int, options.gpus.split(",")):
            out = folder / f"out{gpus}"
            replaying = Replaying(**vars(bench(out)), left=left, seconds=options.seconds)
            made = made_by(folder / "replayed", out, replaying, gpus)
            told(gpus, options.entries, "replayed", made)
        image_bytes = made.stored_bytes / options.entries / options.images
    print(f"the store holds {image_bytes / 1e3:.1f} kB an entry and image")
    print()
    scale_plan.told(
        scale_plan.Costs(parent_s=made.cpu_s / options.entries, stored_bytes=image_bytes)
    )


if __name__ == "__main__":
    main()
