"""What a submission prints, kept within bounds."""

import threading
from collections import deque
from typing import IO

from harness.records.text import plain

_HEAD_BYTES = 64 * 1024
_TAIL_BYTES = 192 * 1024
_CHUNK = 16 * 1024


class CappedLog:
    """Drains a pipe; keeps its first 64 KiB and its last 192 KiB."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._dropped = 0
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def text(self) -> str:
        """Return what was kept, fit to be shown, with a line that says how much was not."""
        head, tail = bytes(self._head), b"".join(self._tail)
        if self._dropped:
            head += f"\n[... {self._dropped} bytes left out ...]\n".encode()
        return plain((head + tail).decode(errors="replace"))

    def close(self) -> None:
        """Wait until the pipe is drained, or a moment where a stray process holds it open."""
        self._thread.join(timeout=0.5)

    def _drain(self) -> None:
        with self._pipe:
            while chunk := self._pipe.read1(_CHUNK):  # type: ignore[attr-defined]
                self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        room = _HEAD_BYTES - len(self._head)
        self._head += chunk[:room]
        self._tail.append(chunk[room:])
        self._tail_size += len(chunk[room:])
        while self._tail_size - len(self._tail[0]) > _TAIL_BYTES:
            oldest = self._tail.popleft()
            self._tail_size -= len(oldest)
            self._dropped += len(oldest)
