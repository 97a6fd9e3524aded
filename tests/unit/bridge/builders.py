"""Builders of what strangers put into Redis."""

import base64
import json

__all__ = ["a_message"]


def a_message(
    *args: object,
    kwargs: object = None,
    headers: dict[str, object] | None = None,
    **changed: object,
) -> bytes:
    """A message as a Celery client puts it into its list; ``changed`` with ``_`` for ``-``."""
    body = json.dumps([list(args), {} if kwargs is None else kwargs, {"chain": None}])
    message: dict[str, object] = {
        "body": base64.b64encode(body.encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": "newsmill.url.submit", "id": "an-id", "eta": None}
        | (headers or {}),
        "properties": {"body_encoding": "base64", "priority": 0},
    }
    message |= {name.replace("_", "-"): value for name, value in changed.items()}
    return json.dumps(message).encode()
