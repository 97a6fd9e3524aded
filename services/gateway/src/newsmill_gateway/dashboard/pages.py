"""Pages from templates, and the files beside them; all read once, none from elsewhere."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from newsmill_gateway.dashboard.formats import age, clock, count, percent, rate, stamp

__all__ = ["Asset", "Pages"]

_PACKAGE = "newsmill_gateway.dashboard"
_MEDIA_TYPES = {
    "newsmill.css": "text/css",
    "htmx.min.js": "text/javascript",
    "live.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages refer to."""

    body: bytes
    media_type: str
    version: str
    """Changes with the body, so that browsers may keep it for good."""


class Pages:
    """Renders templates, everything escaped.

    Args:
        version: Of the product, shown at the foot of each page.
    """

    def __init__(self, *, version: str) -> None:
        folder = resources.files(_PACKAGE) / "static"
        self.assets: Mapping[str, Asset] = {
            name: _asset((folder / name).read_bytes(), media_type)
            for name, media_type in _MEDIA_TYPES.items()
        }
        self._environment = Environment(
            loader=PackageLoader(_PACKAGE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= {
            "age": age,
            "clock": clock,
            "count": count,
            "percent": percent,
            "rate": rate,
            "stamp": stamp,
        }
        self._environment.globals |= {"asset": self._address, "product_version": version}

    def render(self, name: str, context: Mapping[str, object]) -> str:
        """Return a page, or a part of one."""
        return self._environment.get_template(name).render(context)

    def _address(self, name: str) -> str:
        return f"/static/{name}?v={self.assets[name].version}"


def _asset(body: bytes, media_type: str) -> Asset:
    return Asset(body, media_type, hashlib.sha256(body).hexdigest()[:12])
