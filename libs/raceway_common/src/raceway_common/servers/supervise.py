"""Run one command for as long as standard input stays open.

Whoever starts this script holds the other end of a pipe. The pipe closes when they say so and also
when they die in any way, `kill -9` included; then the command is asked to stop by the given signal,
and killed when it does not. The command's process id is the one line this script prints.

Only the parent of a process can be sure that its id still means that process, so this script is the
parent, and nobody else sends a signal by a number that may have been reused. It needs nothing but
the standard library: it is run by path, isolated, and starts in milliseconds.

Usage: supervise.py SIGNAL GRACE_SECONDS LOG COMMAND [ARGUMENT …]
"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path


def main(arguments: list[str]) -> int:
    signal, grace_s, log, *command = arguments
    with Path(log).open("ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)  # noqa: S603 - the caller's own command
    print(process.pid, flush=True)  # noqa: T201 - the protocol of this script
    sys.stdout.close()
    threading.Thread(target=_end_at_eof, args=(process, int(signal), float(grace_s)), daemon=True).start()
    return process.wait()


def _end_at_eof(process: subprocess.Popen[bytes], signal: int, grace_s: float) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    process.send_signal(signal)
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
