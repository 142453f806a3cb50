"""The method figure that a factsheet names: checked, and kept with the run."""

import hashlib
import io
from pathlib import Path
from xml.etree import ElementTree

import PIL.Image

from harness.entries.submission import Submission
from harness.errors import SubmissionError
from harness.store import files
from harness.store.passes import Store
from harness.worker import regular

_LARGEST = 2 * 2**20  # bytes; it travels inside a page
_SVG = "{http://www.w3.org/2000/svg}svg"


def keep(submission: Submission, store: Store) -> str:
    """Keep `[factsheet] figure` of a submission in the store; return what the store calls it.

    Empty where the manifest names none. Raises SubmissionError where it names no PNG, JPEG or SVG
    picture of at most 2 MiB inside the submission's folder.
    """
    name = submission.manifest.factsheet.figure
    if not name:
        return ""
    content = _content(submission.folder, name)
    kind = _kind(content)
    if not kind:
        raise SubmissionError(
            f"figure {name!r} is not a PNG, JPEG or SVG picture; export it as one"
        )
    file = store.figure(f"{hashlib.sha256(content).hexdigest()}.{kind}")
    files.write_whole(file, lambda stream: stream.write(content))
    return store.name(file)


def _content(folder: Path, name: str) -> bytes:
    try:
        file = (folder / name).resolve()
        if not file.is_relative_to(folder.resolve()):
            raise SubmissionError(
                f"figure {name!r} lies outside the submission's folder; move it there"
            )
        if file.stat().st_size > _LARGEST:
            raise SubmissionError(f"figure {name!r} is larger than 2 MiB; export it smaller")
        return regular.read(file, _LARGEST)
    except (ValueError, RuntimeError):  # a zero byte, a loop of links
        raise SubmissionError(f"figure {name!r} cannot be found; put it there") from None
    except OSError as error:
        raise SubmissionError(
            f"figure {name!r} cannot be read ({error.strerror}); put it there"
        ) from None


def _kind(content: bytes) -> str:
    """Return `png`, `jpeg` or `svg`, by the content alone; empty for anything else."""
    try:
        with PIL.Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
            picture.load()
            return str(picture.format).lower()
    except Exception:  # whatever a damaged picture makes a decoder raise
        pass
    if b"<!ENTITY" in content:  # what it stands for may be far larger than the file
        return ""
    try:
        return "svg" if ElementTree.fromstring(content).tag == _SVG else ""
    except (ElementTree.ParseError, ValueError):
        return ""
