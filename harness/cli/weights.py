"""`weights fetch`: download published checkpoints to the cache."""

import argparse
import sys

from harness import cli
from harness.entries.checkpoints import fetch
from harness.entries.discovery import discover
from harness.entries.submission import Submission
from harness.store.downloads import FetchError


def command(options: argparse.Namespace) -> int:
    """Fetch what can be fetched; say of the rest why not."""
    status = cli.OK
    for found in discover(options.paths):
        try:
            if not isinstance(found, Submission):
                raise FetchError(str(found.error))
            print(f"{found.manifest.name}: {fetch(found)}")
        except FetchError as error:
            print(f"error: {error}", file=sys.stderr)
            status = cli.SOMETHING_FAILED
    return status
