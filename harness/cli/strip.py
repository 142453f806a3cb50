"""`strip`: one box of one image as every method restores it, for a paper."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness import cli
from harness.cli.table import run_folders
from harness.errors import InputError
from harness.images.datasets import Pair, open_splits
from harness.images.png import crop_to_multiple, read_image
from harness.records import Entry, Run
from harness.store.runs import load_run
from reports.paper import strip
from reports.paper.methods import key_of
from reports.paper.strip import Box, Restored


def command(options: argparse.Namespace) -> int:
    """Write the strip that `options` ask for, of runs with SR images."""
    runs = {folder: load_run(folder) for out in options.outs for folder in run_folders(out)}
    scales = {run.protocol.scale for run in runs.values()}
    if len(scales) > 1:
        raise InputError("these runs are of several scales; name the folders of one, like OUT/x4")
    (scale,) = scales
    first = next(iter(runs.values()))
    split, _, image = options.image.partition("/")
    pair = _pair(first, options.data, split, image)
    assert pair.hr is not None
    hr = crop_to_multiple(pair.hr.read(), scale)
    restored = [one for folder, run in runs.items() for one in _restored(folder, run, split, pair)]
    chosen = _chosen(restored, options.methods)
    if not chosen:
        raise InputError(
            f"no SR image of {options.image} lies below {', '.join(map(str, runs))}; "
            "run again with --keep-sr"
        )
    stem = Path(pair.name).stem
    target = options.to / f"strip_{split}_{stem}_x{scale}"
    for file in strip.write(hr, Box(*options.box), chosen, f"{stem} ({split}, ×{scale})", target):
        print(f"Strip: {file}")
    return cli.OK


def _pair(run: Run, data: Path, split: str, image: str) -> Pair:
    (found,) = open_splits(run.protocol, data, (split,))
    for pair in found.pairs:
        if image in (pair.name, Path(pair.name).stem) and pair.hr:
            return pair
    known = ", ".join(Path(pair.name).stem for pair in found.pairs if pair.hr)
    raise InputError(f"{split} has no HR image {image!r}; it has {known or 'none'}")


def _restored(folder: Path, run: Run, split: str, pair: Pair) -> Iterator[Restored]:
    """Yield what the entries of a run that kept its SR images made of one image."""
    for entry in run.entries:
        file = folder / "sr" / entry.slug / split / Path(pair.name).with_suffix(".png")
        fidelity = _fidelity(entry, run, split, pair.name)
        if file.is_file() and fidelity:
            yield Restored(entry.name, read_image(file), *fidelity)


def _fidelity(entry: Entry, run: Run, split: str, image: str) -> tuple[float, float | None] | None:
    """Return PSNR and SSIM in the protocol's colour."""
    for score in entry.scores:
        if (score.split, score.image) == (split, image):
            close = score.fidelity
            if run.protocol.colour == "y":
                return close.psnr_y_db, close.ssim_y
            return close.psnr_db, close.ssim
    return None


def _chosen(restored: Sequence[Restored], names: Sequence[str]) -> list[Restored]:
    """Return the methods that are named, in that order; all where none is."""
    by_key = {key_of(one.name): one for one in restored}
    for name in names:
        if restored and key_of(name) not in by_key:
            known = ", ".join(one.name for one in restored)
            raise InputError(f"no SR image of a method {name} is there; there are {known}")
    return [by_key[key_of(name)] for name in names if restored] or list(restored)
