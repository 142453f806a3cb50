"""The whole clock on this machine, in one call of under eight minutes on a GPU; prints Markdown.

    python benchmarks/gpu_check.py --weights DIR > docs/measurements/gpu-check.md

Six networks are timed three times over, on generated LR images of the challenge's sizes, and once
more by the official policy. Checkpoints are optional: without them weights are drawn. It needs no
installation, but numpy, scipy and the other packages of REQUIRED. On a CPU ask for less:

    python benchmarks/gpu_check.py --device cpu --networks span rlfn efdn --side 0.25 --rounds 3
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
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

import harness  # noqa: E402
from harness import devices, environment, evaluate, leaderboard, protocol, rounds  # noqa: E402
from harness.bench import Bench, result  # noqa: E402
from harness.cache import ImageCache  # noqa: E402
from harness.datasets import Pair, SplitData  # noqa: E402
from harness.leaderboard import Row  # noqa: E402
from harness.records import Entry, Protocol, Run, Track, Visit  # noqa: E402
from harness.session import Contestant  # noqa: E402
from harness.store import SCHEMA_VERSION, Store  # noqa: E402
from harness.submission import Submission, digest, discover  # noqa: E402
from harness.weights import located  # noqa: E402

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

    def at(self, number: int, of: int) -> None: ...

    def begin(self, entry: str, stage: str, images: int) -> None:
        self.began.append(time.monotonic())

    def advance(self, done: int) -> None: ...


@dataclass(frozen=True)
class Repetition:
    """One complete timing: ranked rows by name, and the seconds of each visit."""

    rows: dict[str, Row]
    notes: tuple[str, ...]  # on the rounds
    seconds: tuple[float, ...]


def edition(sweeps: int, drift: float) -> Protocol:
    """Return the challenge of 2026 with generated images and a ranking by runtime alone."""
    known = protocol.load("ntire2026")
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
    found = discover([ROOT / "submissions" / name for name in names])
    ready = [located(one, weights) for one in found if isinstance(one, Submission)]
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


# ---------------------------------------------------------------- what is printed


def ratio(row: Row, rows: dict[str, Row]) -> float:
    """Return the runtime's ratio to the baseline's."""
    base = next(one for one in rows.values() if one.figures.name == "SPAN")
    return row.figures.metrics["runtime_ms"] / base.figures.metrics["runtime_ms"]


def board(one: Repetition) -> Iterator[str]:
    """Yield the ranked table with its intervals."""
    yield "| rank | network | runtime [ms] | 95 % interval | ratio to SPAN | ahead of next |"
    yield "|---:|---|---:|---:|---:|---:|"
    for row in one.rows.values():
        ranks, ahead = row.certainty.ranks or (row.rank, row.rank), row.certainty.ahead
        place = "-".join(map(str, dict.fromkeys(ranks)))
        runtime = row.figures.metrics["runtime_ms"]
        low, high = (row.runtime.interval_ms if row.runtime else None) or (runtime, runtime)
        interval = "the unit" if low == high else f"{low:.3f} to {high:.3f}"
        sure = "" if ahead is None else f"{100 * ahead:.1f} %"
        cells = [place, row.figures.name, f"{runtime:.3f}", interval]
        yield "| " + " | ".join([*cells, f"{ratio(row, one.rows):.4f}", sure]) + " |"


def flags(repetitions: Sequence[Repetition]) -> Iterator[str]:
    """Yield what the clock, the rounds and the watch over the GPU flagged."""
    for number, one in enumerate(repetitions, 1):
        for name, row in one.rows.items():
            yield from (f"- {number}, {name}: [{flag}] {text}" for flag, text in row.flags.items())
        yield from (f"- {number}: {note}" for note in one.notes)


def spreads(repetitions: Sequence[Repetition]) -> Iterator[str]:
    """Yield each network's ratio and rank in every repetition, and how far the ratios spread."""
    numbers = " | ".join(str(number + 1) for number in range(len(repetitions)))
    yield f"| network | {numbers} | spread | ranks |"
    yield "|---|" + "---:|" * (len(repetitions) + 2)
    worst = 0.0
    for name in repetitions[0].rows:
        ratios = [ratio(one.rows[name], one.rows) for one in repetitions]
        spread = (max(ratios) - min(ratios)) / statistics.fmean(ratios)
        worst = max(worst, spread)
        ranks = ", ".join(str(one.rows[name].rank) for one in repetitions)
        values = " | ".join(f"{value:.4f}" for value in ratios)
        yield f"| {name} | {values} | {spread:.2%} | {ranks} |"
    orders = {tuple(one.rows) for one in repetitions}
    same = "identical" if len(orders) == 1 else "not identical"
    yield ""
    yield f"The widest spread is {worst:.2%} (the aim is 0.5 %); the ranks are {same}."


def overhead(repetitions: Sequence[Repetition]) -> str:
    """Say what a visit costs beside the timed calls."""
    whole = statistics.fmean(second for one in repetitions for second in one.seconds)
    visits = [
        made.visit
        for one in repetitions
        for row in one.rows.values()
        if row.entry and row.entry.timing
        for made in row.entry.timing.visits
    ]
    calls = statistics.fmean(map(seconds_of_calls, visits))
    inside = statistics.fmean(visit.ended_s - visit.began_s for visit in visits)
    return (
        f"A visit takes {whole:.2f} s (mean of {len(visits)}): {calls:.2f} s of timed calls, "
        f"{inside - calls:.2f} s of warm-up and of digests of the outputs, and "
        f"{whole - inside:.2f} s of everything else: copies, the start of the process, PyTorch's "
        "import, loading, the end, the store."
    )


def seconds_of_calls(visit: Visit) -> float:
    """Return how long the measuring itself took: timed calls, perturbed ones, bursts."""
    samples = [ms for split in visit.samples_ms.values() for image in split for ms in image]
    perturbed = [ms for split in visit.perturbed_ms.values() for _, ms in split]
    bursts = [burst.ended_s - burst.began_s for burst in visit.bursts.values()]
    return (sum(samples) + sum(perturbed)) / 1e3 + sum(bursts)


def cold(fair: Repetition, official: Repetition) -> Iterator[str]:
    """Yield the runtimes by both policies."""
    yield "| network | fair [ms] | official [ms] | quotient | ratio, fair | ratio, official |"
    yield "|---|" + "---:|" * 5
    for name, row in fair.rows.items():
        other = official.rows[name]
        ms = [one.figures.metrics["runtime_ms"] for one in (row, other)]
        ratios = f"{ratio(row, fair.rows):.4f} | {ratio(other, official.rows):.4f}"
        yield f"| {name} | {ms[0]:.3f} | {ms[1]:.3f} | {ms[1] / ms[0]:.2f} | {ratios} |"


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
        identity = environment.identity(device, challenge.switches)
        bench = Bench(
            challenge, (split,), device, Store(folder), Stopwatch(), 300, identity=identity
        )
        # the second visit tells how long visits take; the first also reads packages from the disk
        pilots = []
        for _ in range(2):
            start = time.monotonic()
            if result(Visit, evaluate.time(crew[0].submission, bench)) is None:
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
