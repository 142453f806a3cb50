"""The files of a submission: one list, made once. It is what is digested, and what a worker gets.

A link is followed where it leads to something inside the folder. One that leaves the folder is
followed for Python code alone, so that blocks may be shared and images may not; what leads
elsewhere is refused by name, as is all that is no regular file. What is left out is not looked at.
"""

import ast
import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from harness.entries.submission import File, Submission
from harness.errors import SubmissionError
from harness.records import FilesTable
from harness.worker.folder import SUBMISSION

CHECKPOINTS = {".pth", ".pt", ".pkl", ".ckpt", ".bin", ".safetensors", ".tar"}  # suffixes
_FOLDERS = {  # of tools, and of what training reads and leaves
    *(".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints"),
    *(".pytest_cache", ".mypy_cache", ".ruff_cache", ".idea", ".vscode"),
    *("datasets", "dataset", "experiments", "results", "wandb", "tb_logger", "runs", "logs"),
}
_SUFFIXES = {
    *(".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp", ".ppm", ".mp4", ".avi"),
    *(".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".lmdb", ".mdb", ".h5", ".mat", ".pdf"),
}
_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_IMPORT = re.compile(rb"^\s*(?:from|import)\b[^#\n]*", re.MULTILINE)
_CURE = "remove it, or leave it out with `exclude` under [files]"


@dataclass(frozen=True)
class Limits:
    """How much one submission may hold."""

    files: int = 10_000  # looked at, those left out not counted
    size: int = 4 * 2**30  # bytes of all that are taken


def listed(
    submission: Submission,
    wanted: Sequence[str] | None = None,
    stand_ins: Sequence[str] = (),
    limits: Limits | None = None,
) -> Submission:
    """Return `submission` with its files, each read once for its sha256.

    Of an official repository these are the paths `wanted`, of which the first, a folder that all
    its entries share, need not be whole. A native submission is lent those of `stand_ins`, packages
    that may be stood in for, that its files import. Raises SubmissionError, which names the file.
    """
    rule, limits = submission.manifest.files, limits or Limits()
    folder, found = submission.folder.resolve(), dict[str, Path]()
    if wanted is None:
        found |= _Walk(folder, rule, limits).below("")
    for number, path in enumerate(wanted or ()):
        found |= _Walk(folder, rule, limits, forgiving=number == 0).below(path)
    found = {f"{SUBMISSION}/{name}": file for name, file in found.items()}
    if not submission.root.is_relative_to(submission.folder):
        rest = _Walk(submission.root.resolve(), rule, limits, code_only=True).below("")
        found |= {f"root/{name}": file for name, file in rest}
    found |= _named(submission)
    submission = replace(submission, files=tuple(_read(found, limits.size)))
    manifest = submission.manifest
    if manifest.official is None:
        manifest = replace(manifest, stand_ins=_imported(found.values(), stand_ins))
    return replace(submission, manifest=manifest)


def _named(submission: Submission) -> Iterator[tuple[str, Path]]:
    """Yield the files that the manifest names; they may lie anywhere, but are of their kind."""
    manifest, checkpoint = submission.manifest, submission.checkpoint
    if manifest.official:
        return
    kinds = {".py"} if manifest.model.format == "python" else {*CHECKPOINTS, ".pt2", ".onnx"}
    named = [(manifest.model.file, submission.staged.model.file, submission.model_file, kinds)]
    staged = submission.staged.weights
    if manifest.weights and staged and checkpoint and os.path.lexists(checkpoint):
        named.append((manifest.weights.path, staged.path, checkpoint, CHECKPOINTS))
    for name, place, file, suffixes in named:
        real = _real(name, file)
        outside = not real.is_relative_to(submission.folder.resolve())
        if outside and real.suffix.lower() not in suffixes:
            raise SubmissionError(
                f"{name!r} lies outside the submission's folder and does not end in "
                f"{' or '.join(sorted(suffixes))}; put a copy into the folder"
            )
        seen_at = os.path.normpath(f"{SUBMISSION}/{place}")
        yield seen_at, real
        if seen_at.startswith("model/"):
            yield from _beside(real)


def _beside(file: Path) -> Iterator[tuple[str, Path]]:
    """Yield what a file outside imports from its own folder: files, packages, and what they do."""
    folder, waiting, seen = file.parent, [file], {file}
    while waiting:
        for name in _imports(waiting.pop()):
            package = sorted((folder / name).rglob("*.py"))
            for other in (folder / f"{name}.py", *package):
                if other.is_file() and other not in seen:
                    seen.add(other)
                    waiting.append(other)
                    yield f"model/{other.relative_to(folder)}", other


def _imports(file: Path) -> Iterator[str]:
    """Yield the first name of each module that a file imports, relatively or not."""
    try:
        nodes = ast.walk(ast.parse(file.read_bytes()))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return  # it is told when it is imported
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from (name.partition(".")[0] for name in names)


def _imported(sources: Collection[Path], packages: Sequence[str]) -> tuple[str, ...]:
    """Return those of `packages` that a Python file seems to import."""
    words = "|".join(map(re.escape, packages)).encode()
    wanted = re.compile(rb"\b(" + words + rb")\b")
    found = {
        name.decode()
        for file in sources
        if words and file.suffix == ".py"
        for line in _IMPORT.findall(file.read_bytes())
        for name in wanted.findall(line)
    }
    return tuple(sorted(found))


class _Walk:
    """Goes through a folder by the rule of its manifest."""

    def __init__(
        self,
        folder: Path,
        rule: FilesTable,
        limits: Limits,
        forgiving: bool = False,
        code_only: bool = False,
    ) -> None:
        self.folder, self.rule, self.limits = folder, rule, limits
        self.forgiving, self.code_only = forgiving, code_only
        self.seen = 0

    def below(self, path: str) -> Iterator[tuple[str, Path]]:
        """Yield name and place of each file at or below `path`; none where nothing is there."""
        if os.path.lexists(self.folder / path):
            yield from self._item(path, self.folder / path, (), narrow=False)

    def _item(
        self, path: str, place: Path, above: tuple[Path, ...], narrow: bool
    ) -> Iterator[tuple[str, Path]]:
        """Yield what is at `place`; `narrow` where only what is included counts."""
        narrow = narrow or _is_usually_left_out(place)
        if self._left_out(path, narrow):
            return
        self.seen += 1
        if self.seen > self.limits.files:
            raise SubmissionError(
                f"its folder holds more than {self.limits.files} files, {path!r} and others; "
                "leave folders out with `exclude` under [files], or allow more with --entry-files"
            )
        real = _real(path, place)
        inside = real.is_relative_to(self.folder)
        taken = False
        if real.is_dir():
            if real in above or (path and self.folder.is_relative_to(real)):
                raise SubmissionError(f"{path!r} is a link to a folder that holds it; {_CURE}")
            for found in self._children(path, real, (*above, real), narrow):
                taken = True
                yield found
        elif (inside and not self.code_only) or real.suffix == ".py":
            taken = True
            yield path, real
        if place.is_symlink() and not inside and not taken:
            raise SubmissionError(
                f"{path!r} is a link that leaves the submission's folder for what is no Python "
                "code; put a copy there, or leave it out with `exclude` under [files]"
            )

    def _children(
        self, name: str, folder: Path, above: tuple[Path, ...], narrow: bool
    ) -> Iterator[tuple[str, Path]]:
        try:
            children = sorted(os.listdir(folder))  # noqa: PTH208 (names alone, in one call)
        except OSError as error:
            raise _unreadable(name or str(folder), error) from None
        for child in children:
            path = f"{name}/{child}" if name else child
            try:
                yield from self._item(path, folder / child, above, narrow)
            except SubmissionError:
                if not self.forgiving:
                    raise

    def _left_out(self, path: str, narrow: bool) -> bool:
        if _matches(path, self.rule.exclude):
            return True
        leading = any(pattern.startswith(f"{path}/") for pattern in self.rule.include)
        return narrow and not leading and not _matches(path, self.rule.include)


def _is_usually_left_out(place: Path) -> bool:
    """Tell whether `place` is named as data are, or what tools leave; a package is code."""
    package = os.path.isfile(place / "__init__.py")  # noqa: PTH113 (of odd files it is false)
    return place.suffix.lower() in _SUFFIXES or (place.name in _FOLDERS and not package)


def _matches(path: str, patterns: Sequence[str]) -> bool:
    """Tell whether `path` fits a pattern, or lies below a folder that does; `*` takes slashes."""
    stems = [pattern.rstrip("/") for pattern in patterns]
    return any(fnmatchcase(path, p) or fnmatchcase(path, f"{p}/*") for p in stems)


def _real(name: str, place: Path) -> Path:
    """Return what lies at `place`, links followed; a folder or a regular file, or it is refused."""
    try:
        real = Path(os.path.realpath(place, strict=True))
        kind = stat.S_IFMT(real.stat().st_mode)
    except FileNotFoundError:
        raise SubmissionError(f"{name!r} is a link to nothing; {_CURE}") from None
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    if kind not in (stat.S_IFDIR, stat.S_IFREG):
        raise SubmissionError(f"{name!r} is {_KINDS.get(kind, 'no file')}; {_CURE}")
    return real


def _read(found: dict[str, Path], most: int) -> Iterator[File]:
    total = 0
    for name, place in sorted(found.items()):
        shown = name.removeprefix(f"{SUBMISSION}/")
        try:
            with open(place, "rb", opener=_without_waiting) as stream:
                facts = os.fstat(stream.fileno())
                if not stat.S_ISREG(facts.st_mode):
                    raise SubmissionError(f"{shown!r} is no regular file; {_CURE}")
                total += facts.st_size
                if total > most:
                    raise SubmissionError(
                        f"its files are larger than {most / 2**30:.3g} GiB together, {shown!r} "
                        "and others; leave some out with `exclude` under [files], or allow more "
                        "with --entry-gib"
                    )
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise _unreadable(shown, error) from None
        yield File(name, place, sha256)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _unreadable(name: str, error: Exception) -> SubmissionError:
    why = getattr(error, "strerror", None) or str(error)
    return SubmissionError(f"{name!r} cannot be read ({why}); make it readable, or {_CURE}")
