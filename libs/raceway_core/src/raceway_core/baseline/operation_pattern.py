"""Operation patterns: one name for the calls of one operation, whatever they were about.

`GET /users/17?full=1` and `GET /users/18` are one operation, `GET /users/*`; so are two queries that
differ in literals only. Names that programmers gave, of functions and queues, stay as they are.
"""

from __future__ import annotations

import re
from functools import lru_cache

from raceway_core.event import DatabaseQuery, HttpRequest, Payload
from raceway_core.path.operation import operation_of

_ID_SEGMENT = re.compile(r"(?<=/)(?:\d+|(?=[^/]*\d)[0-9a-fA-F-]{8,})(?=/|$)")
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_MOST_TEXT = 1_000


def operation_pattern(payload: Payload) -> str:
    """Return the name under which calls of the operation are counted together."""
    if type(payload) is HttpRequest:
        return f"{payload.method} {_url_pattern(payload.url[:_MOST_TEXT])}"
    if type(payload) is DatabaseQuery:
        return _query_pattern(payload.query[:_MOST_TEXT])
    return operation_of(payload)


@lru_cache(maxsize=4096)
def _url_pattern(url: str) -> str:
    return _ID_SEGMENT.sub("*", url.split("?", 1)[0].split("#", 1)[0])


@lru_cache(maxsize=4096)
def _query_pattern(query: str) -> str:
    return _LITERAL.sub("?", query)
