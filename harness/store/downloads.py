"""Files from the web: fetched whole, and known by their sha256."""

import logging
import shutil
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import InputError


class FetchError(InputError):
    """A file cannot be fetched."""


def retrieve(url: str, sha256: str, target: Path, *, name: str, advice: str, remedy: str) -> None:
    """Download `url` to `target`, unless it is there with this sha256 already.

    An interrupted download leaves nothing and starts again. Raises FetchError, which names what was
    fetched: with `remedy` where its content is another, with `advice` where it cannot be had.
    """
    import pooch  # not needed to measure, nor installed wherever that is done
    import requests

    pooch.get_logger().setLevel(logging.WARNING)
    try:
        pooch.retrieve(
            url,
            known_hash=f"sha256:{sha256.lower()}",
            path=target.parent,
            fname=target.name,
            downloader=_copy if urlsplit(url).scheme == "file" else None,
            progressbar=True,
        )
    except ValueError as error:
        raise FetchError(
            f"{name}: what {url} gave has another sha256 than {sha256}; nothing was kept: {remedy}"
        ) from error
    except (OSError, requests.RequestException) as error:
        raise FetchError(
            f"{name}: {url} cannot be fetched ({type(error).__name__}); is this machine "
            f"offline? {advice}"
        ) from error


def _copy(url: str, output_file: str, _: object) -> None:
    """Serve `file:` addresses, which pooch does not know."""
    shutil.copyfile(urllib.request.url2pathname(urlsplit(url).path), output_file)
