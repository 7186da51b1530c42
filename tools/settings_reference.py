"""Render docs/reference/settings.md from the settings themselves.

Usage: python tools/settings_reference.py > docs/reference/settings.md
"""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path

from raceway_common.settings import Settings

_HEAD = """# Settings

<!-- Rendered by `python tools/settings_reference.py`; a test keeps it in step. -->

A value comes from, first match first: the command line, the environment, a secret file
(`/run/secrets/raceway_port`), the TOML file (`raceway.toml` in the working directory, or the one that
`--config` names), the default. The environment variable of a setting is its name in capitals after
`RACEWAY_`. A wrong value or an unknown key stops the start with a line for each mistake. URLs may hold
passwords: give those in the environment or in secret files, not in the TOML file.

```toml
# raceway.toml
port = 8080
quiet_s = 0.4
log_format = "json"
```

| setting | environment | default | meaning |
| --- | --- | --- | --- |
"""


def render() -> str:
    """Return the whole document."""
    rows = [
        f"| `{key}` | `RACEWAY_{key.upper()}` | {_shown(field.default)} | {field.description} |\n"
        for key, field in Settings.model_fields.items()
    ]
    return _HEAD + "".join(rows)


def _shown(default: object) -> str:
    match default:
        case None | ():
            return "none"
        case bool():
            return f"`{str(default).lower()}`"
        case Enum():
            return f"`{default.value}`"
        case Path() | str() | int() | float():
            return f"`{default}`"
        case _:
            raise TypeError(f"how to show a default of type {type(default).__name__}?")


if __name__ == "__main__":
    sys.stdout.write(render())
