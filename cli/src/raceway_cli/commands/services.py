"""`raceway services`: who there is, and who calls whom."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Examples:
  raceway services                  all, from those that nobody calls downwards
  raceway services billing          one, whom it calls and who calls it
  raceway services --json           the whole graph
"""


@click.command(epilog=_EPILOG)
@click.argument("name", required=False)
@server_options
def command(name: str | None, *, as_json: bool, url: str, key: str | None) -> None:
    """Show the services, the calls between them, their cycles, and the variables that they share."""
    from raceway_cli.client import Client
    from raceway_cli.show.json import print_json
    from raceway_cli.show.service import print_graph, print_service

    with Client(url, key=key) as client:
        if name is not None:
            service = client.service(name)
            print_json(service) if as_json else print_service(service)
            return
        graph = client.service_graph()
    print_json(graph) if as_json else print_graph(graph)
