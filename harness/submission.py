"""A folder with a `submission.toml`, or an official repository -> Submissions; their digests."""

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import repository
from harness.errors import InputError, SubmissionError
from harness.records import METRICS, Manifest, ModelTable
from harness.schema import SchemaError, from_table, to_table
from harness.table import PSNR

MANIFEST = "submission.toml"
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


def discover(
    paths: Sequence[Path], ids: Collection[int] = (), stand_ins: Iterable[str] = ()
) -> list[Submission | BrokenSubmission]:
    """Find the submissions that `paths` name.

    A path is a submission folder, a folder of them, or an official repository; of the last, `ids`
    alone where some are given, with `stand_ins` for packages that are not installed.
    Raises InputError where a path holds none, or where two submissions claim one id.
    """
    found: list[Submission | BrokenSubmission] = []
    taken: set[str] = set()
    for folder in dict.fromkeys(folder.resolve() for path in paths for folder in _folders(path)):
        if repository.is_repository(folder):
            listed = repository.entries(folder, ids, stand_ins)
            found += [_official(folder, entry, taken) for entry in listed]
            continue
        slug = _free_slug(folder.name, taken)
        try:
            found.append(Submission(slug, folder, read_manifest(folder)))
        except SubmissionError as error:
            found.append(BrokenSubmission(slug, folder, error))
    _refuse_shared_ids([s for s in found if isinstance(s, Submission)])
    return found


def _official(
    folder: Path, entry: repository.OfficialEntry, taken: set[str]
) -> Submission | BrokenSubmission:
    slug = _free_slug(entry.name, taken)
    if entry.manifest:
        return Submission(slug, folder, entry.manifest, files=entry.files)
    assert entry.error
    return BrokenSubmission(slug, folder, entry.error, entry.name, entry.id)


def read_manifest(folder: Path) -> Manifest:
    """Read and check `folder`/submission.toml. Raises SubmissionError."""
    file = folder / MANIFEST
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        manifest = from_table(Manifest, table)
    except FileNotFoundError:
        raise SubmissionError(f"{folder} has no {MANIFEST}; add one (see the README)") from None
    except UnicodeDecodeError:
        raise SubmissionError(f"{file} is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SubmissionError(f"{file} is not valid TOML: {error}") from None
    except SchemaError as error:
        raise SubmissionError(f"{file}: {error}") from None
    _check_values(file, manifest)
    return manifest


def digest(submission: Submission) -> str:
    """Return the sha256 over the folder's files and the shared files that the manifest names.

    Names enter relative to the folder, so that a moved submission keeps its digest. What the
    harness knows of an official entry has no file, and enters as it is.
    """
    hasher = hashlib.sha256()
    if submission.manifest.official:
        hasher.update(json.dumps(to_table(submission.manifest), sort_keys=True).encode())
    for name, file in sorted(_files(submission)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        hasher.update(f"{name}\0{content}\n".encode())
    return hasher.hexdigest()


def _files(submission: Submission) -> Iterator[tuple[str, Path]]:
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


def _folders(path: Path) -> list[Path]:
    if (path / MANIFEST).is_file() or repository.is_repository(path):
        return [path]
    if not path.is_dir():
        raise InputError(f"{path} is not a folder; name a submission folder or a folder of them")
    folders = sorted(folder for folder in path.iterdir() if (folder / MANIFEST).is_file())
    if not folders:
        near = difflib.get_close_matches(MANIFEST, [p.name for p in path.iterdir()], n=1)
        advice = f"rename {near[0]} to {MANIFEST}" if near else f"add a {MANIFEST}"
        raise InputError(f"{path} holds no submission; {advice} (see the README)")
    return folders


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


def _check_values(file: Path, manifest: Manifest) -> None:
    model = manifest.model
    foreign = [key for key in manifest.claimed if key not in METRICS and not PSNR.fullmatch(key)]
    faults = [
        (manifest.official is not None, "[official] is not for manifests; remove it"),
        (not manifest.name.strip(), "name is empty; give the name that tables show"),
        (model.data_range <= 0, f"model.data_range is {model.data_range}; it must be above 0"),
        (model.scale < 1, f"model.scale is {model.scale}; it must be 1 or more"),
        (model.multiple_of < 1, f"model.multiple_of is {model.multiple_of}; it must be 1 or more"),
        *_tile_faults(model),
        (
            not (file.parent / model.file).is_file(),
            f"model.file {model.file!r} does not exist; name the network's Python file",
        ),
        (
            bool(foreign),
            f"claimed has {', '.join(map(repr, foreign))}, which is no figure of the report; "
            f"known: psnr_S_db of a split S, {', '.join(METRICS)}",
        ),
    ]
    for wrong, sentence in faults:
        if wrong:
            raise SubmissionError(f"{file}: {sentence}")


def _tile_faults(model: ModelTable) -> list[tuple[bool, str]]:
    tile, overlap, multiple = model.tile, model.tile_overlap, model.multiple_of
    if tile is None:
        return [
            (
                overlap != ModelTable.tile_overlap,
                "model.tile_overlap is given without model.tile; add the side of the tiles",
            )
        ]
    return [
        (tile < 1, f"model.tile is {tile}; it must be 1 or more"),
        (
            not 0 <= overlap < tile,
            f"model.tile_overlap is {overlap} (32 unless given); "
            f"it must be 0 or more and below model.tile, {tile}",
        ),
        (
            multiple > 1 and tile % multiple > 0,
            f"model.tile {tile} is not a multiple of model.multiple_of, {multiple}; correct one",
        ),
    ]
