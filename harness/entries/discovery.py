"""From paths to submissions: folders, folders of them, official repositories."""

import difflib
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness.entries import closure, files, repository
from harness.entries.checkpoints import located
from harness.entries.files import Limits
from harness.entries.manifest import MANIFEST, read_manifest
from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError, SubmissionError

Asked = int | tuple[str, int]  # an id, or a repository's name and its id


def discover(
    paths: Sequence[Path],
    ids: Collection[Asked] = (),
    stand_ins: Iterable[str] = (),
    weights: Sequence[Path] = (),
    tell: Callable[[str], None] = lambda line: None,
    *,
    build: bool = False,
    limits: Limits | None = None,
) -> list[Submission | BrokenSubmission]:
    """Find the submissions that `paths` name, and their checkpoints, in `weights` too.

    A path is a submission folder, an official repository, or a folder of such; of repositories,
    `ids` alone where some are given. An entry that several repositories have alike, as forks have
    the baseline, is taken once; others of one id are named after their repository, from the second
    on. `stand_ins` are packages that are not installed and may be stood in for. `tell` is given a
    line on what is left out; `build` lets the operators of official entries be compiled. `limits`
    say how much one submission may hold.
    Raises InputError where a path holds none, or where two submissions claim one id.
    """
    folders = list(dict.fromkeys(folder.resolve() for path in paths for folder in _folders(path)))
    asked = _asked(_labels([one for one in folders if not _is_native(one)]), ids)
    found: list[Submission | BrokenSubmission] = []
    taken: set[str] = set()
    lent = tuple(stand_ins)
    holders = _Holders(tell)
    for folder in (one for one in folders if _is_native(one)):
        slug = _free_slug(folder.name, taken)
        try:
            submission = located(Submission(slug, folder, read_manifest(folder)), weights)
            holders.claim(submission)
            found.append(files.listed(submission, stand_ins=lent, limits=limits))
        except SubmissionError as error:
            found.append(BrokenSubmission(slug, folder, error))
    for folder, (label, numbers) in asked.items():
        for entry in repository.entries(folder, numbers, lent, build):
            if entry.manifest is None and entry.error is None:
                tell(f"id {entry.id} of {label} is a placeholder, an empty branch; it is left out")
            elif one := holders.settled(_official(folder, entry, limits), label):
                found.append(replace(one, slug=_free_slug(one.slug, taken)))
    return sorted(found, key=lambda one: folders.index(one.folder))


def _official(
    folder: Path, entry: repository.OfficialEntry, limits: Limits | None
) -> Submission | BrokenSubmission:
    error = entry.error
    try:
        if entry.manifest:
            submission = Submission(entry.name, folder, entry.manifest)
            return files.listed(submission, entry.paths, limits=limits)
    except SubmissionError as raised:
        error = raised
    assert error
    return BrokenSubmission(entry.name, folder, error, entry.name, entry.id)


class _Holders:
    """Who has which id."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._holders: dict[int, tuple[str, Submission | BrokenSubmission]] = {}

    def claim(self, native: Submission) -> None:
        """Give a native submission its id. Raises InputError where another one has it."""
        number = native.manifest.id
        if number is None:
            return
        if number in self._holders:
            raise InputError(
                f"id {number} is claimed by {self._holders[number][1].folder} and by "
                f"{native.folder}; give one of them another id in its {MANIFEST}"
            )
        self._holders[number] = native.slug, native

    def settled(
        self, one: Submission | BrokenSubmission, label: str
    ) -> Submission | BrokenSubmission | None:
        """Return an official entry as it is called in this run, or None where it is there."""
        number = one.manifest.id if isinstance(one, Submission) else one.id
        assert number is not None
        owner, holder = self._holders.setdefault(number, (label, one))
        if holder is one:
            return one
        if _are_same(one, holder):
            self._tell(f"id {number} of {label} is that of {owner}; it is measured once")
            return None
        if isinstance(one, BrokenSubmission):
            name = f"{label}:{one.name}"
            return replace(one, slug=name, name=name, id=None)
        name = f"{label}:{one.manifest.name}"
        return replace(one, slug=name, manifest=replace(one.manifest, name=name, id=None))


def _are_same(one: Submission | BrokenSubmission, other: Submission | BrokenSubmission) -> bool:
    if isinstance(one, BrokenSubmission) or isinstance(other, BrokenSubmission):
        return False
    return bool(other.manifest.official) and closure.same(one, other)


def _asked(
    labels: Mapping[Path, str], ids: Collection[Asked]
) -> dict[Path, tuple[str, Collection[int]]]:
    """Return of each repository how it is called and which of its ids are asked for.

    One that is asked of a repository by name is taken of no other. Raises InputError for an id that
    is nowhere.
    """
    known = {folder: repository.ids(folder) for folder in labels}
    if not ids:
        return {folder: (label, known[folder]) for folder, label in labels.items()}
    named = dict(one for one in map(_split, ids) if one[1])
    wanted: dict[Path, list[int]] = {folder: [] for folder in labels}
    for number, name in map(_split, ids):
        folders = [f for f in labels if not name or str(f).endswith(f"/{name.strip('/')}")]
        if not folders and labels:
            listed = ", ".join(labels.values())
            raise InputError(f"--ids names the repository {name!r}, which is not among {listed}")
        holding = [folder for folder in folders if number in known[folder]]
        if not holding and labels:
            listed = "; ".join(
                f"{folder} has no id {number}; it has {', '.join(map(str, sorted(known[folder])))}"
                for folder in folders
            )
            raise InputError(listed)
        for folder in holding:
            if name or number not in named:
                wanted[folder].append(number)
    return {folder: (labels[folder], numbers) for folder, numbers in wanted.items()}


def _split(asked: Asked) -> tuple[int, str]:
    return (asked, "") if isinstance(asked, int) else (asked[1], asked[0])


def _labels(folders: Sequence[Path]) -> dict[Path, str]:
    """Name repositories by their folders, and by those above too where names are the same."""
    often = Counter(folder.name for folder in folders)
    return {f: f.name if often[f.name] == 1 else f"{f.parent.name}/{f.name}" for f in folders}


def _folders(path: Path) -> list[Path]:
    if _is_entry(path):
        return [path]
    if not path.is_dir():
        raise InputError(f"{path} is not a folder; name a submission folder or a folder of them")
    if lacking := repository.lacking(path):
        raise InputError(f"{path} looks like a fork of the challenge's repository, but {lacking}")
    folders = sorted(folder for folder in path.iterdir() if _is_entry(folder))
    if not folders:
        near = difflib.get_close_matches(MANIFEST, [p.name for p in path.iterdir()], n=1)
        advice = f"rename {near[0]} to {MANIFEST}" if near else f"add a {MANIFEST}"
        raise InputError(f"{path} holds no submission; {advice} (see the README)")
    return folders


def _is_entry(folder: Path) -> bool:
    return _is_native(folder) or repository.main_file(folder) is not None


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
