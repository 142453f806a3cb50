"""Decoded images on disk, so that no image is decoded twice.

An image is known by its file's path, size and time of change; arrays are stored under the
digest of their pixels, and are held to it whenever they are read.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.images.png import read_image
from harness.records import pixels
from harness.store import files
from harness.store.cache import folder


@dataclass(frozen=True)
class CachedImage:
    """A decoded image: digest of its pixels, the array's file (.npy, uint8 [H, W, 3]), its size."""

    digest: str
    array: Path
    height: int
    width: int

    def read(self) -> NDArray[np.uint8]:
        """Map the pixels, uint8 [H, W, 3]; nothing is copied.

        Raises DataError where they are not those of the digest; the file is removed then.
        """
        try:
            image: NDArray[np.uint8] = np.load(self.array, mmap_mode="r", allow_pickle=False)
            if pixels.digest(image) == self.digest:
                return image
        except (OSError, EOFError, ValueError):
            pass
        self.array.unlink(missing_ok=True)
        raise DataError(f"{self.array} was damaged and is removed; run again to decode it anew")

    def whole(self) -> Path:
        """Return the array's file. Raises DataError as `read` does."""
        self.read()
        return self.array


class ImageCache:
    """The decoded images of one cache folder."""

    def __init__(self, root: Path | None = None) -> None:
        self._arrays = (root or folder()) / "pixels"
        self._arrays.mkdir(parents=True, exist_ok=True)
        self._index_file = self._arrays / "index.json"
        self._index = self._read_index()

    def get(self, image: Path) -> CachedImage:
        """Return `image` decoded. Raises DataError where it cannot be used."""
        try:
            status = image.stat()
        except OSError as error:
            raise DataError(f"{image} cannot be read: {error.strerror}") from error
        key = f"{image.resolve()}|{status.st_size}|{status.st_mtime_ns}"
        return self.made(key, lambda: read_image(image))

    def made(self, key: str, make: Callable[[], NDArray[np.uint8]]) -> CachedImage:
        """Return what `make` gives, uint8 [H, W, 3], and gave before under the same `key`."""
        known = self._index.get(key)
        if known and (array := self._array(known["digest"])).is_file():
            return CachedImage(known["digest"], array, known["height"], known["width"])
        cached = self.store(make())
        self._index[key] = {
            "digest": cached.digest,
            "height": cached.height,
            "width": cached.width,
        }
        return cached

    def save_index(self) -> None:
        """Keep what is known of the files; images of runs beside this one are kept too."""
        files.write_text(self._index_file, json.dumps(self._read_index() | self._index))

    def store(self, image: NDArray[np.uint8]) -> CachedImage:
        """Keep decoded pixels, uint8 [H, W, 3], under their digest."""
        height, width = image.shape[:2]
        digest = pixels.digest(image)
        array = self._array(digest)
        if not array.is_file():
            files.write_whole(array, lambda stream: np.save(stream, image))
        return CachedImage(digest, array, height, width)

    def _array(self, digest: str) -> Path:
        return self._arrays / f"{digest}.npy"

    def _read_index(self) -> dict[str, Any]:
        try:
            index = json.loads(self._index_file.read_text())
        except (OSError, ValueError):
            return {}
        return index if isinstance(index, dict) else {}
