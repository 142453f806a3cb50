"""Data sets that anyone may have: fetched where they lie open, described where they do not."""

import shutil
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.store import cache
from harness.store.downloads import FetchError, retrieve


@dataclass(frozen=True)
class Archive:
    """A ZIP file that holds one folder."""

    url: str
    sha256: str
    size: int  # bytes
    folder: str  # in the archive


@dataclass(frozen=True)
class PublicData:
    """A data set, and where it is from."""

    name: str
    source: str  # where to get it
    archive: Archive | None = None  # None where no address gives it to everyone
    images: int | None = None  # that it has
    aliases: tuple[str, ...] = ()


_IN_PAPERS = (
    "docs/DatasetPreparation.md of https://github.com/XPixelGroup/BasicSR, or the benchmark "
    "archive of https://github.com/sanghyun-son/EDSR-PyTorch"
)
PUBLIC = (
    PublicData(
        "DIV2K_valid_HR",
        "https://data.vision.ee.ethz.ch/cvl/DIV2K",
        Archive(
            "https://data.vision.ee.ethz.ch/cvl/DIV2K/DIV2K_valid_HR.zip",
            "20dd31fd84d777bc1cf5d6b7654a3f569c0aec74458ae094122ad1d0489900fc",
            448_993_893,
            "DIV2K_valid_HR",
        ),
        images=100,
    ),
    PublicData("Set5", _IN_PAPERS, images=5),
    PublicData("Set14", _IN_PAPERS, images=14),
    PublicData("B100", _IN_PAPERS, images=100, aliases=("BSD100", "BSDS100")),
    PublicData("Urban100", _IN_PAPERS, images=100),
    PublicData("Manga109", "http://www.manga109.org, whose terms are to be accepted", images=109),
)


def known(name: str) -> PublicData | None:
    """Return the data set that papers call so, in any case; None where it is none of them."""
    called = name.casefold()
    for one in PUBLIC:
        if called in (other.casefold() for other in (one.name, *one.aliases)):
            return one
    return None


def named(name: str) -> PublicData:
    """Return a data set by its name, in any case. Raises DataError, which lists all names."""
    if one := known(name):
        return one
    names = ", ".join(one.name for one in PUBLIC)
    raise DataError(f"no public data set is known as {name!r}; there are {names}")


def fetch(data: PublicData, to: Path) -> Path:
    """Download and unpack a data set below `to`; return its folder.

    The archive is kept in the cache until it is unpacked; the folder appears whole or not at all.
    Raises FetchError where it lies nowhere open, cannot be had, or is there already.
    """
    archive = data.archive
    if archive is None:
        raise FetchError(
            f"{data.name} lies at no address that this program could vouch for: get it from "
            f"{data.source}; put its HR images, as PNG, into {data.name}/HR of the data folder, "
            "where LR is made from them"
        )
    target = to / archive.folder
    if target.exists():
        raise FetchError(f"{target} is there already; remove it to fetch it again")
    file = cache.folder() / "data" / f"{data.name}.zip"
    retrieve(
        archive.url,
        archive.sha256,
        file,
        name=data.name,
        advice=f"Get it from {data.source}, and unpack it to {target}",
        remedy=f"get it from {data.source}",
    )
    _unpack(file, archive, target)
    file.unlink()
    return target


def _unpack(file: Path, archive: Archive, target: Path) -> None:
    partial = target.with_name(f".{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with zipfile.ZipFile(file) as content:
            for name in content.namelist():
                if Path(name).parts[:1] != (archive.folder,) or ".." in Path(name).parts:
                    raise zipfile.BadZipFile(f"{name} lies outside {archive.folder}")
            content.extractall(partial)
        (partial / archive.folder).rename(target)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise FetchError(
            f"{file} cannot be unpacked to {target} ({error}); nothing was: see that there is "
            "room, or unpack it by hand"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
