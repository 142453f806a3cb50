"""A ZIP file unpacked, if it holds nothing but small plain files.

Everything is judged by the archive's table of contents, before a byte is unpacked; zipfile unpacks
no more of a member than that table says.
"""

import os
import stat
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.records import Reference

MOST_FILES = 1000  # beside the images that are wanted
_SPARE = 1 << 20  # bytes, for a readme
_LONGEST_CONTENTS = 1 << 20  # bytes of the table of contents, which is read into memory whole
_LISTED = 3
_END = b"PK\x05\x06"  # begins the end record


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold, and what its sender is told where it holds more."""

    files: int
    size: int  # bytes on disk
    files_advice: str = "pack only the images"
    size_advice: str = ""  # follows `more than 3 MiB`


def most_bytes(reference: Reference) -> int:
    """Return how large an upload may be: its images as if nothing could be compressed."""
    return _SPARE + sum(wanted.height * (3 * wanted.width + 1) for wanted in reference.images) * 2


@contextmanager
def opened(upload: Path, reference: Reference) -> Iterator[Path]:
    """Give the folder of an upload: itself, or that which a ZIP file is unpacked to meanwhile.

    Raises DataError.
    """
    if upload.is_dir():
        yield upload
        return
    needed = f" that the images of {reference.split} can need: put only them and a readme in it"
    files, size = MOST_FILES + len(reference.images), most_bytes(reference)
    with unpacked(upload, Limits(files, size, size_advice=needed)) as folder:
        yield folder


@contextmanager
def unpacked(upload: Path, limits: Limits) -> Iterator[Path]:
    """Give the folder that a ZIP file is unpacked to meanwhile. Raises DataError."""
    with tempfile.TemporaryDirectory(prefix="esr-harness-upload-") as folder:
        try:
            _unpack(upload, Path(folder), limits)
        except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
            raise DataError(f"{upload} cannot be unpacked ({error}): pack it again") from error
        except (zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"{upload} is no whole ZIP file ({error}): pack it again") from error
        yield Path(folder)


def _unpack(file: Path, folder: Path, limits: Limits) -> None:
    _refuse_long_contents(file)
    with zipfile.ZipFile(file) as archive:
        members = [one for one in archive.infolist() if not is_litter(one.filename)]
        faults = list(_faults(members, limits))
        if faults:
            raise DataError(f"{file} is not unpacked: {'; '.join(faults)}")
        archive.extractall(folder, members)


def is_litter(name: str) -> bool:
    """Tell whether a file is what macOS adds to folders and archives by itself."""
    parts = name.split("/")
    return parts[0] == "__MACOSX" or parts[-1] == ".DS_Store"


def _faults(members: list[zipfile.ZipInfo], limits: Limits) -> Iterator[str]:
    if len(members) > limits.files:
        held = f"it holds {len(members)} files, more than {limits.files}"
        yield f"{held}: {limits.files_advice}"
    size = sum(one.file_size for one in members)
    if size > limits.size:
        taken = f"it would take {_mib(size)} on disk, more than {_mib(limits.size)}"
        yield taken + limits.size_advice
    kinds: dict[str, Callable[[zipfile.ZipInfo], bool]] = {
        "lies outside the folder: pack names without `..` or a leading `/`": _leaves,
        "is a link: pack the file itself": _is_link,
        "is encrypted: pack without a password": lambda one: bool(one.flag_bits & 1),
    }
    for what, has in kinds.items():
        names = [one.filename for one in members if has(one)]
        if names:
            yield f"{listed(names)} {what}"
    twice = [name for name, count in Counter(one.filename for one in members).items() if count > 1]
    if twice:
        yield f"{listed(twice)} stands in it twice: pack it once"


def _leaves(member: zipfile.ZipInfo) -> bool:
    parts = member.filename.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or ":" in parts[0]


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _refuse_long_contents(file: Path) -> None:
    """Raise DataError for millions of members, which zipfile would make as many objects of.

    The end record holds the length of the table of contents in its bytes 12 to 16, and a comment
    of up to 65535 bytes follows it: APPNOTE of the ZIP format, section 4.3.16. It is looked for as
    zipfile does; a checkpoint is an archive too, so that others may stand before it.
    """
    with file.open("rb") as stream:
        stream.seek(-min(file.stat().st_size, 22 + 65535 + 20), os.SEEK_END)
        tail = stream.read()
    bare = tail[-22:-18] == _END and tail[-2:] == b"\0\0"
    at = len(tail) - 22 if bare else tail.rfind(_END)
    if at < 0:
        return  # zipfile says that it is none
    if int.from_bytes(tail[at + 12 : at + 16], "little") > _LONGEST_CONTENTS:
        raise DataError(f"{file} lists more files than an upload has: pack only the images")
    # a second length, of 64 bits, would count in place of the first
    if at >= 20 and tail[at - 20 : at - 16] == b"PK\x06\x07":
        raise DataError(f"{file} is a ZIP64 file: pack it again, it is small enough for plain ZIP")


def listed(names: list[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
