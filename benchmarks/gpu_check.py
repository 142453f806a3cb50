"""The whole clock on this machine, in one call of under eight minutes on a GPU; prints Markdown.

    python benchmarks/gpu_check.py --weights DIR > docs/measurements/gpu-check.md

Six networks are timed three times over, on generated LR images of the challenge's sizes, and once
more by the official policy. Checkpoints are optional: without them weights are drawn. It needs no
installation, but numpy, scipy and the other packages of REQUIRED. On a CPU ask for less:

    python benchmarks/gpu_check.py --device cpu --networks span rlfn efdn --side 0.25 --rounds 3
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIRED = {  # module -> package
    "torch": "torch",
    "numpy": "numpy",
    "scipy": "scipy",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "safetensors": "safetensors",
    "pooch": "pooch",
    "requests": "requests",
    "tqdm": "tqdm",
    "pynvml": "nvidia-ml-py",
}
MISSING = [package for module, package in REQUIRED.items() if find_spec(module) is None]
if MISSING:
    sys.exit(f"not installed here: {', '.join(MISSING)}; pip install {' '.join(MISSING)}")
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from gpu_note import Repetition, board, cold, flags, overhead, spreads  # noqa: E402

import harness  # noqa: E402
from harness import protocols  # noqa: E402
from harness.entries.discovery import discover  # noqa: E402
from harness.entries.submission import Submission, digest  # noqa: E402
from harness.evaluation import rounds  # noqa: E402
from harness.evaluation.bench import Bench, result  # noqa: E402
from harness.evaluation.session import Contestant  # noqa: E402
from harness.evaluation.timing import time_pass  # noqa: E402
from harness.images.cache import ImageCache  # noqa: E402
from harness.images.datasets import Pair, SplitData  # noqa: E402
from harness.machines import environment  # noqa: E402
from harness.ranking import leaderboard  # noqa: E402
from harness.records import Entry, Protocol, Run, Track, Visit  # noqa: E402
from harness.store.passes import Store  # noqa: E402
from harness.store.runs import SCHEMA_VERSION  # noqa: E402
from harness.worker import devices  # noqa: E402

NETWORKS = ("span", "rlfn", "efdn", "rfdn", "imdn", "lgvan")
SIZES = ((339, 510), (384, 510), (510, 339), (288, 510))  # height, width of LR
REPETITIONS = 3
OFFICIAL_RUNS = 2
FEWEST, MOST = 3, 10  # rounds
RESERVE = 30.0  # seconds for all that is not a visit


@dataclass
class Stopwatch:
    """A progress that notes when each visit begins."""

    began: list[float] = field(default_factory=list)

    def at(self, number: int, of: int, left_s: float | None = None) -> None: ...

    def say(self, line: str) -> None: ...

    def begin(self, entry: str, stage: str, images: int) -> None:
        self.began.append(time.monotonic())

    def advance(self, done: int) -> None: ...


def edition(sweeps: int, drift: float) -> Protocol:
    """Return the challenge of 2026 with generated images and a ranking by runtime alone."""
    known = protocols.load("ntire2026")
    track = Track("runtime", "exp_ratio", {"runtime_ms": 1.0}, "as ntire2026")
    return replace(
        known,
        splits=(replace(known.splits[0], threshold=None),),
        tracks=(track,),
        timing=replace(known.timing, rounds=FEWEST, sweeps=sweeps, drift=drift),
    )


def generated(split: str, side: float, cache: ImageCache) -> SplitData:
    """Return an image of noise for each size, its sides times `side`."""
    generator = np.random.default_rng(0)
    pairs = []
    for height, width in SIZES:
        size = (round(height * side), round(width * side), 3)
        image = cache.store(generator.integers(0, 256, size, np.uint8))
        pairs.append(Pair(f"{size[0]}x{size[1]}", image, None))
    return SplitData(split, tuple(pairs))


def contestants(names: Sequence[str], weights: Sequence[Path]) -> list[Contestant]:
    """Return shipped networks as entries that only have to be timed."""
    found = discover([ROOT / "submissions" / name for name in names], weights=weights)
    ready = [one for one in found if isinstance(one, Submission)]
    return [
        Contestant(Entry(one.slug, one.manifest.name, digest=digest(one)), one) for one in ready
    ]


def repetition(crew: Sequence[Contestant], bench: Bench, folder: Path) -> Repetition:
    """Time the crew from nothing."""
    watch = Stopwatch()
    bench = replace(bench, store=Store(folder), progress=watch)
    timed, made = rounds.time(crew, bench)
    ends = [*watch.began[1:], time.monotonic()]
    seconds = tuple(end - start for start, end in zip(watch.began, ends, strict=True))
    for entry in timed.values():
        if entry.failure:
            sys.exit(f"{entry.name} cannot be timed: {entry.failure.reason}")
    run = Run(
        SCHEMA_VERSION,
        harness.__version__,
        bench.protocol,
        tuple(split.info() for split in bench.splits),
        bench.device,
        identity={},
        observed={},
        command="",
        entries=tuple(timed.values()),
        rounds=made,
    )
    ranked = leaderboard.of_run(run)
    return Repetition({row.figures.name: row for row in ranked.rows}, ranked.notes, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument(
        "--networks",
        nargs="+",
        default=NETWORKS,
        metavar="NAME",
        help="of submissions, SPAN among them",
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--side", type=float, default=1.0, help="factor on the images' sides")
    parser.add_argument("--sweeps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=0, help="default: as many as --minutes hold")
    parser.add_argument("--drift", type=float, default=0.05, help="as [timing] drift of a protocol")
    parser.add_argument("--minutes", type=float, default=7.0)
    options = parser.parse_args()
    began = time.monotonic()
    device = devices.resolve(options.device)
    crew = contestants(options.networks, options.weights)
    with tempfile.TemporaryDirectory(prefix="esr-harness-gpu-check-") as name:
        folder = Path(name)
        challenge = edition(options.sweeps, options.drift)
        split = generated(challenge.splits[0].name, options.side, ImageCache(folder))
        machine = environment.machine(device, challenge.switches)
        identity = machine.identity
        bench = Bench(challenge, (split,), device, Store(folder), Stopwatch(), 300, machine=machine)
        # the second visit tells how long visits take; the first also reads packages from the disk
        pilots = []
        for _ in range(2):
            start = time.monotonic()
            if result(Visit, time_pass(crew[0].submission, bench)) is None:
                sys.exit("the first visit failed; profile submissions/span to see why")
            pilots.append(time.monotonic() - start)
        left = 60 * options.minutes - (time.monotonic() - began) - RESERVE
        visits = REPETITIONS * (len(crew) + 1)
        fitting = int((left / pilots[1] - OFFICIAL_RUNS * len(crew)) / visits)
        made = options.rounds or min(max(fitting, FEWEST), MOST)
        repetitions = []
        for number in range(REPETITIONS):
            timing = replace(challenge.timing, rounds=made, seed=number)
            own = replace(bench, protocol=replace(challenge, timing=timing))
            repetitions.append(repetition(crew, own, folder / str(number)))
        timing = replace(challenge.timing, policy="official", rounds=OFFICIAL_RUNS, sweeps=1)
        own = replace(bench, protocol=replace(challenge, timing=timing))
        official = repetition(crew, own, folder / "official")
    observed = environment.observe(device)
    sizes = ", ".join(pair.name for pair in split.pairs)
    print(f"# The clock on {identity.get('gpu', identity['cpu'])}\n")
    print(
        f"{observed['date'][:10]}, driver {identity.get('driver', 'none')}, torch "
        f"{identity['torch']}, {devices.select(device).clock}. {made} rounds of {options.sweeps} "
        f"sweeps over LR images of {sizes}, {REPETITIONS} repetitions.\n"
    )
    print(f"    python benchmarks/gpu_check.py {' '.join(sys.argv[1:])}\n")
    print("## The first repetition\n", *board(repetitions[0]), sep="\n", end="\n\n")
    print("## Ratios to SPAN from run to run\n", *spreads(repetitions), sep="\n", end="\n\n")
    print("## Flags\n", *(list(flags(repetitions)) or ["None."]), sep="\n", end="\n\n")
    print("## What a visit costs\n", overhead(repetitions), sep="\n", end="\n\n")
    print("## Cold starts, by policy\n", *cold(repetitions[0], official), sep="\n")
    runs = (
        f"\n`official` is the mean of {OFFICIAL_RUNS} runs, each cold: every image once, in order."
    )
    print(runs, f"\nAll of it took {(time.monotonic() - began) / 60:.1f} minutes.")


if __name__ == "__main__":
    main()
