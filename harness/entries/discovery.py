"""From paths to submissions: folders, folders of them, official repositories."""

import difflib
import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from harness.entries import files, repository
from harness.entries.checkpoints import located
from harness.entries.files import Limits
from harness.entries.manifest import MANIFEST, read_manifest
from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError, SubmissionError


def discover(
    paths: Sequence[Path],
    ids: Collection[int] = (),
    stand_ins: Iterable[str] = (),
    weights: Sequence[Path] = (),
    *,
    limits: Limits | None = None,
) -> list[Submission | BrokenSubmission]:
    """Find the submissions that `paths` name, and their checkpoints, in `weights` too.

    A path is a submission folder, a folder of them, or an official repository; of the last, `ids`
    alone where some are given. `stand_ins` are packages that are not installed and may be stood in
    for. `limits` say how much one submission may hold.
    Raises InputError where a path holds none, or where two submissions claim one id.
    """
    found: list[Submission | BrokenSubmission] = []
    taken: set[str] = set()
    lent = tuple(stand_ins)
    for folder in dict.fromkeys(folder.resolve() for path in paths for folder in _folders(path)):
        if not _is_native(folder):
            listed = repository.entries(folder, ids, lent)
            found += [_official(folder, entry, taken, limits) for entry in listed]
            continue
        slug = _free_slug(folder.name, taken)
        try:
            submission = located(Submission(slug, folder, read_manifest(folder)), weights)
            found.append(files.listed(submission, stand_ins=lent, limits=limits))
        except SubmissionError as error:
            found.append(BrokenSubmission(slug, folder, error))
    _refuse_shared_ids([s for s in found if isinstance(s, Submission)])
    return found


def _official(
    folder: Path, entry: repository.OfficialEntry, taken: set[str], limits: Limits | None
) -> Submission | BrokenSubmission:
    slug = _free_slug(entry.name, taken)
    error = entry.error
    try:
        if entry.manifest:
            submission = Submission(slug, folder, entry.manifest)
            return files.listed(submission, entry.paths, limits=limits)
    except SubmissionError as raised:
        error = raised
    assert error
    return BrokenSubmission(slug, folder, error, entry.name, entry.id)


def _folders(path: Path) -> list[Path]:
    if _is_native(path) or repository.is_repository(path):
        return [path]
    if not path.is_dir():
        raise InputError(f"{path} is not a folder; name a submission folder or a folder of them")
    folders = sorted(folder for folder in path.iterdir() if _is_native(folder))
    if not folders:
        near = difflib.get_close_matches(MANIFEST, [p.name for p in path.iterdir()], n=1)
        advice = f"rename {near[0]} to {MANIFEST}" if near else f"add a {MANIFEST}"
        raise InputError(f"{path} holds no submission; {advice} (see the README)")
    return folders


def _is_native(folder: Path) -> bool:
    return os.path.lexists(folder / MANIFEST)  # whatever it is: what it cannot be, it is told


def _free_slug(name: str, taken: set[str]) -> str:
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "entry"
    slug, number = stem, 1
    while slug.casefold() in taken:
        number += 1
        slug = f"{stem}-{number}"
    taken.add(slug.casefold())
    return slug


def _refuse_shared_ids(submissions: Sequence[Submission]) -> None:
    holders: dict[int, Submission] = {}
    for submission in submissions:
        number = submission.manifest.id
        if number is None:
            continue
        if number in holders:
            raise InputError(
                f"id {number} is claimed by {holders[number].folder} and by {submission.folder}; "
                f"give one of them another id in its {MANIFEST}"
            )
        holders[number] = submission
