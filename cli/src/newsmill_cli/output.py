"""What commands print: JSON for programs, colour and tables for people."""

import json
import sys

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from newsmill_cli.errors import CommandError

__all__ = ["console", "diagnostics", "is_terminal", "print_error", "print_json"]

_FILE_WIDTH = 240


def console() -> Console:
    """Return the console of standard output."""
    return _console(sys.stdout.isatty(), stderr=False)


def diagnostics() -> Console:
    """Return the console of standard error: progress and errors."""
    return _console(sys.stderr.isatty(), stderr=True)


def is_terminal() -> bool:
    """Tell whether a person watches standard output."""
    return sys.stdout.isatty()


def print_json(value: object, *, indent: int | None = 2) -> None:
    """Print a value as JSON; with ``indent=None`` on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=indent) + "\n")
    sys.stdout.flush()


def print_error(error: CommandError, *, as_json: bool) -> None:
    """Say on standard error what is wrong and what to do about it."""
    if as_json:
        said = {"error": {"problem": error.problem, "remedy": error.remedy}}
        sys.stderr.write(json.dumps(said, ensure_ascii=False) + "\n")
        return
    printer = diagnostics()
    printer.print(Text.assemble(("error: ", "bold red"), error.problem))
    if error.remedy:
        printer.print(escape(error.remedy), style="dim")


def _console(terminal: bool, *, stderr: bool) -> Console:
    # A file has no width: lines are not broken there, and tables get the room they need.
    width = None if terminal else _FILE_WIDTH
    return Console(stderr=stderr, highlight=False, soft_wrap=not terminal, width=width)
