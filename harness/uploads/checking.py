"""Whether every image of a split is in an upload, under its name, of its size and kind."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.images.png import read_header, read_image
from harness.records import Claims, Reference, Wanted
from harness.records.schema import from_table
from harness.uploads import readme
from harness.uploads.archive import MOST_FILES, is_litter, listed, most_bytes

MEASURED = "measured.json"  # what the ingestion program leaves beside SR images
_LONGEST_README = 1 << 16  # bytes
_CODE = {".py", ".pth", ".pt", ".ckpt", ".safetensors", ".onnx", ".toml", ".ipynb", ".sh"}


@dataclass(frozen=True)
class Checked:
    """What an upload holds, and what is wrong with it."""

    files: tuple[Path, ...]  # of the wanted images in their order; where there is no fault, of all
    claims: Claims | None  # of the readme; None without one
    faults: tuple[str, ...]


def read_reference(file: Path) -> Reference:
    """Read what uploads are checked against."""
    return from_table(Reference, json.loads(file.read_text("utf-8")))


def check(folder: Path, reference: Reference) -> Checked:
    """Check an upload without decoding an image."""
    try:
        present = _present(folder, len(reference.images) + MOST_FILES)
    except DataError as error:
        return Checked((), None, (str(error),))
    readmes = [name for name in present if Path(name).stem.casefold() == "readme"]
    known = {name for wanted in reference.images for name in wanted.names}
    known |= {MEASURED} if reference.code else set()
    strays = [name for name in present if name not in known | {*readmes}]
    claims, faults = _claims(folder, readmes)
    faults += _strays(strays, reference)
    missing, files = [], []
    for wanted in reference.images:
        names = [name for name in wanted.names if name in present]
        if not names:
            missing.append(wanted.names[0])
            continue
        try:
            files.append(_image(folder, names, wanted, most_bytes(reference)))
        except DataError as error:
            faults.append(relative(error, folder))
    if missing:
        of = f"{len(missing)} of {len(reference.images)} images"
        faults.insert(0, f"{of} are missing: {listed(missing)}")
    return Checked(tuple(files), claims, tuple(faults))


def undecodable(files: Sequence[Path]) -> list[str]:
    """Decode images that passed `check`; say what is wrong with those that cannot be."""
    faults = []
    for file in files:
        try:
            read_image(file)
        except DataError as error:
            faults.append(relative(error, file.parent))
    return faults


def relative(error: DataError, folder: Path) -> str:
    """Say what is wrong with a file by its name in the upload."""
    return str(error).replace(f"{folder}{os.sep}", "")


def _present(folder: Path, most: int) -> set[str]:
    """Return the names in a folder. Raises DataError where there are more than `most`, or none."""
    names = set()
    with os.scandir(folder) as entries:
        for entry in entries:
            if not is_litter(entry.name):
                names.add(entry.name)
            if len(names) > most:
                raise DataError(f"it holds more than {most} files: upload the images and a readme")
    if not names:
        raise DataError("it is empty: put the SR images themselves into the ZIP file")
    if len(names) == 1 and (folder / (only := next(iter(names)))).is_dir():
        raise DataError(
            f"it holds one folder, {only}: pack the files inside it, not the folder around them"
        )
    return names


def _claims(folder: Path, readmes: list[str]) -> tuple[Claims | None, list[str]]:
    """Return what the readme claims, and what is wrong with it."""
    if not readmes:
        return None, []
    if len(readmes) > 1:
        return None, [f"{', '.join(sorted(readmes))} are {len(readmes)} readmes: keep one"]
    file = folder / readmes[0]
    if file.is_symlink() or not file.is_file() or file.stat().st_size > _LONGEST_README:
        return None, [f"{file.name} is no text file of at most {_LONGEST_README >> 10} KiB"]
    try:
        return readme.read(file.read_text("utf-8")), []
    except UnicodeDecodeError:
        return None, [f"{file.name} is not text in UTF-8: save it as such"]
    except DataError as error:
        return None, [f"{file.name}, {error}"]


def _strays(names: list[str], reference: Reference) -> Iterator[str]:
    code = sorted(name for name in names if Path(name).suffix.casefold() in _CODE)
    if code:
        yield f"{listed(code)}: this phase takes SR images, not code; leave the code out"
    if other := sorted({*names} - {*code}):
        official = reference.images[0].names[0]
        yield f"{listed(other)} should not be there: images are called like {official}"


def _image(folder: Path, names: list[str], wanted: Wanted, most: int) -> Path:
    """Return the file of an image. Raises DataError where it cannot be scored."""
    file = folder / names[0]
    if len(names) > 1:
        raise DataError(f"{' and '.join(names)} are one image: keep {names[0]}")
    if file.is_symlink() or not file.is_file():
        raise DataError(f"{file.name} is no plain file: put the image itself there")
    size = file.stat().st_size
    if size > most:
        raise DataError(f"{file.name} has {size} bytes, more than the images can need together")
    header = read_header(file)
    if (header.height, header.width) != (wanted.height, wanted.width):
        raise DataError(
            f"{file.name} is {header.width}x{header.height}: it must be "
            f"{wanted.width}x{wanted.height}"
        )
    if not header.rgb:
        raise DataError(f"{file.name} is grey or has a palette: save it as 8-bit RGB")
    return file
