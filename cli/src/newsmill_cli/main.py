"""The `newsmill` command: its parts are in `newsmill_cli.commands`.

Exit codes: 0 done; 1 done, and the answer is no, or it failed; 2 the command line makes no
sense; 3 the system, or an engine it needs, cannot be reached; 130 interrupted.
"""

import importlib
import os
import sys
from collections.abc import Callable
from importlib.metadata import entry_points

import typer

from newsmill_cli.errors import CommandError, ExitCode, UnreachableError
from newsmill_cli.output import print_error
from newsmill_shared.errors import NewsmillError, TransientError

__all__ = ["COMMANDS_GROUP", "app", "build_app", "main"]

COMMANDS_GROUP = "newsmill.commands"
"""Entry points of this group are commands of their own: a Typer app, or a function."""

_COMMANDS = (
    "up",
    "add",
    "status",
    "show",
    "cluster",
    "export",
    "tail",
    "pause",
    "resume",
    "drain",
    "dead",
    "cancel",
    "delete",
    "reprocess",
    "hosts",
    "audit",
    "keys",
    "logs",
    "doctor",
    "migrate",
    "backup",
    "restore",
)
"""In the order of the help; each is a function, or an app, of the module of its name."""
_INTERRUPTED = 130
_EPILOG = (
    "Exit codes: 0 done, 1 the answer is no or it failed, 2 wrong usage, "
    "3 the system cannot be reached."
)


def build_app(first_word: str = "") -> typer.Typer:
    """Return the command with the parts that a command line needs.

    Args:
        first_word: Of the command line. A part takes time to load: if this names one of our
            own, the others are left out.
    """
    built = typer.Typer(
        name="newsmill",
        epilog=_EPILOG,
        no_args_is_help=True,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    # With one command alone, Typer would want no name for it.
    built.callback()(_no_options)
    wanted = (first_word,) if first_word in _COMMANDS else _COMMANDS
    for name in wanted:
        module = importlib.import_module(f"newsmill_cli.commands.{name}")
        _mount(built, name, getattr(module, name))
    if first_word not in _COMMANDS:
        built.command("demo")(importlib.import_module("newsmill_cli.demo.command").demo)
        for entry in sorted(entry_points(group=COMMANDS_GROUP), key=lambda entry: entry.name):
            _mount(built, entry.name, entry.load())
    return built


def app(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code; errors that were foreseen are said in words."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        build_app(words[0] if words else "")(args=words, prog_name="newsmill")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.NO
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever reads has enough. Python flushes once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.NO
    except (NewsmillError, OSError) as error:
        said = _for_people(error)
        print_error(said, as_json="--json" in words)
        return said.exit_code
    return ExitCode.OK


def main() -> None:
    """Entry point of the `newsmill` script."""
    sys.exit(app())


def _for_people(error: NewsmillError | OSError) -> CommandError:
    if isinstance(error, CommandError):
        return error
    if isinstance(error, TransientError):
        return UnreachableError(str(error), "`newsmill doctor` says which part is away.")
    if isinstance(error, PermissionError):
        remedy = "Another user made it: run as that user, or name another folder with --data."
        return CommandError(f"{error.filename}: {error.strerror}", remedy)
    return CommandError(str(error))


def _no_options() -> None:
    """Turns URLs of news pages into articles."""


def _mount(built: typer.Typer, name: str, part: typer.Typer | Callable[..., None]) -> None:
    if isinstance(part, typer.Typer):
        built.add_typer(part, name=name)
    else:
        built.command(name)(part)
