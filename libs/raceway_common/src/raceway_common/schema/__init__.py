"""The database schema: its tables, and the migrations that bring any older state to it."""
