"""Embedded engines: made, reached by password alone, restarted after a crash, never left behind."""

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from newsmill_cli.engines import Engines
from newsmill_cli.engines.account import Account, engine_account, reachable
from newsmill_cli.engines.locate import locate_postgres
from newsmill_cli.engines.places import prepare_places, runnable, secret
from newsmill_cli.errors import EngineError
from newsmill_shared.queue.app import make_app
from tests.integration.cli.processes import all_ended, eventually, processes_of, tree_of
from tests.support.engines import chosen

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def test_what_engines_hold_is_there_after_a_restart(data: Path) -> None:
    """Stopped in order and started again, by another object over the same folder."""
    with an_engine_set(data) as engines:
        with psycopg.connect(engines.database_url) as connection:
            connection.execute("create table kept as select 1 as one")
        with Redis.from_url(engines.redis_url) as broker:
            broker.set("kept", "1")

    with an_engine_set(data) as engines:
        with psycopg.connect(engines.database_url) as connection:
            row = connection.execute("select one from kept").fetchone()
        with Redis.from_url(engines.redis_url) as broker:
            value = broker.get("kept")

    assert row == (1,)
    assert value == b"1"
    assert processes_of(data) == []


def test_engines_start_again_after_a_crash(data: Path) -> None:
    """What was committed is there, though old backends may hold shared memory a moment longer."""
    with an_engine_set(data) as engines:
        assert engines.postgres is not None
        assert engines.broker is not None
        with psycopg.connect(engines.database_url, autocommit=True) as connection:
            connection.execute("create table kept as select 1 as one")
            engines.postgres.kill()
            engines.broker.kill()
            engines.postgres.start()
            engines.broker.start()

        with psycopg.connect(engines.database_url) as connection:
            row = connection.execute("select one from kept").fetchone()
        with Redis.from_url(engines.redis_url) as broker:
            answers = broker.ping()

    assert row == (1,)
    assert answers


def test_an_old_pid_file_that_names_some_other_program_is_no_obstacle(data: Path) -> None:
    """After a crash of the machine the number may belong to anybody."""
    with an_engine_set(data) as engines:
        assert engines.postgres is not None
        lock = engines.postgres.folder / "postmaster.pid"
        words = lock.read_text().split("\n")
    words[0] = str(os.getpid())
    lock.write_text("\n".join(words))

    with an_engine_set(data) as engines, psycopg.connect(engines.database_url) as connection:
        row = connection.execute("select 1").fetchone()

    assert row == (1,)


def test_nobody_gets_in_without_the_password(engines: Engines) -> None:
    """Neither through PostgreSQL's socket nor through Valkey's, and there is no TCP port."""
    data = engines.places.data
    password = secret(data, "postgres")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(engines.database_url.replace(password, "wrong"))
    for url, name in ((engines.redis_url, "broker"), (engines.index_url, "index")):
        stranger = Redis.from_url(url.replace(secret(data, name), "wrong"))
        with stranger, pytest.raises(AuthenticationError):
            stranger.ping()

    listening = [
        connection
        for engine in engines.embedded
        for connection in psutil.Process(engine.pid).net_connections("tcp")
    ]
    words = [word for process in processes_of(data) for word in process.cmdline()]
    assert listening == []
    assert not any(password in word for word in words)
    assert stat.S_IMODE((data / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "engines").stat().st_mode) & 0o077 == 0


def test_celery_speaks_to_the_broker_through_its_socket(redis_url: str) -> None:
    """One URL serves redis-py and Celery."""
    with make_app("test", redis_url) as celery:
        celery.send_task("some.task", queue="some-queue")

    with Redis.from_url(redis_url) as broker:
        length = broker.llen("some-queue")
    assert length == 1


def test_a_long_path_keeps_its_sockets_elsewhere(data: Path) -> None:
    """A unix socket's path ends at 107 bytes."""
    deep = data / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir(mode=0o711)

    with an_engine_set(deep) as engines, psycopg.connect(engines.database_url) as connection:
        row = connection.execute("select 1").fetchone()
    sockets = engines.places.sockets

    assert row == (1,)
    assert deep not in sockets.parents
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    shutil.rmtree(sockets)


def test_a_path_that_is_not_plain_is_no_obstacle(data: Path) -> None:
    """PostgreSQL takes a comma in a folder of sockets for the end of its name."""
    odd = data / 'my "data", çox'

    with an_engine_set(odd) as engines:
        with psycopg.connect(engines.database_url) as connection:
            row = connection.execute("select 1").fetchone()
        with Redis.from_url(engines.index_url) as index:
            answers = index.ping()
    sockets = engines.places.sockets

    assert row == (1,)
    assert answers
    assert odd not in sockets.parents
    shutil.rmtree(sockets)


def test_engines_die_with_the_process_that_started_them(data: Path) -> None:
    """Killed with no time for anything, it leaves nothing within 5 seconds."""
    program = (
        "import sys, time; from pathlib import Path; from newsmill_cli.engines import Engines\n"
        "engines = Engines(Path(sys.argv[1]), choice='wheels', safe=False); engines.start()\n"
        "print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, data], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        family = tree_of(parent.pid)

        parent.kill()

    assert len(family) > 4
    eventually(lambda: all_ended(family), seconds=5)


def test_a_server_that_does_not_start_shows_its_log(data: Path) -> None:
    """The reader need not go and look for it."""
    with pytest.raises(EngineError) as failed:
        Engines(data, choice=chosen(), postgres_settings={"no_such_setting": "1"}).start()

    assert 'unrecognized configuration parameter "no_such_setting"' in failed.value.problem
    assert processes_of(data) == []


def test_lost_secrets_are_told_from_a_dead_server(data: Path) -> None:
    """Whoever restored a backup without the file learns which file it is."""
    with an_engine_set(data):
        pass
    (data / "secrets.json").unlink()

    with pytest.raises(EngineError, match=r"secrets\.json") as failed:
        an_engine_set(data).start()

    assert "Restore the file" in failed.value.remedy
    assert processes_of(data) == []


@as_root
def test_as_root_the_engines_run_as_somebody_else(data: Path) -> None:
    """Who owns nothing but their folder."""
    with an_engine_set(data) as engines:
        users = {psutil.Process(engine.pid).uids().effective for engine in engines.embedded}
        owner = engines.places.home.stat().st_uid

    assert users == {owner}
    assert owner != 0


@as_root
def test_a_folder_that_others_cannot_enter_keeps_its_engines_elsewhere(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root's own home, say: its engines run as another user."""
    monkeypatch.setattr("newsmill_cli.engines.places._SYSTEM_HOME", data / "system")
    closed = data / "closed"
    closed.mkdir(mode=0o700)

    with an_engine_set(closed / "data") as engines:
        assert (engines.places.home / "belongs-to").read_text() == f"{closed / 'data'}\n"
        with psycopg.connect(engines.database_url) as connection:
            row = connection.execute("select 1").fetchone()
        home = engines.places.home

    assert row == (1,)
    assert home.parent == data / "system"
    assert (closed / "data" / "engines").resolve() == home


@as_root
def test_programs_that_others_cannot_reach_are_copied_once(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virtual environment may lie in root's own home."""
    monkeypatch.setattr("newsmill_cli.engines.places._SYSTEM_HOME", disk / "system")
    found = locate_postgres("wheels")
    closed = disk / "closed"
    shutil.copytree(found.binary.parent.parent, closed / "server", symlinks=True)
    closed.chmod(0o700)
    hidden = replace(found, binary=closed / "server" / "bin" / "postgres")

    copied = runnable(hidden, engine_account())
    again = runnable(hidden, engine_account())

    assert copied == again
    assert copied.parents[2] == disk / "system" / "programs"
    ran = subprocess.run([copied, "--version"], user=NOBODY, capture_output=True, check=True)
    assert b"PostgreSQL" in ran.stdout
    assert (copied.parent / "initdb").exists()


@as_root
def test_a_folder_of_ours_is_opened_for_the_engines_to_pass_through(data: Path) -> None:
    """As a temporary folder is made: closed, though everybody gets to it."""
    made = data / "made"
    made.mkdir(mode=0o700)

    places = prepare_places(made, engine_account())

    assert places.home == made / "engines"
    assert stat.S_IMODE(made.stat().st_mode) == 0o701


@as_root
def test_a_folder_is_not_taken_for_open_when_one_above_is_closed(data: Path) -> None:
    """One missing permission bars the way."""
    (data / "closed").mkdir(mode=0o700)
    (data / "closed" / "open").mkdir(mode=0o755)

    assert not reachable(data / "closed" / "open")
    assert reachable(data)


@as_root
def test_engines_of_an_ordinary_user_run_as_that_user(data: Path) -> None:
    """No root, no password file entry needed."""
    python = a_python_for_all()
    os.chown(data, NOBODY, NOBODY)
    program = (
        "import sys; from pathlib import Path; from newsmill_cli.engines import Engines\n"
        "import os, psycopg\n"
        "with Engines(Path(sys.argv[1]), choice='wheels', safe=False) as engines:\n"
        "    with psycopg.connect(engines.database_url) as connection:\n"
        "        print(connection.execute('select 1').fetchone(), os.geteuid())\n"
    )
    ran = run_as_nobody(python, "-c", program, str(data))

    assert ran.stdout == f"(1,) {NOBODY}\n", ran.stderr
    assert (data / "engines" / "postgres").stat().st_uid == NOBODY


def test_only_root_needs_another_account() -> None:
    """Everybody else is already somebody else."""
    account = engine_account()

    assert (account is None) == (os.geteuid() != 0)
    assert account is None or isinstance(account, Account)


def test_preparing_a_folder_twice_changes_nothing(data: Path) -> None:
    """A restart finds what the first start made."""
    account = engine_account()

    first = prepare_places(data, account)
    second = prepare_places(data, account)

    assert first == second


def test_a_stopped_set_can_be_stopped_again(data: Path) -> None:
    """Cleaning up twice is what error paths do."""
    engines = an_engine_set(data)

    with engines:
        pids = [engine.pid for engine in engines.embedded]
    engines.stop()

    assert all(pids)
    assert [engine.pid for engine in engines.embedded] == [None, None, None]


def an_engine_set(data: Path) -> Engines:
    """Engines that are fast rather than safe."""
    return Engines(data, choice=chosen(), safe=False)


def a_python_for_all() -> str:
    """A Python that any user may run and that has what we need."""
    for path in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        if reachable(Path(path)) and run_as_nobody(path, "-c", "import redis").returncode == 0:
            return path
    pytest.skip("no Python here that another user may run")


def run_as_nobody(*command: str) -> "subprocess.CompletedProcess[str]":
    """Run a Python with our modules as an ordinary user."""
    return subprocess.run(
        command,
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PATH": "/bin"},
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
