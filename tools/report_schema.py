"""Render docs/reference/report.schema.json from the types of the report themselves.

Usage: python tools/report_schema.py > docs/reference/report.schema.json
"""

from __future__ import annotations

import sys
from inspect import cleandoc
from typing import Any

import msgspec

from raceway_core.report import Report

_HEAD = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "The report of raceway analyze --json",
    "description": "Every key is always there; what is unknown or was not computed is null.",
}


def render() -> str:
    """Return the whole document."""
    (root,), parts = msgspec.json.schema_components((Report,), ref_template="#/$defs/{name}")
    schema = {**_HEAD, **root, "$defs": {name: _always_there(parts[name]) for name in sorted(parts)}}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def _always_there(part: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a struct whose defaults are written too, its docstring without indents."""
    part = {**part, "description": cleandoc(part["description"])}
    if "properties" not in part:
        return part
    properties = {
        name: {key: said for key, said in shape.items() if key != "default"}
        for name, shape in part["properties"].items()
    }
    return {**part, "properties": properties, "required": list(properties)}


if __name__ == "__main__":
    sys.stdout.write(render())
