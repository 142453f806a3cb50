"""`protocol`: a new protocol from one that is there, and what is wrong with a file."""

import argparse
import re
from pathlib import Path

from harness import cli, protocols
from harness.errors import InputError, ProtocolError
from harness.store import files


def command(options: argparse.Namespace) -> int:
    """Write a new protocol, or judge one."""
    return _new(options) if options.what == "new" else _check(options.file)


def _new(options: argparse.Namespace) -> int:
    """Write `<name>.toml`, a copy of a bundled protocol under its own name."""
    name, source, target = options.name, options.source, options.to / f"{options.name}.toml"
    if source not in protocols.bundled():
        names = ", ".join(protocols.bundled())
        raise InputError(f"there is no protocol {source!r} to begin from; name one of {names}")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name) or name in protocols.bundled():
        raise InputError(f"{name!r} is no name for a new protocol; take letters and digits")
    if target.exists():
        raise InputError(f"{target} is there already; edit it, or remove it first")
    text = protocols.FOLDER.joinpath(f"{source}.toml").read_text("utf-8")
    files.write_text(target, re.sub(r'(?m)^name = ".*"$', f'name = "{name}"', text, count=1))
    print(f"{target}: change its facts and their sources.")
    print(f"Next: {cli.program()} protocol check {cli.quoted(target)}")
    return cli.OK


def _check(file: Path) -> int:
    """Print every fault, with the line that it speaks of where one can be found."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read as text: {error}") from None
    try:
        editions = protocols.load_scales(file)
    except ProtocolError as error:
        told = str(error).removeprefix(f"protocol {file}: ")
        faults = re.split(r"; (?!did you mean|known: |give one)", told)  # these are advice
        for fault in faults:
            line = _line(text, fault)
            print(f"FIX  {file}{f', line {line}' if line else ''}: {fault}")
        return cli.SOMETHING_FAILED
    scales = ", ".join(f"x{edition.scale}" for edition in editions)
    print(f"ok   {file}: {editions[0].title}, {scales}")
    return cli.OK


def _line(text: str, fault: str) -> int | None:
    """Return the first line with a name that the fault quotes, or with the key that it names."""
    fault = fault.partition("; did you mean")[0]
    words = re.findall(r"'([^']+)'", fault) + re.findall(r"\w+(?:\.\w+)+", fault)
    for word in reversed(words):  # the last one is the innermost; a remedy is not there yet
        key = word.rpartition(".")[2] or word
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(rf"^[^#]*(?<!\w){re.escape(key)}(?!\w)", line):
                return number
    return None
