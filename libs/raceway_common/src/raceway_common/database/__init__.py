"""How adapters reach a database: a transaction is a function of a connection.

Stores are written once, as plain functions of a SQLAlchemy `Connection`, and run in one of two ways
(`Database`): on Postgres inside an asyncpg transaction on the event loop, on SQLite whole in a
thread. What differs between the two dialects stands in `statement`.
"""
