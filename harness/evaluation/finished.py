"""Recognises a run that came to its end before, by one file beside its store.

So a run over thousands of finished entries opens none of their outcomes.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import harness
from harness.entries.submission import BrokenSubmission, Submission, digest
from harness.evaluation.bench import Bench
from harness.evaluation.timing import timing_depends
from harness.records.schema import to_table
from harness.store import files
from harness.store.passes import MEASURING_VERSION

_FILE = "finished.json"
_APART = {_FILE, ".lock", "jobs"}  # what is in a run's folder, and says nothing of its results
_STATED = ("protocol", "device", "budget_minutes", "precision")  # of a bench


def keep(
    out: Path, found: Sequence[Submission | BrokenSubmission], bench: Bench, said: dict[str, str]
) -> None:
    """Write down that the run of `found` on `bench` is finished, and what was said of it."""
    content = {"seal": _seal(out, found, bench), "said": said}
    files.write_text(out / _FILE, json.dumps(content))


def said(
    out: Path, found: Sequence[Submission | BrokenSubmission], bench: Bench
) -> dict[str, str] | None:
    """Return what was said of this very run when it ended; None where anything is different."""
    if bench.fresh or bench.retry_failed or bench.keep_sr:  # SR images may have been removed
        return None
    try:
        content: Any = json.loads((out / _FILE).read_text(encoding="utf-8"))
        if content["seal"] == _seal(out, found, bench):
            return {str(key): str(text) for key, text in content["said"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def _seal(out: Path, found: Sequence[Submission | BrokenSubmission], bench: Bench) -> str:
    """Digest all that the run depends on, and the times of what it left.

    A folder's time changes with every file that is put into it, replaced or removed.
    """
    left = {path.name: path for path in out.iterdir() if path.name not in _APART}
    left |= {f"store/{path.name}": path for path in (out / "store").iterdir()}
    whole = {
        "program": [harness.__version__, MEASURING_VERSION],
        "bench": {name: getattr(bench, name) for name in _STATED},
        "splits": [split.info() for split in bench.splits],
        "timing": timing_depends(bench) if bench.protocol.timing.rounds else {},
        "identity": bench.identity,
        "isolation": bench.jail.level,
        "entries": [_entry(one) for one in found],
        "left": {name: path.stat().st_mtime_ns for name, path in left.items()},
    }
    return hashlib.sha256(json.dumps(to_table(whole), sort_keys=True).encode()).hexdigest()


def _entry(found: Submission | BrokenSubmission) -> list[Any]:
    if isinstance(found, BrokenSubmission):
        return [found.slug, found.name, found.id, str(found.error)]
    return [found.slug, digest(found), found.manifest, _figure(found)]


def _figure(submission: Submission) -> list[int]:
    """Return size and time of the method's figure, which no digest of the entry covers."""
    try:
        status = (submission.folder / submission.manifest.factsheet.figure).stat()
    except (OSError, ValueError):
        return []
    return [status.st_size, status.st_mtime_ns]
