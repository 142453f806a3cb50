"""Text that a stranger wrote, made fit to be shown: in a terminal, a page, a table.

Control characters can move a terminal's cursor or clear it, bidirectional overrides let a text read
as another one, and lone surrogates cannot be written to a file at all.
"""

import unicodedata

_KEPT = "\n\t"
_REMOVED = {"Cc", "Cs"}  # control characters, surrogates
_OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_LINES = str.maketrans("\u2028\u2029\r", "\n\n\n")


def plain(text: str) -> str:
    """Return `text` without control characters and overrides of its direction; lines stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one
        for one in text.replace("\r\n", "\n").translate(_LINES)
        if one in _KEPT or not (unicodedata.category(one) in _REMOVED or one in _OVERRIDES)
    )


def one_line(text: str) -> str:
    """Return `text` as `plain` does, on one line."""
    return plain(text).replace("\n", " ").replace("\t", " ")


def cell(text: str) -> str:
    """Return a CSV cell that no spreadsheet takes for a formula: `'` before `=`, `+`, `-`, `@`.

    A number stays one.
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) and not _is_number(text) else text


def of_cell(text: str) -> str:
    """Return the text that `cell` was given."""
    bare = text.removeprefix("'")
    return bare if cell(bare) == text else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
