"""`raceway api`: one service of the suite."""

from __future__ import annotations

import click

from raceway_cli.options import service_options, settings_of

_EPILOG = """\b
Example:
  RACEWAY_DATABASE_URL=postgresql://… raceway api --port 8081
"""


@click.command(epilog=_EPILOG)
@service_options
def command(**given: object) -> None:
    """Serve stored results over HTTP, with OpenAPI at /docs.

    Stateless: any number may run.
    Settings come from RACEWAY_* variables or a TOML file; see docs/reference/settings.md.
    """
    from raceway_api.main import run

    run(settings_of(given), announce=click.echo)
