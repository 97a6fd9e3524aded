"""A report: everything `newsmill doctor` knows of one newsmill."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from newsmill_cli.data_directory import Holder
from newsmill_shared.database.sizes import Sizes
from newsmill_shared.diagnosis import Snapshot

__all__ = ["EngineView", "Report", "masked"]


@dataclass(frozen=True, slots=True)
class EngineView:
    """One engine as doctor found it."""

    role: str
    """``database``, ``broker`` or ``index``."""
    program: str
    """Which program it is or would be, or why none was found."""
    where: str
    """Its data folder, or its URL without the password."""
    answers: bool = False
    problem: str = ""
    """Why it does not answer, or what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is known at one moment; what could not be asked is None."""

    data: str
    holder: Holder | None = None
    api_url: str | None = None
    api_ready: bool | None = None
    """None = the API does not answer."""
    api_says: Mapping[str, object] = field(default_factory=dict)
    engines: tuple[EngineView, ...] = ()
    counts: Mapping[str, object] | None = None
    """The conservation count."""
    sizes: Sizes | None = None
    """How much room what is stored takes."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """NEWSMILL_ settings in force, passwords masked."""
    seen: Snapshot | None = None
    """The snapshot of the diagnosis; None when no engine's address is known."""


def masked(settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings with every password and key replaced by ``***``."""
    return {name: _masked(name, value) for name, value in sorted(settings.items())}


def _masked(name: str, value: str) -> str:
    if name.endswith(("_KEY", "_SECRET", "_PASSWORD", "_TOKEN")):
        return "***" if value else ""
    scheme, mark, rest = value.partition("://")
    # The last @: an unescaped one may be part of a password.
    userinfo, at, host = rest.rpartition("@")
    if mark and at:
        user, colon, _ = userinfo.partition(":")
        return f"{scheme}://{user}{':***' if colon else ''}@{host}"
    return value
