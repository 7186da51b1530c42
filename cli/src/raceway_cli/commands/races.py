"""`raceway races`: what raced with what."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Examples:
  raceway races                    everything worth knowing, strongest proof first
  raceway races 4f0c9a…            one finding, with all its examples
  raceway races --all --json       weak ones across traces too, as JSON
"""


@click.command(epilog=_EPILOG)
@click.argument("fingerprint", required=False)
@click.option("--all", "with_hidden", is_flag=True, help="Also what is hidden as noise.")
@server_options
def command(fingerprint: str | None, *, with_hidden: bool, as_json: bool, url: str, key: str | None) -> None:
    """Show races and lost updates: both accesses, the missing lock, the fix."""
    from raceway_cli.client import Client
    from raceway_cli.show.finding import finding_text, findings_text
    from raceway_cli.show.json import print_json

    with Client(url, key=key) as client:
        if fingerprint:
            finding = client.finding(fingerprint)
            findings, text = [finding], finding_text(finding, examples=len(finding.examples))
        else:
            findings = list(client.findings(with_hidden=with_hidden))
            text = findings_text(findings)
    if as_json:
        print_json(findings)
    else:
        click.echo(text)
