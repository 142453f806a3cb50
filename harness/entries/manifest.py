"""`submission.toml`: read and checked."""

import math
import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from harness.errors import SubmissionError
from harness.records import METRICS, BuildTable, Factsheet, Manifest, ModelTable
from harness.records.ranking import PSNR
from harness.records.schema import SchemaError, from_table
from harness.records.text import one_line, plain
from harness.worker import regular

MANIFEST = "submission.toml"
_LARGEST = 2**20  # bytes
_LONGEST_NAME = 200
_DEEPEST = 20  # arguments within arguments
_HIGHEST = 2**63  # of whole numbers
# a table with a key behind it, or two keys
_CROWDED = re.compile(r'\s*(\[\w+\]\s*\w|\w+\s*=\s*("[^"]*"|[\w.]+)\s+\w+\s*=)')


def read_manifest(folder: Path) -> Manifest:
    """Read and check `folder`/submission.toml. Raises SubmissionError.

    What is shown of it has lost control characters and overrides of its direction.
    """
    file = folder / MANIFEST
    try:
        text = regular.read(file, _LARGEST, follow=True).decode("utf-8-sig")
        table = tomllib.loads(text.replace("\r\n", "\n"))
        _check_plain(table, "", 0)
        manifest = _shown(from_table(Manifest, table))
    except FileNotFoundError:
        raise SubmissionError(f"{folder} has no {MANIFEST}; add one (see the README)") from None
    except OSError as error:
        raise SubmissionError(
            f"{file} cannot be read ({error.strerror}); make it readable"
        ) from None
    except UnicodeDecodeError:
        raise SubmissionError(f"{file} is not UTF-8 text; save it as UTF-8") from None
    except SchemaError as error:
        raise SubmissionError(one_line(f"{file}: {error}")) from None
    except (ValueError, RecursionError) as error:
        reason = f"{file} is not valid TOML: {error}{_crowded(text)}"
        raise SubmissionError(one_line(reason)) from None
    _check_values(file, manifest)
    return manifest


def _check_plain(value: Any, where: str, depth: int) -> None:
    """Raise SchemaError for what TOML has and a job, which is JSON, has not."""
    if depth > _DEEPEST:
        raise SchemaError(f"{where[:40]}... is nested too deep; give {_DEEPEST} levels at most")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_plain(item, f"{where}.{key}" if where else key, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_plain(item, f"{where}[{index}]", depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise SchemaError(f"{where} is {value}; give a finite number")
    elif isinstance(value, int) and abs(value) >= _HIGHEST:
        raise SchemaError(f"{where} is too large a number")
    elif not isinstance(value, str | int | float):
        raise SchemaError(f"{where} is a date or a time; give it as text, in quotes")


def _shown(manifest: Manifest) -> Manifest:
    sheet = {key: plain(text) for key, text in vars(manifest.factsheet).items()}
    return replace(
        manifest,
        name=one_line(manifest.name),
        team=one_line(manifest.team),
        factsheet=Factsheet(**sheet),
    )


def _crowded(text: str) -> str:
    """Say how to split a line that holds more than TOML allows on one."""
    for number, line in enumerate(text.splitlines(), 1):
        if _CROWDED.match(line):
            return f"; line {number}: give each [table] and each key = value a line of its own"
    return ""


def _check_values(file: Path, manifest: Manifest) -> None:
    model = manifest.model
    paths = {"model.file": model.file, "model.factory": model.factory}
    if weights := manifest.weights:
        paths |= {"weights.path": weights.path, "weights.url": weights.url or ""}
        paths["weights.licence"] = weights.licence or ""
    foreign = [key for key in manifest.claimed if key not in METRICS and not PSNR.fullmatch(key)]
    faults = [
        (manifest.official is not None, "[official] is not for manifests; remove it"),
        (bool(manifest.stand_ins), "stand_ins is not for manifests; remove it"),
        (not manifest.name.strip(), "name is empty; give the name that tables show"),
        (
            max(len(manifest.name), len(manifest.team)) > _LONGEST_NAME,
            f"name or team has more than {_LONGEST_NAME} characters; shorten it",
        ),
        *(
            (one_line(path) != path, f"{key} {path!r} has control characters; write it without")
            for key, path in paths.items()
        ),
        *(
            ("\\" in path, f"{key} {path!r} has backslashes; write {path.replace(chr(92), '/')!r}")
            for key, path in paths.items()
            if key in ("model.file", "weights.path")
        ),
        (model.data_range <= 0, f"model.data_range is {model.data_range}; it must be above 0"),
        (model.scale < 1, f"model.scale is {model.scale}; it must be 1 or more"),
        (model.multiple_of < 1, f"model.multiple_of is {model.multiple_of}; it must be 1 or more"),
        *_tile_faults(model),
        *_format_faults(manifest),
        *_build_faults(manifest.build, file.parent),
        (
            not os.path.isfile(file.parent / model.file),  # noqa: PTH113 (false for odd names)
            f"model.file {model.file!r} does not exist; name the network's Python file",
        ),
        (
            not os.path.isdir(file.parent / model.root),  # noqa: PTH112 (as above)
            f"model.root {model.root!r} is no folder; name the one that the packages lie in",
        ),
        (
            bool(foreign),
            f"claimed has {', '.join(map(repr, foreign))}, which is no figure of the report; "
            f"known: psnr_S_db of a split S, {', '.join(METRICS)}",
        ),
    ]
    for wrong, sentence in faults:
        if wrong:
            raise SubmissionError(f"{file}: {sentence}")


def _format_faults(manifest: Manifest) -> list[tuple[bool, str]]:
    model = manifest.model
    if model.format == "python":
        return [(not model.factory, "model.factory is missing; name what builds the network")]
    given = {
        "model.factory": model.factory,
        "model.arguments": model.arguments,
        "model.deploy": model.deploy,
        "model.dtype": model.dtype != ModelTable.dtype,
        "[weights]": manifest.weights,
        "[complexity]": manifest.complexity,
    }
    foreign = ", ".join(name for name, value in given.items() if value)
    text = f"{foreign} is for Python networks, a {model.format} program holds all; remove it"
    return [(bool(foreign), text)]


def _build_faults(build: BuildTable | None, folder: Path) -> list[tuple[bool, str]]:
    if build is None:
        return []
    inside = os.path.normpath(build.folder)
    sources = [os.path.normpath(f"{inside}/{path}") for path in build.extension]
    absent = [path for path in sources if not os.path.isfile(folder / path)]  # noqa: PTH113
    stem = PurePosixPath(build.extension[0]).stem if build.extension else "x"
    return [
        (
            bool(build.command) == bool(build.extension),
            "[build] takes `command` or `extension`, one of the two; give one",
        ),
        (
            inside.startswith((os.pardir, "/")) or not os.path.isdir(folder / inside),  # noqa: PTH112
            f"build.folder {build.folder!r} is no folder of the submission; name one inside it",
        ),
        (bool(absent), f"build.extension {', '.join(absent)} does not exist; name source files"),
        (not stem.isidentifier(), f"build.extension {stem!r} is no name of a module; rename it"),
    ]


def _tile_faults(model: ModelTable) -> list[tuple[bool, str]]:
    tile, overlap, multiple = model.tile, model.tile_overlap, model.multiple_of
    if tile is None:
        return [
            (
                overlap != ModelTable.tile_overlap,
                "model.tile_overlap is given without model.tile; add the side of the tiles",
            )
        ]
    return [
        (tile < 1, f"model.tile is {tile}; it must be 1 or more"),
        (
            not 0 <= overlap < tile,
            f"model.tile_overlap is {overlap} (32 unless given); "
            f"it must be 0 or more and below model.tile, {tile}",
        ),
        (
            multiple > 1 and tile % multiple > 0,
            f"model.tile {tile} is not a multiple of model.multiple_of, {multiple}; correct one",
        ),
    ]
