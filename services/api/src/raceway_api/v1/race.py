"""Findings for `/api/v1/races`: filtered, by keyset, in the order that a reader should see them."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from raceway_api.cursor import write_cursor
from raceway_common.ports.finding_store import FindingCursor, FindingStore, Wanted
from raceway_core.finding import Finding
from raceway_core.finding_view import FindingView, view_finding

_READ_AT_ONCE = 500


class FindingList(msgspec.Struct, frozen=True):
    """A page of findings; `next_cursor` is null on the last page. `version` grows with any change."""

    races: list[FindingView]
    next_cursor: str | None
    version: int


class FindingFilter(NamedTuple):
    """Which findings to list: those of one variable if it is given, of what is `wanted`."""

    wanted: Wanted
    variable: str | None = None


def cursor_of(finding: Finding) -> FindingCursor:
    """Return the cursor of a page that ends with `finding`."""
    return FindingCursor(*finding.sort_key)


async def find(
    store: FindingStore, chosen: FindingFilter, *, limit: int, after: FindingCursor | None
) -> list[Finding]:
    """Return up to `limit` findings after the cursor, fewer only if there are no more.

    The store looks for all but the variable: with that, time grows with what is passed over.
    """
    found: list[Finding] = []
    wanted, variable = chosen
    size = limit if variable is None else _READ_AT_ONCE
    while len(found) < limit:
        page = await store.page(limit=size, after=after, wanted=wanted)
        found.extend(finding for finding in page if variable in {None, finding.variable})
        if len(page) < size:
            break
        after = cursor_of(page[-1])
    return found[:limit]


def view_findings(findings: list[Finding], *, limit: int, version: int) -> FindingList:
    """Return the first `limit` of `findings`; one more says that there is another page."""
    shown = findings[:limit]
    cursor = write_cursor(cursor_of(shown[-1])) if len(findings) > limit else None
    return FindingList([view_finding(finding) for finding in shown], cursor, version)
