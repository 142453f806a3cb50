"""`pack`: the archive to hand in, with digests."""

import argparse

from harness import cli
from harness.entries.discovery import discover
from harness.entries.packing import pack
from harness.entries.submission import BrokenSubmission
from harness.errors import InputError


def command(options: argparse.Namespace) -> int:
    """Pack every submission; one that cannot be packed stops no other."""
    failed = False
    for one in discover(options.paths):
        try:
            if isinstance(one, BrokenSubmission):
                raise InputError(str(one.error))
            archive, digest = pack(one, options.to)
            print(f"{archive}  sha256 {digest}")
        except InputError as error:
            failed = True
            print(f"FIX  {error}")
    return cli.SOMETHING_FAILED if failed else cli.OK
