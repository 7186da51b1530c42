"""What can go wrong, split by the only question a caller has: is it worth trying again?"""

from __future__ import annotations


class RacewayError(Exception):
    """Base of every error Raceway raises on purpose."""


class Rejected(RacewayError):
    """The input can never be accepted; the message names the field and the fix."""


class Retryable(RacewayError):
    """The same call may succeed later; nothing was lost and nothing half done counts."""
