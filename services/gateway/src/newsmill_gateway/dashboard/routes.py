"""The dashboard's routes: pages, parts of them, files, and sessions."""

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import parse_qs, quote

import anyio.to_thread
import structlog
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from newsmill_gateway.answers import AcceptedItem, RejectedItem
from newsmill_gateway.dashboard import asked
from newsmill_gateway.dashboard.acts import acts_page
from newsmill_gateway.dashboard.board import Board, Desk
from newsmill_gateway.dashboard.operating import ACTS, Operating
from newsmill_gateway.dashboard.pages import Pages
from newsmill_gateway.dashboard.sessions import (
    FORM_COOKIE,
    SESSION_COOKIE,
    SESSION_SECONDS,
    Sessions,
    new_nonce,
)
from newsmill_gateway.dashboard.shell import Shell
from newsmill_gateway.doors import Door
from newsmill_gateway.operators import Operators
from newsmill_gateway.problems import Code, ProblemError
from newsmill_gateway.scopes import FIRST, LOCAL, Caller
from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.identity import new_id
from newsmill_shared.key_scopes import KeyScope

__all__ = ["make_dashboard"]

_MAX_FORM_BYTES = 32 * 1024
_FORM_SECONDS = 10
_KEPT_BY_BROWSERS = "private, max-age=31536000, immutable"

_Value = TypeVar("_Value")
_Handler = Callable[[Request], Awaitable[Response]]
_log = structlog.get_logger()


def make_dashboard(
    board: Board,
    desk: Desk,
    operators: Operators,
    operating: Operating,
    *,
    door: Door,
    version: str,
    seconds: float,
    now: Callable[[], float] = time.time,
) -> ASGIApp:
    """Return the dashboard.

    Args:
        board: What pages show.
        desk: Accepts a URL that is handed in.
        operators: Tells what was done.
        operating: Does what operators want.
        door: The checks of the gateway's address. If it asks for a key, people sign in with it.
        version: Of the product.
        seconds: A page is given up after this long.
        now: Seconds since 1970.
    """
    site = _Site(board, desk, operators, operating, Pages(version=version), door, seconds, now)
    app = Starlette(
        routes=[
            Route("/", site.guarded(site.overview)),
            Route("/live/{part}", site.guarded(site.part)),
            Route("/failures", site.guarded(site.failures)),
            Route("/hosts", site.guarded(site.hosts)),
            Route("/articles", site.guarded(site.articles)),
            Route("/audit", site.guarded(site.audit)),
            Route("/runs", site.guarded(site.runs)),
            Route("/explain", site.guarded(site.explain)),
            Route("/jobs/{job_id}", site.guarded(site.job)),
            Route("/acts/{act}", site.guarded(site.preview)),
            Route("/acts/{act}", site.guarded(site.act), methods=["POST"]),
            Route("/hand-in", site.guarded(site.hand_in), methods=["POST"]),
            Route("/sign-in", site.placed(site.sign_in)),
            Route("/sign-in", site.placed(site.signed_in), methods=["POST"]),
            Route("/sign-out", site.guarded(site.sign_out), methods=["POST"]),
            Route("/static/{name}", site.placed(site.asset)),
        ],
        exception_handlers={
            ProblemError: site.problem,
            DatabaseAwayError: site.away,
            HTTPException: site.http_error,
            Exception: site.defect,
        },
    )
    return Shell(app)


class _Site:
    """The handlers, and what they share."""

    def __init__(
        self,
        board: Board,
        desk: Desk,
        operators: Operators,
        operating: Operating,
        pages: Pages,
        door: Door,
        seconds: float,
        now: Callable[[], float],
    ) -> None:
        self._board = board
        self._desk = desk
        self._operators = operators
        self._operating = operating
        self._pages = pages
        self._seconds = seconds
        self._now = now
        self._door = door
        self._asks_key = door.key is not None
        self._sessions = Sessions.of(door.key or secrets.token_urlsafe())

    # --- Who may look ----------------------------------------------------------------------------

    def placed(self, handler: _Handler) -> _Handler:
        """Return a handler for those who ask by a name of ours, from a page of ours."""

        async def handle(request: Request) -> Response:
            self._door.check_place(request.headers)
            request.state.caller = await self._find_caller(request)
            return await handler(request)

        return handle

    def guarded(self, handler: _Handler) -> _Handler:
        """Return a handler for those who have signed in as well, where a key is asked for."""

        async def handle(request: Request) -> Response:
            if _caller(request) is None:
                if request.method != "GET" or request.url.path.startswith("/live/"):
                    return Response("sign in first", HTTPStatus.UNAUTHORIZED)
                wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                return _see_other("/sign-in?next=" + quote(wanted, safe=""))
            return await handler(request)

        return self.placed(handle)

    async def _find_caller(self, request: Request) -> Caller | None:
        """Return who has signed in, as long as his key opens the dashboard."""
        if not self._asks_key:
            return LOCAL
        session = request.cookies.get(SESSION_COOKIE, "")
        key_id = self._sessions.key_of(session, now=self._now())
        if key_id is None:
            return None
        if key_id != FIRST.key_id:
            await self._door.keyring.freshen(self._seconds)
        caller = self._door.holder(key_id)
        return caller if caller and KeyScope.READ in caller.scopes else None

    async def sign_in(self, request: Request) -> Response:
        """Ask for the key."""
        if _caller(request):
            return _see_other("/")
        return self._form_page(request, "sign_in.html", {"wrong": "", "next": self._next(request)})

    async def signed_in(self, request: Request) -> Response:
        """Begin a session, if the key is right and the form came from our page."""
        form = await _read_form(request)
        go_on = asked.local_path(form.get("next", "/"))
        if not self._is_ours(request, form):
            return self._refused_sign_in(request, go_on, "This form is too old. Send it again.")
        address = request.client.host if request.client else ""
        key = form.get("key", "").strip()
        await self._door.freshen(key, self._seconds)
        try:
            caller = self._door.check_key(key, address=address)
        except ProblemError as problem:
            if problem.status is HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            if problem.status is not HTTPStatus.TOO_MANY_REQUESTS:
                return self._refused_sign_in(request, go_on, "This is not the key.")
            wait = problem.headers["Retry-After"]
            wrong = f"Too many wrong keys. Wait {wait} s, then send the right one."
            answer = self._refused_sign_in(request, go_on, wrong, problem.status)
            answer.headers.update(problem.headers)
            return answer
        if KeyScope.READ not in caller.scopes:
            wrong = "This key opens other things; whoever watches needs one with the scope read."
            return self._refused_sign_in(request, go_on, wrong)
        signed_in = _see_other(go_on)
        session = self._sessions.begin(caller.key_id, now=self._now())
        _set_cookie(request, signed_in, SESSION_COOKIE, session, seconds=SESSION_SECONDS)
        return signed_in

    def _refused_sign_in(
        self, request: Request, go_on: str, wrong: str, status: HTTPStatus = HTTPStatus.FORBIDDEN
    ) -> Response:
        return self._form_page(request, "sign_in.html", {"wrong": wrong, "next": go_on}, status)

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        if not self._is_ours(request, await _read_form(request)):
            return self._said(request, HTTPStatus.FORBIDDEN, "This form is too old", "Reload.")
        answer = _see_other("/sign-in")
        answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
        return answer

    def _is_ours(self, request: Request, form: Mapping[str, str]) -> bool:
        return self._sessions.is_token(form.get("token", ""), request.cookies.get(FORM_COOKIE, ""))

    @staticmethod
    def _next(request: Request) -> str:
        return asked.local_path(request.query_params.get("next", "/"))

    # --- Pages -----------------------------------------------------------------------------------

    async def overview(self, request: Request) -> Response:
        """Show what moves, what waits and what is lost."""
        context = await self._in_thread(self._board.overview)
        return self._form_page(
            request,
            "overview.html",
            {
                "is_live": request.query_params.get("live") != "0",
                "origin": f"{request.url.scheme}://{request.url.netloc}",
                **context,
            },
        )

    async def part(self, request: Request) -> Response:
        """Show one part of the overview anew."""
        name = request.path_params["part"]
        try:
            context = await self._in_thread(partial(self._board.part, name))
        except KeyError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        body = self._pages.render(f"parts/{name}.html", {"is_live": True, **context})
        return Response(body, media_type="text/html")

    async def failures(self, request: Request) -> Response:
        """Show what failed, by reason and host, and each job."""
        query = asked.failure_query(request.query_params)
        context = await self._in_thread(partial(self._board.failures, query))
        return self._page(request, "failures.html", context)

    async def hosts(self, request: Request) -> Response:
        """Show hosts with open work, and one more closely."""
        query = asked.host_query(request.query_params)
        chosen = asked.text(request.query_params, "of").lower()
        context = await self._in_thread(partial(self._board.hosts, query, chosen))
        return self._page(request, "hosts.html", context)

    async def articles(self, request: Request) -> Response:
        """Show articles, newest first."""
        query = asked.article_query(request.query_params)
        context = await self._in_thread(partial(self._board.articles, query))
        return self._page(request, "articles.html", context)

    async def audit(self, request: Request) -> Response:
        """Show what operators have done, newest first."""
        caller: Caller = request.state.caller
        caller.check(KeyScope.OPERATE)
        query = asked.act_query(request.query_params)
        found = await self._in_thread(partial(self._operators.audit, query))
        return self._page(request, "audit.html", acts_page(found, query))

    async def runs(self, request: Request) -> Response:
        """Show runs that enrich stored pages again, and one more closely."""
        run = asked.run_id(request.query_params)
        context = await self._in_thread(partial(self._board.runs, run))
        return self._page(request, "runs.html", context)

    async def explain(self, request: Request) -> Response:
        """Go to the job that says what became of something."""
        what = asked.text(request.query_params, "q")
        if not what:
            return _see_other("/")
        job_id = await self._in_thread(partial(self._board.explain, what))
        return _see_other(f"/jobs/{job_id}")

    async def job(self, request: Request) -> Response:
        """Show what became of one job, and why."""
        name = request.path_params["job_id"]
        context = await self._in_thread(partial(self._board.job, name))
        return self._page(request, "job.html", context)

    async def hand_in(self, request: Request) -> Response:
        """Accept one URL and go to its job."""
        form = await _read_form(request)
        if not self._is_ours(request, form):
            return self._said(
                request, HTTPStatus.FORBIDDEN, "This form is too old", "Go back, reload, try again."
            )
        caller: Caller = request.state.caller
        caller.check(KeyScope.ENQUEUE)
        body = json.dumps([form.get("url", "")]).encode()
        hand_in = partial(
            self._desk.hand_in_urls, body, "json", key=str(new_id()), submitter=caller.name
        )
        handed_in = await self._in_thread(hand_in)
        match handed_in.receipt.items[0]:
            case AcceptedItem(job_id=job_id):
                answer = _see_other(f"/jobs/{job_id}")
                answer.background = BackgroundTask(self._desk.follow_up, handed_in)
                return answer
            case RejectedItem(error=error):
                status = HTTPStatus.UNPROCESSABLE_ENTITY
                return self._said(request, status, "This URL cannot be taken", error.detail)

    async def preview(self, request: Request) -> Response:
        """Say what an act would do, with the form that does it."""
        name = _act(request)
        call = partial(self._operating.preview, name, asked.fields(request.query_params))
        return self._form_page(request, "act.html", await self._in_thread(call))

    async def act(self, request: Request) -> Response:
        """Do what an operator has confirmed."""
        name = _act(request)
        form = await _read_form(request)
        if not self._is_ours(request, form):
            return self._said(
                request, HTTPStatus.FORBIDDEN, "This form is too old", "Go back, reload, try again."
            )
        fields = {field: value for field, value in form.items() if field != "token"}
        by = request.state.caller.signs("dashboard")
        call = partial(self._operating.act, name, fields, by=by)
        return self._form_page(request, "act.html", await self._in_thread(call))

    async def asset(self, request: Request) -> Response:
        """Return a file that pages refer to."""
        asset = self._pages.assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        current = request.query_params.get("v") == asset.version
        kept = _KEPT_BY_BROWSERS if current else "no-cache"
        return Response(asset.body, media_type=asset.media_type, headers={"Cache-Control": kept})

    # --- What goes wrong -------------------------------------------------------------------------

    async def problem(self, request: Request, error: Exception) -> Response:
        """Say what is wrong with a request."""
        assert isinstance(error, ProblemError)  # noqa: S101 - Starlette's signature is wider
        said = {
            HTTPStatus.NOT_FOUND: "Nothing is known of it",
            HTTPStatus.FORBIDDEN: "This may not be asked from there",
        }.get(error.status, "This cannot be answered")
        if error.code == Code.SCOPE_MISSING:
            said = "This key does not open that"
        answer = self._said(request, error.status, said, error.detail)
        answer.headers.update(error.headers)
        return answer

    async def away(self, request: Request, error: Exception) -> Response:
        """Say that PostgreSQL is away."""
        _log.warning("page not shown", error=str(error))
        answer = self._said(
            request,
            HTTPStatus.SERVICE_UNAVAILABLE,
            "PostgreSQL does not answer",
            "The overview says what to do. Nothing that was accepted is lost.",
            state="bad",
        )
        answer.headers["Retry-After"] = "5"
        return answer

    async def http_error(self, request: Request, error: Exception) -> Response:
        """Say that there is no such page."""
        assert isinstance(error, HTTPException)  # noqa: S101 - Starlette's signature is wider
        status = HTTPStatus(error.status_code)
        answer = self._said(request, status, "There is no such page", status.phrase)
        answer.headers.update(error.headers or {})
        return answer

    async def defect(self, request: Request, error: Exception) -> Response:
        """Say that something of ours is broken."""
        _log.error("page failed", path=request.url.path, exc_info=error)
        return self._said(
            request,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "A defect of ours",
            "The gateway's log says more.",
            state="bad",
        )

    # --- Rendering -------------------------------------------------------------------------------

    def _said(
        self, request: Request, status: HTTPStatus, said: str, more: str, *, state: str = "warn"
    ) -> Response:
        context = {"said": said, "more": more, "state": state}
        return self._page(request, "problem.html", context, status)

    def _page(
        self,
        request: Request,
        name: str,
        context: Mapping[str, object],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        """Return a page. Where people sign in it holds a form, to sign out."""
        if self._asks_key and _caller(request):
            return self._form_page(request, name, context, status)
        nav = self._board.links(request.url.path, None) if _caller(request) else None
        return _html(self._pages.render(name, {**context, "nav": nav}), status)

    def _form_page(
        self,
        request: Request,
        name: str,
        context: Mapping[str, object],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        """Return a page with a form, bound to a cookie of who asks."""
        bound_to = request.cookies.get(FORM_COOKIE) or new_nonce()
        token = self._sessions.token(bound_to)
        nav = None
        if _caller(request):
            nav = self._board.links(request.url.path, token if self._asks_key else None)
        answer = _html(self._pages.render(name, {**context, "nav": nav, "token": token}), status)
        _set_cookie(request, answer, FORM_COOKIE, bound_to, seconds=None)
        return answer

    async def _in_thread(self, call: Callable[[], _Value]) -> _Value:
        """Run a blocking call; one that hangs longer than a page may take is left behind."""
        try:
            async with asyncio.timeout(self._seconds):
                return await anyio.to_thread.run_sync(call, abandon_on_cancel=True)
        except TimeoutError:
            raise DatabaseAwayError(
                f"PostgreSQL has not answered within {self._seconds:g} s"
            ) from None


def _caller(request: Request) -> Caller | None:
    """Return who asks; None until he has signed in, or if the request came by a wrong name."""
    caller: Caller | None = getattr(request.state, "caller", None)
    return caller


def _act(request: Request) -> str:
    """Return which act is asked for, by somebody who may do it."""
    caller: Caller = request.state.caller
    caller.check(KeyScope.OPERATE)
    name = str(request.path_params["act"])
    if name not in ACTS:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return name


def _html(body: str, status: HTTPStatus) -> Response:
    return Response(body, status, media_type="text/html")


def _see_other(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def _set_cookie(
    request: Request, answer: Response, name: str, value: str, *, seconds: int | None
) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


async def _read_form(request: Request) -> dict[str, str]:
    """Return a form's fields.

    Raises:
        HTTPException: It is too large, too slow, or no form.
    """
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    body = bytearray()
    try:
        async with asyncio.timeout(_FORM_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MAX_FORM_BYTES:
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except TimeoutError:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from None
    except ClientDisconnect:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    return {name: values[0] for name, values in fields.items()}
