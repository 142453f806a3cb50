"""One submission: inspect, restore and score; each pass from the store where it is there."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.entries import illustration
from harness.entries.submission import BrokenSubmission, Submission, digest
from harness.errors import SubmissionError
from harness.evaluation import building, inspecting
from harness.evaluation.bench import Bench, NotStoredError, result, with_outcome
from harness.evaluation.scoring import kept, restore_pass
from harness.evaluation.timing import restored_splits
from harness.images.datasets import SplitData
from harness.machines import environment
from harness.records import (
    Build,
    Entry,
    Failure,
    ImageScore,
    Inspection,
    Machine,
    Outcome,
    Restoration,
)
from harness.records.schema import to_table
from harness.statistics.flags import flags_of
from harness.statistics.sameness import counted_otherwise
from harness.store import album


@dataclass(frozen=True)
class Lacking:
    """What the store lacks of an evaluation."""

    entry: Entry  # as far as it is known
    inspection: bool
    splits: tuple[SplitData, ...] = ()  # to be restored and scored


def lacking(found: Submission | BrokenSubmission, bench: Bench) -> Lacking:
    """Look what an evaluation would measure, without measuring or writing anything."""
    entry = _begun(found, bench)
    if isinstance(found, BrokenSubmission) or entry.status != "ok":
        return Lacking(entry, inspection=False)
    if found.manifest.build:
        with contextlib.suppress(NotStoredError):
            entry = _built(entry, found, replace(bench, measuring=False))
        if entry.status != "ok":
            return Lacking(entry, inspection=False)
    outcome = _stored_inspection(entry, bench)
    if outcome:
        entry = _inspected(entry, found, outcome, bench)
        if entry.status != "ok":
            return Lacking(entry, inspection=False)
    keys = _restore_keys(entry, bench)
    outcomes = {name: bench.look_up("restore", key) for name, key in keys.items()}
    for stored in filter(None, outcomes.values()):
        entry = with_outcome(entry, stored)
    return Lacking(entry, outcome is None, tuple(_missing(outcomes, found, bench)))


def evaluate(found: Submission | BrokenSubmission, bench: Bench) -> Entry:
    """Inspect, restore and score one submission; timing comes later, across entries."""
    entry = examined(found, bench)
    if isinstance(found, BrokenSubmission) or entry.status != "ok":
        return entry
    return _restore(entry, found, bench)


def examined(found: Submission | BrokenSubmission, bench: Bench) -> Entry:
    """Inspect one submission."""
    entry = _begun(found, bench)
    if isinstance(found, BrokenSubmission) or entry.status != "ok":
        return entry
    if found.manifest.build:
        entry = _built(entry, found, bench)
        if entry.status != "ok":
            return entry
    return _inspect(_illustrated(entry, found, bench), found, bench)


def _begun(found: Submission | BrokenSubmission, bench: Bench) -> Entry:
    """Return the entry as its files alone make it: failed or skipped where they decide that."""
    if isinstance(found, BrokenSubmission):
        failure = Failure(found.error.stage, str(found.error))
        name = found.name or found.slug
        return Entry(found.slug, name, id=found.id, status="failed", failure=failure)
    manifest = found.manifest
    entry = Entry(
        found.slug,
        name=manifest.shown_name,
        id=manifest.id,
        team=manifest.team,
        manifest=manifest,
        digest=digest(found),
    )
    if manifest.model.scale != bench.protocol.scale:
        reason = f"its scale is {manifest.model.scale}, the protocol's is {bench.protocol.scale}"
        return replace(entry, status="skipped", failure=Failure("manifest", reason))
    return entry


def _built(entry: Entry, submission: Submission, bench: Bench) -> Entry:
    """Compile what an entry brings; one whose twin can be measured instead is not skipped."""
    reason = building.refused(submission.manifest, bench.device)
    if reason and submission.manifest.official:
        return replace(entry, flags=entry.flags | {"not-built": reason})
    if reason:
        return replace(entry, status="skipped", failure=Failure("build", reason))
    outcome, _ = bench.built(submission)
    built = result(Build, outcome)
    if built:
        text = f"compiled here from its sources: {', '.join(built.files)}"
        entry = replace(entry, flags=entry.flags | {"compiled": text})
    return with_outcome(entry, outcome)


def _illustrated(entry: Entry, submission: Submission, bench: Bench) -> Entry:
    try:
        return replace(entry, figure=illustration.keep(submission, bench.store))
    except SubmissionError as error:
        return replace(entry, flags=entry.flags | {"figure": str(error)})


def _inspect(entry: Entry, submission: Submission, bench: Bench) -> Entry:
    outcome = _stored_inspection(entry, bench)
    if outcome is None:
        outcome = inspecting.inspect(submission, bench, _counted_pictures(entry, bench))
        bench.store.put("inspect", _inspect_key(entry, bench), to_table(outcome))
    return _inspected(entry, submission, outcome, bench)


def _stored_inspection(entry: Entry, bench: Bench) -> Outcome | None:
    outcome = bench.look_up("inspect", _inspect_key(entry, bench))
    whole = outcome and inspecting.is_whole(outcome, _counted_pictures(entry, bench))
    return outcome if whole else None


def _counted_pictures(entry: Entry, bench: Bench) -> Path:
    return bench.store.album("inspect", _inspect_key(entry, bench))


def _inspected(entry: Entry, submission: Submission, outcome: Outcome, bench: Bench) -> Entry:
    inspection = result(Inspection, outcome)
    entry = with_outcome(entry, outcome, inspection=inspection)
    if inspection is None:
        return entry
    official = bench.protocol.counter.name
    flags = flags_of(inspection, submission.manifest, official)
    entry = replace(entry, flags=entry.flags | flags)
    if not inspection.complete:
        measured = "costs are" if bench.protocol.complexity.output else "complexity is"
        failure = Failure("load", _no_checkpoint(submission, f"only its {measured} measured"))
        return replace(entry, status="partial", failure=failure)
    return entry


def _restore(entry: Entry, submission: Submission, bench: Bench) -> Entry:
    """Restore the splits that are not in the store, in one pass; keep each split's part."""
    keys = _restore_keys(entry, bench)
    outcomes = {name: bench.look_up("restore", key) for name, key in keys.items()}
    if missing := _missing(outcomes, submission, bench):
        assert entry.inspection
        pictures = _counted_pictures(entry, bench)
        counted = inspecting.counted_images(entry.inspection, pictures, bench)
        for name, (outcome, crops) in restore_pass(submission, missing, counted, bench).items():
            if crops:
                album.write(bench.store.album("restore", keys[name]), crops)
            outcomes[name] = outcome
            bench.store.put("restore", keys[name], to_table(outcome))
    for split in restored_splits(bench):
        done = outcomes[split.name]
        assert done is not None
        entry = with_outcome(entry, done, scores=entry.scores + _named(done, split))
        if restoration := result(Restoration, done):
            entry = replace(entry, restorations=entry.restorations | {split.name: restoration})
        if restoration and split.scorable:
            kept_as = bench.store.name(bench.store.album("restore", keys[split.name]))
            entry = replace(entry, pictures=entry.pictures | {split.name: kept_as})
    return replace(entry, flags=entry.flags | counted_otherwise(entry.restorations.values()))


def _missing(
    outcomes: Mapping[str, Outcome | None], submission: Submission, bench: Bench
) -> list[SplitData]:
    """Return the splits that are to be restored, by what the store holds of each."""
    return [
        split
        for split in restored_splits(bench)
        if (outcome := outcomes[split.name]) is None
        or not (outcome.failure or _images(outcome) == len(split.pairs))
        or _wanted(outcome, submission, split, bench)
    ]


def _images(outcome: Outcome) -> int:
    """Return how many images of its split a stored outcome is of."""
    restoration = result(Restoration, outcome)
    return len(outcome.scores) or (len(restoration.unscored) if restoration else 0)


def _wanted(outcome: Outcome, submission: Submission, split: SplitData, bench: Bench) -> bool:
    """Tell whether SR images are to be kept that are not there, as their scores are."""
    if bench.keep_sr is None or outcome.failure or not split.scorable:
        return False
    files = (kept(bench.keep_sr, submission, split.name, pair) for pair in split.pairs)
    return not all(file.is_file() for file in files)


def _named(outcome: Outcome, split: SplitData) -> tuple[ImageScore, ...]:
    """Give stored scores the names that split and images have now; keys depend on pixels alone."""
    if outcome.failure or not split.scorable:
        return ()
    pairs = zip(split.pairs, outcome.scores, strict=True)
    return tuple(replace(score, split=split.name, image=pair.name) for pair, score in pairs)


def _stable(entry: Entry, bench: Bench) -> dict[str, Any]:
    """Return what every pass of an entry depends on."""
    return {
        "submission": entry.digest,
        "switches": bench.protocol.switches,
        "scale": bench.protocol.scale,
    }


def key(submission: Submission, bench: Bench) -> str:
    """Return what names an evaluation, on whichever machine it is made."""
    anywhere = replace(bench, machine=Machine())
    entry = Entry(submission.slug, submission.manifest.shown_name, digest=digest(submission))
    scored = _restore_keys(entry, anywhere).values()
    return bench.store.key("restore", {"evaluation": [_inspect_key(entry, anywhere), *scored]})


def _inspect_key(entry: Entry, bench: Bench) -> str:
    depends = {
        "input_size": bench.protocol.cost_size,
        "counters": environment.counters(),
        "ordinary_lr": inspecting.depends(bench),
    }
    return bench.store.key("inspect", _stable(entry, bench) | depends)


def _restore_keys(entry: Entry, bench: Bench) -> dict[str, str]:
    return {one.name: _restore_key(entry, one, bench) for one in restored_splits(bench)}


def _restore_key(entry: Entry, split: SplitData, bench: Bench) -> str:
    depends = {
        "lr": split.lr_digest,
        "hr": split.hr_digest,
        "border": bench.protocol.border,
        "ssim": bench.protocol.ssim,
        "rounded_luma": bench.protocol.rounded_luma,
        "identity": bench.identity,
        "counted": _inspect_key(entry, bench),
    }
    return bench.store.key("restore", _stable(entry, bench) | depends)


def _no_checkpoint(submission: Submission, measured: str) -> str:
    weights = submission.manifest.weights
    if weights is None:
        return f"it has no [weights]: {measured}; name its checkpoint"
    how = f"fetch it from {weights.url}" if weights.url else "put it there"
    return f"its checkpoint {weights.path} is not there: {measured}; {how}"
