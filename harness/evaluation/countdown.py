"""How long the timing of a check takes: said before it begins, and before every round."""

from collections.abc import Callable

from harness.evaluation.bench import Bench


class Countdown:
    """A progress that passes everything on, and tells the time left before every round."""

    def __init__(self, bench: Bench, tell: Callable[[str], None], round_s: float) -> None:
        """`round_s` is what a round may take."""
        self._shown, self._now, self._tell = bench.progress, bench.now, tell
        self._began, self._round_s = bench.now(), round_s

    def say(self, line: str) -> None:
        """Say nothing: a check says what its timing takes itself."""

    def at(self, number: int, of: int, left_s: float | None = None) -> None:
        """Tell the time left, at first by the estimate, then by the rounds that were made."""
        if number > 1:
            self._round_s = (self._now() - self._began) / (number - 1)
        left = about(self._round_s * (of - number + 1))
        self._tell(f"timing, round {number} of {of}, {left}")
        self._shown.at(number, of)

    def begin(self, entry: str, stage: str, images: int) -> None:
        """Pass on that a stage begins."""
        self._shown.begin(entry, stage, images)

    def advance(self, done: int) -> None:
        """Pass on how many images are done."""
        self._shown.advance(done)


def about(seconds: float) -> str:
    """Print a duration that is not known well: `about 40 s`, `about 12 min`, `about 3.5 h`."""
    if seconds > 2 * 3600:
        return f"about {seconds / 3600:.1f} h"
    return f"about {seconds / 60:.0f} min" if seconds > 90 else f"about {max(seconds, 1):.0f} s"
