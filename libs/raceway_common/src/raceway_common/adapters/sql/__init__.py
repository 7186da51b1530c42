"""The stores and the work queue in SQL, on Postgres and SQLite.

Every public method is one transaction; within it, a batch is one statement per table, whatever its
size. Where two transactions may meet on Postgres they lock in one order: applied messages, traces,
variables, runs, services, their calls, totals, aliases, the version of findings; each sorted by its
key. Rows that belong to one trace or run are safe behind the lock on that trace or run.
"""
