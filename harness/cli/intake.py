"""`submissions status`: what each team handed in, and whether it is ready."""

import argparse
import csv
import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import harness
from harness import cli, protocols
from harness.cli.check import checked
from harness.cli.inputs import stand_ins
from harness.cli.progress import PlainProgress, TerminalProgress, progress
from harness.entries.discovery import discover
from harness.entries.files import Limits
from harness.entries.submission import BrokenSubmission, Submission, digest
from harness.errors import InputError
from harness.store import cache, files
from harness.store.passes import Store
from harness.uploads import archive
from reports.tables.csv_table import text_of
from reports.tables.terminal import aligned

IDS = "anonymous-ids.csv"
_COLUMNS = ("team", "name", "kind", "date", "digest", "verdict", "to_fix")
_HEADINGS = ("Team", "Entry", "Handed in as", "Date (UTC)", "Digest", "Verdict")
_SHOWN = 12  # digits of a digest


@dataclass(frozen=True)
class _Handed:
    """One entry that a team handed in."""

    team: str  # its folder's or its ZIP file's name, or an anonymous id
    name: str
    kind: str
    date: str
    digest: str  # of its files, as in a run; empty where they cannot be read
    to_fix: tuple[str, ...]

    @property
    def verdict(self) -> str:
        return "ready" if not self.to_fix else "not ready" if self.digest else "unusable"


def command(options: argparse.Namespace) -> int:
    """Print a line for each entry, then what is to be fixed; fail where something is."""
    folder: Path = options.folder
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; name the one that holds what teams handed in")
    items = [item for item in sorted(folder.iterdir()) if not archive.is_litter(item.name)]
    teams = [item for item in items if item.is_dir() or item.suffix.lower() == ".zip"]
    teams = [item for item in teams if not item.name.startswith(".")]
    if not teams:
        raise InputError(f"{folder} holds neither a folder nor a ZIP file of a team")
    protocols.load_scales(options.protocol)
    shown = progress()
    try:
        handed = list[_Handed]()
        for number, item in enumerate(teams, 1):
            shown.at(number, len(teams))
            handed += _of_team(item, options, shown)
    finally:
        shown.close()
    handed = list(_compared(handed))
    if options.anonymous:
        handed = _anonymous(handed, folder)
    _print(handed)
    beside = [one.name for one in items if one not in teams and one.name != IDS]
    if beside:
        print(f"\nNot looked at, as neither folder nor ZIP file: {', '.join(beside)}")
    if options.csv:
        rows = [
            vars(one) | {"verdict": one.verdict, "to_fix": "; ".join(one.to_fix)} for one in handed
        ]
        files.write_text(options.csv, text_of(_COLUMNS, rows))
        print(f"\nTable: {options.csv}")
    return cli.SOMETHING_FAILED if any(one.to_fix for one in handed) else cli.OK


def _of_team(
    item: Path, options: argparse.Namespace, shown: TerminalProgress | PlainProgress
) -> Iterator[_Handed]:
    """Check what one team handed in, unpacked meanwhile; one that cannot be read has its line."""
    kind = "folder" if item.is_dir() else "ZIP file"
    bare = _Handed(item.stem if kind == "ZIP file" else item.name, "", kind, _date(item), "", ())
    try:
        with _opened(item) as folder:
            found = discover([folder], (), stand_ins(refused=False), options.weights)
            for one in found:
                if isinstance(one, BrokenSubmission):
                    fault = _without(str(one.error), folder)
                    yield replace(bare, name=one.name or one.slug, to_fix=(fault,))
                    continue
                to_fix = tuple(_without(text, folder) for text in _faults(one, options, shown))
                name = one.manifest.shown_name
                yield replace(bare, name=name, digest=digest(one), to_fix=to_fix)
    except InputError as error:
        yield replace(bare, to_fix=(str(error),))


@contextmanager
def _opened(item: Path) -> Iterator[Path]:
    """Give the folder that holds a submission: the item, or the one inside an archive."""
    most = Limits()
    advice = ": pack the network and its checkpoint alone"
    limits = archive.Limits(most.files, most.size, advice.removeprefix(": "), advice)
    with nullcontext(item) if item.is_dir() else archive.unpacked(item, limits) as folder:
        inner = [one for one in folder.iterdir() if not archive.is_litter(one.name)]
        yield inner[0] if len(inner) == 1 and inner[0].is_dir() else folder


def _faults(
    one: Submission, options: argparse.Namespace, shown: TerminalProgress | PlainProgress
) -> list[str]:
    """Return what `check` finds to fix, from the cache where it checked these files before."""
    store = Store(cache.folder())
    told = {
        "digest": digest(one),
        "protocol": protocols.load_scales(options.protocol),
        "device": options.device,
        "harness": harness.__version__,
    }
    key = store.key("inspect", told)
    kept = None if options.fresh else store.get("verdict", key)
    if kept is None:
        verdict, _ = checked(one, options, shown)
        kept = {"to_fix": verdict.to_fix}
        store.put("verdict", key, kept)
    return [str(text) for text in kept["to_fix"]]


def _without(text: str, folder: Path) -> str:
    """Return a sentence with names of files as the team knows them."""
    return text.replace(f"{folder}/", "").replace(str(folder), "it")


def _date(item: Path) -> str:
    """Return when the newest of its files was written, to the minute."""
    every = [one for one in item.rglob("*") if one.is_file()] if item.is_dir() else []
    newest = max((one.stat().st_mtime for one in every), default=item.stat().st_mtime)
    return datetime.fromtimestamp(newest, UTC).strftime("%Y-%m-%d %H:%M")


def _compared(handed: Sequence[_Handed]) -> Iterator[_Handed]:
    """Tell of files that several teams handed in."""
    holders = defaultdict(list)
    for one in handed:
        if one.digest:
            holders[one.digest].append(one)
    for one in handed:
        same = [other.team for other in holders[one.digest] if other is not one]
        text = f"its files are those of {', '.join(same)}"
        yield replace(one, to_fix=(*one.to_fix, text)) if same else one


def _anonymous(handed: Sequence[_Handed], folder: Path) -> list[_Handed]:
    """Put ids in place of teams and of names; those given before stay."""
    file, given = folder / IDS, dict[str, str]()
    if file.is_file():
        with file.open(newline="", encoding="utf-8") as stream:
            given = {row["team"]: row["id"] for row in csv.DictReader(stream)}
    for team in dict.fromkeys(one.team for one in handed):
        while team not in given:
            drawn = f"team-{secrets.token_hex(2)}"
            if drawn not in given.values():
                given[team] = drawn
    rows = [{"team": team, "id": one} for team, one in given.items()]
    files.write_text(file, text_of(("team", "id"), rows))

    def hidden(text: str) -> str:
        for team in sorted(given, key=len, reverse=True):
            text = text.replace(team, given[team])
        return text

    return [
        replace(
            one, team=given[one.team], name="–", to_fix=tuple(hidden(text) for text in one.to_fix)
        )
        for one in handed
    ]


def _print(handed: Sequence[_Handed]) -> None:
    rows = [
        (one.team, one.name or "–", one.kind, one.date, one.digest[:_SHOWN] or "–", one.verdict)
        for one in handed
    ]
    columns = list(zip(_HEADINGS, *rows, strict=True))
    print("\n".join(aligned(columns, [False] * len(_HEADINGS))))
    for one in handed:
        if one.to_fix:
            print(f"\n{one.team}{f', {one.name}' if one.name.strip('–') else ''}:")
            print("\n".join(f"  {number}. {text}" for number, text in enumerate(one.to_fix, 1)))
    ready = sum(not one.to_fix for one in handed)
    print(f"\n{ready} of {len(handed)} are ready.")
