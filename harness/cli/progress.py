"""How far a run is: one live bar on a terminal, plain lines elsewhere."""

import math
import sys
import time
from typing import Never

from tqdm import tqdm

_LINE_SECONDS = 10.0


class TerminalProgress:
    """One bar that follows the work from stage to stage."""

    def __init__(self) -> None:
        self._position = ""
        self._bar: tqdm[Never] = tqdm(total=0, unit="image", dynamic_ncols=True, leave=False)

    def opening(self, split: str, done: int, of: int) -> None:
        """Say how many images of a split are open."""
        if done == 1:
            self.begin(split, "opening", of)
        self.advance(done)

    def at(self, number: int, of: int, left_s: float | None = None) -> None:
        """Say which entry or round comes next, and how long all may still take."""
        self._position = _position(number, of, left_s)

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
        self._position, self._stage, self._images = "", "", 0
        self._last = time.monotonic()

    def opening(self, split: str, done: int, of: int) -> None:
        """Say how many images of a split are open, where it takes long."""
        self._stage, self._images = f"{split}: opening", of
        self.advance(done)

    def at(self, number: int, of: int, left_s: float | None = None) -> None:
        """Say which entry or round comes next, and how long all may still take."""
        self._position = _position(number, of, left_s)

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


def _position(number: int, of: int, left_s: float | None) -> str:
    left = "" if left_s is None else f", {math.ceil(left_s / 60)} min left"
    return f"[{number}/{of}{left}] "


def progress() -> TerminalProgress | PlainProgress:
    """Return the progress that suits standard error."""
    return TerminalProgress() if sys.stderr.isatty() else PlainProgress()
