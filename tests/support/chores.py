"""Units of work for a cluster that take seconds, and write down every time that they are begun."""

import hashlib
import time
from dataclasses import dataclass
from typing import ClassVar

from harness.records.schema import to_table


@dataclass(frozen=True)
class Chore:
    """Waits; the first time it may wait longer, or take memory, or raise."""

    name: str
    seconds: float = 1.0
    first_seconds: float = 0.0
    hoards: bool = False
    raises: bool = False
    timed: ClassVar[bool] = False

    def key(self, bench):
        return hashlib.sha256(self.name.encode()).hexdigest()

    def failed(self, bench):
        return False

    def measure(self, bench):
        folder = bench.store.album("chores", self.name).parent
        folder.mkdir(parents=True, exist_ok=True)
        first = not list(folder.glob(f"{self.name}.*"))
        (folder / f"{self.name}.{time.time_ns()}").write_text("begun")
        if self.raises:
            raise OSError("no space left on device")
        hoard = [bytearray(b"x" * 2**28) for _ in range(12)] if self.hoards else []
        end = time.monotonic() + (self.first_seconds if first else 0) + self.seconds
        while time.monotonic() < end:
            time.sleep(0.05)
        del hoard
        bench.store.put("chores", self.name, {"site": to_table(bench.machine.site)})


def begun(bench, name):
    """Return how often a chore was begun."""
    return len(list(bench.store.album("chores", name).parent.glob(f"{name}.*"))) - done(bench, name)


def done(bench, name):
    """Tell whether a chore was done."""
    return bench.store.get("chores", name) is not None
