"""The users of the two Redis servers: each service may do what it does, and nothing else."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["BROKER", "INDEX", "User", "access_list"]

_NOBODY = "user default off resetpass allkeys allchannels +@all"
"""Nobody can be this user: it is off and has no password. But when a server starts it is in its
name that transactions are read back from the append-only file; what it may not do is lost then."""


@dataclass(frozen=True, slots=True)
class User:
    """One user of a server; names, patterns and rules are those of Redis' access control lists."""

    name: str
    keys: tuple[str, ...]
    """Patterns of keys: ``~`` to read and write, ``%R~`` to read, ``%W~`` to write."""
    commands: tuple[str, ...]
    channels: tuple[str, ...] = ()

    def line(self, password: str) -> str:
        """Return the user's line in a server's list, which holds no more than a digest."""
        digest = hashlib.sha256(password.encode()).hexdigest()
        rules = ("resetchannels", *self.keys, *self.channels, "-@all", *self.commands)
        return f"user {self.name} on #{digest} {' '.join(rules)}"


def access_list(users: tuple[User, ...], passwords: Mapping[str, str]) -> str:
    """Return a server's list of users; the one that Redis brings along is switched off."""
    lines = [user.line(passwords[user.name]) for user in users]
    return "\n".join([_NOBODY, *lines, ""])


_CONNECT = ("+@connection", "-@dangerous", "+@transaction", "+time")
# A script's keys must all be the user's to write, even those that it only reads.
_SCRIPTS = ("+eval", "+evalsha", "+script|load", "+script|exists")
# A heartbeat is a key of its own, and an entry of the list of who lives.
_BEAT = (*_SCRIPTS, "+set", "+del", "+zadd", "+zrem", "+zremrangebyscore")
_BEAT_KEY = "~newsmill:workers"
_READ = ("+@read", "-@dangerous")
# What kombu's transport does with lists, their bindings, and what was taken but not yet begun.
_KOMBU = ("+@list", "+@set", "+@hash", "+@sortedset", "+@string", "+exists", "+del", "+pexpire")
_KOMBU_KEYS = ("~_kombu.binding*", "~unacked", "~unacked_index", "~unacked_mutex")
_CELERY = (*_CONNECT, *_KOMBU, "+@pubsub", *_SCRIPTS, "-@dangerous")
# Remote control of workers, which nobody uses, has a channel and lists of its own.
_CONTROL = ("&/0.celery.pidbox", "&/{0}.celery.pidbox")
# The list before the bridge, and those of its priorities 3, 6 and 9.
_SUBMIT = ("~submit", "~submit??[369]")

_HEALTH = User("health", keys=(), commands=("+ping",))

BROKER: tuple[User, ...] = (
    _HEALTH,
    # Whoever asks the gateway how things are is answered from here, too.
    User(
        "gateway",
        keys=(
            *("%R~ingest", "%R~enrich", "%R~store", "%R~submit", "%R~submit??[369]"),
            *("%R~newsmill:*", "%W~newsmill:notes", "~newsmill:doors"),
        ),
        commands=(*_CONNECT, *_READ, "+info", "+rpush", "+hincrby"),
    ),
    User(
        "bridge",
        keys=(
            *("~newsmill:inbox", "~newsmill:inbox:*", *_SUBMIT),
            *("~newsmill:worker:bridge:*", _BEAT_KEY, "~newsmill:doors", "%W~newsmill:notes"),
        ),
        # Once, when it starts, it looks for lists that are in no index.
        commands=(
            *(*_CONNECT, *_BEAT, "+@list", "+@stream", "+@hash", "+@string", "+exists", "+scan"),
            "-@dangerous",
        ),
    ),
    User(
        "dispatcher",
        keys=("~ingest", "~enrich", "~store", "~_kombu.binding*", "~newsmill:*"),
        commands=(*_CONNECT, *_KOMBU, *_READ, *_SCRIPTS, "+info"),
    ),
    User(
        "ingest",
        keys=(
            *("~ingest", "~ingest@*", "~enrich", *_KOMBU_KEYS, "~newsmill:epoch"),
            *("~newsmill:claim:ingest:*", "~newsmill:worker:ingest:*", "~newsmill:robots:*"),
            *(_BEAT_KEY, "%W~newsmill:notes"),
        ),
        commands=_CELERY,
        channels=_CONTROL,
    ),
    User(
        "enrich",
        keys=(
            *("~enrich", "~enrich@*", "~store", *_KOMBU_KEYS, "~newsmill:epoch"),
            *("~newsmill:claim:enrich:*", "~newsmill:worker:enrich:*"),
            *(_BEAT_KEY, "%W~newsmill:notes"),
        ),
        commands=_CELERY,
        channels=_CONTROL,
    ),
    User(
        "store",
        keys=(
            *("~store", "~newsmill:worker:store:*", "~newsmill:index"),
            *(_BEAT_KEY, "%W~newsmill:notes"),
        ),
        commands=(*_CONNECT, *_BEAT, "+@list", "+@string", "-@dangerous"),
    ),
    # Other systems, which put URLs into the inbox or send them by a Celery client.
    User(
        "inbox",
        keys=(
            *("~newsmill:inbox", "~newsmill:inbox:list", "%R~newsmill:inbox:rejected"),
            *(*_SUBMIT, "~_kombu.binding*.submit"),
        ),
        commands=(
            *_CONNECT,
            *("+xadd", "+xlen", "+xrange", "+lpush", "+rpush", "+llen", "+lrange"),
            *("+sadd", "+smembers", "+exists"),
        ),
    ),
)
"""Who talks to the broker."""

INDEX: tuple[User, ...] = (
    _HEALTH,
    User(
        "enrich",
        keys=("~nd*",),
        commands=(*_CONNECT, *_READ, "+@write", *_SCRIPTS, "-@dangerous", "+info"),
    ),
    User(
        "store",
        keys=("~nd*",),
        commands=(*_CONNECT, *_READ, "+@write", *_SCRIPTS, "-@dangerous", "+info"),
    ),
)
"""Who talks to the duplicate index."""
