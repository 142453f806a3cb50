"""`export`: a submission as an entry of a clone of the official repository."""

import argparse

from harness import cli
from harness.entries.discovery import discover
from harness.entries.exporting import export
from harness.entries.submission import BrokenSubmission
from harness.errors import InputError


def command(options: argparse.Namespace) -> int:
    """Write the entry, and name what was written."""
    found, *others = discover([options.path])
    if others:
        raise InputError(f"{options.path} holds several submissions; export one at a time")
    if isinstance(found, BrokenSubmission):
        raise InputError(str(found.error))
    for file in export(found, options.repository, options.id):
        print(file)
    where = cli.quoted(options.repository)
    print(f"Next: {cli.program()} check {where} --ids {options.id}")
    return cli.OK
