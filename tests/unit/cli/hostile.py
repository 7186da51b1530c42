"""Files with one thing wrong each: what cannot be read, and what can but says something impossible."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.cli.reading import story

FIRST: dict[str, Any] = json.loads(story().splitlines()[0])


def event(**changes: object) -> str:
    """Return a line with an event, with `changes`."""
    return json.dumps(FIRST | changes) + "\n"


def span(**changes: object) -> str:
    """Return a document of OTLP with one span, with `changes`."""
    times = {"startTimeUnixNano": "10", "endTimeUnixNano": "20"}
    one = {"traceId": "aa", "spanId": "1", "name": "n", **times, **changes}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}) + "\n"


def jaeger(**changes: object) -> str:
    """Return an export of Jaeger with one span, with `changes`."""
    times = {"startTime": 10, "duration": 5}
    one = {"traceID": "a", "spanID": "1", "operationName": "n", **times, "processID": "p", **changes}
    processes = {"p": {"serviceName": "s"}}
    return json.dumps({"data": [{"traceID": "a", "spans": [one], "processes": processes}]})


def history(*transactions: dict[str, object]) -> str:
    """Return a history of one session, a line for each transaction, with an id unless it has one."""
    usual = {"id": "T", "status": "committed", "ops": []}
    return '{"sessions": [[\n' + ",\n".join(json.dumps(usual | one) for one in transactions) + "]]}"


REFUSED = {
    "a huge time": ("raceway", "\n" + event(timestamp=10**30), 2, "timestamp"),
    "not a number": ("raceway", event().replace('"tags": {}', '"tags": NaN'), 1, "JSON is malformed"),
    "metadata of another type": ("raceway", event() + event(metadata=7), 2, "metadata must be an object"),
    "a kind of nothing": ("raceway", event(kind={}), 1, "kind must have exactly one key"),
    "a huge count": ("raceway", event(causality_vector=[["a#i#t", 2**60]]), 1, "must be below 2^53"),
    "deep nesting": ("raceway", event() + "[" * 100_000, 2, "recursion depth"),
    "half a character": ("raceway", event(id="?").replace("?", "\\ud800"), 1, "surrogate"),
    "then another format": ("raceway", story() + "T1|w(x)|1\n", 5, "expected an event"),
    "then a document of spans": ("raceway", story() + span(), 5, "metadata must be an object"),
    "a negative time": ("otlp", span(startTimeUnixNano="-5"), 1, "startTimeUnixNano"),
    "a time past 64 bits": ("otlp", span() + span(startTimeUnixNano=str(2**64)), 2, "startTimeUnixNano"),
    "a time past 2261": ("otlp", span(endTimeUnixNano=str(2**64 - 1)), 1, "from 1678 to 2261"),
    "a kind that is a list": ("otlp", span(kind=[]), 1, "kind"),
    "then an export of Jaeger": ("otlp", span() + jaeger(), 2, "expected OTLP JSON"),
    "microseconds past all": ("jaeger", jaeger(startTime=10**40), 1, "startTime"),
    "a duration past all": ("jaeger", jaeger(duration=1e300), 1, "duration"),
    "no id": ("jaeger", jaeger(spanID=None), 1, "spanID"),
    "an unknown process": ("jaeger", jaeger(processID="q"), 1, "processID"),
    "no clock at all": ("shiviz", "hello\nworld\n", 1, "expected ShiViz"),
    "an unknown operation": ("std", "T1|w(x)|1\nT1|zap(x)|2\n", 2, "unknown operation 'zap'"),
    "an open parenthesis": ("std", "T1|w(x)|1\nT1|w(x|2\n", 2, "expected thread|op(target)"),
    "no parenthesis": ("std", "T1|w x)|1\n", 1, "expected thread|op(target)"),
    "nothing but bars": ("std", "T1|w(x)|1\n|||\n", 2, "expected thread|op(target)"),
    "a line cut short": ("std", "T1|w(x)|1\nT1|", 2, "expected thread|op(target)"),
    "an id twice": ("history", history({}, {}), 3, "its id 'T' is another's"),
    "an unknown status": ("history", history({}, {"id": "U", "status": "maybe"}), 3, "'maybe'"),
    "an operation that is none": ("history", history({"ops": [{"op": "swap", "key": "x"}]}), 2, "'swap'"),
    "a key that is no name": ("history", history({"ops": [{"op": "read", "key": 1.5}]}), 2, "float"),
    "no operations": ("history", history({"ops": None}), 2, "null"),
    "a history cut short": ("history", history({}, {"id": "U"})[:-3], 3, "truncated"),
    "something after it": ("history", history({}) + "\n{}", 3, "trailing characters"),
}
"""Format, content, the line that the message names, and what it says of it."""

TOLD = {
    "an own parent": ("raceway", event(parent_id=FIRST["id"]), None, "cycle"),
    "parents in a circle": (
        "raceway",
        event(id="a", parent_id="b") + event(id="b", parent_id="a"),
        None,
        "cycle",
    ),
    "a span above itself": ("otlp", span(parentSpanId="1"), None, "cycle"),
    "an unknown host": ("shiviz", 'a {"a":1, "ghost":3}\nhi\n', 1, "unknown_host"),
    "a place twice": ("shiviz", 'a {"a":1}\nx\na {"a":1}\ny\n', 3, "duplicate_place"),
    "clocks in a circle": ("shiviz", 'a {"a":1,"b":1}\nx\nb {"b":1,"a":1}\ny\n', 1, "cycle"),
    "a dangling clock": (
        "shiviz",
        'a {"a":1}\nw\na {"a":2,"b":9}\nx\nb {"b":1}\ny\n',
        3,
        "dangling_component",
    ),
    "no own place": ("shiviz", 'a {"b":1}\nx\nb {"b":1}\nz\n', 1, "own_component_missing"),
    "a count of nothing": ("shiviz", 'a {"a":1}\nq\na {"a":NaN}\nx\n', 3, "malformed_clock"),
    "a count past all": ("shiviz", f'a {{"a":1}}\nq\na {{"a":{"9" * 5000}}}\nx\n', 3, "malformed_clock"),
    "a deep clock": ("shiviz", f'a {{"a":1}}\nq\na {{"a":{"[" * 100_000}}}\nx\n', 3, "malformed_clock"),
    "an impossible release": ("std", "T1|w(x)|1\nT1|rel(l)|2\n", 2, "impossible_release"),
    "another's release": ("std", "T1|acq(l)|1\nT2|rel(l)|2\nT1|rel(l)|3\n", 2, "impossible_release"),
    "a release too many": ("std", "T1|acq(l)|1\nT1|rel(l)|2\nT1|rel(l)|3\n", 3, "impossible_release"),
    "threads that fork each other": ("std", "T1|w(x)|1\nT1|fork(T2)|2\nT2|fork(T1)|3\n", 1, "cycle"),
}
"""Format, content, the line of the issue, null where the format names events by ids, and its kind."""

READ = {
    "a byte order mark, and ends of lines of another system": (
        "raceway",
        "\ufeff" + story().replace("\n", "\r\n"),
        4,
    ),
    "NULs in an id": ("raceway", event(id="a\0b"), 1),
    "two events of one id": ("raceway", event() + event(kind={"Custom": {"name": "other"}}), 1),
    "a release of what was never acquired": ("raceway", event(kind={"LockRelease": {"lock_id": "l"}}), 1),
    "a span that ends before it begins": ("otlp", span(endTimeUnixNano="5"), 1),
    "an unknown kind of span": ("otlp", span(kind=99), 1),
    "references to nothing": (
        "jaeger",
        jaeger(references=[{"refType": "CHILD_OF", "spanID": "9"}, {"refType": "FOLLOWS_FROM"}]),
        1,
    ),
    "a negative duration": ("jaeger", jaeger(duration=-9), 1),
    "lines of another system": ("std", "\ufeffT1|w(x)|1\r\nT2|w(x)|2\r\n", 2),
    "no location": ("std", "T1|w(x)\n", 1),
    "a task that joins itself": ("std", "T1|fork(T1)|1\nT1|join(T1)|2\n", 2),
}
"""Format, content and the number of events: odd, but nothing in it is wrong, or it says so of itself."""
