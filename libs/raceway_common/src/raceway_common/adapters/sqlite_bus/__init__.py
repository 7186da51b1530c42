"""The bus of the all-in-one: JetStream's rules as tables in an SQLite file.

One thread owns the connection and commits for everybody who waits (`group_commit`); what it does
between BEGIN and COMMIT stands in `stream`, as plain SQL; `bus` is the face that services see.
"""

from raceway_common.adapters.sqlite_bus.bus import SqliteBus, open_sqlite_bus

__all__ = ["SqliteBus", "open_sqlite_bus"]
