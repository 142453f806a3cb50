"""The whole clock on this machine, in one call that ends within --minutes; prints Markdown.

    python benchmarks/gpu_smoke.py && python benchmarks/gpu_check.py --weights DIR > gpu-check.md

Six networks are timed three times over, on generated LR images of the challenge's sizes, and once
more by the official policy. Every section is printed as it is made; where time runs out, rounds,
then repetitions are left out, and a network that fails is, with its log. Checkpoints are
optional: without them weights are drawn. It needs no installation, but the packages of REQUIRED:
those that a machine lacks may lie in a folder, which workers see too:

    pip install --prefix DIR PACKAGES; PYTHONUSERBASE=DIR python benchmarks/gpu_check.py

On a CPU ask for less:

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
    "pynvml": "nvidia-ml-py",
}
MISSING = [package for module, package in REQUIRED.items() if find_spec(module) is None]
if MISSING:
    sys.exit(f"not installed here: {', '.join(MISSING)}; pip install {' '.join(MISSING)}")
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from gpu_note import (  # noqa: E402
    Repetition,
    board,
    cold,
    flags,
    launches,
    overhead,
    spreads,
)

import harness  # noqa: E402
from harness import protocols  # noqa: E402
from harness.entries.discovery import discover  # noqa: E402
from harness.entries.submission import Submission, digest  # noqa: E402
from harness.evaluation import rounds  # noqa: E402
from harness.evaluation.bench import Bench, result  # noqa: E402
from harness.evaluation.timing import time_pass  # noqa: E402
from harness.evaluation.visits import Contestant  # noqa: E402
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
RESERVE = 30.0  # seconds for all that is not a visit, and for one that hangs


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
    """Time the crew from nothing; who fails is left out, with its reason and its log."""
    watch = Stopwatch()
    bench = replace(bench, store=Store(folder), progress=watch, timing_began=time.monotonic())
    timed, made = rounds.time(crew, bench)
    ends = [*watch.began[1:], time.monotonic()]
    seconds = tuple(end - start for start, end in zip(watch.began, ends, strict=True))
    for entry in timed.values():
        if entry.failure:
            say(f"{entry.name} failed: {entry.failure.reason}", "", indented(entry.log))
    run = Run(
        SCHEMA_VERSION,
        harness.__version__,
        bench.protocol,
        tuple(split.info() for split in bench.splits),
        bench.device,
        identity={},
        observed={},
        command="",
        entries=tuple(entry for entry in timed.values() if not entry.failure),
        rounds=made,
    )
    ranked = leaderboard.of_run(run)
    return Repetition({row.figures.name: row for row in ranked.rows}, ranked.notes, seconds)


def say(*lines: str) -> None:
    """Print lines of Markdown and an empty one, at once."""
    print(*lines, sep="\n", end="\n\n", flush=True)


def indented(log: str) -> str:
    """Return the last lines of a log as Markdown shows them."""
    return "\n".join(f"    {line}" for line in log.splitlines()[-20:])


def in_common(repetitions: Sequence[Repetition]) -> list[Repetition]:
    """Return repetitions of those networks alone that no repetition lost."""
    names = set.intersection(*(set(one.rows) for one in repetitions))
    return [
        one._replace(rows={name: row for name, row in one.rows.items() if name in names})
        for one in repetitions
    ]


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
    parser.add_argument("--sweeps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=0, help="default: as many as --minutes hold")
    parser.add_argument("--drift", type=float, default=0.05, help="as [timing] drift of a protocol")
    parser.add_argument("--minutes", type=float, default=7.0)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="esr-harness-gpu-check-") as name:
        checked(options, began + 60 * options.minutes, Path(name))
    say(f"All of it took {(time.monotonic() - began) / 60:.1f} minutes.")


def checked(options: argparse.Namespace, end: float, folder: Path) -> None:
    """Make and print the sections one by one, until `end` by the monotonic clock."""

    def left() -> float:
        return end - time.monotonic() - RESERVE

    device = devices.resolve(options.device)
    crew = contestants(options.networks, options.weights)
    challenge = edition(options.sweeps, options.drift)
    split = generated(challenge.splits[0].name, options.side, ImageCache(folder))
    machine = environment.machine(device, challenge.switches)
    identity = machine.identity
    bench = Bench(
        challenge,
        (split,),
        device,
        Store(folder),
        Stopwatch(),
        time_limit=max(1.0, left()),
        machine=machine,
    )
    say(f"# The clock on {identity.get('gpu', identity['cpu'])}")
    say(
        f"{machine.observed['date'][:10]}, driver {identity.get('driver', 'none')}, torch "
        f"{identity['torch']}, {devices.select(device).clock}. {options.sweeps} sweeps over LR "
        f"images of {', '.join(pair.name for pair in split.pairs)}. Idle contexts of others: "
        f"{machine.standing or 'none'}."
    )
    say(f"    python benchmarks/gpu_check.py {' '.join(sys.argv[1:])}")
    # the second visit tells how long visits take; the first also reads packages from the disk
    pilot_s = 0.0
    for _ in range(2):
        start = time.monotonic()
        outcome = time_pass(crew[0].submission, bench)
        if (visit := result(Visit, outcome)) is None:
            say("The first visit failed.", "", str(outcome.failure), "", indented(outcome.log))
            sys.exit(1)
        pilot_s = time.monotonic() - start
    say(f"The second visit took {pilot_s:.1f} s; it flags {visit.flags or 'nothing'}.")
    visits = REPETITIONS * (len(crew) + 1)
    fitting = int((left() / pilot_s - OFFICIAL_RUNS * len(crew)) / visits)
    made = options.rounds or min(max(fitting, FEWEST), MOST)
    repetitions: list[Repetition] = []
    for number in range(REPETITIONS):
        if repetitions and left() < sum(repetitions[-1].seconds):
            say(f"No time for repetition {number + 1}.")
            break
        timing = replace(challenge.timing, rounds=made, seed=number)
        own = replace(
            bench,
            protocol=replace(challenge, timing=timing),
            budget_minutes=max(0.1, left() / (REPETITIONS - number) / 60),
            precision=1.0,  # no round is added
            time_limit=max(1.0, left()),
        )
        repetitions.append(repetition(crew, own, folder / str(number)))
        last = repetitions[-1]
        say(f"## Repetition {number + 1}, {made} rounds", "", *board(last))
        say("Flags:", "", *(list(flags([last])) or ["None."]))
    if not in_common(repetitions)[0].rows:
        say("No network was timed in every repetition.")
        return
    say("## What launches cost", "", *launches(repetitions[0]))
    say("## Ratios to SPAN from run to run", "", *spreads(in_common(repetitions)))
    say("## What a visit costs", "", overhead(repetitions))
    if left() < OFFICIAL_RUNS * len(crew) * pilot_s:
        say("No time for the official policy.")
        return
    timing = replace(challenge.timing, policy="official", rounds=OFFICIAL_RUNS, sweeps=1)
    own = replace(bench, protocol=replace(challenge, timing=timing), time_limit=max(1.0, left()))
    official = repetition(crew, own, folder / "official")
    say("## Cold starts, by policy", "", *cold(*in_common([repetitions[0], official])))
    say(f"`official` is the mean of {OFFICIAL_RUNS} runs, each cold: every image once, in order.")


if __name__ == "__main__":
    main()
