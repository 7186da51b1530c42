"""Spans as tracers record them, whatever the protocol: what a span says, and the events it becomes."""
