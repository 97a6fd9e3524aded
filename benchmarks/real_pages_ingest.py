"""Ingest for benchmarks: the product's worker with a resolver that serves real names from here."""

from newsmill_ingest.settings import IngestSettings
from newsmill_ingest.worker import run
from newsmill_shared.starting import starting

SERVER = "127.78.0.1"


def resolve(_host: str, port: int) -> list[tuple[str, int]]:
    """Say that every host is the benchmark's server."""
    return [(SERVER, port)]


if __name__ == "__main__":
    with starting(IngestSettings, service="ingest") as settings:
        run(settings, resolve=resolve)
