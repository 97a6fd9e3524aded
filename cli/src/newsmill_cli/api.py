"""The HTTP API of a running newsmill, as the command uses it."""

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, cast
from urllib.parse import quote

import httpx  # noqa: TID251 - this module is the command's one door to HTTP

from newsmill_cli.errors import CommandError, GoneError, UnreachableError

__all__ = ["BATCH_ITEMS", "Api", "Json"]

Json = dict[str, Any]
"""A JSON object as the API gave it."""

BATCH_ITEMS = 500
"""URLs in one request."""
_SECONDS = 30.0
_ATTEMPTS = 6
_MAX_PAUSE_SECONDS = 10.0
_BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


class Api:
    """A client; a context manager.

    Args:
        url: Where the API is.
        key: Its key, if it wants one.
        transport: How bytes travel; None = TCP.
        sleep: How to wait before a request is sent again.

    All methods raise UnreachableError when nothing answers, GoneError for what was deleted,
    CommandError when the answer is another refusal.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url
        self._sleep = sleep
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=_SECONDS,
            transport=transport,
            trust_env=False,
        )

    def __enter__(self) -> "Api":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def ready(self) -> Json | None:
        """Return what ``/readyz`` says, with ``ready`` added; None if nobody answers."""
        try:
            answer = self._client.get("/readyz", timeout=2)
        except httpx.TransportError:
            return None
        said = _object(answer)
        return {**said, "ready": answer.is_success}

    def submit_urls(self, items: Sequence[Json], *, key: str) -> Json:
        """Hand in URLs; ``key`` makes it safe to send the same request again."""
        return self._post("/v1/urls", list(items), key)

    def submit_document(self, document: Json, *, key: str) -> Json:
        """Hand in a page with its content."""
        return self._post("/v1/documents", document, key)

    def job(self, job_id: str) -> Json | None:
        """Return a job, None if there is none."""
        return self._get(f"/v1/jobs/{job_id}")

    def job_of(self, url: str) -> Json | None:
        """Return the latest job of a URL, None if there is none."""
        return self._get("/v1/jobs", {"url": url})

    def article(self, article_id: str) -> Json | None:
        """Return an article, None if there is none."""
        return self._get(f"/v1/articles/{article_id}")

    def article_of(self, url: str) -> Json | None:
        """Return the article of a URL, None if there is none."""
        return self._get("/v1/articles", {"url": url})

    def delete_article(self, article_id: str, query: Mapping[str, str]) -> Json:
        """Delete an article, or say what would go; once it is deleted it stays so."""
        path = f"/v1/articles/{quote(article_id, safe='')}"
        return _object(self._ask("DELETE", path, params=dict(query)))

    def cluster(self, id_: str, query: Mapping[str, str] | None = None) -> Json | None:
        """Return a page of a cluster, by its id or an article's; None if there is none."""
        return self._get(f"/v1/clusters/{id_}", query)

    def articles(self, query: Mapping[str, str]) -> Json:
        """Return a page of the list of articles: ``articles``, ``next``, ``more``."""
        return self._get("/v1/articles", query) or {}

    def changes(self, after: int, *, limit: int) -> Json:
        """Return the numbered events behind a position: ``changes``, ``next``, ``last``."""
        return self._get("/v1/changes", {"after": str(after), "limit": str(limit)}) or {}

    def conservation(self) -> Json:
        """Return the count of everything that was accepted, by what became of it."""
        return self._get("/v1/conservation") or {}

    def pauses(self) -> list[Json]:
        """Return what is paused: ``scope``, ``value``, ``by``, ``reason``, ``since``, ``until``."""
        return list((self._get("/v1/pauses") or {}).get("pauses", ()))

    def pause(self, request: Mapping[str, object]) -> Json:
        """Pause what ``scope`` and ``value`` name; asked twice, it is paused once."""
        return _object(self._ask("POST", "/v1/pauses", json=dict(request)))

    def resume(self, target: Mapping[str, str]) -> Json:
        """Let it go on; ``lifted`` says how many pauses ended."""
        return _object(self._ask("DELETE", "/v1/pauses", params=dict(target)))

    def window(self) -> Json:
        """Return what was sent to workers and has not ended: ``running``, ``stages``."""
        return self._get("/v1/window") or {}

    def dead(self, query: Mapping[str, str]) -> Json:
        """Return a page of jobs that died or failed, newest first: ``jobs``, ``next``."""
        return self._get("/v1/dead", query) or {}

    def dead_groups(self, query: Mapping[str, str]) -> Json:
        """Return them by reason and host, with what hosts do now: ``jobs``, ``groups``."""
        return self._get("/v1/dead/groups", query) or {}

    def retry(self, wanted: Mapping[str, object], *, key: str) -> Json:
        """Hand them in again, or say what that would do; ``key`` makes it happen once."""
        return self._post("/v1/dead/retry", dict(wanted), key)

    def discard(self, wanted: Mapping[str, object]) -> Json:
        """Take them out of what is to be looked at, or say what that would do."""
        return _object(self._ask("POST", "/v1/dead/discard", json=dict(wanted)))

    def cancel(self, wanted: Mapping[str, object]) -> Json:
        """Do a step of cancelling; the next begins at ``next``."""
        return _object(self._ask("POST", "/v1/jobs/cancel", json=dict(wanted)))

    def begin_run(self, wanted: Mapping[str, object]) -> Json:
        """Begin to enrich stored pages again, once for each ``id``; return the run."""
        return _object(self._ask("POST", "/v1/reprocess", json=dict(wanted)))

    def runs(self) -> list[Json]:
        """Return the newest runs."""
        return list((self._get("/v1/reprocess") or {}).get("runs", ()))

    def run(self, run: str) -> Json | None:
        """Return a run, None if there is none."""
        return self._get(f"/v1/reprocess/{run}")

    def stop_run(self, run: str, step: Mapping[str, object]) -> Json:
        """Send no more of a run, and return it."""
        return _object(self._ask("POST", f"/v1/reprocess/{run}/stop", json=dict(step)))

    def continue_run(self, run: str, step: Mapping[str, object]) -> Json:
        """Go on with a run, and return it."""
        return _object(self._ask("POST", f"/v1/reprocess/{run}/continue", json=dict(step)))

    def hosts(self, *, only_set: bool, cursor: str) -> Json:
        """Return a page of hosts by name: ``hosts``, ``next``."""
        return self._get("/v1/hosts", {"set": str(only_set).lower(), "cursor": cursor}) or {}

    def host(self, name: str) -> Json | None:
        """Return a host, None if it is not known."""
        return self._get(f"/v1/hosts/{quote(name, safe='')}")

    def change_host(self, name: str, change: Mapping[str, object]) -> Json:
        """Set something for a host and return the host; null unsets."""
        return _object(self._ask("PATCH", f"/v1/hosts/{quote(name, safe='')}", json=dict(change)))

    def audit(self, subject: str | None, *, limit: int) -> list[Json]:
        """Return what operators have changed, the newest first."""
        query = {"limit": str(limit), **({"subject": subject} if subject else {})}
        return list((self._get("/v1/audit", query) or {}).get("acts", ()))

    def keys(self) -> list[Json]:
        """Return all keys, without secrets."""
        return list((self._get("/v1/keys") or {}).get("keys", ()))

    def create_key(self, wanted: Mapping[str, object]) -> Json:
        """Make a key; ``secret`` is shown this once."""
        return _object(self._ask_once("POST", "/v1/keys", json=dict(wanted)))

    def rotate_key(self, name: str, wanted: Mapping[str, object]) -> Json:
        """Make a second secret, shown this once, and give the first an end."""
        path = f"/v1/keys/{quote(name, safe='')}/rotate"
        return _object(self._ask_once("POST", path, json=dict(wanted)))

    def revoke_key(self, name: str, query: Mapping[str, str]) -> list[Json]:
        """End secrets, and return them."""
        answer = self._ask_once("DELETE", f"/v1/keys/{quote(name, safe='')}", params=dict(query))
        return list(_object(answer).get("revoked", ()))

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> Json | None:
        answer = self._ask("GET", path, params=query)
        return None if answer.status_code == httpx.codes.NOT_FOUND else _object(answer)

    def _post(self, path: str, body: object, key: str) -> Json:
        return _object(self._ask("POST", path, json=body, headers={"Idempotency-Key": key}))

    def _ask_once(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send what must not be done twice: a secret whose answer got lost is unknown for good."""
        try:
            answer = self._client.request(method, path, **request)
        except httpx.TransportError as error:
            raise self._unreachable(str(error)) from error
        if answer.is_error and not _is_answer(answer):
            raise _refusal(answer)
        return answer

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request, again while the system is busy or the line broke.

        Reading is repeatable, and so are a pause, a change of a host, discarding and cancelling,
        and a submission or a retry with its idempotency key.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == _ATTEMPTS
            try:
                answer = self._client.request(method, path, **request)
            except httpx.ConnectError as error:
                raise self._unreachable() from error
            except httpx.TransportError as error:
                if last:
                    raise self._unreachable(str(error)) from error
                self._sleep(_pause(attempt, None))
                continue
            if answer.status_code in _BUSY and not last:
                self._sleep(_pause(attempt, answer.headers.get("Retry-After")))
                continue
            if answer.is_error and not _is_answer(answer):
                raise _refusal(answer)
            return answer
        raise AssertionError("the last attempt returns or raises")

    def _unreachable(self, how: str = "") -> UnreachableError:
        return UnreachableError(
            f"nothing answers at {self.url}" + (f": {how}" if how else ""),
            "Is it running? Start it with `newsmill up`; `newsmill doctor` says what is wrong.",
        )


def _is_answer(answer: httpx.Response) -> bool:
    """Tell whether an error status is an answer all the same: not found, or no line accepted."""
    if answer.request.method == "GET":
        return answer.status_code == httpx.codes.NOT_FOUND
    return answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY and "items" in _object(answer)


def _pause(attempt: int, retry_after: str | None) -> float:
    """Seconds before a request is sent again: what the server asks for, within reason."""
    asked = float(retry_after) if retry_after and retry_after.isdecimal() else 0.0
    return min(max(asked, 0.25 * 2.0**attempt), _MAX_PAUSE_SECONDS)


def _object(answer: httpx.Response) -> Json:
    try:
        body = answer.json()
    except ValueError as error:
        raise CommandError(
            f"{answer.url} did not answer with JSON",
            "Is another program listening there? See NEWSMILL_API_URL and --port.",
        ) from error
    return cast("Json", body) if isinstance(body, dict) else {"value": body}


def _refusal(answer: httpx.Response) -> CommandError:
    """Make an error of a refusal: its problem details (RFC 9457), or whatever came."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    said = body if isinstance(body, dict) else {}
    detail = said.get("detail") or said.get("title") or answer.reason_phrase
    remedy = {
        401: "Set NEWSMILL_API_KEY to a key that it knows.",
        403: "Set NEWSMILL_API_KEY to a key that may do this.",
        429: "Too many requests: try again later.",
        503: "It cannot accept work now; `newsmill doctor` says why.",
    }.get(answer.status_code, "")
    problem = f"the API refused ({answer.status_code}): {detail}"
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return UnreachableError(problem, remedy)
    if answer.status_code == httpx.codes.GONE:
        return GoneError(str(detail))
    return CommandError(problem, remedy)
