"""`run --dry-run`: what would be measured, what the store has, how long the rest may take."""

from harness.evaluation.countdown import about
from harness.evaluation.evaluate import Lacking
from harness.evaluation.outlook import Outlook
from reports.tables.terminal import aligned

_HEADINGS = ("Entry", "Costs", "Images to restore", "Status")


def text(outlook: Outlook, rounds: int) -> str:
    """Return a table of the entries, what is left of the `rounds` of timing, and the estimate."""
    rows = [_HEADINGS, *map(_row, outlook.entries)]
    lines = aligned(list(zip(*rows, strict=True)), [False, False, True, False])
    timing = "" if outlook.sessions else "Nothing is timed."
    for session, lacking in outlook.sessions:
        names = len(session.crew) + bool(session.baseline)
        have = f"the store has {max(0, rounds - lacking)}"
        timing += f"Timing of {names} entries: {rounds} rounds, {have}. "
    left = [
        f"{about(seconds)} of {what}"
        for seconds, what in (
            (outlook.evaluation_s, "evaluation"),
            (outlook.timing_s, "timing"),
        )
        if seconds
    ]
    takes = " and ".join(left)
    said = f"To be measured: {takes}, by a model." if left else "The store has all of it."
    return "\n".join([*lines, "", timing.strip(), said, "Nothing was measured or written."])


def _row(one: Lacking) -> tuple[str, ...]:
    entry = one.entry
    failure = f": {entry.failure.reason}" if entry.failure else ""
    if entry.status == "ok" and not one.inspection:
        inspected = "stored"
    else:
        inspected = "to count" if one.inspection else "–"
    images = sum(len(split.pairs) for split in one.splits)
    unfinished = one.inspection or one.splits
    status = "to measure" if unfinished else f"{entry.status}{failure}"
    return entry.name, inspected, str(images) if images else "–", status
