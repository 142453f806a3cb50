"""What was done to a folder of results: a line per event, appended and never changed.

Each line holds the digest of the line before it, so that one which was changed, removed or put in
between shows. Who may write to the folder may write it all anew: keep the last line elsewhere,
where that is to be found out as well.
"""

import fcntl
import hashlib
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.records.schema import SchemaError, from_table, to_table

FILE = "trail.jsonl"
_BLOCK = 2**16  # bytes, more than most lines have


@dataclass(frozen=True)
class Event:
    """One line of a trail."""

    at: str  # UTC, ISO 8601
    what: str
    before: str  # sha256 of the line before, as it stands in the file; of nothing for the first
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trail:
    """What the lines of a trail hold."""

    events: tuple[Event, ...] = ()
    broken: tuple[str, ...] = ()  # lines that are not what was written, in words
    cut: tuple[str, ...] = ()  # lines that a process was ended at, in words

    def of_kind(self, what: str) -> list[Event]:
        """Return the events of one kind, first to last."""
        return [event for event in self.events if event.what == what]


def add(out: Path, what: str, **facts: Any) -> None:
    """Append an event to the trail of the folder `out`, in one write."""
    out.mkdir(parents=True, exist_ok=True)
    handle = os.open(out / FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        last = _last_line(handle)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        event = Event(now, what, _digest(last.rstrip(b"\n")), to_table(facts))
        line = json.dumps(to_table(event), allow_nan=False).encode() + b"\n"
        # a line that was cut off stays, by itself
        os.write(handle, line if last.endswith(b"\n") or not last else b"\n" + line)
    finally:
        os.close(handle)


def read(out: Path) -> Trail:
    """Read the trail of the folder `out`; an empty one where there is none."""
    try:
        content = (out / FILE).read_bytes()
    except OSError:
        return Trail()
    *lines, rest = content.split(b"\n")
    events, broken, cut = list[Event](), list[str](), list[str]()
    before = b""
    for number, line in enumerate([*lines, *([rest] if rest else [])], 1):
        event = _event(line)
        if event is None:
            cut.append(f"line {number} is cut off: a process was ended as it wrote it")
        elif event.before != _digest(before):
            broken.append(
                f"line {number} ({event.what}, {event.at}) does not follow on line {number - 1}: "
                "that one was changed, or lines were removed or put in between"
            )
        events += [event] if event else []
        before = line
    return Trail(tuple(events), tuple(broken), tuple(cut))


def rules_changed(trail: Trail) -> Iterator[tuple[Event, list[str]]]:
    """Yield each beginning under another protocol than that before, with the keys that differ."""
    begun = trail.of_kind("begun")
    for earlier, event in itertools.pairwise(begun):
        one, other = (dict(each.facts.get("protocol", {})) for each in (earlier, event))
        keys = sorted(key for key in one | other if one.get(key) != other.get(key))
        if keys:
            yield event, keys


def _event(line: bytes) -> Event | None:
    try:
        return from_table(Event, json.loads(line))
    except (ValueError, RecursionError, SchemaError):
        return None


def _last_line(handle: int) -> bytes:
    """Return the last line of a file, with its end where it has one."""
    size = start = os.fstat(handle).st_size
    block = _BLOCK
    while start:
        start, block = max(0, size - block), 2 * block
        tail = os.pread(handle, size - start, start)
        _, newline, last = tail[:-1].rpartition(b"\n")
        if newline:
            return last + tail[-1:]
        if not start:
            return tail
    return b""


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
