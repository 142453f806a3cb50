"""Published checkpoints: found in local folders and the cache by their digest, or fetched."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache as once
from pathlib import Path

from harness.entries.submission import Submission
from harness.errors import InputError
from harness.records import WeightsTable
from harness.store import cache
from harness.store.downloads import FetchError, retrieve

_UNPUBLISHED = (
    "names no published checkpoint: its manifest has no url and sha256 under [weights]; ask its "
    "authors, see its factsheet"
)


def located(submission: Submission, folders: Sequence[Path] = ()) -> Submission:
    """Point `submission` to its checkpoint: in `folders`, where its manifest says, in the cache.

    Folders and cache are searched by the sha256 of the manifest. Raises InputError for a folder
    that does not exist.
    """
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"--weights {folder} is not a folder; name one that holds checkpoints")
    table = submission.manifest.weights
    if table is None or table.sha256 is None:
        return submission
    digest = table.sha256.lower()
    for folder in folders:
        if found := _by_digest(folder).get(digest):
            return replace(submission, found_checkpoint=found)
    cached = _cached(table)
    missing = submission.checkpoint is None or not submission.checkpoint.is_file()
    return (
        replace(submission, found_checkpoint=cached) if missing and cached.is_file() else submission
    )


def fetch(submission: Submission) -> Path:
    """Download the checkpoint of `submission` to the cache, checked by its sha256.

    Returns the file, whole. Raises FetchError where the manifest has no address or no digest, or
    the download fails.
    """
    table, name = submission.manifest.weights, submission.manifest.name
    if table is None or table.url is None or table.sha256 is None:
        raise FetchError(f"{name} {_UNPUBLISHED}")
    target = _cached(table)
    retrieve(
        table.url,
        table.sha256,
        target,
        name=name,
        advice="Put the file in a folder and name that with --weights",
        remedy="correct the manifest, or ask its authors",
    )
    return target


def how_to_get(table: WeightsTable | None) -> str:
    """Say how a checkpoint that is not here can be had: what `fetch` would answer."""
    if table is None or table.url is None or table.sha256 is None:
        return f"it {_UNPUBLISHED}"
    return "`weights fetch` downloads it"


def _cached(table: WeightsTable) -> Path:
    return cache.folder() / "weights" / f"{table.sha256}-{Path(table.path).name}".lower()


@once
def _by_digest(folder: Path) -> Mapping[str, Path]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {hashlib.sha256(file.read_bytes()).hexdigest(): file for file in files}
