"""The suite's bus: two NATS JetStream streams, one for messages and one for dead letters.

`streams` says how the server is set up, `subscription` pulls and settles, `dead_letters` keeps what was
rejected, `bus` is the face that services see. Sources: https://docs.nats.io/nats-concepts/jetstream and
ADR-13 (pull subscriptions) of https://github.com/nats-io/nats-architecture-and-design.
"""

from raceway_common.adapters.jetstream_bus.bus import JetStreamBus, open_jetstream_bus

__all__ = ["JetStreamBus", "open_jetstream_bus"]
