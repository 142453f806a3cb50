"""`score`: SR images against HR, without the code that made them."""

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Any

from harness import cli, protocols
from harness.errors import DataError, InputError
from harness.images.datasets import SplitData, open_splits
from harness.records import Protocol, Reference, Scores
from harness.records.schema import to_table
from harness.store.files import write_text
from harness.uploads import checking, scoring
from harness.uploads.archive import opened
from harness.uploads.references import read_hr, reference_of

_COLUMNS = {
    "psnr_db": ("PSNR", 4),
    "ssim": ("SSIM", 6),
    "psnr_y_db": ("PSNR-Y", 4),
    "ssim_y": ("SSIM-Y", 6),
}


def command(options: argparse.Namespace) -> int:
    """Print every image's figures and their means; refuse an upload with all its faults."""
    if not options.upload.exists():
        raise InputError(f"{options.upload} does not exist; name a folder or a ZIP file of images")
    edition = protocols.load(options.protocol, options.scale)
    data = _split(edition, options)
    reference = reference_of(edition, data)
    with opened(options.upload, reference) as folder:
        checked = checking.check(folder, reference)
        if checked.faults:
            raise DataError(_refusal(options, checked.faults))
        try:
            scores = scoring.score(
                checked, reference, lambda index: read_hr(data, index, edition.scale)
            )
        except DataError as error:
            raise DataError(_refusal(options, str(error).splitlines())) from error
    if options.json:
        write_text(options.json, json.dumps(_table(reference, scores), indent=1, allow_nan=False))
    for line in _lines(scores):
        print(line)
    return cli.OK


def _split(edition: Protocol, options: argparse.Namespace) -> SplitData:
    """Open the split that is named, or the protocol's first."""
    name = options.split or edition.splits[0].name
    (data,) = open_splits(edition, options.data, [name])
    return data


def _refusal(options: argparse.Namespace, faults: Sequence[str]) -> str:
    listed = "\n  ".join(faults)
    return f"{options.upload} has {len(faults)} fault(s), nothing was scored:\n  {listed}"


def _lines(scores: Scores) -> Iterator[str]:
    columns = {name: column for name, column in _COLUMNS.items() if name in scores.mean}
    width = max(len("image"), *(len(one.image) for one in scores.images))
    yield "  ".join([f"{'image':<{width}}", *(f"{title:>9}" for title, _ in columns.values())])
    for name, figures in (
        *((one.image, vars(one.fidelity)) for one in scores.images),
        ("mean", scores.mean),
    ):
        cells = [f"{figures[column]:>9.{digits}f}" for column, (_, digits) in columns.items()]
        yield "  ".join([f"{name:<{width}}", *cells])
    yield from (f"hint: {hint}" for hint in scores.hints)
    claimed = vars(scores.claims) if scores.claims else {}
    for name, value in claimed.items():
        if value not in (None, ""):
            yield f"claimed, not measured: {name} {value}"


def _table(reference: Reference, scores: Scores) -> dict[str, Any]:
    about = {"title": reference.title, "split": reference.split, "border": reference.border}
    return about | dict(to_table(scores))
