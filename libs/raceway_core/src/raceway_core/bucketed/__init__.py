"""Baselines and anomalies of operations whose calls are counted by time, as a server keeps them.

See `raceway_core.bucketed.history` for the definition.
"""
