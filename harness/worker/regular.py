"""A stranger's file, read as data: regular, of at most a stated size, without waiting.

A FIFO holds a reader up for ever, a link leads elsewhere, a device has no end.
"""

import os
import stat
from pathlib import Path


class IrregularError(OSError):
    """What was to be read is no regular file, or is larger than it may be."""


def read(name: str | Path, most: int, *, folder: int | None = None, follow: bool = False) -> bytes:
    """Return the content of a regular file of at most `most` bytes.

    `name` is relative to the open `folder`, where one is given. Of links, those that lead to the
    file itself are followed only where `follow` says so. Raises IrregularError, and OSError as
    `open` does; FileNotFoundError where nothing is there.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    handle = os.open(name, flags if follow else flags | os.O_NOFOLLOW, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise IrregularError(0, "it is no regular file")
        with os.fdopen(handle, "rb", closefd=False) as stream:
            content = stream.read(most + 1)
    finally:
        os.close(handle)
    if len(content) > most:
        raise IrregularError(0, f"it has more than {most} bytes")
    return content
