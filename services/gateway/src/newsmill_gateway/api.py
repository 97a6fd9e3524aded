"""The HTTP face of the gateway: routes, limits on bodies and times, and errors as problem+json."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, TypeVar
from uuid import UUID

import anyio.to_thread
import structlog
from fastapi import Depends, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema
from starlette.background import BackgroundTask
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from newsmill_gateway.admission import Admission, Buffer
from newsmill_gateway.answers import (
    ArticleAnswer,
    Articles,
    Changes,
    Cluster,
    ConservationAnswer,
    Health,
    JobInFull,
    Jobs,
    Lifted,
    PauseAnswer,
    Pauses,
    Problem,
    Readiness,
    Receipt,
)
from newsmill_gateway.bodies import body_format, read_object
from newsmill_gateway.cancelling import Cancel, Cancelled, Window
from newsmill_gateway.dead import (
    DeadGroups,
    DeadJobs,
    DeadQuery,
    Discard,
    Discarded,
    GroupQuery,
    Preview,
    Retry,
    RetryReceipt,
)
from newsmill_gateway.deleting import Deletion, PageDeleted
from newsmill_gateway.diagnosing import Diagnosed, Diagnosis, causes_answer
from newsmill_gateway.doors import OPEN_PATHS, Door, bearer
from newsmill_gateway.gateway import RETRY_AFTER_SECONDS, Gateway, HandedIn
from newsmill_gateway.hosts import Audit, AuditQuery, HostAnswer, HostChange, HostQuery, Hosts
from newsmill_gateway.housekeeping import Housekeeping
from newsmill_gateway.intake import DocumentOptions, URLOptions
from newsmill_gateway.keys import (
    KeyDesk,
    KeyRequest,
    Keys,
    NewKey,
    Revocation,
    Revoked,
    Rotation,
)
from newsmill_gateway.metrics import CONTENT_TYPE, Meters, exposition
from newsmill_gateway.operators import Operators
from newsmill_gateway.problems import Code, ProblemError
from newsmill_gateway.queries import (
    ArticleQuery,
    ChangeQuery,
    ClusterQuery,
    Host,
    JobQuery,
    PauseRequest,
    ResumeTarget,
)
from newsmill_gateway.reprocessing import Reprocess, Reprocessing, RunAnswer, Runs, RunStep
from newsmill_gateway.scopes import Caller, scope_of
from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.errors import TransientError
from newsmill_shared.identity import new_id

__all__ = ["make_api"]

_MAX_URLS_BYTES = 16 * 1024 * 1024
_MAX_DOCUMENT_BYTES = 12 * 1024 * 1024
"""A document of 8 MiB in base64, and its options."""
_MAX_ACT_BYTES = 64 * 1024
_BODY_SECONDS = 30
_DRAINED = 4
"""A body up to so many times its limit is read to its end before it is refused: whoever is cut
off while sending sees a broken line instead of the answer."""
_KEY_CHARACTERS = 200
_NOBODY = "loopback"
"""Who acts where no key is asked for, and says nothing of himself."""

_Value = TypeVar("_Value")
_Model = TypeVar("_Model", bound=BaseModel)
_log = structlog.get_logger()

_SCHEMA_REF = "#/components/schemas/{model}"
_PROBLEM = {
    "description": "What went wrong, with a stable code",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {"default": _PROBLEM}
_RECEIPTS: dict[int | str, dict[str, Any]] = {
    202: {"model": Receipt, "description": "Accepted, line by line"},
    422: {**_PROBLEM, "model": Receipt, "description": "No line could be accepted"},
    **_PROBLEMS,
}
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": _KEY_CHARACTERS},
    "description": "The same request with the same key is accepted once",
}


class _Api(FastAPI):
    """FastAPI, with the models in its OpenAPI document that are read and written by hand."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document = super().openapi()
        _, schemas = models_json_schema(
            [
                (URLOptions, "validation"),
                (DocumentOptions, "validation"),
                (PauseRequest, "validation"),
                (HostChange, "validation"),
                (KeyRequest, "validation"),
                (Rotation, "validation"),
                (Retry, "validation"),
                (Discard, "validation"),
                (Cancel, "validation"),
                (Reprocess, "validation"),
                (RunStep, "validation"),
                (Problem, "serialization"),
            ],
            ref_template=_SCHEMA_REF,
        )
        document["components"]["schemas"].update(schemas["$defs"])
        return document


def make_api(  # noqa: PLR0913 - each answers for some of the routes
    gateway: Gateway,
    settings: GatewaySettings,
    *,
    door: Door,
    operators: Operators,
    housekeeping: Housekeeping,
    reprocessing: Reprocessing,
    keys: KeyDesk,
    meters: Meters,
    diagnosis: Diagnosis,
    version: str,
) -> FastAPI:
    """Return the application.

    Args:
        gateway: What does the work.
        settings: Its limits.
        door: Who may call.
        operators: What answers operators.
        housekeeping: What retries, discards and cancels jobs, and deletes pages.
        reprocessing: What enriches stored pages again.
        keys: What makes and ends keys.
        meters: The figures of ``/metrics``.
        diagnosis: What is wrong, if anything.
        version: Shown in the OpenAPI document.
    """
    api = _Api(
        title="newsmill",
        version=version,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        dependencies=[Depends(_check_scope)],
    )
    api.state.admission = Admission(settings.accept_at_once)
    _add_errors(api, door, settings)
    _add_doors_in(api, gateway, settings)
    _add_doors_out(api, gateway, settings)
    _add_pauses(api, gateway, settings)
    _add_hosts(api, operators, settings)
    _add_keys(api, keys, settings)
    _add_dead(api, housekeeping, settings)
    _add_cancelling(api, housekeeping, settings)
    _add_deleting(api, housekeeping, settings)
    _add_reprocessing(api, reprocessing, settings)
    _add_health(api, gateway, settings, diagnosis=diagnosis, door=door)
    _add_metrics(api, meters, settings, diagnosis=diagnosis)
    return api


def _add_doors_in(api: FastAPI, gateway: Gateway, settings: GatewaySettings) -> None:
    @api.post(
        "/v1/urls",
        status_code=202,
        responses=_RECEIPTS,
        openapi_extra=_request_body(
            {"application/json": _urls_schema(), "application/x-ndjson": {"type": "string"}}
        ),
    )
    async def post_urls(request: Request) -> Response:
        """Hand in one URL, a list, or NDJSON lines; one bad line never fails the rest."""
        written = body_format(request.headers.get("content-type"))
        key = _idempotency_key(request)
        async with _place(request, _MAX_URLS_BYTES) as body:
            who = _caller(request).name
            accept = partial(gateway.hand_in_urls, body, written, key=key, submitter=who)
            return _receipt(await _accept(settings.accept_seconds, accept, key), gateway)

    @api.post(
        "/v1/documents",
        status_code=202,
        responses=_RECEIPTS,
        openapi_extra=_request_body({"application/json": _reference(DocumentOptions)}),
    )
    async def post_document(request: Request) -> Response:
        """Hand in a page with its content: it is not fetched."""
        _check_json(request)
        key = _idempotency_key(request)
        async with _place(request, _MAX_DOCUMENT_BYTES) as body:
            who = _caller(request).name
            accept = partial(gateway.hand_in_document, body, key=key, submitter=who)
            return _receipt(await _accept(settings.accept_seconds, accept, key), gateway)


def _add_doors_out(api: FastAPI, gateway: Gateway, settings: GatewaySettings) -> None:
    seconds = settings.database_seconds

    @api.get("/v1/jobs/{job_id}", response_model=JobInFull, responses=_PROBLEMS)
    async def get_job(job_id: str) -> Response:
        """Return one submission: where it stands, or how it ended."""
        return _answer(await _in_thread(seconds, gateway.job, job_id))

    @api.get("/v1/jobs", response_model=Jobs | JobInFull, responses=_PROBLEMS)
    async def get_jobs(query: Annotated[JobQuery, Query()]) -> Response:
        """Return submissions, newest first; with ``url`` the newest one of that page."""
        if query.url is None:
            return _answer(await _in_thread(seconds, gateway.jobs, query))
        _check_alone(query)
        return _answer(await _in_thread(seconds, gateway.job_at, query.url))

    @api.get("/v1/articles/{article_id}", response_model=ArticleAnswer, responses=_PROBLEMS)
    async def get_article(article_id: str) -> Response:
        """Return an article in its current version."""
        return _answer(await _in_thread(seconds, gateway.article, article_id))

    @api.get("/v1/articles", response_model=Articles | ArticleAnswer, responses=_PROBLEMS)
    async def get_articles(query: Annotated[ArticleQuery, Query()]) -> Response:
        """Return articles by their changes; with ``url`` the one that it has or led to."""
        if query.url is None:
            return _answer(await _in_thread(seconds, gateway.articles, query))
        _check_alone(query)
        return _answer(await _in_thread(seconds, gateway.article_at, query.url))

    @api.get("/v1/clusters/{cluster_id}", response_model=Cluster, responses=_PROBLEMS)
    async def get_cluster(cluster_id: str, query: Annotated[ClusterQuery, Query()]) -> Response:
        """Return a story, by its id or by that of an article, and the pages that tell it."""
        return _answer(await _in_thread(seconds, gateway.cluster, cluster_id, query))

    @api.get("/v1/changes", response_model=Changes, responses=_PROBLEMS)
    async def get_changes(query: Annotated[ChangeQuery, Query()]) -> Response:
        """Return the numbered events after a position, in order."""
        return _answer(await _in_thread(seconds, gateway.changes, query))

    @api.get("/v1/conservation", response_model=ConservationAnswer, responses=_PROBLEMS)
    async def get_conservation() -> Response:
        """Count what was accepted and what became of it."""
        return _answer(await _in_thread(seconds, gateway.conservation))


def _add_pauses(api: FastAPI, gateway: Gateway, settings: GatewaySettings) -> None:
    seconds = settings.database_seconds

    @api.get("/v1/pauses", response_model=Pauses, responses=_PROBLEMS)
    async def get_pauses() -> Response:
        """Return what is stopped, by whom, why and until when."""
        return _answer(await _in_thread(seconds, gateway.pauses))

    @api.post(
        "/v1/pauses",
        status_code=201,
        response_model=PauseAnswer,
        responses=_PROBLEMS,
        openapi_extra=_act_body(PauseRequest),
    )
    async def post_pause(request: Request) -> Response:
        """Stop everything, a stage, a host or a label; set again it gets another end and reason."""
        pause = await _read_act(request, PauseRequest)
        return _answer(await _in_thread(seconds, gateway.pause, pause), HTTPStatus.CREATED)

    @api.delete("/v1/pauses", response_model=Lifted, responses=_PROBLEMS)
    async def delete_pause(target: Annotated[ResumeTarget, Query()], request: Request) -> Response:
        """Let it go on, whoever stopped it, or only what one hand stopped."""
        return _answer(await _in_thread(seconds, gateway.resume, _signed(request, target)))


def _add_hosts(api: FastAPI, operators: Operators, settings: GatewaySettings) -> None:
    seconds = settings.database_seconds

    @api.get("/v1/hosts", response_model=Hosts, responses=_PROBLEMS)
    async def get_hosts(query: Annotated[HostQuery, Query()]) -> Response:
        """Return hosts by name: those for which something is set, or all."""
        return _answer(await _in_thread(seconds, operators.hosts, query))

    @api.get("/v1/hosts/{name}", response_model=HostAnswer, responses=_PROBLEMS)
    async def get_host(name: Annotated[Host, Path()]) -> Response:
        """Return a host: how fast it is asked, why, and what is set for it."""
        return _answer(await _in_thread(seconds, operators.host, name))

    @api.patch(
        "/v1/hosts/{name}",
        response_model=HostAnswer,
        responses=_PROBLEMS,
        openapi_extra=_act_body(HostChange),
    )
    async def patch_host(name: Annotated[Host, Path()], request: Request) -> Response:
        """Set something for a host; null unsets it, what is left out stays as it is."""
        change = await _read_act(request, HostChange)
        return _answer(await _in_thread(seconds, operators.change_host, name, change))

    @api.get("/v1/audit", response_model=Audit, responses=_PROBLEMS)
    async def get_audit(query: Annotated[AuditQuery, Query()]) -> Response:
        """Return what operators have changed, the newest first."""
        return _answer(await _in_thread(seconds, operators.audit, query))


def _add_keys(api: FastAPI, keys: KeyDesk, settings: GatewaySettings) -> None:
    seconds = settings.database_seconds

    @api.get("/v1/keys", response_model=Keys, responses=_PROBLEMS)
    async def get_keys() -> Response:
        """Return all keys by name, also those that have ended; no secrets."""
        return _answer(await _in_thread(seconds, keys.list))

    @api.post(
        "/v1/keys",
        status_code=201,
        response_model=NewKey,
        responses=_PROBLEMS,
        openapi_extra=_act_body(KeyRequest),
    )
    async def post_key(request: Request) -> Response:
        """Make a key for a name that has none; its secret is shown once."""
        wanted = await _read_act(request, KeyRequest)
        return _answer(await _in_thread(seconds, keys.create, wanted), HTTPStatus.CREATED)

    @api.post(
        "/v1/keys/{name}/rotate",
        status_code=201,
        response_model=NewKey,
        responses=_PROBLEMS,
        openapi_extra=_act_body(Rotation),
    )
    async def post_rotation(name: str, request: Request) -> Response:
        """Make a second secret, and give the first an end."""
        rotation = await _read_act(request, Rotation)
        return _answer(await _in_thread(seconds, keys.rotate, name, rotation), HTTPStatus.CREATED)

    @api.delete("/v1/keys/{name}", response_model=Revoked, responses=_PROBLEMS)
    async def delete_key(
        name: str, query: Annotated[Revocation, Query()], request: Request
    ) -> Response:
        """End all secrets of a name at once, or one of them."""
        wanted = _signed(request, query)
        return _answer(await _in_thread(seconds, keys.revoke, name, wanted))


def _add_dead(api: FastAPI, housekeeping: Housekeeping, settings: GatewaySettings) -> None:
    seconds = settings.accept_seconds

    @api.get("/v1/dead", response_model=DeadJobs, responses=_PROBLEMS)
    async def get_dead(query: Annotated[DeadQuery, Query()]) -> Response:
        """Return jobs that died or failed and what was made of them, newest first."""
        return _answer(await _in_thread(seconds, housekeeping.dead, query))

    @api.get("/v1/dead/groups", response_model=DeadGroups, responses=_PROBLEMS)
    async def get_dead_groups(query: Annotated[GroupQuery, Query()]) -> Response:
        """Count them by reason and host; say what the host does now, and whether a retry helps."""
        return _answer(await _in_thread(seconds, housekeeping.groups, query))

    @api.post(
        "/v1/dead/retry",
        status_code=202,
        response_model=RetryReceipt,
        responses={200: {"model": Preview, "description": "What it would do"}, **_PROBLEMS},
        openapi_extra=_request_body({"application/json": _reference(Retry)}),
    )
    async def post_retry(request: Request) -> Response:
        """Hand in again what died or failed, spread over time; each becomes a new job."""
        retry = await _read_act(request, Retry)
        if retry.dry_run:
            return _answer(await _in_thread(seconds, housekeeping.preview, retry))
        key = _idempotency_key(request)
        call = partial(housekeeping.retry, retry, key=key)
        return _answer(await _accept(seconds, call, key), HTTPStatus.ACCEPTED)

    @api.post(
        "/v1/dead/discard",
        response_model=Discarded | Preview,
        responses=_PROBLEMS,
        openapi_extra=_act_body(Discard),
    )
    async def post_discard(request: Request) -> Response:
        """Take jobs out of what is to be looked at; they keep their outcome and are counted."""
        discard = await _read_act(request, Discard)
        if discard.dry_run:
            return _answer(await _in_thread(seconds, housekeeping.preview, discard))
        return _answer(await _in_thread(seconds, housekeeping.discard, discard))


def _add_cancelling(api: FastAPI, housekeeping: Housekeeping, settings: GatewaySettings) -> None:
    @api.post(
        "/v1/jobs/cancel",
        response_model=Cancelled,
        responses=_PROBLEMS,
        openapi_extra=_act_body(Cancel),
    )
    async def post_cancel(request: Request) -> Response:
        """Cancel those that wait among the next open jobs; call again until ``next`` is null."""
        cancel = await _read_act(request, Cancel)
        return _answer(await _in_thread(settings.accept_seconds, housekeeping.cancel, cancel))

    @api.get("/v1/window", response_model=Window, responses=_PROBLEMS)
    async def get_window() -> Response:
        """Return what was sent to workers and has not ended."""
        return _answer(await _in_thread(settings.database_seconds, housekeeping.window))


def _add_reprocessing(api: FastAPI, reprocessing: Reprocessing, settings: GatewaySettings) -> None:
    seconds = settings.database_seconds

    @api.post(
        "/v1/reprocess",
        status_code=201,
        response_model=RunAnswer,
        responses=_PROBLEMS,
        openapi_extra=_act_body(Reprocess),
    )
    async def post_reprocess(request: Request) -> Response:
        """Enrich stored pages again when nothing else waits; with ``sample`` only compare some."""
        asked = await _read_act(request, Reprocess)
        answer = await _in_thread(seconds, reprocessing.begin, asked)
        return _answer(answer, HTTPStatus.CREATED)

    @api.get("/v1/reprocess", response_model=Runs, responses=_PROBLEMS)
    async def get_runs() -> Response:
        """Return the newest runs, without their pages."""
        return _answer(await _in_thread(seconds, reprocessing.runs))

    @api.get("/v1/reprocess/{run}", response_model=RunAnswer, responses=_PROBLEMS)
    async def get_run(run: UUID) -> Response:
        """Return a run: how far it is, what changed, and what failed."""
        return _answer(await _in_thread(seconds, reprocessing.run, run))

    @api.post(
        "/v1/reprocess/{run}/stop",
        response_model=RunAnswer,
        responses=_PROBLEMS,
        openapi_extra=_act_body(RunStep),
    )
    async def post_stop(run: UUID, request: Request) -> Response:
        """Send no more of it; what is on its way is still written."""
        step = await _read_act(request, RunStep)
        return _answer(await _in_thread(seconds, reprocessing.stop, run, step))

    @api.post(
        "/v1/reprocess/{run}/continue",
        response_model=RunAnswer,
        responses=_PROBLEMS,
        openapi_extra=_act_body(RunStep),
    )
    async def post_continue(run: UUID, request: Request) -> Response:
        """Go on where it stopped."""
        step = await _read_act(request, RunStep)
        return _answer(await _in_thread(seconds, reprocessing.go_on, run, step))


def _add_deleting(api: FastAPI, housekeeping: Housekeeping, settings: GatewaySettings) -> None:
    @api.delete("/v1/articles/{article_id}", response_model=PageDeleted, responses=_PROBLEMS)
    async def delete_article(
        article_id: str, query: Annotated[Deletion, Query()], request: Request
    ) -> Response:
        """Delete an article, all versions and raw pages; it is not fetched again unless forced."""
        delete = partial(housekeeping.delete, article_id, _signed(request, query))
        return _answer(await _in_thread(settings.accept_seconds, delete))


def _add_health(
    api: FastAPI,
    gateway: Gateway,
    settings: GatewaySettings,
    *,
    diagnosis: Diagnosis,
    door: Door,
) -> None:
    @api.get("/healthz", response_model=Health)
    async def get_health() -> Response:
        """Say that the process answers; nothing else is asked."""
        return _answer(Health())

    @api.get("/readyz", response_model=Readiness, responses=_PROBLEMS)
    async def get_readiness(request: Request) -> Response:
        """Say whether work can be accepted, and what is wrong with the whole, if anything.

        Whoever may not read is told codes and states of the diagnosis, without words.
        """
        seconds = settings.database_seconds
        told, problem = await asyncio.gather(
            _diagnosed(diagnosis, seconds), _unready(gateway, seconds)
        )
        await door.freshen(bearer(request.headers), seconds)
        causes = causes_answer(
            told, full=door.may_read(request.headers, address=_address(request.scope))
        )
        if problem is not None:
            said = [cause.model_dump(mode="json", exclude_none=True) for cause in causes]
            return _problem(problem, {"diagnosis": said})
        return _answer(Readiness(diagnosis=causes))


async def _diagnosed(diagnosis: Diagnosis, seconds: float) -> Diagnosed | None:
    """Return the diagnosis, or what was known before if a newer one takes too long."""
    try:
        return await _in_thread(seconds, diagnosis.now)
    except DatabaseAwayError:
        return diagnosis.last()


async def _unready(gateway: Gateway, seconds: float) -> ProblemError | None:
    """Return what keeps work from being accepted."""
    try:
        await _in_thread(seconds, gateway.check_ledger)
    except ProblemError as problem:
        return problem
    except DatabaseAwayError as error:
        return _away(str(error))
    return None


def _add_metrics(
    api: FastAPI, meters: Meters, settings: GatewaySettings, *, diagnosis: Diagnosis
) -> None:
    async def known(ask: Callable[[], _Value]) -> _Value | None:
        try:
            return await _in_thread(settings.database_seconds, ask)
        except TransientError as error:
            _log.info("no figures", error=str(error))
            return None

    @api.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}, **_PROBLEMS},
    )
    async def get_metrics() -> Response:
        """Return figures in the text format of Prometheus, some seconds old at most."""
        flow, counts, carried, told = await asyncio.gather(
            known(meters.flow.value),
            known(meters.conservation.value),
            known(meters.carried.value),
            _diagnosed(diagnosis, settings.database_seconds),
        )
        causes = told.causes if told else ()
        return Response(exposition(flow, counts, carried, causes), media_type=CONTENT_TYPE)


def _add_errors(api: FastAPI, door: Door, settings: GatewaySettings) -> None:
    api.add_middleware(_Guard, door=door, seconds=settings.database_seconds)

    @api.exception_handler(ProblemError)
    async def problem(_: Request, error: ProblemError) -> Response:
        return _problem(error)

    @api.exception_handler(DatabaseAwayError)
    async def database_away(_: Request, error: DatabaseAwayError) -> Response:
        return _problem(_away(str(error)))

    @api.exception_handler(RequestValidationError)
    async def invalid_parameter(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        name = str(first["loc"][-1])[:64]
        code, message = Code.INVALID_PARAMETER, first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            code, message = Code.UNKNOWN_PARAMETER, "there is no such parameter"
        return _problem(ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, code, f"{name}: {message}"))

    @api.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> Response:
        code = {404: Code.NOT_FOUND, 405: Code.METHOD_NOT_ALLOWED}.get(
            error.status_code, Code.INVALID_PARAMETER
        )
        return _problem(
            ProblemError(
                HTTPStatus(error.status_code),
                code,
                str(error.detail),
                headers=dict(error.headers or {}),
            )
        )

    @api.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> Response:
        _log.error("request failed", exc_info=error)
        return _problem(
            ProblemError(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                Code.INTERNAL,
                "a defect of the gateway; its log says more",
            )
        )


class _Guard:
    """Middleware that turns away who may not call, before anything is read."""

    def __init__(self, app: ASGIApp, door: Door, seconds: float) -> None:
        self._app = app
        self._door = door
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["path"] not in OPEN_PATHS:
            await self._door.freshen(bearer(headers), self._seconds)
        try:
            caller = self._door.admit(scope["path"], headers, address=_address(scope))
        except ProblemError as problem:
            await _problem(problem)(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)
        await self._door.keyring.write_uses()


async def _check_scope(request: Request) -> None:
    """Turn away whose key does not open a route."""
    path = request.scope["route"].path
    if path not in OPEN_PATHS:
        _caller(request).check(scope_of(request.method, path))


def _check_json(request: Request) -> None:
    if body_format(request.headers.get("content-type")) != "json":
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Code.MEDIA_TYPE, "send application/json"
        )


def _caller(request: Request) -> Caller:
    """Return who sends a request."""
    caller: Caller = request.state.caller
    return caller


def _signed(request: Request, act: _Model) -> _Model:
    """Return an act with the name of who does it: a key says it better than he himself."""
    claimed = str(act.by) if "by" in act.model_fields_set else _NOBODY  # type: ignore[attr-defined]
    return act.model_copy(update={"by": _caller(request).signs(claimed)})


def _address(scope: Scope) -> str:
    """Return where a request comes from; empty for a unix socket."""
    client = scope.get("client")
    return str(client[0]) if client else ""


@asynccontextmanager
async def _place(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Give a request's body, and a place among those that are accepted at once.

    Raises:
        ProblemError: As ``_read_body``; 503 ``busy`` when all places are taken.
    """
    admission: Admission = request.app.state.admission
    with admission.buffer() as buffer:
        await _fill(buffer, request, limit)
        body = buffer.body()
        async with admission.place():
            yield body


async def _read_body(request: Request, limit: int) -> bytes:
    """Return a request's body.

    Raises:
        ProblemError: 413 above ``limit`` bytes, 408 when it does not arrive in time, 503 when the
            gateway has no room for it or is to end.
    """
    admission: Admission = request.app.state.admission
    with admission.buffer() as buffer:
        await _fill(buffer, request, limit)
        return buffer.body()


async def _fill(buffer: Buffer, request: Request, limit: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > _DRAINED * limit:
        raise _too_large(limit)
    size = 0
    try:
        async with request.app.state.admission.reading(_BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > _DRAINED * limit:
                    break
                if size <= limit:
                    buffer.add(chunk)
    except ClientDisconnect:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, Code.BODY_EMPTY, "the caller hung up within the body"
        ) from None
    if size > limit:
        raise _too_large(limit)


async def _read_act(request: Request, model: type[_Model]) -> _Model:
    """Return what somebody wants done; raises ProblemError or RequestValidationError."""
    _check_json(request)
    body = read_object(await _read_body(request, _MAX_ACT_BYTES))
    try:
        return _signed(request, model.model_validate(body))
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


async def _accept(seconds: float, accept: Callable[[], _Value], key: str) -> _Value:
    """Accept a request, or say how it can be sent again without being counted twice."""
    try:
        return await _in_thread(seconds, accept)
    except DatabaseAwayError as error:
        raise _away(
            f"{error}; send the same again with the header Idempotency-Key: {key}",
            extra={"receipt": key},
        ) from error


async def _in_thread(seconds: float, call: Callable[..., _Value], *arguments: Any) -> _Value:
    """Run a blocking call for at most ``seconds``.

    A call that hangs longer (a stopped PostgreSQL answers nothing, not even an error) is left
    behind in its thread; the connection pool bounds how many there can be.

    Raises:
        DatabaseAwayError: It takes longer.
    """
    try:
        async with asyncio.timeout(seconds):
            return await anyio.to_thread.run_sync(lambda: call(*arguments), abandon_on_cancel=True)
    except TimeoutError:
        raise DatabaseAwayError(f"PostgreSQL has not answered within {seconds:g} s") from None


def _check_alone(query: BaseModel) -> None:
    """Refuse filters beside a URL: one page has one answer."""
    others = query.model_fields_set - {"url"}
    if others:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            Code.INVALID_PARAMETER,
            f"{min(others)}: url goes without other parameters",
        )


def _idempotency_key(request: Request) -> str:
    """Return the caller's key for this request, or a new one."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return str(new_id())
    if not 1 <= len(key) <= _KEY_CHARACTERS or not (key.isascii() and key.isprintable()):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            Code.IDEMPOTENCY_KEY,
            f"the Idempotency-Key must be 1 to {_KEY_CHARACTERS} printable ASCII characters",
        )
    return key


def _answer(model: BaseModel, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(model.model_dump_json(), status, media_type="application/json")


def _receipt(handed_in: HandedIn, gateway: Gateway) -> Response:
    receipt = handed_in.receipt
    status = HTTPStatus.ACCEPTED if receipt.accepted else HTTPStatus.UNPROCESSABLE_ENTITY
    answer = _answer(receipt, status)
    answer.background = BackgroundTask(gateway.follow_up, handed_in)
    return answer


def _problem(error: ProblemError, more: Mapping[str, object] | None = None) -> Response:
    body = Problem(
        title=error.status.phrase, status=error.status, code=error.code, detail=error.detail
    )
    return Response(
        json.dumps({**body.model_dump(mode="json"), **error.extra, **(more or {})}),
        error.status,
        headers=error.headers,
        media_type="application/problem+json",
    )


def _away(detail: str, *, extra: dict[str, str | int] | None = None) -> ProblemError:
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Code.DATABASE_AWAY,
        detail,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        extra=extra,
    )


def _too_large(limit: int) -> ProblemError:
    return ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        Code.BODY_TOO_LARGE,
        f"send at most {limit:,} bytes at once",
        headers={"Connection": "close"},
    )


def _urls_schema() -> dict[str, Any]:
    entry = {"anyOf": [{"type": "string", "format": "uri"}, _reference(URLOptions)]}
    return {"anyOf": [*entry["anyOf"], {"type": "array", "items": entry}]}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _SCHEMA_REF.format(model=model.__name__)}


def _act_body(model: type[BaseModel]) -> dict[str, Any]:
    content = {"application/json": {"schema": _reference(model)}}
    return {"requestBody": {"required": True, "content": content}}


def _request_body(schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "requestBody": {
            "required": True,
            "content": {name: {"schema": schema} for name, schema in schemas.items()},
        },
        "parameters": [_KEY_HEADER],
    }
