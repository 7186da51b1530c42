"""Serves stored results over HTTP."""
