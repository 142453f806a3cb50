"""Results on disk, under the digest of everything they depend on, written whole or not at all."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.records.schema import to_table
from harness.store import files

# Raise a pass's version when a change of the code changes what the pass measures.
MEASURING_VERSION = {"build": 1, "inspect": 9, "restore": 4, "time": 8, "pictures": 1}


class Store:
    """The results of finished passes below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root / "store"

    def key(self, pass_name: str, identity: Mapping[str, Any]) -> str:
        """Return the key of a pass: the digest of all that its result depends on."""
        whole = {"pass": pass_name, "version": MEASURING_VERSION[pass_name], **identity}
        return hashlib.sha256(json.dumps(to_table(whole), sort_keys=True).encode()).hexdigest()

    def get(self, pass_name: str, key: str) -> dict[str, Any] | None:
        """Return what was stored under `key`, or None."""
        try:
            content = json.loads(self._file(pass_name, key).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) else None

    def keys(self, pass_name: str) -> set[str]:
        """Return all keys that something is stored under, from one look at the folder."""
        folder = self._root / pass_name
        names = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208 (names alone)
        return {name[:-5] for name in names if name.endswith(".json") and name[0] != "."}

    def put(self, pass_name: str, key: str, content: Mapping[str, Any]) -> None:
        """Store the result of a finished pass."""
        files.write_text(self._file(pass_name, key), json.dumps(to_table(content)))

    def forget(self, pass_name: str, key: str) -> None:
        """Remove what was stored under `key`."""
        self._file(pass_name, key).unlink(missing_ok=True)

    def album(self, pass_name: str, key: str) -> Path:
        """Return the file of the pictures that belong to `key`."""
        return self._file(pass_name, key).with_suffix(".zip")

    def figure(self, name: str) -> Path:
        """Return the file of a method figure, called by the digest of its content."""
        return self._root / "figure" / name

    def name(self, file: Path) -> str:
        """Return what a file of the store is called in `results.json`: its path below the run's."""
        return file.relative_to(self._root.parent).as_posix()

    def _file(self, pass_name: str, key: str) -> Path:
        return self._root / pass_name / f"{key}.json"
