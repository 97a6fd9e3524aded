"""Concludes from a report what is wrong, in the words of the diagnosis, and which command helps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from newsmill_cli.doctor.report import Report
from newsmill_cli.errors import ExitCode
from newsmill_shared.diagnosis import Cause, Code, diagnose
from newsmill_shared.diagnosis.cause import DATA

__all__ = ["Finding", "conclude", "exit_code"]

_UNREACHABLE = (Code.API_UNREACHABLE, Code.DATABASE_UNREACHABLE, Code.REDIS_UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause, and the command that helps here."""

    code: str
    state: str
    said: str
    meaning: str = ""
    command: str = ""
    since: datetime | None = None


def conclude(report: Report) -> tuple[Finding, ...]:
    """Return what applies, what to act on first in front; there is always one."""
    if report.seen is not None:
        return tuple(_finding(cause, report) for cause in diagnose(report.seen))
    if report.api_url is None:
        return (_not_running(report),)
    told = report.api_says.get("diagnosis")
    if isinstance(told, list) and told:
        return tuple(_told(cause) for cause in told)
    return (
        Finding(
            Code.API_UNREACHABLE,
            "bad",
            f"Stalled: the API does not answer at {report.api_url}",
            command="newsmill up",
        ),
    )


def exit_code(findings: tuple[Finding, ...]) -> ExitCode:
    """Return what the exit code says of these."""
    first = findings[0]
    if first.state != "bad":
        return ExitCode.OK
    unreachable = not first.code or first.code in _UNREACHABLE
    return ExitCode.UNREACHABLE if unreachable else ExitCode.NO


def _finding(cause: Cause, report: Report) -> Finding:
    command = ""
    if cause.help is not None:
        do = cause.help.do
        command = do.laptop.replace(DATA, report.data) if report.holder else do.compose
    return Finding(cause.code, cause.state, cause.said, cause.meaning, command, cause.since)


def _told(cause: Mapping[str, object]) -> Finding:
    """Read a cause as the API tells it; without the key it is a code and a state."""
    command, since = cause.get("command"), cause.get("since")
    return Finding(
        code=str(cause["code"]),
        state=str(cause["state"]),
        said=str(cause.get("said", cause["code"])),
        meaning=str(cause.get("meaning", "")),
        command=str(command.get("compose", "")) if isinstance(command, dict) else "",
        since=datetime.fromisoformat(str(since)) if since else None,
    )


def _not_running(report: Report) -> Finding:
    missing = [view for view in report.engines if view.problem and not view.answers]
    if missing:
        said = f"Nothing runs, and the {missing[0].role} could not start: {missing[0].problem}"
        return Finding("", "bad", said, command="pip install 'newsmill-cli[embedded]'")
    return Finding("", "bad", "Nothing runs here", command=f"newsmill up --data {report.data}")
