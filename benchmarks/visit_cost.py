"""What a visit of the clock costs beside the measuring itself; prints Markdown.

    python benchmarks/visit_cost.py --weights DIR

Real networks, and one that costs nothing, are visited in turn on generated LR images.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from gpu_check import ROOT, Stopwatch, contestants, edition, generated
from gpu_note import seconds_of_calls

from harness.entries.discovery import discover
from harness.evaluation.bench import Bench, result
from harness.evaluation.timing import exchange_ms, exchange_pass, time_pass
from harness.evaluation.visits import Contestant
from harness.images.cache import ImageCache
from harness.images.datasets import generated_split
from harness.images.datasets.splits import LR_SIZE
from harness.machines import environment
from harness.records import Visit
from harness.sandbox.bubblewrap import Bubblewrap
from harness.sandbox.jail import Jail, Landlock, Unjailed, command, works
from harness.store.passes import Store
from harness.worker import devices

NETWORKS = ("span", "rlfn", "efdn")
LIMIT_SECONDS = 300.0
STARTS = 7


class Parts(NamedTuple):
    """The seconds of one visit."""

    before: float  # copies, the process, PyTorch's import, loading
    warm_up: float  # and LR images, and digests of the outputs
    calls: float  # that are timed
    after: float  # the result, the process's end

    @property
    def beside(self) -> float:
        """Return what is not the measuring itself."""
        return self.before + self.warm_up + self.after


def visited(one: Contestant, bench: Bench) -> Parts:
    """Visit once. The clocks of both processes are the same one (CLOCK_MONOTONIC)."""
    start = time.monotonic()
    visit = result(Visit, time_pass(one.submission, bench))
    end = time.monotonic()
    if visit is None:
        sys.exit(f"{one.entry.name} cannot be timed; profile it to see why")
    calls = seconds_of_calls(visit)
    inside = visit.ended_s - visit.began_s
    return Parts(visit.began_s - start, inside - calls, calls, end - visit.ended_s)


def _exchange(bench: Bench) -> list[tuple[float, ...]]:
    return list(exchange_ms(exchange_pass(bench), bench).values())


def _jails() -> list[Jail]:
    every: list[Jail] = [Unjailed(), Landlock(), Bubblewrap()]
    return [jail for jail in every if works(jail)]


def _start_ms(jail: Jail) -> float:
    """Return the median of what a worker takes that is told no job."""
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        line = command(jail, Path(folder), "cpu", job=False)
        for _ in range(STARTS):
            start = time.monotonic()
            subprocess.run(line, check=True)
            taken.append(1e3 * (time.monotonic() - start))
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--side", type=float, default=0.25, help="factor on the images' sides")
    parser.add_argument("--visits", type=int, default=4, help="of each network")
    options = parser.parse_args()
    began = time.monotonic()
    device = devices.resolve(options.device)
    (nothing,) = discover([ROOT / "benchmarks" / "nearest"])
    crew = contestants(NETWORKS, options.weights)
    crew.insert(0, replace(crew[0], submission=nothing))
    with tempfile.TemporaryDirectory(prefix="esr-harness-visit-cost-") as name:
        folder, challenge = Path(name), edition(sweeps=1, drift=1.0)
        split = generated(challenge.splits[0].name, options.side, ImageCache(folder))
        bench = Bench(challenge, (split,), device, Store(folder), Stopwatch(), LIMIT_SECONDS)
        visited(crew[0], bench)  # reads packages from the disk
        made = [[visited(one, bench) for one in crew] for _ in range(options.visits)]
        whole = replace(bench, splits=(generated_split("one", *LR_SIZE),))
        exchange = [ms for calls in _exchange(whole) for ms in calls]
    identity = environment.identity(device, challenge.switches)
    sizes = ", ".join(pair.name for pair in split.pairs)
    print("# What a visit costs\n")
    print(
        f"{environment.observe(device)['date'][:10]}, {identity.get('gpu', identity['cpu'])}, "
        f"{identity['threads']} threads, torch {identity['torch']}; LR images of {sizes}. "
        f"Seconds, medians of {options.visits} visits.\n"
    )
    print(f"    python benchmarks/visit_cost.py {' '.join(sys.argv[1:])}\n")
    print("| network | before | warm-up | timed calls | after | beside the calls |")
    print("|---|" + "---:|" * 5)
    for one, visits in zip(crew, zip(*made, strict=True), strict=True):
        parts = [statistics.median(part) for part in zip(*visits, strict=True)]
        beside = statistics.median(visit.beside for visit in visits)
        cells = " | ".join(f"{seconds:.2f}" for seconds in (*parts, beside))
        print(f"| {one.submission.manifest.name} | {cells} |")
    height, width = LR_SIZE
    print(f"\nThe exchange of one LR image of {width}x{height} and its SR image, beside the call: ")
    print(f"{statistics.median(exchange):.2f} ms, at least {min(exchange):.2f} ms. Of it the ")
    print("harness's clock takes off the least. A process that does nothing starts and ends in ")
    print(", ".join(f"{_start_ms(jail):.0f} ms ({jail.level})" for jail in _jails()) + ".")
    print(
        "\n`before`: copies of the files, the process, PyTorch's import, loading. `warm-up`: at "
        "least two calls on every size, and digests of the outputs. `after`: the result, the "
        "process's end. How far ratios to the baseline spread stands in the notes that "
        f"benchmarks/gpu_check.py prints. All of it took {time.monotonic() - began:.0f} s."
    )


if __name__ == "__main__":
    main()
