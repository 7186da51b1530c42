"""JSON output: indented, keys in the order of the views."""

from __future__ import annotations

import click
import msgspec


def print_json(value: object) -> None:
    """Print any view, or list of views, as JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
