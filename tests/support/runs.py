"""Runs that nobody measured, made from the published table of 2022: for reports."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np

import reports
from harness import protocols
from harness.ranking.leaderboard import of_run
from harness.ranking.table import read_table
from harness.records import (
    Complexity,
    Count,
    Entry,
    Factsheet,
    Failure,
    Fidelity,
    Figures,
    ImageScore,
    Inspection,
    Manifest,
    ModelTable,
    ModuleCost,
    RoundVisit,
    Run,
    SplitInfo,
    Timing,
    Visit,
)
from harness.store import album
from harness.store.album import Picture
from harness.store.runs import SCHEMA_VERSION
from reports import PUBLISHED

HOSTILE = [
    "<script>document.title = 'hacked'</script>",
    '"><img src=x onerror="document.title=\'hacked\'">',
    '\'; alert("1") && `x` {{ 7 * 7 }} {% raw %}',
    "שלום עולם \u202eevil\u202c العربية",
    "🚀 Fast 超解像 Net 🐼",
    "N" * 80,
    r"50% & $\alpha$ #1_team {x}^2 ~ \input{/etc/passwd}",
    "two\nlines\x1b[31m and a control | pipe",
]
REASON = "Net(...) raised KeyError: 'x' & <more>"


def made(entries: int = 45, images: int = 20, sweeps: int = 3, names: list[str] = ()) -> Run:
    """Return a run of so many entries on so many images, every figure set by a seed.

    The figures are the published ones of 2022; `names` replace the first entries' names.
    """
    edition = protocols.load("ntire2022")
    published = read_table(PUBLISHED / "ntire2022.csv")
    found = []
    for index in range(entries):
        one = published[index % len(published)]
        name = names[index] if index < len(names) else f"{one.name} {index // 45 or ''}".strip()
        found.append(_entry(index, replace(one, name=name), images, sweeps))
    counts = {split.name: images // len(edition.splits) for split in edition.splits}
    return Run(
        schema_version=SCHEMA_VERSION,
        harness_version="0.1.0",
        protocol=edition,
        splits=tuple(
            SplitInfo(name, _names(count), "a" * 64, "b" * 64, _sizes(count))
            for name, count in counts.items()
        ),
        device="cuda:0",
        identity={"gpu": "A made-up GPU", "torch": "2.13.0"},
        observed={"date": "2026-01-01T00:00:00+00:00"},
        command="run_challenge.py run made",
        entries=tuple(found),
    )


def forty_six() -> Run:
    """Return 45 entries with the published figures of 2022, and one that failed."""
    run = made(45, 40)
    return replace(run, entries=(*run.entries, failed("bad", "Bad", REASON)))


def render(run: Run, out: Path) -> Path:
    """Rank a run and render it to `out`; return the page to look at first."""
    return reports.render(run, of_run(run), out)


def with_pictures(run: Run, out: Path) -> Run:
    """Write albums of noise to the run's folder, as a run does; return the run that knows them."""
    chance = np.random.default_rng(0)
    # as many bytes as 96 x 96 pixels of a photograph
    noise = chance.integers(0, 256, (len(run.splits), 8, 56, 56, 3), np.uint8)
    splits, entries = [], list(run.entries)
    for split, pixels in zip(run.splits, noise, strict=True):
        drawn = [album.picture(one, 20.0 + number) for number, one in enumerate(pixels)]

        def write(name: str, members: list[str], drawn: list[Picture] = drawn) -> str:
            chosen = {member: drawn[(i + len(name)) % 8] for i, member in enumerate(members)}
            bare = {m: replace(chosen[m], psnr_db=None) for m in members if m[0] in "hl"}
            album.write(out / name, chosen | bare)
            return name

        indices = [str(index) for index in range(len(split.images))]
        members = [f"{side}/{index}" for index in indices for side in ("hr", "lr", "bicubic")]
        splits.append(replace(split, pictures=write(f"store/pictures/{split.name}.zip", members)))
        for number, entry in enumerate(entries):
            if entry.scores:
                name = write(f"store/restore/{entry.slug}-{split.name}.zip", indices)
                entries[number] = replace(entry, pictures=entry.pictures | {split.name: name})
    return replace(run, splits=tuple(splits), entries=tuple(entries))


def failed(slug: str, name: str, reason: str) -> Entry:
    """Return an entry that failed to load, with a log of forty lines."""
    log = "\n".join(f"line {number} <b>" for number in range(40))
    return Entry(slug, name, status="failed", failure=Failure("load", reason), log=log)


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"{number:04}.png" for number in range(1, count + 1))


def _sizes(count: int) -> tuple[tuple[int, int], ...]:
    return tuple((300 + 5 * (number % 40), 510) for number in range(count))


def _entry(index: int, figures: Figures, images: int, sweeps: int) -> Entry:
    chance = random.Random(index)
    count = images // len(figures.psnr_db)
    metrics = figures.metrics
    scores, samples = [], {}
    for split, psnr_db in figures.psnr_db.items():
        # every entry finds the same images hard; deviations cancel, so that means are published
        spread = [random.Random(n).gauss(0, 3) + chance.gauss(0, 0.05) for n in range(count)]
        middle = sum(spread) / count
        samples[split] = tuple(
            tuple(metrics["runtime_ms"] * (1 + 0.01 * chance.random()) for _ in range(sweeps))
            for _ in range(count)
        )
        for number, image in enumerate(_names(count)):
            value = psnr_db + spread[number] - middle
            close = Fidelity(value, 0.8, value + 1.4, 0.81)
            scores.append(ImageScore(split, image, close, "c" * 64))
    flops = int(metrics["flops"])
    complexity = Complexity(
        {"hooks": Count(flops, {"Conv2d": flops * 9 // 10, "ReLU": flops // 10}, {})},
        int(metrics["activations"]),
        40,
    )
    peaks = dict.fromkeys(samples, int(metrics["memory_mib"] * 2**20))
    visit = Visit(samples, peaks, "peak allocated", {})
    return Entry(
        f"entry{index:02}",
        figures.name,
        id=figures.id if index < 45 else 100 + index,
        team=f"Team of {figures.name}",
        manifest=Manifest(
            figures.name,
            ModelTable("model.py", "Net"),
            claimed={"psnr_valid_db": 30.0, "runtime_ms": 1.5} if index == 1 else {},
            factsheet=Factsheet(authors="A. Author <a@b.c>", description=figures.name),
        ),
        digest="d" * 64,
        inspection=Inspection(
            int(metrics["params"]), int(metrics["params"]), complexity, modules=_modules(metrics)
        ),
        scores=tuple(scores),
        timing=Timing((RoundVisit(1, 1, "entry", visit),)),
        flags={"nondeterministic": f"{figures.name} differs"} if index % 9 == 4 else {},
        log="loaded\n",
    )


def _modules(metrics: dict[str, float]) -> tuple[ModuleCost, ...]:
    """Return a tree in which `body` has half of everything and its convolution all of that."""
    shares = {"": 1.0, "body": 0.5, "body.conv": 0.5, "tail": 0.25}
    return tuple(
        ModuleCost(name, "Net", *(int(metrics[m] * s) for m in ("flops", "params", "activations")))
        for name, s in shares.items()
    )
