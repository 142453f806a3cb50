"""Tables for the paper, in the style of the challenge reports: booktabs, rank as subscript."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.ranking.leaderboard import Leaderboard, Row
from harness.records import Run
from harness.store import files
from reports.tables.columns import Column, track_columns
from reports.tables.factsheet import claimed, headings, measured
from reports.tables.notes import Notes

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "–": "--",
    "≥": r"$\geq$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "−": "$-$",
    **{character: "\\" + character for character in "&%$#_{}"},
}
_PACKAGES = "% needs \\usepackage[T1]{fontenc}, and textcomp, array, booktabs and graphicx\n"
_TEXT = r">{\raggedright\arraybackslash}p{2.5cm}"  # of 8.4, as columns of papers are wide
_FITTED = (  # to the line, then to the page
    r"\ifdim\wd0>\linewidth\sbox0{\resizebox{\linewidth}{!}{\usebox0}}\fi"
    r"\noindent\ifdim\dimexpr\ht0+\dp0\relax>.9\textheight\resizebox*{!}{.9\textheight}{\usebox0}"
    r"\else\usebox0\fi\par"
)
_LONG = 14  # letters that fit a column of text
_ENDLESS = 24  # letters without a joint: no word that anybody reads
_JOINTS = "_-/.:"  # where longer words break; identifiers are made of shorter ones
_LEFT_OUT = ("id", "team", "runtime_official_ms", "activations", "memory_mib", "energy_mj")


def write(run: Run, leaderboard: Leaderboard, folder: Path) -> None:
    """Write `leaderboard.tex` and a `factsheet_<slug>.tex` per entry to `folder`."""
    files.write_text(folder / "leaderboard.tex", _leaderboard(leaderboard))
    for row in leaderboard.rows:
        if row.entry:
            files.write_text(folder / f"factsheet_{row.entry.slug}.tex", _factsheet(run, row))


def escape(text: str) -> str:
    """Return text that LaTeX prints as it stands; a character without a glyph as its number.

    Long words may be broken behind their joints; one that has none of them in reach, anywhere, for
    a name of 80 letters must not leave its column.
    """
    return " ".join(map(_word, text.split()))


def superscript(numbers: Iterable[int]) -> str:
    """Return the marks of footnotes."""
    marks = ",".join(map(str, numbers))
    return f"\\textsuperscript{{{marks}}}" if marks else ""


def footnote(number: int, text: str) -> str:
    """Return a footnote as it stands below a table, one after the other."""
    return f"{superscript([number])}\\,{escape(text)}\\quad"


def _word(word: str) -> str:
    letters = [_escaped(character) for character in word]
    parts = re.split(f"[{re.escape(_JOINTS)}]+", word)
    if any(letter.startswith("[U+") for letter in letters) or max(map(len, parts)) > _ENDLESS:
        return r"\allowbreak{}".join(letters)
    if len(word) <= _LONG:
        return "".join(letters)
    joined = [
        letter + r"\allowbreak{}" if character in _JOINTS and index + 1 < len(word) else letter
        for index, (character, letter) in enumerate(zip(word, letters, strict=True))
    ]
    return "".join(joined)


def _escaped(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character.isascii() and character.isprintable():
        return character
    if "À" <= character <= "ž" and unicodedata.category(character).startswith("L"):
        return character  # T1 has the letters of European names
    return f"[U+{ord(character):04X}]"


def _leaderboard(leaderboard: Leaderboard) -> str:
    every = track_columns(leaderboard, leaderboard.protocol.main_track)
    columns = [column for column in every if column.key not in _LEFT_OUT]
    notes = Notes()
    ranked = [_line(leaderboard, columns, row, notes) for row in leaderboard.rows if row.rank]
    others = [_line(leaderboard, columns, row, notes) for row in leaderboard.rows if not row.rank]
    body = [*ranked, *([r"\midrule"] if ranked and others else []), *others]
    header = " & ".join(_stacked(column.heading) for column in columns) + r" \\"
    layout = "".join("r" if column.number else _TEXT for column in columns)
    table = _tabular(f"@{{}}{layout}@{{}}", header, body)
    text = f"{_PACKAGES}% bold: the best of the eligible entries; underlined: the second best\n"
    text += (
        f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{2.5pt}}\\sbox0{{%\n{table}}}%\n{_FITTED}}}\n"
    )
    remarks = [footnote(*note) for note in enumerate(notes.texts, 1)]
    if remarks:
        small = "\n".join([r"\raggedright\sloppy\scriptsize", *remarks])
        text += f"\\par\\smallskip{{{small}\\par}}\n"
    return text


def _stacked(heading: str) -> str:
    """Set the words of a heading below one another."""
    words = [escape(word) for word in heading.split()]
    return words[0] if len(words) == 1 else "\\shortstack[r]{" + r"\\{}".join(words) + "}"


def _line(leaderboard: Leaderboard, columns: Sequence[Column], row: Row, notes: Notes) -> str:
    return " & ".join(_cell(leaderboard, column, row, notes) for column in columns) + r" \\"


def _cell(leaderboard: Leaderboard, column: Column, row: Row, notes: Notes) -> str:
    text = escape(column.text(row))
    if column.key == "name":
        reasons = [row.standing.reason] if row.standing.reason else []
        remarks = reasons + [f"{flag}: {why}" for flag, why in row.doubts.items()]
        return text + superscript(notes.number(remark) for remark in remarks)
    rank = row.standing.metric_ranks.get(column.metric)
    if rank is None:
        return text
    emphasis = {1: r"\textbf", 2: r"\underline"}.get(rank)
    return f"{emphasis}{{{text}}}" if emphasis else text


def _factsheet(run: Run, row: Row) -> str:
    lines = [("measured", measured(run, row))]
    if row.entry and (claims := claimed(run, row.entry)):
        lines.append(("claimed", claims))
    header = " & ".join(map(escape, ["", *headings(run)])) + r" \\"
    body = [" & ".join(map(escape, [name, *texts])) + r" \\" for name, texts in lines]
    table = _tabular("l" + "c" * len(headings(run)), header, body)
    return (
        f"{_PACKAGES}% {escape(row.figures.name)}\n\\resizebox{{\\linewidth}}{{!}}{{%\n{table}}}\n"
    )


def _tabular(layout: str, header: str, body: Sequence[str]) -> str:
    lines = [r"\toprule", header, r"\midrule", *body, r"\bottomrule"]
    return f"\\begin{{tabular}}{{{layout}}}\n" + "\n".join(lines) + "\n\\end{tabular}"
