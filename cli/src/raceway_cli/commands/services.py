"""`raceway services`: who there is, and who calls whom."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Examples:
  raceway services                  all, from those that nobody calls downwards
  raceway services --json           the whole graph
"""


@click.command(epilog=_EPILOG)
@server_options
def command(*, as_json: bool, url: str, key: str | None) -> None:
    """Show the services, the calls between them, their cycles, and the variables that they share."""
    from raceway_cli.client import Client
    from raceway_cli.show.json import print_json
    from raceway_cli.show.service import print_graph

    with Client(url, key=key) as client:
        graph = client.service_graph()
    print_json(graph) if as_json else print_graph(graph)
