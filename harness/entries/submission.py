"""A submission on disk, and the digest of its files."""

import hashlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import SubmissionError
from harness.records import Manifest
from harness.records.schema import to_table


@dataclass(frozen=True)
class File:
    """A regular file of a submission."""

    name: str  # where a worker finds it, below its private folder
    source: Path  # where it is, links followed
    sha256: str


@dataclass(frozen=True)
class Submission:
    """One submission on disk. `slug` names its files and is unique in a run."""

    slug: str
    folder: Path
    manifest: Manifest
    found_checkpoint: Path | None = None  # where it is, if not where the manifest says
    files: tuple[File, ...] = ()  # all that is digested, and all that a worker is given

    @property
    def model_file(self) -> Path:
        """Return the Python file of the network; it may lie outside the folder."""
        return self.folder / self.manifest.model.file

    @property
    def root(self) -> Path:
        """Return the folder that the network's packages lie in."""
        return Path(os.path.normpath(self.folder / self.manifest.model.root))

    @property
    def checkpoint(self) -> Path | None:
        """Return where the checkpoint is or should be, or None without `[weights]`."""
        weights = self.manifest.weights
        if weights is None or self.found_checkpoint:
            return self.found_checkpoint
        return self.folder / weights.path

    @property
    def staged(self) -> Manifest:
        """Return the manifest as a worker reads it: what lies outside the folder is beside it."""
        model, weights = self.manifest.model, self.manifest.weights
        model = replace(
            model, file=self._staged(model.file, "model"), root=self._staged(model.root, "model")
        )
        if weights:
            weights = replace(weights, path=self._staged(weights.path, "weights"))
        return replace(self.manifest, model=model, weights=weights)

    def _staged(self, path: str, room: str) -> str:
        place = Path(os.path.normpath(self.folder / path))
        if place.is_relative_to(self.folder):
            return place.relative_to(self.folder).as_posix()
        if place.is_relative_to(self.root):
            return f"../root/{place.relative_to(self.root)}"
        return f"../{room}/{place.name}"


@dataclass(frozen=True)
class BrokenSubmission:
    """One that cannot be used: a row of its own in the report."""

    slug: str
    folder: Path
    error: SubmissionError
    name: str = ""
    id: int | None = None


def digest(submission: Submission) -> str:
    """Return the sha256 over names and contents of the submission's files.

    Names are those that a worker sees, so that a moved submission keeps its digest. What the
    harness knows of an official entry has no file, and enters as it is.
    """
    hasher = hashlib.sha256()
    manifest = submission.manifest
    known = to_table(manifest) if manifest.official else to_table(manifest.stand_ins)
    if known:
        hasher.update(json.dumps(known, sort_keys=True).encode())
    for file in submission.files:
        hasher.update(os.fsencode(f"{file.name}\0{file.sha256}\n"))
    return hasher.hexdigest()
