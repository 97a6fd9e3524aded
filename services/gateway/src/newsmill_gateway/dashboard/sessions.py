"""Who may look: sessions and form tokens, signed with what follows from the first key."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

__all__ = ["FORM_COOKIE", "SESSION_COOKIE", "SESSION_SECONDS", "Sessions", "new_nonce"]

SESSION_COOKIE = "newsmill_session"
FORM_COOKIE = "newsmill_form"
SESSION_SECONDS = 12 * 3600
"""A session ends by itself after a working day."""

# The cost of guessing the key from a stolen cookie; paid once, when the gateway starts.
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}
_SALT = b"newsmill dashboard 1"
_NONCE_BYTES = 16
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Sessions:
    """Signs people in, and tells their requests from forged ones.

    Nothing is stored: a session is a signed promise that names the key that opened it. It is
    good at every gateway with the same first key and void with the next one.

    Args:
        secret: Signs sessions and tokens; follows from the key.
    """

    secret: bytes

    @classmethod
    def of(cls, key: str) -> "Sessions":
        """Return the sessions of a key. Takes some 50 ms."""
        secret = hashlib.scrypt(key.encode(), salt=_SALT, **_SCRYPT, dklen=32)
        return cls(secret)

    def begin(self, key_id: str, *, now: float, nonce: str | None = None) -> str:
        """Return a session, as a cookie's value.

        Args:
            key_id: Of the key that opened it: it ends with that.
            now: Seconds since 1970.
            nonce: Random; given by tests.
        """
        body = f"{int(now) + SESSION_SECONDS}.{key_id}.{nonce or new_nonce()}"
        return f"{body}.{self._sign('session', body)}"

    def key_of(self, session: str, *, now: float) -> str | None:
        """Return the id of a session's key; None if it is none of ours, or has ended."""
        body, _, signature = session[:_LONGEST].rpartition(".")
        until, _, rest = body.partition(".")
        key_id, _, nonce = rest.partition(".")
        if not nonce or not self._same("session", body, signature):
            return None
        return key_id if until.isdecimal() and now < int(until) else None

    def token(self, bound_to: str) -> str:
        """Return the token of a form, good only together with a cookie's value."""
        return self._sign("form", bound_to)

    def is_token(self, token: str, bound_to: str) -> bool:
        """Tell whether a form came from a page of ours to who holds this cookie."""
        return bool(bound_to) and self._same("form", bound_to, token)

    def _same(self, purpose: str, text: str, signature: str) -> bool:
        return hmac.compare_digest(
            self._sign(purpose, text).encode(), signature.encode(errors="surrogatepass")
        )

    def _sign(self, purpose: str, text: str) -> str:
        message = f"{purpose}\n{text}".encode(errors="surrogatepass")
        digest = hmac.new(self.secret, message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def new_nonce() -> str:
    """Return a random word for a cookie."""
    return secrets.token_urlsafe(_NONCE_BYTES)
