"""Random traces: everything that can order two events, in any combination, true or not."""

from __future__ import annotations

from hypothesis import strategies as st

from raceway_core.event import (
    AccessType,
    AsyncAwait,
    AsyncSpawn,
    Event,
    EventId,
    FunctionCall,
    HttpRequest,
    HttpResponse,
    Kind,
    MessageReceive,
    MessageSend,
    Metadata,
    Payload,
    StateChange,
    TraceId,
    kind_of,
)

MOST = 14
"""Events of a trace; parents may be beyond, and are then missing."""

_names = st.sampled_from(["t1", "t2", "t3"])
_payloads: st.SearchStrategy[Payload] = st.one_of(
    st.just(StateChange(variable="x", access_type=AccessType.WRITE)),
    st.just(FunctionCall(function_name="f")),
    st.builds(AsyncSpawn, task_id=_names),
    st.builds(AsyncAwait, future_id=_names),
    st.builds(MessageSend, message_id=_names),
    st.builds(MessageReceive, message_id=_names),
    st.just(HttpRequest(method="GET", url="/")),
    st.just(HttpResponse(status=200)),
)


_kinds = _payloads.map(kind_of)
_times = st.integers(0, 30)
_metadata = st.builds(
    Metadata,
    thread_id=st.sampled_from(["", "T1", "T2"]),
    service_name=st.sampled_from(["a", "b"]),
    process_id=st.just(1),
    instance_id=st.sampled_from([None, "i"]),
    task_id=st.sampled_from([None, None, None, "t1", "t2", "t3"]),
    duration_ns=st.sampled_from([None, None, 0, 1, 2, 5, 12]),
    start_ns=st.one_of(st.none(), _times),
    distributed_span_id=st.sampled_from([None, "s1", "s2"]),
    upstream_span_id=st.sampled_from([None, None, "s1", "s2"]),
)
_foreign = st.dictionaries(
    st.sampled_from(["a#i#t1", "a#i#t2", "b#i#t1", "b#i#t3", "c#i#t1", "a#i"]), st.integers(1, 6), max_size=2
)
_own_place = st.sampled_from([None, None, *range(1, 9)])
_parents = st.integers(-4, MOST)
_drawn = st.lists(
    st.tuples(_times, _kinds, _metadata, _parents, _own_place, _foreign), min_size=1, max_size=MOST
)


def events_of_one_trace() -> st.SearchStrategy[list[Event]]:
    """Draw distinct events whose parents, times, tasks, spans and clocks may contradict each other."""
    return _drawn.map(lambda drawn: [_event(number, *parts) for number, parts in enumerate(drawn)])


def _event(
    number: int,
    time: int,
    kind: Kind,
    metadata: Metadata,
    parent: int,
    place: int | None,
    foreign: dict[str, int],
) -> Event:
    own = f"{metadata.service_name}#{metadata.instance_id or ''}#{metadata.task_id or metadata.thread_id}"
    clock = {} if place is None else {own: place, **foreign}
    return Event(
        id=EventId(f"e{number}"),
        trace_id=TraceId("t"),
        parent_id=None if parent < 0 else EventId(f"e{parent}"),
        timestamp=time,
        kind=kind,
        metadata=metadata,
        causality_vector=tuple(clock.items()),
    )
