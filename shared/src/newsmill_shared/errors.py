"""Errors whose class says what happens next, and whose reason says what is recorded."""

from newsmill_shared.reasons import RULES, Outcome, Reason

__all__ = ["EndedError", "NewsmillError", "SettingsError", "TransientError"]


class NewsmillError(Exception):
    """Something newsmill can explain went wrong."""


class SettingsError(NewsmillError):
    """A setting is missing, wrong or unsafe; the message says what to set."""


class TransientError(NewsmillError):
    """A service we depend on is away for now; the caller waits and tries again."""


class EndedError(NewsmillError):
    """An attempt ended without an article; the reason table says what follows.

    Args:
        reason: Why, in the words that other systems see.
        detail: One line for people; never the address a private name resolved to.
        retry_after_seconds: How long the host asked us to stay away, if it did.
    """

    def __init__(
        self, reason: Reason, detail: str = "", *, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds

    @property
    def outcome(self) -> Outcome:
        """The outcome this reason leads to once it is final."""
        return RULES[self.reason].outcome
