"""`submission.toml`: read and checked."""

import os
import tomllib
from pathlib import Path

from harness.errors import SubmissionError
from harness.records import METRICS, Manifest, ModelTable
from harness.records.ranking import PSNR
from harness.records.schema import SchemaError, from_table

MANIFEST = "submission.toml"


def read_manifest(folder: Path) -> Manifest:
    """Read and check `folder`/submission.toml. Raises SubmissionError."""
    file = folder / MANIFEST
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        manifest = from_table(Manifest, table)
    except FileNotFoundError:
        raise SubmissionError(f"{folder} has no {MANIFEST}; add one (see the README)") from None
    except OSError as error:
        raise SubmissionError(
            f"{file} cannot be read ({error.strerror}); make it readable"
        ) from None
    except UnicodeDecodeError:
        raise SubmissionError(f"{file} is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SubmissionError(f"{file} is not valid TOML: {error}") from None
    except RecursionError:
        raise SubmissionError(
            f"{file} is nested too deep; keep to the keys of the README"
        ) from None
    except SchemaError as error:
        raise SubmissionError(f"{file}: {error}") from None
    _check_values(file, manifest)
    return manifest


def _check_values(file: Path, manifest: Manifest) -> None:
    model = manifest.model
    foreign = [key for key in manifest.claimed if key not in METRICS and not PSNR.fullmatch(key)]
    faults = [
        (manifest.official is not None, "[official] is not for manifests; remove it"),
        (bool(manifest.stand_ins), "stand_ins is not for manifests; remove it"),
        (not manifest.name.strip(), "name is empty; give the name that tables show"),
        (model.data_range <= 0, f"model.data_range is {model.data_range}; it must be above 0"),
        (model.scale < 1, f"model.scale is {model.scale}; it must be 1 or more"),
        (model.multiple_of < 1, f"model.multiple_of is {model.multiple_of}; it must be 1 or more"),
        *_tile_faults(model),
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
