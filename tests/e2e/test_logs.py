"""What the processes of a system that runs have said: of each job at each stage, and no secret."""

from collections import defaultdict

import httpx

from newsmill_cli.logs import LogFile
from tests.e2e.conftest import Running, running_system

FIRST_KEY = "the-first-key-of-this-system"
HOST_SECRET = "a-header-that-is-a-secret"
HEADERS = {"Authorization": f"Bearer {FIRST_KEY}"}


def logs_of(system: Running) -> dict[str, str]:
    """Return what each process has said."""
    said: dict[str, str] = defaultdict(str)
    for path in system.mill.directory.logs.glob("*.log"):
        said[path.stem] = "\n".join(record.text for record in LogFile(path).read())
    return said


def test_logs_name_each_job_at_each_stage_and_hold_neither_secrets_nor_pages() -> None:
    with running_system(hosts=2, NEWSMILL_API_KEY=FIRST_KEY, NEWSMILL_LOG_LEVEL="debug") as system:
        urls = system.press.urls(4, name="story")
        with httpx.Client(base_url=system.mill.api_url, headers=HEADERS, timeout=20) as api:
            made = api.post("/v1/keys", json={"name": "desk", "scopes": ["read"]}).json()
            host = system.press.hosts[0].partition(":")[0]
            changed = api.patch(f"/v1/hosts/{host}", json={"headers": {"X-Key": HOST_SECRET}})
            jobs = system.add(urls)
            system.wait_until_done(jobs)
            articles = [api.get("/v1/articles", params={"url": url}).json() for url in urls]
            api.get("/v1/conservation", headers={"Authorization": "Bearer a-wrong-guess"})
        said = logs_of(system)
        database_url = system.mill.engines.database_url

    assert changed.status_code == 200
    for stage in ("dispatcher", "ingest", "enrich", "store"):
        assert [job for job in jobs if str(job) not in said[stage]] == [], stage
    everything = "\n".join(said.values())
    paragraphs = [line for article in articles for line in article["text"].splitlines() if line]
    assert len(paragraphs) >= len(urls)
    secrets = [FIRST_KEY, made["secret"], HOST_SECRET, "a-wrong-guess", database_url]
    assert [found for found in (*secrets, *paragraphs) if found in everything] == []
