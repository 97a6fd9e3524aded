"""Puts the dashboard in front of the API, on the same address."""

from fastapi import FastAPI

from newsmill_gateway.dashboard.board import Board, Desk
from newsmill_gateway.dashboard.operating import Operating
from newsmill_gateway.dashboard.ports import Broker, Ledger
from newsmill_gateway.dashboard.routes import make_dashboard
from newsmill_gateway.dashboard.shell import Front
from newsmill_gateway.diagnosing import Diagnosis
from newsmill_gateway.doors import Door
from newsmill_gateway.operators import Operators
from newsmill_gateway.reprocessing import Reprocessing

__all__ = ["add_dashboard"]


def add_dashboard(  # noqa: PLR0913 - each answers for a part of the pages
    api: FastAPI,
    *,
    ledger: Ledger,
    broker: Broker,
    desk: Desk,
    operators: Operators,
    operating: Operating,
    reprocessing: Reprocessing,
    diagnosis: Diagnosis,
    door: Door,
    seconds: float,
) -> None:
    """Let an application answer with the dashboard where a path is the dashboard's.

    Args:
        api: Answers for all other paths.
        ledger: Where pages are read from.
        broker: Redis.
        desk: The gateway, which looks up and accepts as the API does.
        operators: Tells what operators have done.
        operating: Does what operators want.
        reprocessing: Tells of runs that enrich stored pages again.
        diagnosis: What is wrong, if anything.
        door: Who may look.
        seconds: A page is given up after this long.
    """
    dashboard = make_dashboard(
        Board(
            ledger=ledger,
            broker=broker,
            desk=desk,
            diagnosis=diagnosis,
            reprocessing=reprocessing,
        ),
        desk,
        operators,
        operating,
        door=door,
        version=api.version,
        seconds=seconds,
    )
    # Added last, so outermost: the API asks for its key in a header, which browsers do not send.
    api.add_middleware(Front, dashboard=dashboard)
