"""A folder with a `submission.toml` -> Submission, and the digest of its files."""

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError, SubmissionError
from harness.records import METRICS, Manifest
from harness.schema import SchemaError, from_table
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
    """A folder whose manifest cannot be used: a row of its own in the report."""

    slug: str
    folder: Path
    error: SubmissionError


def discover(paths: Sequence[Path]) -> list[Submission | BrokenSubmission]:
    """Find the submissions that `paths` name: submission folders, or folders of them.

    Raises InputError where a path holds none, or where two submissions claim one id.
    """
    folders = [folder for path in paths for folder in _folders(path)]
    found: list[Submission | BrokenSubmission] = []
    taken: set[str] = set()
    for folder in dict.fromkeys(folder.resolve() for folder in folders):
        slug = _free_slug(folder.name, taken)
        try:
            found.append(Submission(slug, folder, read_manifest(folder)))
        except SubmissionError as error:
            found.append(BrokenSubmission(slug, folder, error))
    _refuse_shared_ids([s for s in found if isinstance(s, Submission)])
    return found


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

    Names enter relative to the folder, so that a moved submission keeps its digest.
    """
    hasher = hashlib.sha256()
    for name, file in sorted(_files(submission)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        hasher.update(f"{name}\0{content}\n".encode())
    return hasher.hexdigest()


def _files(submission: Submission) -> Iterator[tuple[str, Path]]:
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
    if (path / MANIFEST).is_file():
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
        (not manifest.name.strip(), "name is empty; give the name that tables show"),
        (model.data_range <= 0, f"model.data_range is {model.data_range}; it must be above 0"),
        (model.scale < 1, f"model.scale is {model.scale}; it must be 1 or more"),
        (model.multiple_of < 1, f"model.multiple_of is {model.multiple_of}; it must be 1 or more"),
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
