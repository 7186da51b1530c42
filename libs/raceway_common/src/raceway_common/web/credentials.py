"""Who may come in: a request with the API key, or a browser that signed in with it.

A session is a word that only who knows the key can make: when it ends, and a MAC over that. So every
replica knows it without a common store, and a new key ends all sessions; signing out makes the
browser forget its word. The MAC's key is stretched, since the word of a session must not be a cheap
way to try out keys.

Sources: RFC 2104 (HMAC), RFC 7914 (scrypt), RFC 6265 (cookies).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterable
from functools import cached_property
from hashlib import scrypt, sha256

COOKIE = "raceway_session"
SESSION_S = 12 * 3600

_MOST_COOKIE_BYTES = 8192
_SCRYPT_COST = 2**14


class Credentials:
    """What one API key opens; `now_s` is the wall clock."""

    def __init__(self, api_key: str, *, now_s: Callable[[], float] = time.time) -> None:
        self._api_key = api_key.encode()
        self._digest = sha256(self._api_key).digest()
        self._now_s = now_s

    def is_key(self, key: bytes) -> bool:
        """Whether this is the key. Takes as long for any other, whatever its length."""
        return hmac.compare_digest(sha256(key).digest(), self._digest)

    def open_session(self) -> str:
        """Return the word of a session that begins now and lasts `SESSION_S`."""
        end = str(int(self._now_s()) + SESSION_S)
        return f"{end}.{self._mac(end)}"

    def is_session(self, word: str) -> bool:
        """Whether `open_session` made this word, and its session has not ended."""
        end, _, mac = word.partition(".")
        is_ours = hmac.compare_digest(self._mac(end).encode(), mac.encode("utf-8", "replace"))
        return is_ours and int(end) > self._now_s()

    def has_session(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether a request carries the cookie of a session."""
        return any(self.is_session(word) for word in _words_in(headers))

    def has_key(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether a request carries the key."""
        return any(self.is_key(key) for key in keys_in(headers))

    def _mac(self, end: str) -> str:
        return hmac.new(self._secret, end.encode("utf-8", "replace"), sha256).hexdigest()

    @cached_property
    def _secret(self) -> bytes:
        return scrypt(self._api_key, salt=b"raceway session", n=_SCRYPT_COST, r=8, p=1, dklen=32)


def keys_in(headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """Return the keys that a request carries, right or wrong."""
    keys = []
    for name, value in headers:
        if name == b"x-raceway-key":
            keys.append(value.strip())
        elif name == b"authorization":
            scheme, _, token = value.strip().partition(b" ")
            if scheme.lower() == b"bearer":
                keys.append(token.strip())
    return keys


def _words_in(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Return what the cookies of our name say; other sites on the same host may have set several."""
    words = []
    for name, value in headers:
        if name == b"cookie" and len(value) <= _MOST_COOKIE_BYTES:
            for pair in value.decode("latin-1").split(";"):
                key, _, word = pair.strip().partition("=")
                if key == COOKIE:
                    words.append(word)
    return words
