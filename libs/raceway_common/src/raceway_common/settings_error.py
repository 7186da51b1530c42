"""What is wrong with the settings, in words: the key, the shape of the value, and the fix."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def explain(error: ValidationError, keys: Sequence[str], file: Path | None) -> str:
    """Return one line per mistake. Values are not repeated: some are secrets."""
    source = f" (from the command line, the environment, a secret file or {file or 'raceway.toml'})"
    lines = [_line(details, keys) for details in error.errors(include_url=False)]
    return "\n".join([f"settings are wrong{source}:", *lines])


def _line(details: ErrorDetails, keys: Sequence[str]) -> str:
    key = str(details["loc"][0]) if details["loc"] else "?"
    if details["type"] == "extra_forbidden":
        near = get_close_matches(key, keys, n=1)
        advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(keys)}"
        return f"  {key}: there is no such setting; {advice}"
    wanted = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"  {key} (RACEWAY_{key.upper()}): {wanted}; got {_shape(details['input'])}"


def _shape(value: object) -> str:
    match value:
        case bool() | int() | float():
            return f"{value}"
        case str():
            return f"a text of {len(value)} characters" if value else "an empty text"
        case None:
            return "nothing"
        case _:
            return f"a {type(value).__name__}"
