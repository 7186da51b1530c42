"""`raceway variables`: what all traces touched."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Examples:
  raceway variables                      the most raced 20
  raceway variables --order accessed     the most accessed
  raceway variables alice                those with alice in their name
"""


@click.command(epilog=_EPILOG)
@click.argument("text", required=False)
@click.option("--order", type=click.Choice(["raced", "accessed"]), default="raced", show_default=True)
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many.")
@server_options
def command(text: str | None, *, order: str, limit: int, as_json: bool, url: str, key: str | None) -> None:
    """List the variables of all traces, those with the most racing pairs or accesses first."""
    from raceway_cli.client import Client
    from raceway_cli.show.json import print_json
    from raceway_cli.show.trail import print_variables

    with Client(url, key=key) as client:
        variables = client.variables(most=limit, text=text, order=order)
    print_json(variables) if as_json else print_variables(variables)
