"""The archive that a team hands in: its files with their digests, whole in one folder."""

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

from harness.entries.manifest import MANIFEST
from harness.entries.submission import Submission
from harness.errors import InputError
from harness.store import files

DIGESTS = "SHA256SUMS"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # of every member, so that the same files give the same archive


def pack(submission: Submission, to: Path) -> tuple[Path, str]:
    """Write `<slug>.zip` to `to`; return it and its sha256.

    Files from outside the folder lie beside the manifest, which names them there. Raises
    InputError for an official entry, or where the checkpoint is not here.
    """
    if submission.manifest.official:
        raise InputError(f"{submission.folder} is a repository; `import` an entry of it first")
    if submission.checkpoint and not submission.checkpoint.is_file():
        raise InputError(f"{submission.slug} lacks its checkpoint {submission.checkpoint.name}")
    members, manifest = {}, (submission.folder / MANIFEST).read_text(encoding="utf-8")
    model, weights = submission.manifest.model, submission.manifest.weights
    outside = {"model": model.file, "weights": weights.path if weights else ""}
    for file in submission.files:
        room, _, inside = file.name.partition("/")
        if room in outside:
            manifest = manifest.replace(json.dumps(outside[room]), json.dumps(inside))
        if inside in members:
            raise InputError(f"{submission.slug} has two files that would be {inside}; rename one")
        members[inside] = file.source.read_bytes()
    members[MANIFEST] = manifest.encode()
    sums = (f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in sorted(members.items()))
    members[DIGESTS] = ("\n".join(sums) + "\n").encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as stream:
        for name, data in sorted(members.items()):
            stream.writestr(
                zipfile.ZipInfo(os.fspath(Path(submission.slug) / name), _LONG_AGO), data
            )
    target = to / f"{submission.slug}.zip"
    files.write_whole(target, lambda stream: stream.write(archive.getvalue()))
    return target, hashlib.sha256(archive.getvalue()).hexdigest()
