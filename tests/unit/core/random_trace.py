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
    MessageReceive,
    MessageSend,
    Metadata,
    Payload,
    StateChange,
    TraceId,
    kind_of,
)

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


@st.composite
def events_of_one_trace(draw: st.DrawFn, most: int = 14) -> list[Event]:
    """Draw distinct events whose parents, times, tasks, spans and clocks may contradict each other."""
    count = draw(st.integers(1, most))
    return [draw(_event(number, count)) for number in range(count)]


@st.composite
def _event(draw: st.DrawFn, number: int, count: int) -> Event:
    parent = draw(st.one_of(st.none(), st.integers(0, max(0, number - 1)), st.integers(0, count + 1)))
    metadata = draw(_metadata())
    return Event(
        id=EventId(f"e{number}"),
        trace_id=TraceId("t"),
        parent_id=None if parent is None else EventId(f"e{parent}"),
        timestamp=draw(st.integers(0, 30)),
        kind=kind_of(draw(_payloads)),
        metadata=metadata,
        causality_vector=draw(_clock(metadata)),
    )


@st.composite
def _metadata(draw: st.DrawFn) -> Metadata:
    duration = draw(st.one_of(st.none(), st.integers(0, 12)))
    return Metadata(
        thread_id=draw(st.sampled_from(["", "T1", "T2"])),
        service_name=draw(st.sampled_from(["a", "b"])),
        process_id=1,
        instance_id=draw(st.sampled_from([None, "i"])),
        task_id=draw(st.one_of(st.none(), _names)),
        duration_ns=duration,
        start_ns=draw(st.integers(0, 30)) if duration and draw(st.booleans()) else None,
        distributed_span_id=draw(st.sampled_from([None, "s1", "s2"])),
        upstream_span_id=draw(st.sampled_from([None, None, "s1", "s2"])),
    )


@st.composite
def _clock(draw: st.DrawFn, metadata: Metadata) -> tuple[tuple[str, int], ...]:
    if not draw(st.booleans()):
        return ()
    own = f"{metadata.service_name}#{metadata.instance_id or ''}#{metadata.task_id or metadata.thread_id}"
    others = st.sampled_from(["a#i#t1", "a#i#t2", "b#i#t1", "b#i#t3", "c#i#t1", "a#i", own])
    entries = draw(st.dictionaries(others, st.integers(1, 6), max_size=3))
    return tuple({own: draw(st.integers(1, 8)), **entries}.items())
