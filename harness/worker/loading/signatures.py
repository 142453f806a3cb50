"""What a file is by its first bytes, where it should be a checkpoint."""

import re
import tarfile
import zipfile
from pathlib import Path

from harness.errors import LoadingError

_HEAD = 1024  # bytes, enough to tell what a file is
_LFS = b"version https://git-lfs"
_PICKLE = b"\x80"  # then its protocol, 2 or later
_OTHERS = {
    b"PK": "cut short; fetch it again",  # a ZIP archive's list of its files is at its end
    b"\x1f\x8b": "an archive (gzip), not a checkpoint; unpack it",
    b"BZh": "an archive (bzip2), not a checkpoint; unpack it",
    b"\xfd7zXZ": "an archive (xz), not a checkpoint; unpack it",
    b"7z\xbc\xaf": "an archive (7z), not a checkpoint; unpack it",
    b"Rar!": "an archive (RAR), not a checkpoint; unpack it",
    b"\x89HDF": "an HDF5 file, as TensorFlow writes them; save it by torch.save",
}


def refuse_other(file: Path, name: str) -> None:
    """Raise LoadingError where a file is by its first bytes no checkpoint, and say what it is."""
    if what := _other(file):
        raise LoadingError(f"{name} is {what}")


def is_safetensors(file: Path) -> bool:
    """Tell by the header: its length, then JSON; the name may be any."""
    head = _head(file)
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < file.stat().st_size


def _other(file: Path) -> str:
    head = _head(file)
    if zipfile.is_zipfile(file):
        return _other_archive(file)
    if not head:
        return "empty, not a checkpoint; fetch it again"
    if head.startswith(_PICKLE) or is_safetensors(file) or tarfile.is_tarfile(file):
        return ""
    known = (what for start, what in _OTHERS.items() if head.startswith(start))
    return next(known, "") or _other_text(head) or "not a checkpoint that torch can read"


def _other_archive(file: Path) -> str:
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    if any(name.endswith("/constants.pkl") for name in names):
        return (
            "a TorchScript archive, which holds code as well; save its weights "
            "alone as torch.save(torch.jit.load(...).state_dict(), ...)"
        )
    if any(name.endswith("data.pkl") for name in names):
        return ""
    return f"an archive (ZIP) of {', '.join(names[:3]) or 'nothing'}, not a checkpoint; unpack it"


def _other_text(head: bytes) -> str:
    text = _text(head)
    if head.startswith(_LFS):
        return (
            "the pointer of Git LFS to a checkpoint; fetch the checkpoint itself with "
            "`git lfs pull`"
        )
    if re.match(r"\s*<(!doctype|html|\?xml)", text, re.IGNORECASE):
        return (
            "a web page, which a download brought in place of the checkpoint; download it again "
            "with a browser, and look at its size"
        )
    return "text, not a checkpoint; put the checkpoint in its place" if text else ""


def _text(head: bytes) -> str:
    """Return the text that a file begins with, in UTF-8 or UTF-16; nothing where it is none."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    for cut in range(4):  # the last letter may not be whole
        try:
            text = head[: len(head) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
        return text if all(one.isprintable() or one.isspace() for one in text) else ""
    return ""


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_HEAD)
