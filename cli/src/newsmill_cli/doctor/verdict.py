"""Concludes from a snapshot what is wrong, and which command helps."""

from dataclasses import dataclass

from newsmill_cli.doctor.snapshot import Snapshot
from newsmill_cli.errors import ExitCode

__all__ = ["SERVICES_THAT_BEAT", "Verdict", "conclude"]

SERVICES_THAT_BEAT = ("bridge", "dispatcher", "ingest", "enrich", "store")
"""Services whose processes show a heartbeat in Redis."""

_LONG_QUEUE = 900
"""Messages: the dispatcher stops at 1,000, so the consumer is behind for some time."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One cause, the first that explains the rest, and the command that helps."""

    cause: str
    command: str = ""
    exit_code: ExitCode = ExitCode.NO


def conclude(snapshot: Snapshot) -> Verdict:
    """Return the verdict on a snapshot."""
    if snapshot.holder is None and snapshot.api_url is None:
        return _not_running(snapshot)
    return (
        _engine_away(snapshot)
        or _schema_old(snapshot)
        or _api_away(snapshot)
        or _service_missing(snapshot)
        or _unaccounted(snapshot)
        or _queue_long(snapshot)
        or Verdict("all is well", exit_code=ExitCode.OK)
    )


def _not_running(snapshot: Snapshot) -> Verdict:
    missing = [view for view in snapshot.engines if view.problem and not view.answers]
    if missing:
        cause = f"nothing runs, and the {missing[0].role} could not start: {missing[0].problem}"
        install = "pip install 'newsmill-cli[embedded]'"
        return Verdict(cause, install, ExitCode.UNREACHABLE)
    return Verdict("nothing runs here", f"newsmill up --data {snapshot.data}", ExitCode.UNREACHABLE)


def _engine_away(snapshot: Snapshot) -> Verdict | None:
    for view in snapshot.engines:
        if not view.answers:
            cause = f"the {view.role} does not answer: {view.problem}"
            name = "postgres" if view.role == "database" else view.role
            return Verdict(cause, f"tail {snapshot.data}/logs/{name}.log", ExitCode.UNREACHABLE)
    return None


def _schema_old(snapshot: Snapshot) -> Verdict | None:
    if snapshot.schema_is_current is False:
        return Verdict(
            "the database has an older schema", f"newsmill migrate --data {snapshot.data}"
        )
    return None


def _api_away(snapshot: Snapshot) -> Verdict | None:
    look = f"tail {snapshot.data}/logs/gateway.log"
    if snapshot.api_ready is None:
        return Verdict(f"the API does not answer at {snapshot.api_url}", look, ExitCode.UNREACHABLE)
    if not snapshot.api_ready:
        says = snapshot.api_says.get("detail") or snapshot.api_says.get("diagnosis") or ""
        return Verdict(f"the API accepts no work now: {says}", look, ExitCode.UNREACHABLE)
    return None


def _service_missing(snapshot: Snapshot) -> Verdict | None:
    if snapshot.workers is None:
        return None
    for service in SERVICES_THAT_BEAT:
        if not snapshot.workers.get(service):
            return Verdict(
                f"no {service} process lives", f"tail {snapshot.data}/logs/{service}.log"
            )
    return None


def _unaccounted(snapshot: Snapshot) -> Verdict | None:
    lost = (snapshot.counts or {}).get("unaccounted")
    if lost:
        cause = f"the ledger does not add up: {lost} accepted jobs are nowhere"
        return Verdict(cause, f"newsmill doctor --json --data {snapshot.data}")
    return None


def _queue_long(snapshot: Snapshot) -> Verdict | None:
    for name, length in (snapshot.queues or {}).items():
        if name in {"enrich", "store"} and length >= _LONG_QUEUE:
            more = snapshot.workers.get(name, 1) + 1 if snapshot.workers else 2
            cause = f"{name} is behind: {length} messages wait for it"
            return Verdict(cause, f"newsmill up --workers {name}={more}")
    return None
