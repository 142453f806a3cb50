"""docs/measurements/official-repositories.md, from what official_repositories.py has measured."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness import protocols
from harness.ranking.scores import format_score, rank
from harness.ranking.table import read_table
from harness.records import Entry, Run
from harness.store.runs import RESULTS, load_run
from reports.comparison import Pair, Rows, compare, rows_of_run, rows_of_table

NOTE = Path(__file__).resolve().parents[1] / "docs" / "measurements" / "official-repositories.md"
CLONES = {
    "2022": "NTIRE2022_ESR",
    "2023": "LGVAN-NTIRE2023-ESR",
    "2024": "NTIRE2024_ESR",
    "2026": "NTIRE2026_ESR",
}
WALL, WALL_EDITION = "wall", "2026"
SECONDS = "seconds.json"
PSNR = "psnr_set5_db"
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
PUBLISHED = ("params", "flops", "activations", "num_conv")
_EXPLAINED = {"not-strict", "plain-path", "note", "precision", "counter-blind"}
# edition, id -> why a figure is another than the reference's; found by reading the entry's code
_REASONS = {
    ("2022", 18): (
        "its 1x1 convolutions are Linear modules, which the edition's hooks count by their first "
        "two dimensions; the published figure is near fvcore's 9.446 G"
    ),
}


def note(repositories: Path, published: Path, out: Path) -> Iterator[str]:
    """Render what `out` holds, beside the reference tables of `published`."""
    yield "# The public repositories of the editions, scored as they are\n"
    yield (
        "Made by `python benchmarks/official_repositories.py REPOSITORIES SHARED OUT`. "
        f"*Counts* are {', '.join(COUNTED)}, beside those that the official code measures on a "
        "CPU (`official_code_measured.csv`). PSNR is that of Set5 in RGB on one thread, beside "
        f"what the official code gives; more than {PSNR_WITHIN:g} dB apart is marked (!).\n"
    )
    for edition, clone in CLONES.items():
        yield f"## {edition}, {clone}\n"
        if (out / edition / RESULTS).exists():
            own = repositories / clone / "results.json"
            yield from _edition(edition, out / edition, published, own)
        else:
            yield "Not measured.\n"
    yield f"## Wall time of {WALL_EDITION}\n"
    yield from _wall(out / WALL)


def _edition(edition: str, folder: Path, published: Path, own: Path) -> Iterator[str]:
    run = load_run(folder)
    theirs = rows_of_table(published / "official_code_measured.csv", edition)
    ours = rows_of_run(run)
    pairs = list(compare(ours, theirs))
    yield from _summary(run, pairs)
    yield "| id | name | status | counts | PSNR [dB] | differs by | flags or reason |"
    yield "| --: | :-- | :-- | :-- | --: | --: | :-- |"
    for entry in run.entries:
        here = [pair for pair in pairs if pair.entry == str(entry.id)]
        why = _REASONS.get((edition, entry.id)) if entry.id is not None else None
        yield _line(entry, here, ours[str(entry.id)].get(PSNR), why)
    yield ""
    if left := [number for number in theirs if number not in ours]:
        yield f"Not measured: {', '.join(left)}.\n"
    yield from _spreads(folder, ours)
    table = published / f"ntire{edition}.csv"
    if table.exists():
        yield from _published(ours, rows_of_table(table), table.name)
        yield from _moved_scores(edition, table, ours)
    elif own.exists():
        yield from _published(ours, rows_of_results(own), f"{own.name} of the repository")


def _summary(run: Run, pairs: list[Pair]) -> Iterator[str]:
    done = [entry.status for entry in run.entries]
    each = ", ".join(f"{done.count(s)} {s}" for s in ("ok", "partial", "failed") if s in done)
    yield f"{len(done)} ids: {each}.\n"
    counts = [pair.equal for pair in pairs if pair.metric in COUNTED]
    psnr = [abs(float(p.a) - float(p.b)) for p in pairs if p.metric == PSNR]
    if counts:
        yield (
            f"{sum(counts)} of {len(counts)} counts are equal to the official code's; "
            f"{sum(apart <= PSNR_WITHIN for apart in psnr)} of {len(psnr)} PSNR are within "
            f"{PSNR_WITHIN:g} dB of it.\n"
        )


def _line(entry: Entry, pairs: list[Pair], psnr: str | None, why: str | None) -> str:
    counts = [pair for pair in pairs if pair.metric in COUNTED]
    unequal = [f"{p.metric} {p.a} for {p.b}" for p in counts if not p.equal]
    told = f"all {len(counts)} equal" if counts and not unequal else "; ".join(unequal) or "–"
    theirs = next((float(pair.b) for pair in pairs if pair.metric == PSNR), None)
    apart = abs(float(psnr) - theirs) if psnr and theirs is not None else None
    mark = "" if apart is None or apart <= PSNR_WITHIN else " (!)"
    said = [f"{k}: {v}" if k in _EXPLAINED else k for k, v in entry.flags.items()]
    said += [entry.failure.reason] if entry.failure else []
    said += [f"differs because {why}"] if why else []
    cells = [
        str(entry.id),
        entry.name,
        entry.status,
        told,
        f"{float(psnr):.6f}" if psnr else "–",
        f"{apart:.1e}{mark}" if apart is not None else "–",
        "; ".join(said).replace("|", "/"),
    ]
    return f"| {' | '.join(cells)} |"


def _spreads(folder: Path, first: Rows) -> Iterator[str]:
    """Say how far a nondeterministic entry's PSNR moves from pass to pass."""
    more = [rows_of_run(load_run(again)) for again in sorted(folder.glob(f"again-*/{RESULTS}"))]
    for number in [one for one in more[0] if one in first] if more else ():
        passes = [float(rows[number][PSNR]) for rows in (first, *more)]
        yield (
            f"Id {number} is nondeterministic: its PSNR in {len(passes)} passes is "
            f"{min(passes):.6f} to {max(passes):.6f} dB.\n"
        )


def _published(ours: Rows, theirs: Rows, name: str) -> Iterator[str]:
    counted = [pair for pair in compare(ours, theirs) if pair.metric in PUBLISHED]
    unequal = [pair for pair in counted if not pair.equal]
    yield (
        f"Against `{name}`: {len(counted) - len(unequal)} of {len(counted)} published "
        "params, FLOPs, activations and convs are equal as printed.\n"
    )
    yield from (f"- {p.entry} {p.name}: {p.metric} {p.a}, published {p.b}" for p in unequal)
    yield from ("" for _ in unequal[:1])


def _moved_scores(edition: str, table: Path, ours: Rows) -> Iterator[str]:
    """Say which scores of the published table are others with the FLOPs measured here.

    Sums of ranks are left out: they hang on every other entry's figures.
    """
    plain = protocols.load(f"ntire{edition}")
    track = next(track for track in plain.tracks if track.name == "overall")
    if track.method == "rank_sum":
        return
    published = read_table(table)
    counted = {
        pair.entry: float(pair.a)
        for pair in compare(ours, rows_of_table(table))
        if pair.metric == "flops" and not pair.equal
    }
    measured = [
        replace(entry, metrics=entry.metrics | {"flops": counted[str(entry.id)]})
        if str(entry.id) in counted
        else entry
        for entry in published
    ]
    before, after = (
        rank(figures, plain, "published").standings for figures in (published, measured)
    )
    for entry, old, new in zip(published, before, after, strict=True):
        if str(entry.id) in counted and track.name in old.places:
            scores = [
                format_score(standing.places[track.name].log_score) for standing in (old, new)
            ]
            yield (
                f"With the FLOPs measured here the score of {entry.name} moves from "
                f"{scores[0]} to {scores[1]}.\n"
            )


def rows_of_results(file: Path) -> Rows:
    """Read the costs that the official main left in a clone, under names that begin with the id."""
    return {
        str(int(name.partition("_")[0])): {
            "name": name,
            "params": str(round(given["num_parameters"] * 1e6)),
            "flops": str(round(given["flops"] * 1e9)),
            "activations": str(round(given["activations"] * 1e6)),
            "num_conv": str(given["num_conv"]),
        }
        for name, given in json.loads(file.read_text()).items()
    }


def kept_seconds(folder: Path) -> dict[str, dict[str, float]]:
    """Return the seconds of each entry's passes so far: entry -> pass -> seconds."""
    file = folder / SECONDS
    return json.loads(file.read_text()) if file.exists() else {}


def _wall(folder: Path) -> Iterator[str]:
    if not (folder / RESULTS).exists():
        yield "Not measured.\n"
        return
    cpu = load_run(folder).identity.get("cpu", "a CPU")
    passes = [(s, e, stage) for e, of in kept_seconds(folder).items() for stage, s in of.items()]
    stages = {stage: sum(s for s, _, other in passes if other == stage) for *_, stage in passes}
    each = ", ".join(f"{stage} {spent:.0f} s" for stage, spent in stages.items())
    most = ", ".join(f"{e} {stage} {s:.0f} s" for s, e, stage in sorted(passes, reverse=True)[:6])
    yield (
        "The passes of all its entries on Set5, with one timed sweep, took "
        f"{sum(stages.values()):.0f} s in all on {os.cpu_count()} cores ({cpu}): "
        f"{each}. The longest: {most}.\n"
    )
