"""Files written whole or not at all."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any


def write_whole(file: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Let `write` fill a temporary file beside `file`, then put it in place in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    writer = f"{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}"
    partial = file.with_name(f".{file.name}.{writer}.part")
    try:
        with partial.open("wb") as stream:
            write(stream)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def write_text(file: Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all."""
    write_whole(file, lambda stream: stream.write(text.encode()))
