"""Who recorded a span: the attributes of its resource or process, by the names that tracers use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from raceway_core.event import JsonValue, Metadata

_INSTANCE = (
    "service.instance.id",
    "k8s.pod.uid",
    "k8s.pod.name",
    "container.id",
    "client-uuid",
    "host.name",
    "hostname",
)
_HOST = ("host.name", "hostname", "host.id")
_ENVIRONMENT = ("deployment.environment.name", "deployment.environment")
_PID = ("process.pid", "pid")


def source_of(service: str, said: Mapping[str, JsonValue]) -> Metadata:
    """Return what is known of the process: of several attributes that name one thing the first."""
    pid = _first(said, _PID)
    return Metadata(
        service_name=service,
        environment=_first(said, _ENVIRONMENT),
        instance_id=_first(said, _INSTANCE) or None,
        process_id=int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 19 else 0,
        host=_first(said, _HOST) or None,
    )


def texts_of(values: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return the values as texts: strings as they are, others as JSON."""
    return {key: text_of(value) for key, value in values.items() if value is not None}


def text_of(value: JsonValue) -> str:
    """Return a string as it is, nothing as an empty one, and anything else as JSON."""
    if value is None:
        return ""
    return value if type(value) is str else msgspec.json.encode(value).decode()


def _first(said: Mapping[str, JsonValue], keys: Iterable[str]) -> str:
    return next((text for key in keys if (text := text_of(said.get(key)))), "")
