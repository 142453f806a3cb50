"""What of a run may be shown to everyone: no secret of organisers, teams or their machines."""

import re
from dataclasses import replace

from harness.records import Entry, Factsheet, ImageScore, Manifest, Run

_LEFT_OUT = "[left out]"
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# absolute, or from home; quoted ones may hold spaces. The paths of web addresses stay
_QUOTED_PATH = re.compile(r"(['\"])(?:~|[A-Za-z]:)?[/\\][^'\"]*\1")
_PATH = re.compile(r"(?<![\w/:.*])(?:~|[A-Za-z]:)?(?:[/\\][^\s/\\'\"]+){2,}[/\\]?")


def redacted(run: Run) -> Run:
    """Return `run` without names, sizes and pixels of private splits, addresses, logs and paths.

    Images of a private split are numbered in their order. What entries are called stays, as does
    what was measured.
    """
    private = {split.name for split in run.protocol.splits if split.private}
    aliases = {
        (split.name, image): f"{split.name} {number:04}"
        for split in run.splits
        if split.name in private
        for number, image in enumerate(split.images, 1)
    }
    clean = _Clean({image for _, image in aliases})
    return replace(
        run,
        splits=tuple(
            replace(
                split,
                images=tuple(aliases[split.name, i] for i in split.images),
                lr_sizes=(),
                pictures="",
                left_out="",
            )
            if split.name in private
            else split
            for split in run.splits
        ),
        entries=tuple(_entry(entry, aliases, clean) for entry in run.entries),
        command=clean(run.command),
        observed={key: clean(value) for key, value in run.observed.items()},
    )


class _Clean:
    """Takes secrets out of a text."""

    def __init__(self, names: set[str]) -> None:
        stems = {name.rpartition(".")[0] or name for name in names}
        # a bare number may be anything; with its suffix it is a file
        said = {re.escape(stem) + (r"(?:x\d)?\.\w+" if stem.isdigit() else "") for stem in stems}
        longest_first = sorted(said, key=lambda one: (-len(one), one))
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(longest_first) or '(?!)'})")

    def __call__(self, text: str) -> str:
        for pattern in (_ADDRESS, _QUOTED_PATH, _PATH):
            text = pattern.sub(_LEFT_OUT, text)
        return self._names.sub(_LEFT_OUT, text)


def _entry(entry: Entry, aliases: dict[tuple[str, str], str], clean: _Clean) -> Entry:
    return replace(
        entry,
        name=_ADDRESS.sub(_LEFT_OUT, entry.name),
        team=_ADDRESS.sub(_LEFT_OUT, entry.team),
        manifest=_manifest(entry.manifest, clean) if entry.manifest else None,
        scores=tuple(_score(score, aliases) for score in entry.scores),
        failure=entry.failure and replace(entry.failure, reason=clean(entry.failure.reason)),
        flags={flag: clean(text) for flag, text in entry.flags.items()},
        log="",
    )


def _score(score: ImageScore, aliases: dict[tuple[str, str], str]) -> ImageScore:
    return replace(score, image=aliases.get((score.split, score.image), score.image))


def _manifest(manifest: Manifest, clean: _Clean) -> Manifest:
    sheet = {field: clean(text) for field, text in vars(manifest.factsheet).items()}
    return replace(
        manifest,
        model=replace(manifest.model, file=clean(manifest.model.file)),
        weights=manifest.weights and replace(manifest.weights, path=clean(manifest.weights.path)),
        factsheet=Factsheet(**sheet | {"contact": ""}),
    )
