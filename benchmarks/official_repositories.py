"""Measure the editions' public repositories; write docs/measurements/official-repositories.md.

    python benchmarks/official_repositories.py REPOSITORIES SHARED OUT

REPOSITORIES holds clones, `NTIRE2026_ESR` for example; SHARED holds `data/Set5` and the tables of
`published`; OUT keeps what is measured, so that the command goes on where it was stopped. With
`--editions 2026` only these are measured; the note is written from all that OUT holds.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import harness
from harness import challenge, environment, protocol
from harness.bench import Bench
from harness.comparison import Pair, compare, rows_of_run, rows_of_table
from harness.datasets import open_splits
from harness.evaluate import evaluate
from harness.loading.standins import not_installed
from harness.records import Entry, Protocol, Run, Split
from harness.store import SCHEMA_VERSION, Store, load_run, save_run
from harness.submission import discover

NOTE = Path(__file__).resolve().parents[1] / "docs" / "measurements" / "official-repositories.md"
WALL = "wall_seconds.json"
PSNR_WITHIN = 2e-5  # dB
COUNTED = (
    "params_loaded",
    "params",
    "activations",
    "num_conv",
    "flops_hooks",
    "flops_fvcore",
    "flops_torch",
)


@dataclass
class Stopwatch:
    """A progress that adds up the seconds of each kind of pass."""

    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)
    stage: str = ""
    since: float = 0.0

    def at(self, number: int, of: int) -> None: ...

    def advance(self, done: int) -> None: ...

    def begin(self, entry: str, stage: str, images: int) -> None:
        """Start another pass."""
        self.stop()
        print(f"{entry}: {stage}", flush=True)
        self.stage, self.since = stage, time.monotonic()

    def stop(self) -> None:
        """Close the pass, and keep what it took."""
        if self.stage:
            spent = time.monotonic() - self.since
            self.seconds[self.stage] = self.seconds.get(self.stage, 0.0) + spent
            self.stage = ""
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / WALL).write_text(json.dumps(self.seconds))


def set5(edition: str) -> Protocol:
    """Return the edition's protocol with Set5 in place of its images, one sweep, without SSIM."""
    plain = protocol.load(f"ntire{edition}")
    split = Split("set5", hr="HR/*.png", lr="LR_bicubic/X4/*x4.png")
    timing = replace(plain.timing, sweeps=1)
    return replace(plain, splits=(split,), ssim=False, timing=timing)


def measure(clone: Path, edition: str, options: argparse.Namespace) -> None:
    """Run all entries of a clone and keep the run in OUT."""
    out = options.out / edition
    kept = json.loads((out / WALL).read_text()) if (out / WALL).exists() else {}
    watch = Stopwatch(out, kept)
    plain = set5(edition)
    splits = () if options.complexity else open_splits(plain, options.shared / "data" / "Set5")
    bench = Bench(plain, splits, "cpu", Store(out), watch, time_limit=options.time_limit)
    found = discover([clone], options.ids, not_installed())
    if not options.complexity and not options.untimed:
        challenge.run(found, bench, out, "benchmarks/official_repositories.py")
        watch.stop()
        return
    identity = environment.identity("cpu", plain.switches)
    bench = replace(bench, identity=identity)
    entries: list[Entry] = []
    for one in found:
        entries.append(evaluate(one, bench))
        watch.stop()
        save_run(out, _run(bench, tuple(entries)))


def _run(bench: Bench, entries: tuple[Entry, ...]) -> Run:
    return Run(
        SCHEMA_VERSION,
        harness.__version__,
        bench.protocol,
        tuple(split.info() for split in bench.splits),
        "cpu",
        bench.identity,
        environment.observe("cpu"),
        "benchmarks/official_repositories.py",
        entries,
    )


def note(options: argparse.Namespace) -> Iterator[str]:
    """Render what OUT holds."""
    yield "# The public repositories of the editions, scored as they are\n"
    yield (
        "Made by `python benchmarks/official_repositories.py REPOSITORIES SHARED OUT`. *Counts* "
        f"are the {len(COUNTED)} of {', '.join(COUNTED)}, beside those that the official code "
        "measures on a CPU. PSNR is that of Set5 in RGB, beside what their code gives.\n"
    )
    for folder in sorted(path.parent for path in options.out.glob("*/results.json")):
        yield from _edition(folder, options.shared / "published")


def _edition(folder: Path, published: Path) -> Iterator[str]:
    run, edition = load_run(folder), folder.name
    theirs = rows_of_table(published / "official_code_measured.csv", edition)
    pairs = list(compare(rows_of_run(run), theirs))
    ids = [str(entry.id) for entry in run.entries]
    yield f"## {edition}\n"
    left = [number for number in theirs if number not in ids]
    yield f"Entries measured: {len(ids)}. " + (f"Not run: {', '.join(left)}.\n" if left else "\n")
    yield "| id | name | status | counts | PSNR [dB] | differs by | flags or reason |"
    yield "| --: | :-- | :-- | :-- | --: | --: | :-- |"
    for entry in run.entries:
        yield _line(entry, [pair for pair in pairs if pair.entry == str(entry.id)])
    yield ""
    table = published / f"ntire{edition}.csv"
    if table.exists():
        yield from _published(list(compare(rows_of_run(run), rows_of_table(table))), table)
    yield from _wall(folder, run)


def _line(entry: Entry, pairs: list[Pair]) -> str:
    counts = [pair for pair in pairs if pair.metric in COUNTED]
    unequal = [f"{p.metric} {p.a} for {p.b}" for p in counts if not p.equal]
    told = f"all {len(counts)} equal" if counts and not unequal else "; ".join(unequal) or "–"
    psnr = next((pair for pair in pairs if pair.metric == "psnr_set5_db"), None)
    apart = abs(float(psnr.a) - float(psnr.b)) if psnr else None
    mark = "" if apart is None or apart <= PSNR_WITHIN else " (!)"
    flags = [f"{k}: {v}" if k in _EXPLAINED else k for k, v in entry.flags.items()]
    said = [*flags, *([entry.failure.reason] if entry.failure else [])]
    cells = [
        str(entry.id),
        entry.name,
        entry.status,
        told,
        f"{float(psnr.a):.6f}" if psnr else "–",
        f"{apart:.1e}{mark}" if apart is not None else "–",
        "; ".join(said).replace("|", "/"),
    ]
    return f"| {' | '.join(cells)} |"


_EXPLAINED = {"not-strict", "plain-path", "note", "precision", "counter-blind"}


def _published(pairs: list[Pair], table: Path) -> Iterator[str]:
    counted = [
        pair for pair in pairs if pair.metric in ("params", "flops", "activations", "num_conv")
    ]
    unequal = [pair for pair in counted if not pair.equal]
    yield (
        f"Against `{table.name}`: {len(counted) - len(unequal)} of {len(counted)} published "
        "params, FLOPs, activations and convs are equal as printed."
    )
    yield from (f"- {p.entry} {p.name}: {p.metric} {p.a}, published {p.b}" for p in unequal)
    yield ""


def _wall(folder: Path, run: Run) -> Iterator[str]:
    seconds = json.loads((folder / WALL).read_text())
    each = ", ".join(f"{stage} {spent:.0f} s" for stage, spent in seconds.items())
    yield (
        f"Wall time {sum(seconds.values()):.0f} s: {each}; {os.cpu_count()} cores, "
        f"{run.identity.get('cpu', 'a CPU')}, shared with other work.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repositories", type=Path)
    parser.add_argument("shared", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--editions", nargs="*", default=["2022", "2024", "2026"])
    parser.add_argument("--ids", nargs="*", type=int, default=[])
    parser.add_argument("--untimed", action="store_true", help="leave the time pass out")
    parser.add_argument("--complexity", action="store_true", help="no images at all")
    parser.add_argument("--time-limit", type=int, default=600)
    options = parser.parse_args()
    for edition in options.editions:
        measure(options.repositories / f"NTIRE{edition}_ESR", edition, options)
    NOTE.parent.mkdir(parents=True, exist_ok=True)
    NOTE.write_text("\n".join(note(options)), encoding="utf-8")


if __name__ == "__main__":
    main()
