"""`raceway up`: everything in one process."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from raceway_cli.options import service_options, settings_of

_EPILOG = """\b
Examples:
  raceway up                              keep data in ./raceway-data
  raceway up --data /var/lib/raceway      keep it elsewhere
  raceway up --memory                     forget everything at the end
  RACEWAY_API_KEY=… raceway up --host 0.0.0.0
"""


@click.command(epilog=_EPILOG)
@click.option("--data", type=click.Path(path_type=Path), help="Data directory.  [default: raceway-data]")
@click.option("--memory", is_flag=True, help="A throwaway run: nothing is kept.")
@service_options
def command(data: Path | None, *, memory: bool, **given: object) -> None:
    """Collect events, analyze them and serve the results, in one process on one port.

    Data is durable: a batch that was answered survives a crash. Ctrl-C stops gracefully.
    """
    if memory and data is not None:
        raise click.UsageError("--memory keeps nothing, so it goes without --data")
    if not memory:
        _run(data, given, durable=True)
        return
    with tempfile.TemporaryDirectory(prefix="raceway-") as folder:
        _run(Path(folder), given, durable=False)


def _run(data: Path | None, given: dict[str, object], *, durable: bool) -> None:
    from raceway_cli.all_in_one import run

    run(settings_of(given, data_dir=data), durable=durable, announce=click.echo)
