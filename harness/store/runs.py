"""A finished run on disk: `results.json`, from which all else is rendered."""

import hashlib
import json
from pathlib import Path

from harness.errors import RunError
from harness.records import Run
from harness.records.schema import SchemaError, from_table, to_table
from harness.store import files, trail

SCHEMA_VERSION = 8
RESULTS = "results.json"


def save_run(out: Path, run: Run) -> None:
    """Write `results.json`, from which everything else is rendered, and say so in the trail."""
    text = json.dumps(to_table(run), allow_nan=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    # said first: a process that is ended between the two leaves the file of the event before
    trail.add(out, "results", sha256=digest, unfinished=run.unfinished)
    files.write_text(out / RESULTS, text)


def as_written(out: Path) -> bool:
    """Tell whether `results.json` is as a program wrote it last, by the trail."""
    written = [event.facts.get("sha256") for event in trail.read(out).of_kind("results")]
    return digest_of(out) in written[-2:]


def digest_of(out: Path) -> str:
    """Return the sha256 of the `results.json` of a run, given its folder or the file."""
    return hashlib.sha256((out / RESULTS if out.is_dir() else out).read_bytes()).hexdigest()


def load_run(out: Path) -> Run:
    """Read a finished run. Raises RunError."""
    file = out / RESULTS if out.is_dir() else out
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{out} holds no {RESULTS}; name the --out folder of a run") from None
    except (ValueError, RecursionError) as error:
        raise RunError(f"{file} is not valid JSON ({error}); run the challenge again") from None
    version = table.get("schema_version") if isinstance(table, dict) else None
    if version != SCHEMA_VERSION:
        raise RunError(
            f"{file} has schema version {version}, this program reads {SCHEMA_VERSION}; "
            "run the challenge again with this program"
        )
    try:
        return from_table(Run, table)
    except SchemaError as error:
        raise RunError(f"{file} is not a run of this program: {error}") from None
