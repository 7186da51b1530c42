"""Refusals that a client can tell apart. Only `web.error` knows their HTTP status."""

from __future__ import annotations

from raceway_core.errors import Rejected


class NotFound(Rejected):
    """There is nothing of that name or id."""


class TooLarge(Rejected):
    """The input is larger than the limit; the message names both."""


class UnsupportedMedia(Rejected):
    """The input's type or encoding is none that is understood; the message lists those that are."""


class Unprocessable(Rejected):
    """The input can be read, and nothing in it can be used."""
