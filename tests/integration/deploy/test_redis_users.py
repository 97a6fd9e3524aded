"""The users that a deployment makes in Redis: each can do its service's work, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from celery import Celery
from redis import Redis
from redis.exceptions import NoPermissionError

from deploy.init.redis_users import BROKER, User
from newsmill_gateway.adapters.redis_dashboard import RedisDashboard
from newsmill_gateway.adapters.redis_meter import RedisMeter
from newsmill_gateway.adapters.redis_tally import RedisTally
from newsmill_gateway.adapters.redis_waker import RedisWaker
from newsmill_gateway.bridge.keys import DOORS_KEY, LIST_KEY, REJECTED_KEY, STREAM_KEY, TAKEN_KEY
from newsmill_shared.diagnosis.snapshot import Away
from newsmill_shared.identity import new_id
from newsmill_shared.index.status import STATUS_KEY, IndexStatus, write_status
from newsmill_shared.queue.app import Publisher, celery_url, make_app
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.claims import EPOCH_KEY, Claims, Verdict
from newsmill_shared.queue.heartbeat import WORKERS_KEY, Heartbeat, alive, living
from newsmill_shared.queue.looking import broker_look
from newsmill_shared.queue.notes import NOTES_KEY, WakeNote, send_note
from newsmill_store.adapters.redis_carrier import RedisCarrier
from newsmill_store.adapters.redis_queue import RedisQueue
from tests.integration.bridge.conftest import open_inbox, running_bridge, wait_for
from tests.support.builders import a_page_fetched

PASSWORD = "a-password-of-tests"
STORY = "https://paper.example/story"
SERVICES = [user for user in BROKER if user.name not in ("health", "inbox")]
_BINDINGS = ("_kombu.binding.ingest", "_kombu.binding.submit")
WRITES = {
    "health": set(),
    "gateway": {NOTES_KEY, DOORS_KEY},
    "bridge": {
        *(LIST_KEY, STREAM_KEY, REJECTED_KEY, TAKEN_KEY, f"{TAKEN_KEY}:an-id", DOORS_KEY),
        *("submit", "submit\x06\x163", WORKERS_KEY, "newsmill:worker:bridge:a", NOTES_KEY),
    },
    "dispatcher": {
        *("ingest", "enrich", "store", *_BINDINGS, EPOCH_KEY, NOTES_KEY),
        *("newsmill:claim:ingest:1", "newsmill:claim:enrich:1", "newsmill:robots:a"),
        *(WORKERS_KEY, DOORS_KEY, STATUS_KEY, LIST_KEY, STREAM_KEY, REJECTED_KEY, TAKEN_KEY),
        *(f"{TAKEN_KEY}:an-id", "newsmill:worker:bridge:a", "newsmill:worker:ingest:a"),
        *("newsmill:worker:enrich:a", "newsmill:worker:store:a"),
    },
    "ingest": {
        *("ingest", "enrich", *_BINDINGS, "unacked", EPOCH_KEY, NOTES_KEY),
        *("newsmill:claim:ingest:1", "newsmill:robots:a", "newsmill:worker:ingest:a", WORKERS_KEY),
    },
    "enrich": {
        *("enrich", "store", *_BINDINGS, "unacked", EPOCH_KEY, NOTES_KEY),
        *("newsmill:claim:enrich:1", "newsmill:worker:enrich:a", WORKERS_KEY),
    },
    "store": {"store", "newsmill:worker:store:a", WORKERS_KEY, STATUS_KEY, NOTES_KEY},
    "inbox": {LIST_KEY, STREAM_KEY, "submit", "submit\x06\x163", "_kombu.binding.submit"},
}
"""Whose keys are whose."""
KEYS = sorted(set().union(*WRITES.values()))
FORBIDDEN = (
    *("FLUSHALL", "FLUSHDB", "KEYS *", "CONFIG GET *", "CONFIG SET maxmemory 1", "ACL LIST"),
    *("ACL SETUSER inbox on", "SHUTDOWN", "DEBUG SLEEP 1", "REPLICAOF a 1", "MODULE LIST", "SAVE"),
    *("SCRIPT FLUSH", "FUNCTION FLUSH", "CLIENT KILL a:1", "MONITOR", "SWAPDB 0 1", "BGREWRITEAOF"),
    *("RESTORE k 0 x", "MIGRATE a 1 k 0 1", "CLUSTER RESET", "LATENCY RESET", "SLOWLOG RESET"),
)


@dataclass(frozen=True, slots=True)
class Broker:
    """A server with the users of a deployment."""

    url: str
    admin: "Redis"

    def url_of(self, user: str) -> str:
        """Return the URL by which a service reaches it."""
        _, _, place = self.url.partition("@")
        return f"unix://{user}:{quote(PASSWORD)}@{place}"

    def denials(self) -> list[str]:
        """Return what users were refused."""
        return [f"{entry['username']}: {entry['object']}" for entry in self.admin.acl_log()]

    def may(self, user: str, *command: str) -> bool:
        """Tell whether a user may do something."""
        said = self.admin.execute_command("ACL", "DRYRUN", user, *command)  # type: ignore[no-untyped-call]
        return said in (b"OK", "OK")


@pytest.fixture
def broker(redis_url: str) -> Iterator[Broker]:
    """The broker of tests, with the users of a deployment beside its own."""
    with make_redis(redis_url) as admin:
        for user in BROKER:
            _, _, name, *rules = ["", *user.line(PASSWORD).split()]
            admin.execute_command("ACL", "SETUSER", name, "reset", *rules)
        admin.acl_log_reset()
        yield Broker(redis_url, admin)
        admin.acl_deluser(*(user.name for user in BROKER))


@pytest.mark.parametrize("user", SERVICES, ids=lambda user: user.name)
def test_every_service_can_say_that_it_lives_but_the_gateway(broker: Broker, user: User) -> None:
    name = f"{user.name}:here:1:00"
    with make_redis(broker.url_of(user.name)) as redis:
        heartbeat = Heartbeat(redis, name)
        heartbeat.beat()
        lives = alive(broker.admin, [name])
        heartbeat.start()
        heartbeat.stop()

    if user.name == "gateway":
        assert lives == set()
    else:
        assert lives == {name}
        assert broker.denials() == []
        assert living(broker.admin) == ()


def test_other_systems_hand_in_and_the_bridge_takes_it(broker: Broker, database_url: str) -> None:
    address = broker.url_of("inbox")
    with (
        open_inbox(database_url, broker.url_of("bridge")) as bridge,
        make_redis(address) as redis,
        Celery("anybody", broker=celery_url(address)) as client,
        running_bridge(bridge.settings()),
    ):
        redis.rpush(LIST_KEY, f"{STORY}/list", "junk")
        redis.xadd(STREAM_KEY, {"url": f"{STORY}/stream"})
        for priority in (0, 3, 6, 9):
            client.send_task(
                "newsmill.url.submit",
                args=[f"{STORY}/celery/{priority}"],
                queue="submit",
                priority=priority,
            )
        wait_for(lambda: len(bridge.urls()) == 6, "all is accepted")
        wait_for(lambda: broker.admin.llen(REJECTED_KEY) == 1, "junk is rejected")
        rejected = redis.lrange(REJECTED_KEY, 0, -1)

    assert b'"not_a_url"' in rejected[0]
    assert broker.denials() == []


def test_the_gateway_reads_all_and_writes_notes_and_figures(broker: Broker) -> None:
    with make_redis(broker.url_of("gateway")) as redis:
        RedisWaker(redis).wake((1,))
        RedisTally(redis).count("http", accepted=1, rejected=1)
        RedisDashboard(redis).queues()
        carried = RedisMeter(redis).carried()
        looked, _ = broker_look(broker.url_of("gateway"))()

    assert not isinstance(looked, Away)
    assert carried.lengths["notes"] == 1
    assert carried.doors == {("http", "accepted"): 1, ("http", "rejected"): 1}
    assert broker.denials() == []


@pytest.mark.parametrize("service", ["ingest", "enrich"])
def test_workers_claim_what_they_take_and_say_how_it_ended(broker: Broker, service: str) -> None:
    work = a_page_fetched(new_id())
    broker.admin.set(EPOCH_KEY, work.epoch)
    with make_redis(broker.url_of(service)) as redis:
        claims = Claims(redis, incarnation=f"{service}:here:1:00")
        claimed = claims.claim(service, work)
        claims.done(service, work)
        send_note(redis, WakeNote(hosts=(1,)))

    assert claimed.verdict is Verdict.CLAIMED
    assert broker.admin.llen(NOTES_KEY) == 1
    assert broker.denials() == []


def test_the_dispatcher_reads_queues_claims_and_notes(broker: Broker) -> None:
    address = broker.url_of("dispatcher")
    with make_redis(address) as redis, make_app("test", address) as app:
        carrier = RedisCarrier(redis, Publisher(app, patience_seconds=0))
        carrier.publish([a_page_fetched(new_id())])
        carrier.set_epoch("an-epoch")
        carrier.depths()
        carrier.queued()
        carrier.alive(["ingest:here:1:00"])

    assert broker.denials() == []


def test_the_store_says_how_the_index_is(broker: Broker) -> None:
    with make_redis(broker.url_of("store")) as redis:
        write_status(redis, IndexStatus(state="ready"))
        RedisQueue(redis, "store").take(10, seconds=0)

    assert broker.denials() == []


@pytest.mark.parametrize("user", BROKER, ids=lambda user: user.name)
def test_nobody_may_do_what_concerns_the_server(broker: Broker, user: User) -> None:
    allowed = [words for words in FORBIDDEN if broker.may(user.name, *words.split())]

    assert allowed == []


@pytest.mark.parametrize("user", BROKER, ids=lambda user: user.name)
def test_everybody_writes_keys_of_its_own_work_alone(broker: Broker, user: User) -> None:
    """Whatever the commands: with all of them, these keys could be written."""
    rules = ("reset", "on", *user.keys, "+@all")
    broker.admin.execute_command("ACL", "SETUSER", "with-all-commands", *rules)  # type: ignore[no-untyped-call]

    written = {key for key in KEYS if broker.may("with-all-commands", "SET", key, "x")}

    broker.admin.acl_deluser("with-all-commands")
    assert written == WRITES[user.name]


def test_who_hands_in_can_take_nothing_away(broker: Broker) -> None:
    with make_redis(broker.url_of("inbox")) as redis:
        for command in (
            ("LPOP", LIST_KEY),
            ("DEL", STREAM_KEY),
            ("LPOP", "submit"),
            ("RPUSH", REJECTED_KEY, "x"),
            ("GET", EPOCH_KEY),
            ("EVAL", "return 1", "0"),
        ):
            with pytest.raises(NoPermissionError):
                redis.execute_command(*command)
