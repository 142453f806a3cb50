"""`protocol`: a new protocol from one that is there, and what is wrong with a file."""

import argparse
import re
from pathlib import Path

from harness import cli, protocols
from harness.errors import InputError
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
    editions, faults = protocols.check(file)
    for line, fault in faults:
        print(f"FIX  {file}{f', line {line}' if line else ''}: {fault}")
    if faults:
        return cli.SOMETHING_FAILED
    scales = ", ".join(f"x{edition.scale}" for edition in editions)
    print(f"ok   {file}: {editions[0].title}, {scales}")
    return cli.OK
