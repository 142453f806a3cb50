"""A page per entry, in the order of the challenge's factsheet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path

from harness.ranking import frames
from harness.ranking.columns import COUNTERS, Cell
from harness.ranking.leaderboard import Leaderboard
from harness.records import Entry, Factsheet, ModelTable, Run
from reports import units
from reports.pages import machine, modules, pictures, templates, weights
from reports.pages.figures import differences_db
from reports.tables.columns import score_of
from reports.tables.factsheet import claimed, headings, measured

_LOG_CHARACTERS = 20_000
_LEAST = 0.0005  # of the FLOPs: less would be printed as 0.0 %
_SHOWN = 10  # best and worst images
_TEAM = (("authors", "Authors"), ("affiliation", "Affiliation"), ("contact", "Contact"))
_METHOD = (("description", "Description"), ("paper", "Paper"), ("code", "Code"))
_NUMBERS = ("psnr_db", "ssim", "psnr_y_db", "ssim_y", "runtime_ms")
_HEADINGS = ("PSNR [dB]", "SSIM", "PSNR-Y [dB]", "SSIM-Y", "Runtime [ms]")
_ADVICE = {  # stage of a failure -> what its team does next
    "manifest": "correct submission.toml, then run `esr-harness check` on the folder.",
    "build": "run the build in a copy of the folder, without network; the log holds all it said.",
    "load": "build the network in a fresh process, with the files that were handed in and no "
    "others; `esr-harness check` does so.",
    "forward": "run the network on every size of image that the splits hold, and look at what it "
    "returns; `esr-harness check` tries small and odd sizes.",
    "process": "run the network over many images in one process and watch its time and memory; a "
    "pass has the limit of --time-limit.",
    "restore": "run the challenge again; the process ended before all images were there.",
}


@dataclass(frozen=True)
class _Image:
    """One line of the table of images."""

    split: str
    image: str
    merit: float | None  # what best and worst are judged by
    cells: list[tuple[str, str]]  # raw value and text


def write(run: Run, leaderboard: Leaderboard, folder: Path, stored: Path) -> None:
    """Write `<slug>.html` of every entry to `folder`; `stored` is the run's folder."""
    rows = [(row, row.entry) for row in leaderboard.rows if row.entry]
    reference = next((e for row, e in rows if row.figures.name == leaderboard.baseline), None)
    shown = pictures.Pictures(run, reference, stored)
    for row, entry in rows:
        against = reference if reference is not entry else None
        image_headings, images = _filled(_image_headings(against), _images(run, entry, against))
        judged = sorted(
            (image for image in images if image.merit is not None),
            key=lambda image: image.merit or 0,
        )
        templates.write(
            "factsheet.html",
            folder / f"{entry.slug}.html",
            run=run,
            leaderboard=leaderboard,
            row=row,
            entry=entry,
            sheet=vars(entry.manifest.factsheet if entry.manifest else Factsheet()),
            team_fields=_TEAM,
            method_fields=_METHOD,
            feeding=_feeding(entry.manifest.model) if entry.manifest else "",
            advice=_ADVICE.get(entry.failure.stage, "") if entry.failure else "",
            headings=headings(run),
            measured=measured(run, row),
            claimed=claimed(run, entry),
            score_of=score_of,
            counters=[one for one in COUNTERS if row.columns.get(f"flops_{one}") is not None],
            operators=_operators(run, entry),
            modules=modules.of_entry(entry),
            weights=weights.of_entry(entry),
            figure=_figure(entry, stored),
            pictures=shown.of_entry(entry),
            images=images,
            image_headings=image_headings,
            best=judged[::-1][:_SHOWN],
            worst=judged[:_SHOWN] if len(judged) > _SHOWN else [],
            judged_by="PSNR against the baseline" if against else "PSNR",
            machine=machine.lines(entry),
            log_characters=_LOG_CHARACTERS,
        )


def _feeding(model: ModelTable) -> str:
    """Name the inference options that an entry asks for; empty where there are none."""
    options = {
        f"padded to multiples of {model.multiple_of}": model.multiple_of > 1,
        f"in tiles of {model.tile} pixels that overlap by {model.tile_overlap}": model.tile,
        "as a self-ensemble of 4 rotations x flip": model.self_ensemble,
    }
    return ", ".join(text for text, asked in options.items() if asked)


def _image_headings(against: Entry | None) -> list[tuple[str, str]]:
    difference = [("difference_db", f"to {against.name} [dB]")] if against else []
    numbers = list(zip(_NUMBERS, _HEADINGS, strict=True))
    return [("split", "Split"), ("image", "Image"), numbers[0], *difference, *numbers[1:]]


def _images(run: Run, entry: Entry, against: Entry | None) -> list[_Image]:
    differences = differences_db(entry, against) if against else {}
    found = []
    for row in frames.images(run, entry):
        split, image = str(row["split"]), str(row["image"])
        difference = differences.get((split, image))
        values: list[Cell] = [row.get(number) for number in _NUMBERS]
        shown = [(units.ms if n == "runtime_ms" else units.db4) for n in _NUMBERS]
        cells = [_cell(v, show(v)) for v, show in zip(values, shown, strict=True)]
        if against:
            text = units.MISSING if difference is None else f"{difference:+.4f}"
            cells.insert(1, _cell(difference, text))
        psnr_db = row.get("psnr_db")
        merit = difference if against else float(psnr_db) if psnr_db is not None else None
        found.append(_Image(split, image, merit, cells))
    return found


def _filled(
    headings: list[tuple[str, str]], images: list[_Image]
) -> tuple[list[tuple[str, str]], list[_Image]]:
    """Leave out the columns that no image fills."""
    names, columns = headings[:2], headings[2:]
    filled = [any(image.cells[index][0] for image in images) for index in range(len(columns))]
    kept = [replace(image, cells=list(compress(image.cells, filled))) for image in images]
    return [*names, *compress(columns, filled)], kept


def _cell(value: Cell, text: str) -> tuple[str, str]:
    return "" if value is None else str(value), text


def _figure(entry: Entry, stored: Path) -> str:
    """Return the method figure as an address that carries it; empty where there is none."""
    file = stored / entry.figure
    if not entry.figure or not file.is_file():
        return ""
    return pictures.uri(file.read_bytes(), file.suffix[1:].replace("svg", "svg+xml"))


def _operators(run: Run, entry: Entry) -> Sequence[tuple[str, int, float]]:
    """Return operator, FLOPs and share by the official counter, largest first, none of 0.0 %."""
    counts = entry.inspection.complexity.flops if entry.inspection else {}
    count = counts.get(run.protocol.counter.name)
    if count is None or not count.flops:
        return []
    ordered = sorted(count.by_operator.items(), key=lambda item: -item[1])
    shares = ((operator, flops, flops / count.flops) for operator, flops in ordered)
    return [line for line in shares if line[2] >= _LEAST]
