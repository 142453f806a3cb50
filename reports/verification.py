"""A stored run held to its trail and its raw samples: what is not as it would be made now."""

import csv
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import reports
from harness.ranking.leaderboard import of_run
from harness.records import Entry, Run
from harness.statistics import estimates, scrutiny
from harness.statistics.flags import flags_of
from harness.statistics.sameness import counted_otherwise
from harness.store import trail
from harness.store.runs import RESULTS, as_written

_NAMES = ("entry", "id", "name", "split", "image")  # columns that say which row it is
Rows = dict[tuple[str, ...], dict[str, str]]


@dataclass
class Verdict:
    """What was found."""

    compared: int = 0  # figures
    differing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # to know, and no difference

    def compare(self, place: str, stored: object, recomputed: object) -> None:
        """Hold one figure to what it should be."""
        self.compared += 1
        if stored != recomputed:
            one, other = (value or "nothing" for value in (stored, recomputed))
            self.differing.append(f"{place}: {one} is stored, {other} is right")


def verify(run: Run, out: Path) -> Verdict:
    """Recompute what `run`, stored in the folder `out`, says beyond its raw samples.

    That is: the drift of every round, the flags of inspections and visits, and the report with
    its tables, which is rendered anew elsewhere. A flag that needs to know what the device can do
    (`impossible-time`) is not.
    """
    verdict = Verdict()
    _hold_to_trail(out, verdict)
    for entry in run.entries:
        _check_flags(run, entry, verdict)
    _check_drifts(run, verdict)
    with tempfile.TemporaryDirectory() as folder:
        reports.render(run, of_run(run), Path(folder), out)
        _compare_files(Path(folder), out, verdict)
    return verdict


def _hold_to_trail(out: Path, verdict: Verdict) -> None:
    told = trail.read(out)
    if not told.events:
        verdict.differing.append(f"{trail.FILE} is not there, or empty: nothing says what was run")
        return
    verdict.differing += [f"{trail.FILE}, {text}" for text in told.broken]
    verdict.notes += [f"{trail.FILE}, {text}" for text in told.cut]
    if not as_written(out):
        verdict.differing.append(f"{RESULTS} is not as the program wrote it, by {trail.FILE}")
    for event, keys in trail.rules_changed(told):
        verdict.notes.append(f"rules changed on {event.at}: {', '.join(keys)}")


# ------------------------------------------------------------ results.json


def _check_flags(run: Run, entry: Entry, verdict: Verdict) -> None:
    found: dict[str, str] = {}
    if entry.inspection and entry.manifest:
        found |= flags_of(entry.inspection, entry.manifest, run.protocol.counter.name)
    found |= counted_otherwise(entry.restorations.values())
    if entry.timing:
        protocol = run.protocol
        around = scrutiny.Circumstances(protocol.timing.noise, protocol.cost_size, protocol.scale)
        found |= scrutiny.of_visits(entry, entry.timing.visits, around)
    for flag in found:
        stored = flag if flag in entry.flags else ""
        verdict.compare(f"{RESULTS}, {entry.name}, flags", stored, flag)


def _check_drifts(run: Run, verdict: Verdict) -> None:
    ms: dict[tuple[int, int, str], float] = {}
    for entry in run.entries:
        for made in entry.timing.visits if entry.timing else ():
            ms[made.session, made.round, made.place] = estimates.visit_ms(made.visit.samples_ms)
    for done in run.rounds:
        start, end = (ms.get((done.session, done.number, place)) for place in ("start", "end"))
        if done.drifts and start and end:
            place = f"{RESULTS}, drift of round {done.number + 1} of session {done.session + 1}"
            verdict.compare(place, str(done.drifts[-1]), str(end / start - 1))


# ------------------------------------------------------------ the report


def _compare_files(made: Path, out: Path, verdict: Verdict) -> None:
    for file in sorted(path for path in made.rglob("*") if path.is_file()):
        name = file.relative_to(made).as_posix()
        try:
            stored = (out / name).read_bytes()
        except OSError:
            verdict.differing.append(f"{name} is not there; render the report")
            continue
        if file.suffix == ".csv":
            _compare_tables(name, _rows(out / name), _rows(file), verdict)
        elif stored != file.read_bytes():
            verdict.differing.append(f"{name} is not what the run's samples give")
    for page in sorted((out / "report").rglob("*.html")):
        if not (made / page.relative_to(out)).is_file():
            verdict.differing.append(f"{page.relative_to(out)} is a page of no entry of the run")


def _compare_tables(name: str, stored: Rows, right: Rows, verdict: Verdict) -> None:
    for key in [*right, *(key for key in stored if key not in right)]:
        one, other = stored.get(key, {}), right.get(key, {})
        called = " ".join(part for part in key if part)
        for column in [*other, *(column for column in one if column not in other)]:
            verdict.compare(f"{name}, {called}, {column}", one.get(column), other.get(column))


def _rows(file: Path) -> Rows:
    """Read a table's rows by what names them, and their number where that is not one's alone."""
    found: Rows = {}
    seen = Counter[tuple[str, ...]]()
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        for row in csv.DictReader(stream):
            key = tuple(row.get(column) or "" for column in _NAMES)
            seen[key] += 1
            found[(*key, str(seen[key]) if seen[key] > 1 else "")] = row
    return found
