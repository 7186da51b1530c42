"""Causal analysis of concurrent programs, as pure functions."""
