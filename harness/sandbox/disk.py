"""How much a pass may write to disk, all its files together."""

import os
from pathlib import Path

from harness.errors import PassError

_MOST_BYTES, _MOST_FILES = 8 * 2**30, 200_000  # of a pass


class DiskWatch:
    """Looks at a private folder once its disk has become that much fuller, whoever filled it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = os.statvfs(folder)

    def check(self) -> None:
        """Raise PassError where the folder holds more than a pass may write."""
        before, now = self._before, os.statvfs(self._folder)
        filled = (before.f_bfree - now.f_bfree) * now.f_frsize > _MOST_BYTES
        if filled or before.f_ffree - now.f_ffree > _MOST_FILES:
            self._count()

    def _count(self) -> None:
        total = files = 0
        for place, folders, names in os.walk(self._folder):
            for name in (*folders, *names):
                files += 1
                total += _size(os.path.join(place, name))  # noqa: PTH118 (a Path for each is slow)
                if files > _MOST_FILES or total > _MOST_BYTES:
                    raise PassError(
                        f"it wrote more than {_MOST_BYTES / 2**30:g} GiB or {_MOST_FILES} files "
                        "and was ended"
                    )


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_blocks * 512
    except OSError:
        return 0
