"""Asks before an act on many jobs."""

import sys

import typer

from newsmill_cli.errors import ExitCode, UsageError

__all__ = ["ask_first"]


def ask_first(question: str, *, sure: bool) -> None:
    """Go on only if somebody says yes, or has said so with ``--yes``.

    Raises:
        UsageError: Nobody is there to be asked.
        typer.Exit: The answer is no.
    """
    if sure:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"{question} Nobody is there to be asked",
            "Look with --dry-run, then say --yes.",
        )
    if not typer.confirm(question):
        raise typer.Exit(ExitCode.NO)
