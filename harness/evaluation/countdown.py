"""How long the timing of a check takes: said before it begins, and before every round."""

from collections.abc import Callable

from harness.evaluation.bench import Bench

_WARMING = 3  # passes over a size before it is timed, about
START_S = 5.0  # of a process with PyTorch and its network, about


class Countdown:
    """A progress that passes everything on, and tells the time left before every round."""

    def __init__(
        self, bench: Bench, tell: Callable[[str], None], others: int, image_s: float | None
    ) -> None:
        """`image_s` is what restoring an image took, where it is known; `others` bracket rounds."""
        self._shown, self._now, self._tell = bench.progress, bench.now, tell
        self._began = bench.now()
        self._round_s = None if image_s is None else (1 + 2 * others) * _visit_s(bench, image_s)

    def say(self, line: str) -> None:
        """Say nothing: a check says what its timing takes itself."""

    def at(self, number: int, of: int, left_s: float | None = None) -> None:
        """Tell the time left, at first by the estimate, then by the rounds that were made."""
        if number > 1:
            self._round_s = (self._now() - self._began) / (number - 1)
        left = "" if self._round_s is None else f", {_about(self._round_s * (of - number + 1))}"
        self._tell(f"timing, round {number} of {of}{left}")
        self._shown.at(number, of)

    def begin(self, entry: str, stage: str, images: int) -> None:
        """Pass on that a stage begins."""
        self._shown.begin(entry, stage, images)

    def advance(self, done: int) -> None:
        """Pass on how many images are done."""
        self._shown.advance(done)


def _visit_s(bench: Bench, image_s: float) -> float:
    pairs = [pair for split in bench.splits for pair in split.pairs]
    sizes = {(pair.lr.height, pair.lr.width) for pair in pairs}
    passes = len(pairs) * (bench.protocol.timing.sweeps + 1) + _WARMING * len(sizes)
    return START_S + passes * image_s


def _about(seconds: float) -> str:
    return f"about {seconds / 60:.0f} min" if seconds > 90 else f"about {max(seconds, 1):.0f} s"
