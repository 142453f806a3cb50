"""What worker and harness say to each other while the worker restores images, and its end of it.

Three descriptors are inherited from the harness: a channel of short messages, and two slots, one
for the LR image that is to be restored, one for the SR image that comes back. The harness asks,
the worker answers, one at a time. Both sides read and write the slots and map neither: memory that
the other side cuts short or changes is then bytes that are wrong, and no more.
"""

import math
import os
import struct
import sys
from enum import IntEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Handles = tuple[int, int, int]  # of the channel, the LR slot, the SR slot

LARGEST_MESSAGE = 8192  # bytes
_LONGEST_WHY = 4000  # bytes
COUNTERS = ("torch", "fvcore", "ptflops", "graph")


class Ask(IntEnum):
    """What the harness may ask for."""

    END = 0  # nothing more comes
    CALL = 1  # restore the LR image, and time it
    ROW = 2  # restore it again and again: so often, and so long, at least
    REPLAY = 3  # record a call of it as a CUDA graph, and time the replay
    RELEASE = 4  # give the device's pool of memory back
    SETTLE = 5  # what is alive now is never again looked at by the garbage collector
    COUNT = 6  # restore the LR image while it is counted: by which of COUNTERS, `calls` says


class Asked(NamedTuple):
    """A question."""

    what: Ask
    height: int = 0  # of the LR image in the slot
    width: int = 0
    calls: int = 0
    seconds: float = 0.0
    number: int = 0  # drawn anew for every question, and said again in its answer

    def packed(self) -> bytes:
        """Return it as a message."""
        return _ASKED.pack(*self)

    @classmethod
    def read(cls, message: bytes) -> "Asked":
        """Read a message."""
        what, *rest = _ASKED.unpack(message)
        return cls(Ask(what), *rest)


class Answer(NamedTuple):
    """An answer; what the question does not ask for is left as it is here."""

    ms: float | None = None  # as in `Lap`
    whole_ms: float | None = None
    host_ms: float | None = None
    launch_ms: float | None = None
    peak_bytes: int = 0
    reserved_bytes: int | None = None
    calls: int = 0  # that were made in a row
    flops: int | None = None  # that were counted, for as many pixels as the cost image has
    refused: str = ""  # why there is nothing, where there is nothing
    number: int = 0  # of the question

    def packed(self) -> bytes:
        """Return it as a message."""
        times = (math.nan if ms is None else ms for ms in self[:4])
        held, flops = (-1 if one is None else one for one in (self.reserved_bytes, self.flops))
        why = self.refused.encode(errors="replace")[:_LONGEST_WHY]
        rest = self.peak_bytes, held, flops, self.calls, self.number
        return _ANSWER.pack(*times, *rest) + why

    @classmethod
    def read(cls, message: bytes) -> "Answer":
        """Read a message. Raises ValueError where it is none, or says what cannot be."""
        if len(message) < _ANSWER.size:
            raise ValueError
        *times, peak, held, counted, calls, number = _ANSWER.unpack(message[: _ANSWER.size])
        known = [None if math.isnan(ms) else ms for ms in times]
        if not all(ms is None or 0 <= ms < math.inf for ms in known) or peak < 0 or calls < 0:
            raise ValueError
        why = message[_ANSWER.size :].decode(errors="replace")
        reserved, flops = (one if one >= 0 else None for one in (held, counted))
        return cls(
            known[0], known[1], known[2], known[3], peak, reserved, calls, flops, why, number
        )


_ASKED = struct.Struct("=BIIIdQ")
_ANSWER = struct.Struct("=4d3qIQ")


class Service(Protocol):
    """Who answers in a worker."""

    def answer(self, asked: Asked, lr: Image | None) -> tuple[Answer, Image | None]:
        """Return the answer, and the SR image where one was asked for."""

    def rest(self) -> None:
        """Do what is to be done between an answer and the next question."""


class Exchange:
    """The worker's end."""

    def __init__(self, handles: Handles) -> None:
        self._channel, self._lr, self._sr = handles
        for handle in handles:
            os.set_inheritable(handle, False)
        # bound before any submission's code runs
        self._receive, self._send = os.read, os.write
        self._take, self._put, self._empty = os.preadv, os.pwrite, np.empty

    def serve(self, service: Service) -> None:
        """Answer until nothing more is asked. The process ends where the harness has gone."""
        receive, send = self._receive, self._send  # not looked up again
        take, put, answer, rest = self._lr_image, self._put_sr, service.answer, service.rest
        rest()
        send(self._channel, Answer().packed())
        while True:
            message = receive(self._channel, LARGEST_MESSAGE)
            if not message:
                sys.exit("the harness has gone")
            asked = Asked.read(message)
            if asked.what is Ask.END:
                return
            said, sr = answer(asked, take(asked) if asked.height else None)
            if sr is not None:
                put(sr)
            send(self._channel, said._replace(number=asked.number).packed())
            del sr
            rest()

    def _lr_image(self, asked: Asked) -> Image:
        lr: Image = self._empty((asked.height, asked.width, 3), np.uint8)
        self._take(self._lr, [lr.data], 0)
        return lr

    def _put_sr(self, sr: Image) -> None:
        content, done = sr.data.cast("B"), 0
        while done < len(content):
            done += self._put(self._sr, content[done:], done)
