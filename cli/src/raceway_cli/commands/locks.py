"""`raceway locks`: which locks were waited for."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Examples:
  raceway locks                      the 20 that were waited for most
  raceway locks --limit 500 --json
"""


@click.command(epilog=_EPILOG)
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many.")
@server_options
def command(*, limit: int, as_json: bool, url: str, key: str | None) -> None:
    """List the locks of all traces, summed by pattern, the one most waited for first."""
    from raceway_cli.client import Client
    from raceway_cli.show.json import print_json
    from raceway_cli.show.lock import print_locks

    with Client(url, key=key) as client:
        locks = client.locks(most=limit)
    if as_json:
        print_json(locks)
    else:
        print_locks(locks)
