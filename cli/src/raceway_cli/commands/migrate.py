"""`raceway migrate`: the schema of the suite's database."""

from __future__ import annotations

import click

from raceway_cli.options import config_option, settings_of

_EPILOG = """\b
Example:
  RACEWAY_DATABASE_URL=postgresql://… raceway migrate
"""


@click.command(epilog=_EPILOG)
@config_option
def command(**given: object) -> None:
    """Bring the database of the suite, empty or older, to the schema of this build.

    Runs in one transaction; running it again changes nothing. `raceway up` does it by itself.
    """
    import anyio

    from raceway_common.schema.migrate import migrate

    anyio.run(migrate, settings_of(given).database_url)
    click.echo("the schema is current")
