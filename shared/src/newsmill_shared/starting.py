"""How a process begins: settings read, logs set up; wrong settings end it with a line each."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog

from newsmill_shared.errors import SettingsError
from newsmill_shared.logs import set_up_logs
from newsmill_shared.settings import Settings, read_settings, unknown_names

__all__ = ["starting"]

SettingsType = TypeVar("SettingsType", bound=Settings)

_log = structlog.get_logger()


@contextmanager
def starting(kind: type[SettingsType], *, service: str) -> Iterator[SettingsType]:
    """Give the settings of a service to the block that runs it.

    Names in the environment that look like settings and are none are reported: a setting that
    was misspelt would otherwise do nothing, in silence. A ``SettingsError``, from here or from
    the block, ends the process with its message and status 1.
    """
    try:
        settings = read_settings(kind)
        set_up_logs(settings, service=service)
        for name, near in unknown_names(os.environ).items():
            _log.warning("no such setting", name=name, did_you_mean=near or None)
        yield settings
    except SettingsError as error:
        sys.exit(f"{service}: {error}")
