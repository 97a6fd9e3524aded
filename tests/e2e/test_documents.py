"""Documents handed in with their content: what comes out, and what a second time is."""

from collections.abc import Iterator

import pytest
from redis import Redis

from newsmill_cli.api import Api, Json
from newsmill_shared.identity import new_id
from tests.e2e.conftest import Running, running_system
from tests.unit.extraction.pages import ENGLISH, Story, flattened, with_linked_data


@pytest.fixture(scope="module")
def system() -> Iterator[Running]:
    """One system for all documents, each at a URL of its own."""
    with running_system(hosts=1) as running:
        yield running


def hand_in(system: Running, url: str, content: str, media_type: str = "text/plain") -> Json:
    """Hand in a document, wait for its outcome and return its job."""
    document = {
        "url": url,
        "content": content,
        "media_type": media_type,
        "timezone": ENGLISH.timezone,
    }
    with Api(system.mill.api_url, system.mill.api_key) as api:
        said = api.submit_document(document, key=str(new_id()))
        job_id = said["items"][0]["job_id"]
        system.wait_for(
            lambda: (api.job(job_id) or {}).get("state") == "finished", "the document is done"
        )
        job = api.job(job_id)
    assert job is not None
    return job


def article_at(system: Running, url: str) -> Json:
    """Return the article at a URL."""
    with Api(system.mill.api_url, system.mill.api_key) as api:
        article = api.article_of(url)
    assert article is not None
    return article


def with_other_teasers(story: Story) -> Story:
    """The same page a month later."""
    return story.but(
        teasers=[["A quite different headline", "Of a later day, about quite other things."]] * 3
    )


def test_a_flattened_page_gives_the_article_alone_with_its_evidence(system: Running) -> None:
    url = "https://harbour.example/en/south-coast/ferries"

    job = hand_in(system, url, flattened(ENGLISH))

    article = article_at(system, url)
    assert job["outcome"] == "stored"
    assert (article["title"], article["text"]) == (ENGLISH.title, ENGLISH.text)
    assert article["published_at"] == "2024-06-17T18:17:00Z"
    assert article["section_raw"] == ENGLISH.section
    assert article["language"] == "en"
    assert article["evidence"]["extraction"]["published_at"]["found_in"] == "below the body"


@pytest.mark.parametrize("media_type", ["text/plain", "text/html"])
def test_the_same_article_with_other_teasers_is_unchanged(system: Running, media_type: str) -> None:
    write = flattened if media_type == "text/plain" else with_linked_data
    url = f"https://harbour.example/{media_type}/ferries"
    hand_in(system, url, write(ENGLISH), media_type)

    job = hand_in(system, url, write(with_other_teasers(ENGLISH)), media_type)

    assert (job["outcome"], job["reason"]) == ("unchanged", "same_content")
    assert article_at(system, url)["version"] == 1


def test_an_article_that_says_something_else_is_updated(system: Running) -> None:
    url = "https://harbour.example/updated"
    hand_in(system, url, flattened(ENGLISH))
    longer = ENGLISH.but(
        paragraphs=[
            *ENGLISH.paragraphs,
            "The mayor signed the timetable on Friday in front of guests from five other ports.",
        ]
    )

    job = hand_in(system, url, flattened(longer))

    assert job["outcome"] == "updated"
    assert article_at(system, url)["version"] == 2


def test_the_same_story_elsewhere_is_kept_as_a_duplicate_of_the_first(system: Running) -> None:
    first, second = "https://wire.example/story", "https://paper.example/story"
    story = ENGLISH.but(
        paragraphs=[f"{text} So the wire said at noon." for text in ENGLISH.paragraphs]
    )
    hand_in(system, first, flattened(story))

    job = hand_in(system, second, flattened(story))

    original, copy = article_at(system, first), article_at(system, second)
    assert job["outcome"] == "duplicate"
    assert copy["duplicate_of"] is not None
    assert copy["cluster_id"] == original["cluster_id"]
    assert copy["text"]


def test_a_copy_is_found_though_the_index_was_lost_in_between(system: Running) -> None:
    first, second = "https://wire.example/ferry", "https://paper.example/ferry"
    story = ENGLISH.but(paragraphs=[f"{text} The ferry sails." for text in ENGLISH.paragraphs])
    hand_in(system, first, flattened(story))
    with Redis.from_url(system.mill.engines.index_url) as index:
        index.flushall()

    job = hand_in(system, second, flattened(story))

    assert job["outcome"] == "duplicate"
    assert article_at(system, second)["cluster_id"] == article_at(system, first)["cluster_id"]


def test_a_page_and_its_forms_are_one_article_whichever_comes_first(system: Running) -> None:
    home = "https://www.quay.example/en/south-coast/ferries-return-to-the-harbour"
    amp = "https://amp.quay.example/en/south-coast/ferries-return-to-the-harbour"
    link = f'<head><link rel="canonical" href="{home}">'
    page = with_linked_data(ENGLISH.but(title="Ferries of the quay")).replace("<head>", link)

    jobs = [
        hand_in(system, amp, page, "text/html"),
        hand_in(system, home, page, "text/html"),
    ]

    articles = [article_at(system, url) for url in (home, amp)]
    assert jobs[1]["outcome"] == "unchanged"
    assert {job["article_id"] for job in jobs} == {article["article_id"] for article in articles}
    assert {(article["url"], *article["aliases"]) for article in articles} == {(home, amp)}
