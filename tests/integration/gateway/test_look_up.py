"""What became of work is answered from the ledger: jobs, articles, changes, counts."""

from datetime import timedelta

from newsmill_shared.database.finish import Ending
from newsmill_shared.identity import article_id
from newsmill_shared.messages import Alias, Category
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import canonicalize
from tests.support.builders import NOON, a_page, a_relation, an_article
from tests.support.gateway import Mill

STORY = "https://paper.example/story"
COPY = "https://other.example/copy"


def id_at(url: str) -> str:
    return str(article_id(canonicalize(url).key))


def test_a_finished_job_tells_how_it_ended(mill: Mill) -> None:
    job_id = mill.add()

    mill.finish(Ending(job_id=job_id, attempt=None, reason=Reason.EXPIRED, detail="too late"))

    job = mill.get(f"/v1/jobs/{job_id}")
    assert (job["state"], job["outcome"], job["reason"]) == ("finished", "skipped", "expired")
    assert job["detail"] == "too late"
    assert job["finished_at"] is not None
    assert job["article_id"] is None


def test_a_job_tells_what_its_attempts_did_and_lists_do_not(mill: Mill) -> None:
    job_id = mill.store()

    by_id, by_url = mill.get(f"/v1/jobs/{job_id}"), mill.get("/v1/jobs", url=STORY)
    listed = mill.get("/v1/jobs")["jobs"]

    assert by_id == by_url
    attempts = by_id["attempts"]
    assert isinstance(attempts, list)
    (attempt,) = attempts
    assert (attempt["stage"], attempt["ended"], attempt["reason"]) == ("enrich", "done", None)
    assert (attempt["worker"], attempt["seconds"]) == (None, None)
    assert attempt["ended_at"] is not None
    assert isinstance(listed, list)
    assert "attempts" not in listed[0]


def test_the_newest_job_answers_for_a_url_whether_open_or_finished(mill: Mill) -> None:
    first = mill.store()
    at_first = mill.get("/v1/jobs", url=STORY)
    second = mill.add()
    at_last = mill.get("/v1/jobs", url=f"{STORY}?utm_source=mail#top")

    assert (at_first["job_id"], at_first["outcome"]) == (str(first), "stored")
    assert (at_last["job_id"], at_last["state"]) == (str(second), "waiting")


def test_an_article_is_found_by_its_id_and_by_its_url(mill: Mill) -> None:
    article = an_article(
        "A title",
        "First.\nSecond.",
        published_at=NOON,
        section_raw="Great East",
        authors=("A. Writer",),
        categories=(
            Category(id="medtop:11000000", name="politics", score=0.9, why={"terms": ["vote"]}),
        ),
    )

    job_id = mill.store(article=article)

    found = mill.get("/v1/articles", url=STORY)
    assert found == mill.get(f"/v1/articles/{id_at(STORY)}")
    assert found["article_id"] == id_at(STORY) == mill.get(f"/v1/jobs/{job_id}")["article_id"]
    assert (found["title"], found["text"]) == ("A title", "First.\nSecond.")
    assert (found["published_at"], found["section_raw"]) == ("2026-11-25T12:00:00Z", "Great East")
    assert (found["language"], found["authors"]) == ("en", ["A. Writer"])
    assert (found["outcome"], found["version"], found["duplicate_of"]) == ("stored", 1, None)
    assert found["categories"] == [
        {"id": "medtop:11000000", "name": "politics", "score": 0.9, "why": {"terms": ["vote"]}}
    ]
    assert found["evidence"] == {
        "extraction": {},
        "language": {},
        "duplicates": {},
        "categories": {},
    }


def test_an_article_is_found_by_every_address_that_its_page_names(mill: Mill) -> None:
    amp = "https://paper.example/amp/story"
    mobile = "https://m.paper.example/story"
    alias = Alias(url=amp, key=canonicalize(amp).key, kind="amp")
    home = Alias(url=STORY, key=canonicalize(STORY).key, kind="mobile")

    job_id = mill.store(
        mobile, page=a_page(mobile), article=an_article(home=home, aliases=(alias,))
    )

    found = [mill.get("/v1/articles", url=url) for url in (STORY, amp, mobile)]
    assert {article["article_id"] for article in found} == {id_at(STORY)}
    assert {article["url"] for article in found} == {STORY}
    assert found[0]["aliases"] == [mobile, amp]
    assert {mill.get("/v1/jobs", url=url)["job_id"] for url in (STORY, amp, mobile)} == {
        str(job_id)
    }


def test_an_article_is_found_by_the_url_that_led_to_it(mill: Mill) -> None:
    short = "https://paper.example/s/7"

    mill.store(short, page=a_page(short, final_url=STORY))

    assert mill.get("/v1/articles", url=short)["url"] == STORY
    assert mill.get("/v1/articles", url=STORY)["url"] == STORY
    assert mill.get("/v1/jobs", url=STORY)["url"] == short


def test_a_copy_names_the_earlier_article_once_that_is_stored(mill: Mill) -> None:
    mill.store(COPY, article=an_article(duplicate_of=a_relation(STORY)))
    before = mill.get("/v1/articles", url=COPY)

    mill.store(STORY, article=an_article("The original"))

    after = mill.get("/v1/articles", url=COPY)
    assert (before["outcome"], before["duplicate_of"]) == ("duplicate", None)
    assert after["duplicate_of"] == id_at(STORY)


def test_the_outcome_is_that_of_the_page_s_last_finished_job(mill: Mill) -> None:
    mill.store()
    second = mill.add()

    mill.finish(Ending(job_id=second, attempt=None, reason=Reason.EXPIRED))

    found = mill.get("/v1/articles", url=STORY)
    assert (found["title"], found["outcome"]) == ("A title", "skipped")


def test_a_revision_is_what_is_shown(mill: Mill) -> None:
    mill.store(article=an_article("Before"))

    mill.store(
        page=a_page(STORY, fetched_at=NOON + timedelta(hours=1)), article=an_article("After")
    )

    found = mill.get("/v1/articles", url=STORY)
    assert (found["title"], found["version"], found["outcome"]) == ("After", 2, "updated")


def test_a_long_text_is_read_from_the_page_store(mill: Mill) -> None:
    key = mill.pages.put_text("long", "A long text", at=NOON)

    mill.store(article=an_article(text="").model_copy(update={"text": None, "text_object": key}))

    assert mill.get("/v1/articles", url=STORY)["text"] == "A long text"


def test_changes_follow_one_another_without_gaps(mill: Mill) -> None:
    jobs = [mill.store(f"https://paper.example/{number}") for number in range(3)]

    first = mill.get("/v1/changes")
    rest = mill.get("/v1/changes", after="1")

    changes = first["changes"]
    assert isinstance(changes, list)
    assert [change["job_id"] for change in changes] == list(map(str, jobs))
    assert rest["changes"] == changes[1:]
    assert mill.get("/v1/changes", after=str(first["next"])) == {
        "changes": [],
        "next": first["next"],
        "last": first["next"],
    }


def test_the_counts_add_up(mill: Mill) -> None:
    mill.store()
    mill.add("https://paper.example/later")

    assert mill.get("/v1/conservation") == {
        "accepted": 2,
        "outcomes": {"stored": 1},
        "open": {"waiting": 1},
        "unaccounted": 0,
    }
