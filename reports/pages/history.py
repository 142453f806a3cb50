"""What was done to a folder of results, as its trail tells: a page for organisers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.store import trail
from harness.store.trail import Event, Trail
from reports import units
from reports.pages import templates

_SHORT = 16  # digits of a digest
_UNITS = {
    "params": (units.mega, " M"),
    "flops": (units.giga, " G"),
    "activations": (units.mega, " M"),
}


@dataclass(frozen=True)
class Line:
    """An event as it is shown."""

    at: str
    what: str
    text: str


def write(told: Trail, page: Path, title: str) -> None:
    """Render a trail to `page`."""
    lines = list(_lines(told))
    templates.write("history.html", page, title=title, lines=lines, trail=told)


def _lines(told: Trail) -> Iterator[Line]:
    changed = {id(event): keys for event, keys in trail.rules_changed(told)}
    files: dict[str, str] = {}  # slug -> digest of the files that it was evaluated with
    for event in told.events:
        facts = event.facts
        what = event.what
        if what == "evaluated" and facts.get("slug") in files:
            same = files[facts["slug"]] == facts.get("files")
            what = "scored again" if same else "evaluated, with other files"
        if event.what == "evaluated":
            files[facts.get("slug", "")] = facts.get("files", "")
        if say := _SAYS.get(event.what):
            text = say(facts)
            if keys := changed.get(id(event)):
                text += f"; rules other than before: {', '.join(keys)}"
            yield Line(_moment(event), what, text)


def _moment(event: Event) -> str:
    return event.at[:19].replace("T", " ")


def _begun(facts: Mapping[str, Any]) -> str:
    data = [
        f"{name}: {split.get('images')} images, LR {split.get('lr', '')[:_SHORT]}, "
        f"HR {split.get('hr', '')[:_SHORT]}"
        for name, split in facts.get("splits", {}).items()
    ]
    said = [
        f"{facts.get('command')}",
        f"by {facts.get('user')} on {facts.get('host')}",
        f"program {facts.get('program')}",
        f"isolation {facts.get('isolation')}",
        f"device {facts.get('device')}",
        *data,
    ]
    return "; ".join(said)


def _evaluated(facts: Mapping[str, Any]) -> str:
    figures = [f"{split} {units.db4(db)} dB" for split, db in _numbers(facts.get("psnr_db"))]
    for name, value in _numbers(facts.get("metrics")):
        show, unit = _UNITS.get(name, (units.digits, ""))
        figures.append(f"{name} {show(value)}{unit}")
    status = f"{facts.get('status')}{': ' if facts.get('reason') else ''}{facts.get('reason')}"
    files = str(facts.get("files"))[:_SHORT]
    return "; ".join([str(facts.get("name")), status, *figures, f"files {files or 'unread'}"])


def _numbers(table: Any) -> Iterator[tuple[str, float]]:
    yield from ((name, float(value)) for name, value in (table or {}).items())


def _ranked(facts: Mapping[str, Any]) -> str:
    excluded = [f"{slug}: {why}" for slug, why in facts.get("excluded", {}).items()]
    flagged = [f"{slug}: {', '.join(names)}" for slug, names in facts.get("flags", {}).items()]
    said = [f"{len(facts.get('ranks', {}))} ranked"]
    said += [f"excluded: {'; '.join(excluded)}"] if excluded else []
    said += [f"flagged: {'; '.join(flagged)}"] if flagged else []
    return ". ".join(said)


def _accepted(facts: Mapping[str, Any]) -> str:
    files = str(facts.get("files"))[:_SHORT]
    return (
        f"{facts.get('slug')}, files {files}, is ranked whatever is flagged; {facts.get('command')}"
    )


def _merged(facts: Mapping[str, Any]) -> str:
    runs = [f"{name} ({digest[:_SHORT]})" for name, digest in facts.get("runs", {}).items()]
    return f"{facts.get('command')}; of {', '.join(runs)}"


_SAYS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "begun": _begun,
    "evaluated": _evaluated,
    "ranked": _ranked,
    "accepted": _accepted,
    "merged": _merged,
}
