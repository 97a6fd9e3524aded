"""The gateway's composition root: ``python -m newsmill_gateway.worker``."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version

import structlog
import uvicorn
from fastapi import FastAPI
from redis import Redis

from newsmill_gateway.adapters.redis_dashboard import RedisDashboard
from newsmill_gateway.adapters.redis_meter import RedisMeter
from newsmill_gateway.adapters.redis_tally import RedisTally
from newsmill_gateway.adapters.redis_waker import RedisWaker
from newsmill_gateway.adapters.sql_dashboard import SQLDashboard
from newsmill_gateway.adapters.sql_hosts import SQLHosts
from newsmill_gateway.adapters.sql_housekeeping import SQLHousekeeping
from newsmill_gateway.adapters.sql_keys import SQLKeys
from newsmill_gateway.adapters.sql_ledger import SQLLedger
from newsmill_gateway.adapters.sql_meter import SQLMeter
from newsmill_gateway.adapters.sql_reprocessing import SQLReprocessing
from newsmill_gateway.admission import Admission
from newsmill_gateway.api import make_api
from newsmill_gateway.dashboard.joining import add_dashboard
from newsmill_gateway.dashboard.operating import Operating
from newsmill_gateway.dashboard.run_acts import RunActs
from newsmill_gateway.diagnosing import Diagnosis
from newsmill_gateway.doors import Door
from newsmill_gateway.gateway import Gateway
from newsmill_gateway.housekeeping import Housekeeping
from newsmill_gateway.keyring import Keyring
from newsmill_gateway.keys import KeyDesk
from newsmill_gateway.metrics import Meters
from newsmill_gateway.operators import Operators
from newsmill_gateway.reprocessing import Reprocessing
from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.engine import make_engine
from newsmill_shared.looking import Looker
from newsmill_shared.pages import PageStore
from newsmill_shared.starting import starting

__all__ = ["built", "main", "make_server"]

_POOL_SIZE = 8
_REDIS_SECONDS = 1
"""Redis is asked for a wake only: nobody waits long for that."""
_MAX_HEADERS_BYTES = 64 * 1024
"""Holds any URL that is taken, percent-encoded in a query."""
_GRACE_SECONDS = 10

_log = structlog.get_logger()


@contextmanager
def built(settings: GatewaySettings) -> Iterator[FastAPI]:
    """Yield the application over real engines.

    Connections open when they are first used, and are closed when the block ends.

    Raises:
        SettingsError: A setting is wrong or unsafe.
    """
    settings.check()
    policy = AddressPolicy.parse(settings.fetch_allow, settings.fetch_ports)
    if policy.allow:
        _log.warning("private networks may be fetched", allow=settings.fetch_allow)
    engine = make_engine(settings.database_url, name="gateway", pool_size=_POOL_SIZE)
    redis = Redis.from_url(
        settings.redis_url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS
    )
    waker = RedisWaker(redis)
    gateway = Gateway(
        ledger=SQLLedger(
            engine,
            host_delay_seconds=settings.host_delay_seconds,
            quota=settings.submitter_max_open_jobs,
        ),
        bodies=PageStore.open(settings.page_store_url),
        waker=waker,
        tally=RedisTally(redis),
        policy=policy,
        now=lambda: datetime.now(UTC),
    )
    diagnosis = Diagnosis(
        Looker(
            database_url=settings.database_url,
            redis_url=settings.redis_url,
            page_store_url=settings.page_store_url,
        ).look
    )
    meters = Meters(SQLMeter(engine), RedisMeter(redis), clock=time.monotonic)
    operators = Operators(SQLHosts(engine, host_delay_seconds=settings.host_delay_seconds))
    housekeeping = Housekeeping(
        SQLHousekeeping(engine, host_delay_seconds=settings.host_delay_seconds), waker
    )
    keys = SQLKeys(engine)
    keyring = Keyring(keys)
    reprocessing = Reprocessing(SQLReprocessing(engine))
    door = Door.of(settings, keyring)
    api = make_api(
        gateway,
        settings,
        door=door,
        operators=operators,
        housekeeping=housekeeping,
        reprocessing=reprocessing,
        keys=KeyDesk(keys, changed=keyring.forget),
        meters=meters,
        diagnosis=diagnosis,
        version=version("newsmill-gateway"),
    )
    add_dashboard(
        api,
        ledger=SQLDashboard(engine),
        broker=RedisDashboard(redis),
        desk=gateway,
        operating=Operating(housekeeping, gateway, RunActs(reprocessing)),
        reprocessing=reprocessing,
        operators=operators,
        diagnosis=diagnosis,
        door=door,
        seconds=settings.database_seconds,
    )
    try:
        yield api
    finally:
        redis.close()
        engine.dispose()


def make_server(api: FastAPI, settings: GatewaySettings) -> uvicorn.Server:
    """Return the HTTP server, as it is run everywhere."""
    return _Server(
        uvicorn.Config(
            api,
            host=settings.gateway_host,
            port=settings.gateway_port,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            h11_max_incomplete_event_size=_MAX_HEADERS_BYTES,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        ),
        api.state.admission,
    )


class _Server(uvicorn.Server):
    """uvicorn's, which tells who is handing in that it is to end."""

    def __init__(self, config: uvicorn.Config, admission: Admission) -> None:
        super().__init__(config)
        self._admission = admission

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nobody new, and let those who are here finish."""
        self._admission.close()
        await super().shutdown(sockets)


def main() -> None:
    """Serve until the process is asked to end."""
    with starting(GatewaySettings, service="gateway") as settings, built(settings) as api:
        make_server(api, settings).run()


if __name__ == "__main__":
    main()
