"""`raceway ingest`: one service of the suite."""

from __future__ import annotations

import click

from raceway_cli.options import service_options, settings_of

_EPILOG = """\b
Example:
  RACEWAY_NATS_URL=nats://nats:4222 raceway ingest --host 0.0.0.0
"""


@click.command(epilog=_EPILOG)
@service_options
def command(**given: object) -> None:
    """Take events over HTTP and hand them to NATS.

    Answers a batch once JetStream holds it; any number may run behind one address.
    Settings come from RACEWAY_* variables or a TOML file; see docs/reference/settings.md.
    """
    from raceway_ingest.main import run

    run(settings_of(given), announce=click.echo)
