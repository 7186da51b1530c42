"""One measurement in a process of its own, so that nothing an earlier one left behind counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def measured_alone(module: str, *arguments: object) -> list[float]:
    """Return the figures that the benchmark `module` prints when it is run with `arguments`."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    return [float(figure) for figure in done.stdout.split()]
