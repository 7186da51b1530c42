"""Lock orders of traces, and the runs of locks that their changes make due.

A trace has a row per class of its dependencies (`raceway_core.locking.dependency`), and each scope a list
of the classes that touch its locks. What is looked for depends on which classes there are, hardly on how
many traces have them: so a run of locks stays current while known classes come, unless it has findings,
whose times and examples they may change.

On Postgres two replicas may write rows of one class at once. One that takes the last away must not miss
that the other counts on it: therefore a writer that takes classes away holds the scopes' rows alone, and
writers that only add hold them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from sqlalchemy import Connection

from raceway_common.adapters.sql.run_rows import mark_lock_runs
from raceway_common.adapters.sql.variable_rows import Named, add_variables, hold_variables
from raceway_common.database.statement import BYTES, INT, Statement
from raceway_common.ports.work_queue import RunClaim, run_of_locks
from raceway_common.schedule import Pace
from raceway_common.schema.keys import TOP_LEAD, key_of, key_of_bytes, lead_of, time_of_lead
from raceway_core.event import TraceId
from raceway_core.result import MOST_REQUESTS, LockOrder, OrderClass

_OLD = Statement(
    """select lock_orders.number, class_key, lead, last_ns, example
    from {rows} join lock_orders on lock_orders.number = r.number""",
    number=INT,
)
_REMOVE = Statement(
    """delete from lock_orders where (number, class_key) in (select number, class_key from {rows})""",
    number=INT,
    class_key=BYTES,
)
_ADD = Statement(
    """insert into lock_orders (number, class_key, lead, last_ns, example)
    select number, class_key, lead, last_ns, example from {rows}""",
    number=INT,
    class_key=BYTES,
    lead=BYTES,
    last_ns=INT,
    example=BYTES,
)
_ADD_CLASSES = Statement(
    """insert into lock_classes (variable_key, class_key, body)
    select variable_key, class_key, body from {rows} where true on conflict do nothing""",
    variable_key=BYTES,
    class_key=BYTES,
    body=BYTES,
)
_SCOPES = Statement(
    """select lock_classes.variable_key, r.class_key
    from {rows} join lock_classes on lock_classes.class_key = r.class_key""",
    class_key=BYTES,
)
_FRESH = Statement(
    """select class_key from {rows}
    where not exists (select 1 from lock_orders where lock_orders.class_key = r.class_key)""",
    class_key=BYTES,
)
_CLASSES = Statement(
    """select r.place, lock_classes.class_key, lock_classes.body, lead, example, (
        select max(last_ns) from lock_orders where class_key = lock_classes.class_key
    ) as last_ns
    from {rows} join lock_classes on lock_classes.variable_key = r.variable_key
    join lock_orders as shown on shown.class_key = lock_classes.class_key and shown.lead <= coalesce((
        select lead from lock_orders where class_key = lock_classes.class_key
        order by lead limit 1 offset :others
    ), :top)
    order by 1, 2, lead""",
    place=INT,
    variable_key=BYTES,
)


class OrderRow(NamedTuple):
    """`lead` orders the rows of a class bytewise, by the first request and the trace: some are shown."""

    number: int
    class_key: bytes
    lead: bytes
    last_ns: int
    example: bytes


class Orders(NamedTuple):
    """What a trace leaves."""

    trace_id: TraceId
    orders: Sequence[LockOrder]


def replace_lock_orders(
    connection: Connection, traces: Mapping[int, Orders], *, known: Sequence[int], now_ns: int, pace: Pace
) -> None:
    """Replace the lock orders of traces by number, and mark every run of locks that this changes.

    `known` are the traces among them that may have some already.
    """
    old = {OrderRow(*row) for row in _OLD.run(connection, [(it,) for it in known])} if known else set()
    new = {
        _row_of(number, trace.trace_id, order) for number, trace in traces.items() for order in trace.orders
    }
    gone, come = sorted(old - new), sorted(new - old)
    if not gone and not come:
        return
    _add_classes(connection, traces.values(), {row.class_key for row in come})
    left = {row[:2] for row in gone} - {row[:2] for row in come}
    touched = _by_run(connection, {row.class_key for row in (*gone, *come)})
    hold_variables(connection, touched, alone=bool(left))
    changed = {class_key for _, class_key in left} | _fresh(connection, {row.class_key for row in come})
    if gone:
        _REMOVE.run(connection, [row[:2] for row in gone])
    if come:
        _ADD.run(connection, come)
    growth = {key: len(classes & changed) for key, classes in touched.items()}
    mark_lock_runs(connection, growth, now_ns=now_ns, pace=pace.for_runs)


def lock_classes(runs: Sequence[RunClaim], connection: Connection) -> Sequence[Sequence[OrderClass]]:
    """Do what `TraceStore.lock_classes` promises."""
    wanted = [(place, key_of(run.variable, run.scope)) for place, run in enumerate(runs)]
    rows = _CLASSES.run(connection, wanted, others=MOST_REQUESTS - 1, top=TOP_LEAD)
    grouped: dict[tuple[int, bytes], list[tuple[bytes, bytes, bytes, int]]] = {}
    for place, class_key, *rest in rows:
        grouped.setdefault((place, class_key), []).append((rest[0], rest[1], rest[2], rest[3]))
    found: list[list[OrderClass]] = [[] for _ in runs]
    for (place, _), group in grouped.items():
        body, lead, _, last_ns = group[0]
        examples = tuple(example for _, _, example, _ in group)
        found[place].append(OrderClass(body, time_of_lead(lead), last_ns, examples))
    return found


def _row_of(number: int, trace_id: TraceId, order: LockOrder) -> OrderRow:
    lead = lead_of(order.first_ns, trace_id)
    return OrderRow(number, key_of_bytes(order.body), lead, order.last_ns, order.example)


def _add_classes(connection: Connection, traces: Iterable[Orders], wanted: Set[bytes]) -> None:
    """List the wanted classes in the scopes of their locks."""
    names: dict[bytes, Named] = {}
    rows: set[tuple[bytes, bytes, bytes]] = set()
    for order in {order for trace in traces for order in trace.orders}:
        class_key = key_of_bytes(order.body)
        if class_key in wanted:
            for scope in order.scopes:
                name = run_of_locks(scope)
                names[key_of(*name)] = Named(*name)
                rows.add((key_of(*name), class_key, order.body))
    if rows:
        add_variables(connection, names)
        _ADD_CLASSES.run(connection, sorted(rows))


def _by_run(connection: Connection, classes: Set[bytes]) -> Mapping[bytes, Set[bytes]]:
    found: dict[bytes, set[bytes]] = {}
    for variable_key, class_key in _SCOPES.run(connection, [(key,) for key in sorted(classes)]):
        found.setdefault(variable_key, set()).add(class_key)
    return found


def _fresh(connection: Connection, classes: Set[bytes]) -> set[bytes]:
    """Return those classes that no trace has yet."""
    if not classes:
        return set()
    return set(_FRESH.run(connection, [(key,) for key in sorted(classes)]).scalars())
