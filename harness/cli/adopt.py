"""`import`: native submission folders from an official repository."""

import argparse

from harness import cli
from harness.cli.inputs import say
from harness.entries.adoption import adopt
from harness.entries.discovery import discover
from harness.entries.submission import BrokenSubmission
from harness.errors import EntryError


def command(options: argparse.Namespace) -> int:
    """Write a folder for each id; say which cannot be written, and why."""
    refused = False
    for found in discover([options.repository], options.ids, tell=say):
        try:
            if isinstance(found, BrokenSubmission):
                raise found.error
            print(f"{found.manifest.name}: {adopt(found, options.to)}")
        except EntryError as error:
            print(f"{found.slug}: {error}")
            refused = True
    return cli.SOMETHING_FAILED if refused else cli.OK
