"""How long operations took: sums by time, and the calls that they are sums of.

What is here is a function of the results that `TraceStore.replace` stored last for each trace: a
call of a replaced result is taken out again, of the calls and of the sums. Nothing is ever written
for having been read. What the sums mean is told by `raceway_core.bucketed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from raceway_core.bucketed.bucket import Bucket, Call, CallQuery
from raceway_core.measured import Operation


class Changes(NamedTuple):
    """Sums that changed, and up to which version of the results these are all (`TraceStore.version`).

    A bucket whose calls were all taken out again has no counts.
    """

    version: int
    buckets: Sequence[Bucket]


class BaselineStore(Protocol):
    async def newest(self, *, until: int | None = None) -> int | None:
        """Return the last bucket that holds calls, of those up to `until`; None if there is none.

        A bucket whose calls were all taken out again may be named too.
        """
        ...

    async def buckets(
        self, families: Sequence[Operation] | None, *, first: int, last: int
    ) -> Sequence[Bucket]:
        """Return the buckets `first..last` of all operations of the given families; None means of all.

        A family is an operation without its status. In no order; none is empty.
        """
        ...

    async def changes(self, *, since: int, first: int, last: int) -> Changes:
        """Return those of the buckets `first..last` that changed after version `since`, or whose calls did.

        Time: O(all that changed since), however much is stored.
        """
        ...

    async def calls(self, queries: Sequence[CallQuery]) -> Sequence[Sequence[Call]]:
        """Return for each query its calls: the longest first, of equals that of the greatest trace id."""
        ...
