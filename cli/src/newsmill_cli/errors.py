"""Errors that a person at a terminal reads: what is wrong, and what to do about it."""

from enum import IntEnum

from newsmill_shared.errors import NewsmillError

__all__ = ["CommandError", "EngineError", "ExitCode", "GoneError", "UnreachableError", "UsageError"]


class ExitCode(IntEnum):
    """What the command's exit code says."""

    OK = 0
    NO = 1
    """It was done, and the answer is no; or it failed."""
    USAGE = 2
    """The command line makes no sense."""
    UNREACHABLE = 3
    """The system, or something it needs, cannot be reached."""


class CommandError(NewsmillError):
    """The command cannot do what was asked.

    Args:
        problem: What is wrong, in one sentence.
        remedy: What the reader can do about it, if anything.
    """

    exit_code = ExitCode.NO

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem}\n{remedy}" if remedy else problem)
        self.problem = problem
        self.remedy = remedy


class GoneError(CommandError):
    """There was such a thing; it was deleted, or is not kept any more."""


class UsageError(CommandError):
    """The command line makes no sense."""

    exit_code = ExitCode.USAGE


class UnreachableError(CommandError):
    """The running system cannot be reached."""

    exit_code = ExitCode.UNREACHABLE


class EngineError(CommandError):
    """PostgreSQL or Valkey cannot be found or started."""

    exit_code = ExitCode.UNREACHABLE
