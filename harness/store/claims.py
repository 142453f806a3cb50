"""Who works on which unit: a file each, in a folder that all nodes see.

A claim is renewed while its holder lives. Claims save work and no more: were two to work on one
unit, the store would still end right. A unit whose holder vanished keeps a file of that loss.
"""

import contextlib
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.records.schema import from_table, to_table
from harness.store import files

_CLAIM, _LOST = ".claim", ".lost"  # how the files end
_RENEWALS = 4  # of a claim within a lease


@dataclass(frozen=True)
class Holder:
    """Who took a unit, and how it was lost where it was."""

    job: str = ""  # of the scheduler, with the number of the array's task
    restarts: int = 0  # of that job
    node: str = ""
    lost: str = ""


class Claims:
    """The claims in one folder; `lease_s` seconds without renewal, and a claim is void."""

    def __init__(self, folder: Path, lease_s: float) -> None:
        self._folder, self._lease_s = folder, lease_s
        self._seen: dict[str, tuple[int, float]] = {}  # key -> time of renewal, when first seen

    @contextlib.contextmanager
    def taken(self, key: str, holder: Holder) -> Iterator[bool]:
        """Hold a unit while the block runs; yields whether it was free.

        An error of the block is a loss, and goes no further; an interrupt gives the unit back.
        """
        if not self._take(key, holder):
            yield False
            return
        done = threading.Event()
        threading.Thread(target=self._renew, args=(key, done), daemon=True).start()
        try:
            yield True
        except Exception as error:
            self.lose(key, f"{type(error).__name__}: {error}")
        finally:
            done.set()
            if self.holder(key) == holder:
                self._claim(key).unlink(missing_ok=True)

    def holder(self, key: str) -> Holder | None:
        """Return who holds a unit."""
        return _read(self._claim(key))

    def held(self) -> set[str]:
        """Return the units that somebody holds, from one look at the folder."""
        return {name.removesuffix(_CLAIM) for name in self._names() if name.endswith(_CLAIM)}

    def lost(self) -> Counter[str]:
        """Return how often each unit was lost, from one look at the folder."""
        return Counter(name.partition(".")[0] for name in self._names() if name.endswith(_LOST))

    def lose(self, key: str, why: str) -> None:
        """Note that the holder of a unit is gone, and free the unit."""
        holder = self.holder(key)
        if holder is None:
            return
        name = f"{key}.{holder.job}-{holder.restarts}-{time.time_ns()}{_LOST}"
        lost = to_table(Holder(holder.job, holder.restarts, holder.node, why))
        files.write_text(self._folder / name, json.dumps(lost))
        self._claim(key).unlink(missing_ok=True)

    def losses(self, key: str) -> list[Holder]:
        """Return those who lost a unit, first to last."""
        found = sorted(
            self._folder.glob(f"{key}.*{_LOST}"), key=lambda file: file.stat().st_mtime_ns
        )
        return [holder for file in found if (holder := _read(file))]

    def pardon(self, holder: Holder, why: str) -> None:
        """Forget what earlier starts of the holder's job lost for this reason."""
        for file in self._folder.glob(f"*.{holder.job}-*{_LOST}"):
            lost = _read(file)
            if lost and lost.lost == why and lost.restarts < holder.restarts:
                file.unlink(missing_ok=True)

    def forget(self, key: str) -> None:
        """Forget the losses of a unit."""
        for file in self._folder.glob(f"{key}.*{_LOST}"):
            file.unlink(missing_ok=True)

    def lapsed(self, key: str) -> bool:
        """Tell whether a claim was seen without renewal for a whole lease, by this host's clock."""
        try:
            renewed = self._claim(key).stat().st_mtime_ns
        except FileNotFoundError:
            return False
        last, since = self._seen.get(key, (0, 0.0))
        if renewed != last:
            self._seen[key] = renewed, time.monotonic()
            return False
        return time.monotonic() - since > self._lease_s

    def _names(self) -> list[str]:
        try:
            return [name for name in os.listdir(self._folder) if not name.startswith(".")]  # noqa: PTH208
        except FileNotFoundError:
            return []

    def _take(self, key: str, holder: Holder) -> bool:
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with self._claim(key).open("x", encoding="utf-8") as stream:
                json.dump(to_table(holder), stream)
        except FileExistsError:
            return False
        return True

    def _renew(self, key: str, done: threading.Event) -> None:
        while not done.wait(self._lease_s / _RENEWALS):
            with contextlib.suppress(FileNotFoundError):
                os.utime(self._claim(key))

    def _claim(self, key: str) -> Path:
        return self._folder / f"{key}{_CLAIM}"


def _read(file: Path) -> Holder | None:
    try:
        table: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return from_table(Holder, table)
