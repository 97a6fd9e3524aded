"""Words and advice that several causes share."""

from datetime import datetime

from newsmill_shared.diagnosis.cause import DATA, Command, Help
from newsmill_shared.figures import count

__all__ = ["AGAIN", "KEPT", "engine_help", "jobs_are", "logs", "psql", "seconds_between"]

KEPT = "URLs are still accepted and kept in the ledger."
AGAIN = "Work that was under way is sent again by itself."


def logs(*services: str, laptop: tuple[str, ...] = ()) -> Command:
    """Return how to read the last words of services; on a laptop files may have other names."""
    files = " ".join(f"{DATA}/logs/{name}.log" for name in laptop or services)
    return Command(f"docker compose logs --since 15m {' '.join(services)}", f"tail {files}")


def engine_help(name: str, service: str, *, log: str | None = None) -> Help:
    """Return what helps when an engine is away; ``log`` is its file's name on a laptop."""
    return Help(
        Command(f"docker compose up -d {service}", "newsmill up"),
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
