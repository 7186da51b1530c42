"""`raceway demo` as a person runs it: a proven lost update, its evidence, and no word against the others."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from raceway_cli.process import raceway

pytestmark = pytest.mark.timeout(120)


def _demo(data: Path) -> str:
    command = raceway("demo", "--data", str(data), "--port", "0", "--exit")
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_proves_the_lost_update_also_when_run_twice_on_the_same_data(tmp_path: Path) -> None:
    for _ in range(2):
        printed = _demo(tmp_path)
        assert re.search(r"PROVEN lost update  accounts\[\*\]  \[critical\]", printed)
        assert "no findings for bank-locked, bank-asyncio" in printed
    accesses = re.findall(r"    (read |write)  accounts\['\w+'\]\S* .*\n((?:    \w.*\n)+)", printed)
    assert len(accesses) >= 4
    for _, evidence in accesses:
        assert re.search(r"thread +\S+", evidence)
        assert re.search(r"locks held +none", evidence)
        assert re.search(r"clock +\{bank#\w+#request-\d+: \d+", evidence)
    assert re.search(r"at examples/banking/bank\.py:\d+ transfer", printed)
    assert re.search(r"missing +No lock is held", printed)
    assert re.search(r"fix +Hold one exclusive lock", printed)
