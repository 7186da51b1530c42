"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from raceway_common.settings import Settings

Function = TypeVar("Function", bound=Callable[..., Any])


config_option = click.option("--config", type=click.Path(path_type=Path), help="TOML file with settings.")


def service_options(function: Function) -> Function:
    """Add the options of a command that runs a service; they override every other setting."""
    for option in (
        config_option,
        click.option("--insecure", is_flag=True, default=None, help="Listen beyond loopback without a key."),
        click.option("--port", type=int, help="Port to listen on; 0 takes a free one.  [default: 8080]"),
        click.option("--host", help="Address to listen on.  [default: 127.0.0.1]"),
    ):
        function = option(function)
    return function


def settings_of(given: Mapping[str, object], **more: object) -> Settings:
    """Return the settings of a service; `given` are the values of `service_options`.

    Raises:
        Rejected: A setting is wrong; the message names it.
    """
    from raceway_common.settings import load_settings

    config = given["config"]
    overrides = {name: value for name, value in given.items() if name != "config"} | more
    return load_settings(config=config if isinstance(config, Path) else None, overrides=overrides)


def server_options(function: Function) -> Function:
    """Add the options of a command that reads from a running Raceway."""
    for option in (
        click.option(
            "--key",
            envvar="RACEWAY_API_KEY",
            help="API key, if the server wants one.  [env: RACEWAY_API_KEY]",
        ),
        click.option(
            "--url",
            envvar="RACEWAY_URL",
            default="http://127.0.0.1:8080",
            show_default=True,
            help="Where Raceway answers.  [env: RACEWAY_URL]",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table."),
    ):
        function = option(function)
    return function
