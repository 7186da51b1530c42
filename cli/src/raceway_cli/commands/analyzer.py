"""`raceway analyzer`: one service of the suite."""

from __future__ import annotations

import click

from raceway_cli.options import config_option, settings_of

_EPILOG = """\b
Example:
  RACEWAY_NATS_URL=nats://nats:4222 RACEWAY_DATABASE_URL=postgresql://… raceway analyzer
"""


@click.command(epilog=_EPILOG)
@config_option
def command(**given: object) -> None:
    """Store events and keep the analyses current.

    Any number may run: they share the work through the database.
    Settings come from RACEWAY_* variables or a TOML file; see docs/reference/settings.md.
    """
    from raceway_analyzer.main import run

    run(settings_of(given), announce=click.echo)
