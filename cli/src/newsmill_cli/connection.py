"""Finds the API that a command talks to."""

import os
from pathlib import Path

from newsmill_cli.api import Api
from newsmill_cli.data_directory import DataDirectory
from newsmill_cli.errors import UnreachableError

__all__ = ["connect"]


def connect(data: Path) -> Api:
    """Return a client of the API: ``NEWSMILL_API_URL``, else that of the `up` over ``data``.

    Raises:
        UnreachableError: No `up` runs over ``data``, and no address was given.
    """
    url = os.environ.get("NEWSMILL_API_URL")
    if url:
        return Api(url, os.environ.get("NEWSMILL_API_KEY"))
    running = DataDirectory(data).running()
    if running is None:
        raise UnreachableError(
            f"no newsmill runs over {data}",
            "Start it with `newsmill up`, name its folder with --data, "
            "or set NEWSMILL_API_URL to the address of one that runs elsewhere.",
        )
    return Api(running.api_url, running.api_key)
