"""How far a run is: one live bar on a terminal, plain lines elsewhere."""

import math
import sys
import time
from typing import Never

from tqdm import tqdm

_LINE_SECONDS = 10.0


class _Position:
    """Where a run stands: at which entry or round of how many, and how long all may still take."""

    def __init__(self, number: int = 0, of: int = 0, left_s: float | None = None) -> None:
        self._number, self._of = number, of
        self._ends_s = None if left_s is None else time.monotonic() + left_s

    def __str__(self) -> str:
        if not self._of:
            return ""
        if self._ends_s is None:
            return f"[{self._number}/{self._of}] "
        minutes = max(1, math.ceil((self._ends_s - time.monotonic()) / 60))
        return f"[{self._number}/{self._of}, {minutes} min left] "


class TerminalProgress:
    """One bar that follows the work from stage to stage."""

    def __init__(self) -> None:
        self._position = _Position()
        self._bar: tqdm[Never] = tqdm(total=0, unit="image", dynamic_ncols=True, leave=False)

    def opening(self, split: str, done: int, of: int) -> None:
        """Say how many images of a split are open."""
        if done == 1:
            self.begin(split, "opening", of)
        self.advance(done)

    def at(self, number: int, of: int, left_s: float | None = None) -> None:
        """Say which entry or round comes next, and how long all may still take."""
        self._position = _Position(number, of, left_s)

    def begin(self, entry: str, stage: str, images: int) -> None:
        """Start a stage of an entry with this many images."""
        self._bar.reset(total=images)
        self._bar.set_description(f"{self._position}{entry}: {stage}")

    def advance(self, done: int) -> None:
        """Say how many images of the stage are done."""
        self._bar.update(max(0, done - self._bar.n))

    def say(self, line: str) -> None:
        """Print a line of results above the bar."""
        self._bar.clear()
        print(line, flush=True)
        self._bar.refresh()

    def close(self) -> None:
        """Take the bar off the screen."""
        self._bar.close()


class PlainProgress:
    """A line when a stage begins, and one every ten seconds of a long one."""

    def __init__(self) -> None:
        self._position, self._stage, self._images = _Position(), "", 0
        self._last = time.monotonic()

    def opening(self, split: str, done: int, of: int) -> None:
        """Say how many images of a split are open, where it takes long."""
        self._stage, self._images = f"{split}: opening", of
        self.advance(done)

    def at(self, number: int, of: int, left_s: float | None = None) -> None:
        """Say which entry or round comes next, and how long all may still take."""
        self._position = _Position(number, of, left_s)

    def begin(self, entry: str, stage: str, images: int) -> None:
        """Start a stage of an entry with this many images."""
        self._stage, self._images, self._last = f"{entry}: {stage}", images, time.monotonic()
        self._tell(f"{self._position}{self._stage}")

    def advance(self, done: int) -> None:
        """Say how many images of the stage are done."""
        if time.monotonic() - self._last >= _LINE_SECONDS:
            self._last = time.monotonic()
            self._tell(f"{self._position}{self._stage}, {done} of {self._images} images")

    def say(self, line: str) -> None:
        """Print a line of results."""
        print(line, flush=True)

    def close(self) -> None:
        """Nothing to take away."""

    def _tell(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def progress() -> TerminalProgress | PlainProgress:
    """Return the progress that suits standard error."""
    return TerminalProgress() if sys.stderr.isatty() else PlainProgress()
