"""What a run over entries that are all finished takes: seconds until it says so, and memory.

    python benchmarks/finished.py [--entries N] [--images N] [--rounds N]

One entry is measured; the others are given its outcomes, so that the store is that of so many. The
run is then made by the command line, as an organiser makes it: at first it finds every pass in the
store, and then the run finished.
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from memory import of_command
from nearest_entries import PROTOCOL, Replaying, left_by, write_data, write_entries
from overhead import Quiet

from harness import protocols
from harness.entries.discovery import discover
from harness.evaluation import challenge
from harness.evaluation.bench import Bench
from harness.images.datasets import open_splits
from harness.machines import environment
from harness.store.passes import Store


def finish(entries: Path, data: Path, out: Path, rounds: int) -> float:
    """Fill the store of `out` as a run does; return the seconds that this took."""
    edition = protocols.load(PROTOCOL)
    edition = replace(edition, timing=replace(edition.timing, rounds=rounds))
    found = discover([entries])
    machine = environment.machine("cpu", edition.switches)
    splits = open_splits(edition, data)
    plain = Bench(edition, splits, "cpu", Store(out), Quiet(), machine=machine)
    bench = Replaying(**vars(plain), left=left_by(found[0], plain, out.with_name("one")))
    start = time.perf_counter()
    challenge.run(found, bench, out, "benchmarks/finished.py")
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1000)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder / "data", options.images)
        write_entries(folder / "entries", options.entries)
        out = folder / "out"
        own = finish(folder / "entries", folder / "data", out, options.rounds)
        command = [
            "run", str(folder / "entries"),
            "--protocol", str(PROTOCOL), "--data", str(folder / "data"), "--out", str(out),
            "--device", "cpu", "--rounds", str(options.rounds),
        ]  # fmt: skip
        took = []
        for _ in range(2):
            start, before = time.perf_counter(), sum(os.times()[2:4])
            peak = of_command(command)
            seconds = time.perf_counter() - start, sum(os.times()[2:4]) - before
            took.append((*seconds, peak))
        results = (out / "results.json").stat().st_size / 2**20
    print(f"{options.entries} entries, {options.images} images, {options.rounds} rounds")
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"load average {load}; seconds of wall, and of processor time; peak memory in MiB")
    print(f"filling the store                {own:7.1f}")
    for what, (wall, processor, peak) in zip(
        ("every pass from the store", "the run is known to be finished"), took, strict=True
    ):
        print(f"{what:32} {wall:7.1f} {processor:7.1f} {peak:7.0f}")
    print(f"results.json                     {results:7.1f} MiB")


if __name__ == "__main__":
    main()
