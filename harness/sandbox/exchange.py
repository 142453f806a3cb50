"""The harness's end of the exchange: an LR image handed over, an SR image taken, by its own clock.

A worker may close its end, be silent, say what nobody asked or cut its memory short: each ends in
an error that is the entry's own, and no later than the pass's time limit.
"""

import os
import secrets
import select
import socket
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.errors import ForwardError, PassError
from harness.worker.exchange import COUNTERS, LARGEST_MESSAGE, Answer, Ask, Asked, Handles

Image = NDArray[np.uint8]
_LOOK_SECONDS = 0.1  # between two looks at what the pass takes


class EndedError(Exception):
    """The worker's process ended, or closed its end, before it had answered."""


class Called(NamedTuple):
    """One call: what came back, what the worker says of it, and what the harness saw."""

    sr: Image  # uint8 [H, W, 3]
    ms: float  # by the device's clock, as the worker tells
    told: Answer
    referee_ms: float  # from before the LR image was handed over until all of SR was here


class Exchange:
    """One worker's exchange. Asks raise EndedError, PassError, and ForwardError where refused."""

    def __init__(self, scale: int, scripted: bool = False) -> None:
        self._scale = scale  # of SR to LR
        self._scripted = scripted  # whether the device's clock is no clock (in tests)
        self._channel, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lr, self._sr = (os.memfd_create(name, os.MFD_CLOEXEC) for name in ("lr", "sr"))
        self._held = [0, 0]  # bytes of the slots
        self._poll, self._watch = select.poll(), _unwatched
        self._process = -1

    @property
    def handles(self) -> Handles:
        """Return the descriptors that the worker inherits."""
        return self._theirs.fileno(), self._lr, self._sr

    def begin(self, pid: int, watch: Callable[[], None]) -> None:
        """Know the worker's process. `watch` raises PassError once it takes too much."""
        self._theirs.close()
        self._watch, self._process = watch, os.pidfd_open(pid)
        self._poll.register(self._channel, select.POLLIN)
        self._poll.register(self._process, select.POLLIN)

    def ready(self) -> None:
        """Wait until the worker has its network."""
        self._answer()

    def end(self) -> None:
        """Say that nothing more comes."""
        self._send(Asked(Ask.END))

    def close(self) -> None:
        """Let go of the harness's end."""
        for end in (self._channel, self._theirs):
            end.close()
        for handle in (self._lr, self._sr, self._process):
            if handle >= 0:
                os.close(handle)

    # ------------------------------------------------------------ what is asked

    def called(self, lr: Image) -> Called:
        """Have an LR image, uint8 [h, w, 3], restored; one call, timed on both sides."""
        sr = self._room(lr)
        began_ns = time.monotonic_ns()
        answer = self._asked(Asked(Ask.CALL, *lr.shape[:2]), lr)
        self._take(sr)
        referee_ms = (time.monotonic_ns() - began_ns) / 1e6
        if not answer.ms:
            raise PassError("the worker told of a call that took no time")
        if self._scripted:
            return Called(sr, answer.ms, answer, answer.ms)
        if answer.ms > referee_ms:
            raise PassError("the worker told of a call that took longer than its answer")
        return Called(sr, answer.ms, answer, referee_ms)

    def counted(self, lr: Image, counter: str) -> tuple[int, Image] | None:
        """Have an LR image restored while one of COUNTERS counts; return FLOPs and SR.

        For as many pixels as the cost image has, as the worker tells. None where it counts nothing.
        """
        sr, (height, width) = self._room(lr), lr.shape[:2]
        answer = self._asked(Asked(Ask.COUNT, height, width, COUNTERS.index(counter)), lr)
        if answer.flops is None:
            return None
        self._take(sr)
        return answer.flops, sr

    def in_a_row(self, lr: Image, calls: int = 1, seconds: float = 0.0) -> tuple[int, float]:
        """Have it restored again and again; return how often, and the ms of all by the device."""
        self._make_room(lr.nbytes, 0)
        answer = self._asked(Asked(Ask.ROW, lr.shape[0], lr.shape[1], calls, seconds), lr)
        if answer.calls < calls or not answer.ms:
            raise PassError("the worker told of fewer calls in a row than were asked for")
        return answer.calls, answer.ms

    def replayed(self, lr: Image) -> float | None:
        """Have a call recorded as a CUDA graph; return the ms of a replay, None where none is."""
        self._make_room(lr.nbytes, 0)
        try:
            return self._asked(Asked(Ask.REPLAY, lr.shape[0], lr.shape[1]), lr).ms or None
        except ForwardError:
            return None

    def release(self) -> None:
        """Have the device's pool of memory given back."""
        self._asked(Asked(Ask.RELEASE))

    def settle(self) -> None:
        """Have what is alive kept from the garbage collector."""
        self._asked(Asked(Ask.SETTLE))

    # ------------------------------------------------------------ messages

    def _room(self, lr: Image) -> Image:
        """Make room for an LR image, and for its SR image, which is returned as it is yet."""
        height, width = lr.shape[:2]
        sr = np.empty((height * self._scale, width * self._scale, 3), np.uint8)
        self._make_room(lr.nbytes, sr.nbytes)
        return sr

    def _take(self, sr: Image) -> None:
        taken = os.preadv(self._sr, [sr.data], 0)
        if taken != sr.nbytes:
            raise PassError(f"an SR image came back with {taken} bytes, not {sr.nbytes}")

    def _make_room(self, *sizes: int) -> None:
        """Let the slots grow; fresh pages then cost the first call on a size alone."""
        self._watch()
        for slot, (handle, size) in enumerate(zip((self._lr, self._sr), sizes, strict=True)):
            if size > self._held[slot]:
                os.ftruncate(handle, size)
                self._held[slot] = size

    def _asked(self, asked: Asked, lr: Image | None = None) -> Answer:
        if self._poll.poll(0):
            self._unasked()
        if lr is not None:
            os.pwrite(self._lr, np.ascontiguousarray(lr).data.cast("B"), 0)
        asked = asked._replace(number=secrets.randbits(64))
        self._send(asked)
        answer = self._answer()
        if answer.number != asked.number:
            raise PassError("the worker answered what it was not asked")
        if answer.refused:
            raise ForwardError(answer.refused)
        return answer

    def _unasked(self) -> None:
        """Say what is wrong where something comes before anything was asked."""
        try:
            if self._channel.recv(LARGEST_MESSAGE, socket.MSG_DONTWAIT):
                raise PassError("the worker answered what it was not asked")
        except BlockingIOError:
            pass
        raise EndedError

    def _send(self, asked: Asked) -> None:
        try:
            self._channel.send(asked.packed(), socket.MSG_DONTWAIT)
        except OSError as error:
            raise EndedError from error

    def _answer(self) -> Answer:
        while not (ready := self._poll.poll(_LOOK_SECONDS * 1000)):
            self._watch()
        if self._channel.fileno() not in dict(ready):
            raise EndedError
        try:
            message = self._channel.recv(LARGEST_MESSAGE)
        except OSError as error:
            raise EndedError from error
        if not message:
            raise EndedError
        try:
            return Answer.read(message)
        except ValueError:
            raise PassError("the worker's answer is not the harness's") from None


def _unwatched() -> None:
    """Watch nothing: no worker is there yet."""
