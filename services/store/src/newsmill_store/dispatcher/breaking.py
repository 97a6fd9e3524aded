"""Stops a stage that fails everything, sends a probe now and then, and lets it go on again."""

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection, text

from newsmill_shared.database.looking import BREAKER
from newsmill_shared.database.pauses import STAGES, Pause, Scope, lift_pause, set_pause
from newsmill_store.dispatcher.breaker import NETWORK, Breaker, Ended

__all__ = ["Breaking"]

_log = structlog.get_logger()

_LEAST_HOSTS = 5
"""When so many hosts at once cannot be reached, it is our way to them."""
_READ = 2_000
_ERROR_CHARACTERS = 200

_ENDED = text("""
select id, stage, ended, reason, count as results
from tally where id > :after order by id limit :limit
""")

# What failed is tried again, so it is open, and held until then.
_EVIDENCE = text("""
with lately as (
  select a.reason, a.detail, j.host_id
  from job j join attempt a on a.job_id = j.id and a.attempt = j.attempt
  where j.state = 'held' and j.held_until < now() + interval '2 hours'
    and a.reason = any(:reasons) and a.ended_at > now() - interval '10 minutes'
  limit 1000)
select reason, detail, (select count(distinct host_id) from lately) as hosts
from lately group by reason, detail order by count(*) desc, detail limit 1
""")


class Breaking:
    """The breakers of all stages. A stage is stopped by a pause of newsmill's own hand."""

    def __init__(self) -> None:
        self._breakers = {stage: Breaker(stage) for stage in STAGES}
        self._stopped: frozenset[str] = frozenset()
        self._read_up_to = 0

    def look(self, connection: Connection, now: float) -> None:
        """Read what has ended since, before it is added up, and stop or release stages."""
        rows = connection.execute(_ENDED, {"after": self._read_up_to, "limit": _READ}).all()
        if not rows:
            return
        self._read_up_to = rows[-1].id
        results = [Ended(row.stage, row.ended, row.reason, row.results) for row in rows]
        for stage, breaker in self._breakers.items():
            good = breaker.observe(results, now)
            if stage in self._stopped:
                if good:
                    lift_pause(connection, Scope.STAGE, stage, by=BREAKER)
                    breaker.forget()
                    _log.warning("the stage works again", stage=stage)
            elif breaker.failing:
                self._stop(connection, breaker)

    def let_through(self, pauses: Sequence[Pause], now: float) -> tuple[list[Pause], bool]:
        """Return the pauses that count now, and whether only a probe may be sent.

        A stopped stage gets one job when its probe is due: its own pause does not count then.
        """
        own = {pause.value for pause in pauses if _is_own(pause)}
        for stage in self._stopped - own:
            # Somebody has lifted it.
            self._breakers[stage].forget()
        self._stopped = frozenset(own)
        due = bool(own) and all(self._breakers[stage].probe_due(now) for stage in own)
        if not due:
            return list(pauses), False
        return [pause for pause in pauses if not _is_own(pause)], True

    def probed(self, now: float) -> None:
        """A probe was sent."""
        for stage in self._stopped:
            self._breakers[stage].probed(now)

    def _stop(self, connection: Connection, breaker: Breaker) -> None:
        reasons = list(breaker.reasons)
        found = connection.execute(_EVIDENCE, {"reasons": reasons}).one_or_none()
        if NETWORK.issuperset(reasons) and (found is None or found.hosts < _LEAST_HOSTS):
            # Some hosts are away, as hosts are.
            breaker.forget()
            return
        error = f"{found.reason}: {found.detail}" if found else reasons[0]
        set_pause(
            connection,
            Scope.STAGE,
            breaker.stage,
            by=BREAKER,
            reason=error[:_ERROR_CHARACTERS],
        )
        _log.error("a stage fails everything and is stopped", stage=breaker.stage, error=error)


def _is_own(pause: Pause) -> bool:
    return pause.scope is Scope.STAGE and pause.by == BREAKER
