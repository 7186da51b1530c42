"""How long `raceway up` takes from the command to the first answered request."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import httpx

from raceway_cli.deployment import all_in_one

ROUNDS = 5


def main() -> None:
    """Print the times of starts on new data and of starts on data that is there."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = [_start_s(Path(folder) / str(number)) for number in range(ROUNDS)]
        again = [_start_s(Path(folder) / "0") for _ in range(ROUNDS)]
    for name, times in (("new data", fresh), ("existing data", again)):
        print(f"  raceway up, {name:14} median {statistics.median(times):.2f} s, slowest {max(times):.2f} s")


def _start_s(data: Path) -> float:
    began = time.perf_counter()
    with all_in_one(data) as raceway:
        httpx.get(f"{raceway.api_url}/readyz").raise_for_status()
        return time.perf_counter() - began
