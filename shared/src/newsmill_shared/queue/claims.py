"""Claims: who works on an attempt, decided by one Lua call on Redis' own clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from redis import Redis

from newsmill_shared.messages import Work

__all__ = ["EPOCH_KEY", "Claim", "ClaimKey", "Claims", "Holder", "Verdict"]

EPOCH_KEY = "newsmill:epoch"
"""An incarnation of Redis' data: a random word, also in the ledger."""

_KEPT_SECONDS = 7200

# KEYS: claim, epoch. ARGV: epoch, claim_by in ms or 0, claimant, seconds to keep.
# Returns {verdict, milliseconds left}: 1 claimed, 0 decided before, -1 refused. A claimant that
# asks again did not get its answer.
_CLAIM = """
local held = redis.call('get', KEYS[1])
if held and string.sub(held, 1, #ARGV[3] + 1) ~= ARGV[3] .. '@' then return {0, 0} end
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local left = 0
if ARGV[2] ~= '0' then left = tonumber(ARGV[2]) - now end
if redis.call('get', KEYS[2]) ~= ARGV[1] or left < 0 then
  redis.call('set', KEYS[1], 'refused', 'EX', ARGV[4])
  return {-1, 0}
end
redis.call('set', KEYS[1], string.format('%s@%d', ARGV[3], now), 'EX', ARGV[4])
return {1, left}
"""


class Verdict(Enum):
    """What a claim came to."""

    CLAIMED = 1
    TAKEN = 0
    """This attempt was decided before: drop the message silently."""
    REFUSED = -1
    """Too late, or sent in an earlier life of Redis: the job waits again."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A verdict, and how many milliseconds of the time to begin are left."""

    verdict: Verdict
    milliseconds_left: int


ClaimKey = tuple[str, UUID, int]
"""Stage, job, attempt."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who claimed an attempt, and when, in milliseconds of Redis' clock."""

    incarnation: str
    since_ms: int


class Claims:
    """The claims of one worker, or, for the dispatcher, everybody's."""

    def __init__(self, redis: "Redis", *, incarnation: str = "") -> None:
        self._redis = redis
        self._incarnation = incarnation
        self._claim = redis.register_script(_CLAIM)

    def claim(
        self, stage: str, work: Work, *, claim_by: int | None = None, token: str = ""
    ) -> Claim:
        """Take an attempt, once.

        Args:
            stage: ``ingest`` or ``enrich``.
            work: The attempt.
            claim_by: In milliseconds of Redis' clock.
            token: Names one message in the hands of this worker. Whoever asks again because the
                answer was lost says the same, and gets it; a second copy of the message does not.
        """
        verdict, left = self._claim(
            keys=[_key((stage, work.job_id, work.attempt)), EPOCH_KEY],
            args=[work.epoch, claim_by or 0, f"{self._incarnation}#{token}", _KEPT_SECONDS],
        )
        return Claim(Verdict(verdict), left)

    def done(self, stage: str, work: Work) -> None:
        """Say that this worker has nothing to do with the attempt any more."""
        self._redis.set(_key((stage, work.job_id, work.attempt)), "done", ex=_KEPT_SECONDS)

    def holders(self, keys: Sequence[ClaimKey]) -> dict[ClaimKey, Holder]:
        """Return who holds these attempts; those that were let go or refused are left out."""
        if not keys:
            return {}
        values = self._redis.mget([_key(key) for key in keys])
        return {
            key: holder
            for key, value in zip(keys, values, strict=True)
            if (holder := _parse(value)) is not None
        }


def _parse(value: bytes | str | None) -> Holder | None:
    said = value.decode() if isinstance(value, bytes) else value or ""
    claimant, held, since = said.rpartition("@")
    return Holder(claimant.partition("#")[0], int(since)) if held else None


def _key(key: ClaimKey) -> str:
    stage, job_id, attempt = key
    return f"newsmill:claim:{stage}:{job_id}:{attempt}"
