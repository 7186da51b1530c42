"""Serves stored results over HTTP."""

from __future__ import annotations

VERSION = "0.1.0"
