"""Words and advice that several causes share."""

from datetime import datetime

from newsmill_shared.diagnosis.cause import DATA, Command, Help
from newsmill_shared.figures import count

__all__ = [
    "AGAIN",
    "KEPT",
    "engine_help",
    "jobs_are",
    "logs",
    "psql",
    "restart",
    "seconds_between",
    "start",
]

KEPT = "URLs are still accepted and kept in the ledger."
AGAIN = "Work that was under way is sent again by itself."

_MODULES = {
    "dispatcher": "newsmill_store.dispatcher",
    "ingest": "newsmill_ingest.worker",
    "enrich": "newsmill_enrich.worker",
    "store": "newsmill_store.worker",
}


def logs(*services: str, laptop: tuple[str, ...] = ()) -> Command:
    """Return how to read the last words of services; on a laptop files may have other names."""
    files = " ".join(f"{DATA}/logs/{name}.log" for name in laptop or services)
    return Command(f"docker compose logs --since 15m {' '.join(services)}", f"tail {files}")


def start(*services: str, laptop: tuple[str, ...] = ()) -> Command:
    """Return how to start services; `newsmill up` does by itself, and logs say why they end."""
    files = " ".join(f"{DATA}/logs/{name}.log" for name in laptop or services)
    return Command(f"docker compose up -d {' '.join(services)}", f"tail {files}")


def restart(service: str) -> Command:
    """Return how to restart a service; `newsmill up` starts again what has ended."""
    return Command(f"docker compose restart {service}", f"pkill -f {_MODULES[service]}")


def engine_help(name: str, service: str, *, log: str | None = None) -> Help:
    """Return what helps when an engine is away; ``log`` is its file's name on a laptop."""
    return Help(
        start(service, laptop=(log or service,)),
        "Work goes on within seconds of its return.",
        logs(service, laptop=(log or service,)),
        f"What was accepted is in the ledger. Work that was under way is sent again by itself, as"
        f" soon as {name} is back.",
    )


def psql(question: str) -> Command:
    """Return how to ask PostgreSQL itself."""
    return Command(
        f'docker compose exec postgres psql -U newsmill -c "{question}"',
        f'psql "$NEWSMILL_DATABASE_URL" -c "{question}"',
    )


def jobs_are(number: int) -> str:
    """Return a number of jobs with its verb: ``1 job is``, ``2,000 jobs are``."""
    return f"{count(number)} job is" if number == 1 else f"{count(number)} jobs are"


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Return how long it is from one moment to another."""
    return (later - earlier).total_seconds()
