from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from raceway_common.database.file_lock import hold_directory
from raceway_core.errors import Rejected

_HOLD = """
import sys
from pathlib import Path
from raceway_common.database.file_lock import hold_directory
with hold_directory(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_directory_is_made_held_and_given_back(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "data"
    with hold_directory(directory), pytest.raises(Rejected, match="in use by another Raceway"):  # noqa: SIM117
        with hold_directory(directory):
            pass
    with hold_directory(directory):
        assert directory.is_dir()


def test_the_holder_is_named_and_its_death_frees_the_directory(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Rejected, match=rf"process {holder.pid}\).*--data"), hold_directory(tmp_path):
            pass
        holder.kill()
        holder.wait()
        with hold_directory(tmp_path):
            pass
