"""Threads that score SR images while the worker restores the next ones."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Semaphore
from types import TracebackType
from typing import Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.worker.devices.host import available_cores

T = TypeVar("T")


class Scorers(Generic[T]):
    """A thread per core, and at most twice as many images in memory; T is what one leaves."""

    def __init__(self, score: Callable[[int, NDArray[np.uint8]], T]) -> None:
        cores = available_cores()
        self._score = score
        self._pool = ThreadPoolExecutor(cores)
        self._room = Semaphore(2 * cores)
        self._scores: dict[int, Future[T]] = {}

    def take(self, index: int, sr: NDArray[np.uint8]) -> None:
        """Score one SR image, uint8 [H, W, 3], as soon as a thread is free; wait for room."""
        self._room.acquire()
        future = self._pool.submit(self._score, index, sr)
        future.add_done_callback(lambda _: self._room.release())
        self._scores[index] = future

    def results(self) -> list[T]:
        """Return the scores in the order of the images' indices."""
        return [self._scores[index].result() for index in sorted(self._scores)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
