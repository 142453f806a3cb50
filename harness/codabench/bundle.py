"""A bundle: all that an organiser uploads to open a competition."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from harness.codabench import pages, shipped
from harness.codabench.competition import LOGO, PAGES, TERMS, Phase, competition
from harness.codabench.ingestion import LR, PROTOCOL
from harness.codabench.logo import logo
from harness.errors import InputError
from harness.images.datasets import SplitData
from harness.images.png import Image, write_image
from harness.images.resize import upscale
from harness.records import Protocol, Reference, Split
from harness.records.schema import to_table
from harness.uploads.program import HR, REFERENCE
from harness.uploads.readme import TEMPLATE
from harness.uploads.references import read_hr, reference_of

DEVELOPMENT = "dev"  # the phase of a protocol's first split

_BICUBIC = """\
runtime per image [s] : 0.01
CPU[1] / GPU[0] : 1
Extra Data [1] / No Extra Data [0] : 0
params : 0
Other description : MATLAB's bicubic; its runtime is a placeholder that nobody measured
"""


def named_phases(protocol: Protocol, names: Sequence[str]) -> list[tuple[str, Split]]:
    """Return phases and their splits: all splits without names; `dev` is the first one's.

    Raises InputError for a name that is none.
    """
    known = {DEVELOPMENT: protocol.splits[0]} | {split.name: split for split in protocol.splits}
    chosen = list(names) or [DEVELOPMENT, *(split.name for split in protocol.splits[1:])]
    for name in chosen:
        if name not in known:
            raise InputError(f"--phases: {name!r} is none of {', '.join(known)}")
    if len({known[name].name for name in chosen}) < len(chosen):
        raise InputError(f"--phases {','.join(chosen)} names a split twice; leave one out")
    return [(name, known[name]) for name in chosen]


def write(
    protocol: Protocol,
    phases: Sequence[Phase],
    splits: Sequence[SplitData],
    out: Path,
    *,
    image: str,
    link: str = "",
) -> Path:
    """Write a bundle to the new folder `out`, whole or not at all; return its ZIP file, `out`.zip.

    `splits` are the data of the phases in their order; `link` is where the LR images are, where
    the bundle does not carry them. Raises InputError where `out` is there, DataError where a split
    has no HR images.
    """
    archive = out.with_name(f"{out.name}.zip")
    for path in (out, archive):
        if path.exists():
            raise InputError(f"{path} is there already; remove it or name another --out")
    references = [
        reference_of(protocol, data, code=phase.code)
        for phase, data in zip(phases, splits, strict=True)
    ]
    about = {
        "competition.yaml": _yaml(competition(protocol, phases, image)),
        PAGES["Overview"]: pages.overview(protocol, phases, references, link),
        PAGES["Evaluation"]: pages.evaluation(protocol, phases),
        TERMS: pages.terms(protocol),
    }
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        partial.mkdir(parents=True)
        (partial / "pages").mkdir()
        for name, text in about.items():
            (partial / name).write_text(text, "utf-8")
        write_image(partial / LOGO, logo())
        shipped.write_scoring_program(partial / "scoring_program")
        if any(phase.code for phase in phases):
            shipped.write_ingestion_program(partial / "ingestion_program")
        for phase, data, reference in zip(phases, splits, references, strict=True):
            _write_phase(protocol, phase, data, reference, partial)
        shutil.make_archive(str(partial), "zip", partial)
        partial.rename(out)
        Path(f"{partial}.zip").rename(archive)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        Path(f"{partial}.zip").unlink(missing_ok=True)
    return archive


def _yaml(table: dict[str, Any]) -> str:
    return str(yaml.safe_dump(table, sort_keys=False, allow_unicode=True, width=100))


def _write_phase(
    protocol: Protocol, phase: Phase, data: SplitData, reference: Reference, to: Path
) -> None:
    name, scale = data.name, reference.scale
    official = [wanted.names[0] for wanted in reference.images]

    def write_images(folder: Path, read: Callable[[int], Image]) -> None:
        folder.mkdir(parents=True)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(
                pool.map(lambda i: write_image(folder / official[i], read(i)), range(len(official)))
            )

    write_images(to / "reference_data" / name / HR, lambda i: read_hr(data, i, scale))
    _write_json(to / "reference_data" / name / REFERENCE, reference)
    if phase.public_data:
        write_images(to / "public_data" / name, lambda i: data.pairs[i].lr.read())
    if phase.code:
        given = to / "input_data" / name
        write_images(given / LR, lambda i: data.pairs[i].lr.read())
        own = replace(protocol, splits=(phase.split,))
        (given / PROTOCOL).write_text(json.dumps(to_table(own)), "utf-8")
        return
    solution = to / "solutions" / f"bicubic_{name}"
    write_images(solution, lambda i: upscale(data.pairs[i].lr.read(), scale))
    (solution / "readme.txt").write_text(_BICUBIC)
    kit = to / "starting_kit" / name
    shipped.write_check(kit)
    _write_json(kit / REFERENCE, reference)
    (kit / "readme.txt").write_text(TEMPLATE)


def _write_json(file: Path, reference: Reference) -> None:
    file.write_text(json.dumps(to_table(reference), indent=1))
