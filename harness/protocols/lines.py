"""On which line of a TOML file a fault is at home."""

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\"'-]+)\s*\]")
_KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")
_SAID = re.compile(r"line (\d+)")  # by the TOML parser
_UNKNOWN = re.compile(r"unknown key '(?P<key>.+)' at (?:\[(?P<table>.+)\]|the top level);")
_PATH = re.compile(r"\[?(\w+(?:\[\d+\])?(?:\.\w+(?:\[\d+\])?)*)")
_NAMED = re.compile(r"(split|track) '([^']*)'")


class Lines:
    """The lines of a TOML file, by the path of the key or the table that stands there."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._at: dict[str, int] = {}  # path, `splits[0].threshold.db` say -> line, from 1
        counts: dict[str, int] = {}
        table = ""
        for number, line in enumerate(self._lines, 1):
            if header := _HEADER.match(line):
                table = header[2]
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                for array, index in counts.items():
                    if table == array or table.startswith(f"{array}."):
                        table = table.replace(array, f"{array}[{index}]", 1)
                self._at.setdefault(table, number)
            elif key := _KEY.match(line):
                self._at.setdefault(f"{table}.{key[1]}" if table else key[1], number)

    def of(self, fault: str) -> int | None:
        """Return the line of the key or table that a fault speaks of; None where none is there."""
        if said := _SAID.search(fault):
            return int(said[1])
        if unknown := _UNKNOWN.match(fault):
            return self._nearest(".".join(filter(None, (unknown["table"], unknown["key"]))))
        if named := _NAMED.match(fault):
            return self._within(self._called(f"{named[1]}s", named[2]), fault[named.end() :])
        path = _PATH.match(fault)
        return self._nearest(path[1]) if path else None

    def _nearest(self, path: str) -> int | None:
        """Return the line of a path, or of the innermost table around it."""
        while path:
            if path in self._at:
                return self._at[path]
            path = re.sub(r"(\.\w+|\[\d+\]|^\w+)$", "", path)
        return None

    def _called(self, array: str, name: str) -> str:
        """Return the path of the array's table with this name."""
        for path, line in self._at.items():
            value = self._lines[line - 1].partition("=")[2].partition("#")[0]
            if re.fullmatch(rf"{array}\[\d+\]\.name", path) and value.strip()[1:-1] == name:
                return path.rpartition(".")[0]
        return array

    def _within(self, table: str, fault: str) -> int | None:
        """Return the line in a table that a fault is about: it has the key, or quotes the value."""
        told = fault.partition("; ")[0]
        words = set(re.findall(r"[a-z_]{2,}", told))
        quoted = set(re.findall(r"'([^']*)'", told)) | set(re.findall(r"\d+\.\d+", told))
        inner = [(path, line) for path, line in self._at.items() if path.startswith(f"{table}.")]
        for _, line in inner:
            value = self._lines[line - 1].partition("=")[2].partition(" #")[0]
            if any(one in value for one in quoted):
                return line
        named = (line for path, line in inner if path.rpartition(".")[2] in words)
        return next(named, None) or self._nearest(table)
