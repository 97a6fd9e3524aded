"""What is kept of rejected items, for whoever looks why theirs was not accepted."""

import base64
import codecs
import json
from datetime import datetime

from newsmill_gateway.bridge.batches import SHOWN_BYTES, Door, Item
from newsmill_gateway.problems import Refusal

__all__ = ["record"]


def record(item: Item, refusal: Refusal, *, door: Door, at: datetime) -> bytes:
    """Return a rejected item with the reason, as one JSON object.

    ``item`` is its text, or ``item_base64`` its bytes if they are not UTF-8, or would be much
    longer in JSON; of a long one only the beginning, with ``cut`` set. ``bytes`` is its whole
    size. Of a stream's entry with several fields the text is names and values, one a line.
    """
    whole = item.parts[-1] if len(item.parts) <= 2 else b"\n".join(item.parts)
    shown = whole[:SHOWN_BYTES]
    cut = item.is_too_large or len(shown) < len(whole)
    said = {
        "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "door": str(door),
        "code": str(refusal.code),
        "detail": refusal.detail,
        **_kept(shown, cut=cut),
        "bytes": item.size,
        "cut": cut,
    }
    return json.dumps(said, ensure_ascii=False).encode()


def _kept(shown: bytes, *, cut: bool) -> dict[str, str]:
    try:
        # Where it was cut in the middle of a character, that one is left out.
        text = codecs.getincrementaldecoder("utf-8")().decode(shown, final=not cut)
    except UnicodeDecodeError:
        text = ""
    written = len(json.dumps(text, ensure_ascii=False).encode())
    if shown and (not text or written > 2 * len(shown) + 2):
        return {"item_base64": base64.b64encode(shown).decode()}
    return {"item": text}
