"""Registered domains: which hosts are one owner's (Public Suffix List, publicsuffix.org)."""

import re

from tld import get_fld

__all__ = ["registered_domain"]

_ADDRESS = re.compile(r"\[.*\]|[0-9.]+")


def registered_domain(hostname: str) -> str:
    """Return the domain that somebody registered to run ``hostname`` under.

    ``m.news.co.uk`` and ``www.news.co.uk`` give ``news.co.uk``; hosts of a platform that rents
    out names (``a.github.io``) are each their own. A name below a suffix that the list does not
    have is taken to be registered right below it; an address stands for itself.

    Args:
        hostname: In lower case and ASCII, without port (`CanonicalURL.hostname`).
    """
    if _ADDRESS.fullmatch(hostname) or hostname.count(".") < 2:
        return hostname
    found = get_fld(f"https://{hostname}/", fail_silently=True, search_private=True)
    return found or ".".join(hostname.split(".")[-2:])
