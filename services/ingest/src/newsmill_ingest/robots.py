"""What a robots.txt allows (RFC 9309), read by protego behind a strict normaliser."""

import re
from enum import StrEnum
from functools import cached_property

from protego import Protego

__all__ = [
    "MAX_CRAWL_DELAY_SECONDS",
    "MAX_ROBOTS_BYTES",
    "RobotsAnswer",
    "RobotsRules",
    "answer_for_status",
]

MAX_ROBOTS_BYTES = 512_000
"""Rules beyond this are not read (RFC 9309, 2.5: at least 500 KiB are)."""

MAX_CRAWL_DELAY_SECONDS = 60.0
"""A longer Crawl-delay is obeyed up to here."""

_RULE_LINE = re.compile(
    r"(?P<field>user[ -]?agent|dis{1,2}al{1,2}ow|diasllow|disallaw|allow|crawl[ -]delay)"
    r"\s*(?:(?:(?P<colon>:)|\s)\s*(?P<value>.*))?",
    re.IGNORECASE,
)
_OTHER_FIELD = re.compile(r"[^/*:][^:]*:(?!//)")
"""What follows a field's name when that was only the beginning of another one's."""
_PRODUCT_TOKEN = re.compile(r"[^\s/]+")
_COMPATIBLE = re.compile(r"(?<=\(compatible; )[^\s/;)]+")


class RobotsAnswer(StrEnum):
    """What the answer to a request for robots.txt means."""

    RULES = "rules"
    """Its body holds the rules."""
    ALLOW = "allow"
    """There are no rules: everything may be fetched."""
    DENY = "deny"
    """Nobody knows: nothing may be fetched for now, unless older rules are at hand."""


def answer_for_status(status: int | None) -> RobotsAnswer:
    """Return what a status means (RFC 9309, 2.3.1); None stands for no response at all.

    429 is read as a server that is too busy to say, like 5xx.
    """
    if status is None or status == 429 or status >= 500 or status < 200:
        return RobotsAnswer.DENY
    return RobotsAnswer.RULES if status < 300 or status == 304 else RobotsAnswer.ALLOW


class RobotsRules:
    """The rules of one robots.txt for one crawler.

    Args:
        body: As received; it is read as UTF-8, and only its first `MAX_ROBOTS_BYTES`.
        agent: The crawler's product token, or a User-Agent header that starts with it or names
            it as browsers are named (``Mozilla/5.0 (compatible; token/1.0)``).
    """

    def __init__(self, body: bytes, agent: str) -> None:
        token = _COMPATIBLE.search(agent) or _PRODUCT_TOKEN.match(agent.strip())
        self._agent = token[0] if token else "*"
        self._lines = _normal_lines(_text(body))

    def allows(self, url: str) -> bool:
        """Whether ``url`` may be fetched."""
        return bool(self._rules.can_fetch(url, self._agent))

    @cached_property
    def crawl_delay_seconds(self) -> float | None:
        """The delay that is asked for, capped; None if none is."""
        if not any(line.startswith("Crawl-delay") for line in self._lines):
            return None
        delay = Protego.parse("\n".join(self._lines)).crawl_delay(self._agent)
        return None if delay is None else min(float(delay), MAX_CRAWL_DELAY_SECONDS)

    @cached_property
    def _rules(self) -> Protego:
        # A record that RFC 9309 does not define must not end a group (2.2.4).
        return Protego.parse(
            "\n".join(line for line in self._lines if not line.startswith("Crawl-delay"))
        )


def _text(body: bytes) -> str:
    head = body[:MAX_ROBOTS_BYTES]
    if len(body) > MAX_ROBOTS_BYTES:
        # A line that was cut in two may say "Disallow: /".
        head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]
    return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").lstrip("\ufeff")


def _normal_lines(text: str) -> list[str]:
    """Return the lines that carry rules, spelled in one way.

    protego takes an unknown line for the end of a group, and a User-agent line of several words
    for one long name: both turn a "no" into a "yes".
    """
    lines = []
    for raw in re.split(r"\r\n|\r|\n", text):
        match = _RULE_LINE.fullmatch(" ".join(raw.partition("#")[0].split()))
        if match is None:
            continue
        field, value = match["field"].lower(), match["value"] or ""
        if match["colon"] is None and _OTHER_FIELD.match(value):
            continue
        if field.startswith("user"):
            token = _PRODUCT_TOKEN.match(value)
            lines.append(f"User-agent: {token[0] if token else ''}")
        elif field.startswith("crawl"):
            lines.append(f"Crawl-delay: {value}")
        else:
            lines.append(f"{'Allow' if field == 'allow' else 'Disallow'}: {value}")
    return lines
