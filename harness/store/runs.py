"""A finished run on disk: `results.json`, from which all else is rendered."""

import json
from pathlib import Path

from harness.errors import RunError
from harness.records import Run
from harness.records.schema import SchemaError, from_table, to_table
from harness.store import files

SCHEMA_VERSION = 6
RESULTS = "results.json"


def save_run(out: Path, run: Run) -> None:
    """Write `results.json`, from which everything else is rendered."""
    files.write_text(out / RESULTS, json.dumps(to_table(run), allow_nan=False))


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
