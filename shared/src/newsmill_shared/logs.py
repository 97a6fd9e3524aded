"""Logs: an event and its fields, for people or as JSON lines."""

import logging
import sys
from contextlib import AbstractContextManager

import structlog
from structlog.typing import EventDict, WrappedLogger

from newsmill_shared.messages import Work
from newsmill_shared.settings import Settings

__all__ = ["about", "set_up_logs"]

# Local variables hold passwords, and headers and cookies that operators set for hosts.
_AS_JSON = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def set_up_logs(settings: Settings, *, service: str) -> None:
    """Send structlog's and the libraries' log records to standard error in one format."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _naming(service),
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _AS_JSON if settings.log_format == "json" else structlog.processors.format_exc_info,
                last,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for library in ("alembic", "celery"):
        logging.getLogger(library).setLevel(max(level, logging.WARNING))


def about(work: Work) -> AbstractContextManager[None]:
    """Let whatever is logged in a block, by whomever, name the attempt that it is about."""
    return structlog.contextvars.bound_contextvars(job_id=str(work.job_id), attempt=work.attempt)


def _naming(service: str) -> structlog.typing.Processor:
    # Not a variable of the context: a thread begins with a context of its own.
    def name(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return name
