"""A submission on disk, and the digest of its files."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import SubmissionError
from harness.records import Manifest
from harness.records.schema import to_table

_DIGESTED_ELSEWHERE = {"__pycache__", ".git"}


@dataclass(frozen=True)
class Submission:
    """One submission on disk. `slug` names its files and is unique in a run."""

    slug: str
    folder: Path
    manifest: Manifest
    found_checkpoint: Path | None = None  # where it is, if not where the manifest says
    files: tuple[str, ...] | None = None  # of the folder, all that belongs to it; None: everything

    @property
    def model_file(self) -> Path:
        """Return the Python file of the network; it may lie outside the folder."""
        return (self.folder / self.manifest.model.file).resolve()

    @property
    def checkpoint(self) -> Path | None:
        """Return where the checkpoint is or should be, or None without `[weights]`."""
        weights = self.manifest.weights
        if weights is None or self.found_checkpoint:
            return self.found_checkpoint
        return (self.folder / weights.path).resolve()


@dataclass(frozen=True)
class BrokenSubmission:
    """One whose manifest cannot be used: a row of its own in the report."""

    slug: str
    folder: Path
    error: SubmissionError
    name: str = ""
    id: int | None = None


def digest(submission: Submission) -> str:
    """Return the sha256 over the folder's files and the shared files that the manifest names.

    Names enter relative to the folder, so that a moved submission keeps its digest. What the
    harness knows of an official entry has no file, and enters as it is.
    """
    hasher = hashlib.sha256()
    if submission.manifest.official:
        hasher.update(json.dumps(to_table(submission.manifest), sort_keys=True).encode())
    for name, file in sorted(files_of(submission)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        hasher.update(f"{name}\0{content}\n".encode())
    return hasher.hexdigest()


def files_of(submission: Submission) -> Iterator[tuple[str, Path]]:
    """Yield the name, as the manifest or the folder has it, and the place of every file."""
    if submission.files is not None:
        yield from ((name, submission.folder / name) for name in submission.files)
        return
    for file in submission.folder.rglob("*"):
        relative = file.relative_to(submission.folder)
        if file.is_file() and not _DIGESTED_ELSEWHERE.intersection(relative.parts):
            yield relative.as_posix(), file
    manifest, checkpoint = submission.manifest, submission.checkpoint
    shared = [(manifest.model.file, submission.model_file)]
    if manifest.weights and checkpoint:
        shared.append((manifest.weights.path, checkpoint))
    for name, file in shared:
        if file.is_file() and not file.is_relative_to(submission.folder):
            yield name, file
