"""The declared transactions of traces as a history.

A session is a chain. A transaction ends as its commit or abort says; without either its end is
unknown. A variable takes part if its accesses speak of one value: those of one process that is known,
or of a scope that was declared. Where all of them carry versions these decide, else the values do,
and then nobody may have written the variable outside of a declared transaction.

There is no initial version: what was there before the first recorded write has a value like any other.
So values repeat, and a read need not have seen the only recorded write of its value: a balance of 100
that goes to 90 and back to 100. A read that ended before that write began, by whatever clock, shows it;
then values do not decide for the variable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from raceway_core.access import Access, accesses_of
from raceway_core.causal_graph import CausalGraph
from raceway_core.event import Scope, TransactionAbort, TransactionBegin
from raceway_core.identity import Process, scope_key
from raceway_core.isolation.check import check
from raceway_core.isolation.history import History, Isolation, Operation, OpKind, Status, Transaction, Value
from raceway_core.isolation.part import NOTHING, Declared, DeclaredPart, DeclaredTrace, Step, VariableKey
from raceway_core.options import Options
from raceway_core.transaction import transactions_of, uncommitted_of
from raceway_core.value import UNKNOWN
from raceway_core.write_order import history_key


def declared_in(graph: CausalGraph, rank: Sequence[int], options: Options) -> DeclaredTrace:
    """Return what a trace declares; `rank` places its events in a linear extension of happens-before.

    Time: O(n log n) if it declares a transaction, else O(1).
    """
    begins = graph.payloads.of(TransactionBegin)
    if not begins:
        return NOTHING
    transactions = transactions_of(graph)
    opened = {event: begin for event, begin in begins if transactions[event] == event}
    by_variable = accesses_of(
        graph, transactions=transactions, locksets=[()] * len(graph.events), order=rank, options=options
    )
    made: dict[int, list[Step]] = {event: [] for event in opened}
    outside: list[Step] = []
    for access in (access for accesses in by_variable.values() for access in accesses):
        if access.transaction in made:
            made[access.transaction].append(_step(access))
        elif access.access_type.writes:
            outside.append(_step(access))
    ends = _ends(graph, {event: begin.transaction_id for event, begin in opened.items()}, transactions)
    sessions: dict[int, list[Declared]] = {}
    for event in sorted(opened, key=lambda event: rank[event]):
        begin, trace_id = opened[event], graph.events[event].trace_id
        one = Declared(begin.transaction_id, trace_id, begin.resource, ends[event], tuple(made[event]))
        sessions.setdefault(graph.chain_of[event], []).append(one)
    return DeclaredTrace(tuple(map(tuple, sessions.values())), tuple(outside))


def _step(access: Access) -> Step:
    owner = history_key(access)
    return Step(
        event_id=access.event_id,
        start_ns=access.start_ns,
        end_ns=access.end_ns,
        name=access.variable.name,
        scope_key=access.variable.scope_key,
        access_type=access.access_type,
        read=access.read,
        written=access.written,
        version=access.version,
        owner=scope_key(Scope.PROCESS, owner) if isinstance(owner, Process) else owner,
    )


def _ends(graph: CausalGraph, names: dict[int, str], transactions: Sequence[int]) -> dict[int, Status]:
    uncommitted = uncommitted_of(graph, transactions)
    aborted = {
        transactions[event]
        for event, abort in graph.payloads.of(TransactionAbort)
        if names.get(transactions[event]) == abort.transaction_id
    }
    return {
        event: Status.COMMITTED
        if event not in uncommitted
        else Status.ABORTED
        if event in aborted
        else Status.UNKNOWN
        for event in names
    }


def check_declared(traces: Iterable[DeclaredTrace]) -> Isolation:
    """Return what the declared transactions of some traces prove together."""
    traces = [trace for trace in traces if trace.sessions]
    sessions = [session for trace in traces for session in trace.sessions]
    outside = [access for trace in traces for access in trace.outside]
    inside = [access for session in sessions for one in session for access in one.steps]
    numbered, valued = _usable(inside, outside)
    keys = _keys(access.variable for access in inside)
    ids = Counter(one.id for session in sessions for one in session)
    history = History(
        [
            [
                Transaction(
                    one.id if ids[one.id] == 1 else f"{one.trace_id}/{one.id}",
                    one.status,
                    list(_operations(one.steps, keys, numbered, valued)),
                )
                for one in session
            ]
            for session in sessions
        ],
        frozenset(keys[variable] for variable in numbered),
    )
    found = check(history)
    left_out = {key for variable, key in keys.items() if variable not in numbered | valued}
    return msgspec.structs.replace(found, unrecoverable_keys=sorted({*found.unrecoverable_keys, *left_out}))


def check_parts(parts: Iterable[DeclaredPart]) -> Isolation:
    """Return what the transactions of one resource prove together; the order of `parts` does not matter."""
    traces = (part.declared for part in parts)
    return check_declared(sorted(traces, key=lambda trace: trace.sessions[0][0].trace_id))


def _usable(
    inside: Sequence[Step], outside: Sequence[Step]
) -> tuple[frozenset[VariableKey], frozenset[VariableKey]]:
    """Return the variables whose versions decide, and those whose values do."""
    owners: dict[VariableKey, set[str | None]] = {}
    unversioned: set[VariableKey] = set()
    for access in (*inside, *outside):
        owners.setdefault(access.variable, set()).add(access.owner)
        if access.version is None:
            unversioned.add(access.variable)
    shared = {variable for variable, keys in owners.items() if len(keys) == 1 and None not in keys}
    foreign = {access.variable for access in outside}
    by_value = (shared & unversioned) - foreign
    return frozenset(shared - unversioned), frozenset(by_value - _repeated(inside))


def _repeated(steps: Sequence[Step]) -> set[VariableKey]:
    """Return the variables of which a value was read before anybody is known to have written it."""
    first: dict[tuple[VariableKey, str], int] = {}
    for step in steps:
        if step.written != UNKNOWN:
            key = (step.variable, step.written)
            first[key] = min(step.start_ns, first.get(key, step.start_ns))
    return {
        step.variable
        for step in steps
        if step.read != UNKNOWN and first.get((step.variable, step.read), step.end_ns) > step.end_ns
    }


def _keys(variables: Iterable[VariableKey]) -> dict[VariableKey, str]:
    """Return how each variable is called: by its name, with its scope where two share one."""
    unique = dict.fromkeys(variables)
    names = Counter(name for name, _ in unique)
    return {(name, scope): name if names[name] == 1 else f"{name} ({scope})" for name, scope in unique}


def _operations(
    accesses: Sequence[Step],
    keys: dict[VariableKey, str],
    numbered: frozenset[VariableKey],
    valued: frozenset[VariableKey],
) -> Iterator[Operation]:
    for access in accesses:
        key = keys[access.variable]
        if access.variable in numbered:
            yield from _versions(access, key)
        elif access.variable in valued:
            if access.access_type.reads and access.read != UNKNOWN:
                yield Operation(OpKind.READ, key, access.read)
            if access.access_type.writes:
                unknown: Value = object()
                yield Operation(OpKind.WRITE, key, access.written if access.written != UNKNOWN else unknown)


def _versions(access: Step, key: str) -> Iterator[Operation]:
    """Yield an access by its version: a read saw it, a write made it, an AtomicRMW saw the one before."""
    if access.version is not None:
        if access.access_type.reads:
            is_update = access.access_type.writes
            yield Operation(OpKind.READ, key, access.version - is_update)
        if access.access_type.writes:
            yield Operation(OpKind.WRITE, key, access.version)
