"""Real NATS, Postgres and Valkey servers of one's own, without root and without Docker.

The suite's demo and the tests run them; production brings its own. Each is a child process that
never outlives the process that started it (`supervise`), keeps its data in a directory of the
caller's, listens on loopback only, and answers by the time `start` returns.
"""

from raceway_common.servers.binary import ServerUnavailable
from raceway_common.servers.nats_server import NatsServer
from raceway_common.servers.postgres_server import PostgresServer
from raceway_common.servers.server import Server
from raceway_common.servers.valkey_server import ValkeyServer

__all__ = ["NatsServer", "PostgresServer", "Server", "ServerUnavailable", "ValkeyServer"]
