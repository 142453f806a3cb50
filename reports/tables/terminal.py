"""The leaderboard as text for a terminal."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from harness.ranking.leaderboard import Leaderboard
from reports.tables.columns import main_columns

_GAP = 2  # letters between columns
_NAME = 20  # letters that a name keeps
# what a narrow terminal goes without, the first ones first; a track's column by its first word
_SPARED = (
    *("status", "team", "eligible", "track", "activations", "energy_mj", "memory_mib"),
    *("ahead_of_next", "runtime_official_ms", "id", "flops", "params", "psnr"),
)


def table(leaderboard: Leaderboard, width: int = 0) -> str:
    """Return the ranked table, then what a reader must know of entries and ranking.

    Where `width` letters are given, columns are left out until it fits, and named.
    """
    columns = main_columns(leaderboard)
    texts = {one.key: [one.heading, *map(one.text, leaderboard.rows)] for one in columns}
    spared = list(_spared(texts, width))
    kept = [column for column in columns if column.key not in spared]
    lines = aligned([texts[column.key] for column in kept], [column.number for column in kept])
    if spared:
        left_out = ", ".join(column.heading for column in columns if column.key in spared)
        lines += ["", *wrap(f"Not shown for want of room: {left_out}.", width)]
    return "\n".join([*lines, *_remarks(leaderboard)])


def _spared(texts: dict[str, list[str]], width: int) -> Iterator[str]:
    """Yield the keys of the columns to leave out; names are cut where that is not enough."""
    wide = {key: max(map(len, cells)) for key, cells in texts.items()}
    for spared in _SPARED:
        for key in [key for key in texts if key == spared or key.startswith(f"{spared}_")]:
            if not width or sum(wide.values()) + _GAP * (len(wide) - 1) <= width:
                return
            yield key
            del wide[key]
    over = sum(wide.values()) + _GAP * (len(wide) - 1) - width
    if width and over > 0:
        room = max(_NAME, wide["name"] - over)
        texts["name"][:] = [
            name if len(name) <= room else f"{name[: room - 1]}…" for name in texts["name"]
        ]


def aligned(columns: Sequence[Sequence[str]], numbers: Sequence[bool]) -> list[str]:
    """Return the lines of a table from its columns, each with its heading first."""
    padded = []
    for cells, number in zip(columns, numbers, strict=True):
        width = max(map(len, cells))
        pad = str.rjust if number else str.ljust
        padded.append([pad(cells[0], width), "-" * width, *(pad(c, width) for c in cells[1:])])
    return ["  ".join(line).rstrip() for line in zip(*padded, strict=True)]


def _remarks(leaderboard: Leaderboard) -> list[str]:
    remarks = list(leaderboard.notes)
    for row in leaderboard.rows:
        name = row.figures.name
        if row.standing.reason:
            remarks.append(f"{name}: {row.standing.reason}")
        remarks.extend(f"{name}: [{flag}] {text}" for flag, text in row.doubts.items())
    notes = sum(len(row.flags) - len(row.doubts) for row in leaderboard.rows)
    if notes:
        remarks.append(f"The report has {notes} note{'s' if notes > 1 else ''} on entries.")
    return ["", *remarks] if remarks else []
