"""`POST /events` in the description of the API.

The route is another service's, and plain ASGI there, so that no framework can describe it. What it
reads and answers is described here, from the types that do so.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from raceway_common.web.answer import Failure, IntakeAnswer
from raceway_core.event import JsonValue
from raceway_core.intake import Batch

PATH = "/events"

_REFERENCE = "#/components/schemas/events.{name}"
"""The prefix keeps these schemas apart from those of the views that the API answers with."""

_TYPES = (Batch, IntakeAnswer, Failure)
_FORMS = ("application/json", "application/msgpack")

_DESCRIPTION = (
    "Answered once the bus holds every usable event: by `raceway up` itself, in the suite by the ingest"
    " service. Sending a batch again changes nothing. The body may be compressed (`Content-Encoding: gzip`"
    " or `zstd`), and unknown fields are ignored."
)

_ANSWERS: Mapping[int, tuple[str, tuple[type[msgspec.Struct], ...]]] = {
    200: ("The bus holds what was accepted; every refused event is named, with the reason", (IntakeAnswer,)),
    400: ("The body cannot be read: it is damaged, nests too deep, or is not of its type", (Failure,)),
    401: ("A key is configured, and the request has none or another", (Failure,)),
    403: ("No key is configured, and the request is not meant for this server or another site's", (Failure,)),
    413: ("The body is too large, as it was sent or unpacked", (Failure,)),
    415: ("The type or the encoding of the body is not understood", (Failure,)),
    422: ("The body is no batch, or none of its events can be used", (IntakeAnswer, Failure)),
    503: ("The bus did not confirm; send the same again after `Retry-After` seconds", (Failure,)),
}

EXAMPLE: Mapping[str, JsonValue] = {
    "batch_id": "9b2f6c1e-1",
    "events": [
        {
            "id": "0b9d3c5e-52a4-4c8e-9a57-6f1f2f0f8a01",
            "trace_id": "5a1f7c9e-3b0d-4e57-8a39-0d6c2b1e4f10",
            "parent_id": None,
            "timestamp": "2026-11-24T12:00:00.000000001Z",
            "kind": {
                "StateChange": {
                    "variable": "accounts['alice']",
                    "new_value": 90,
                    "location": "bank.py:34 transfer",
                    "access_type": "Write",
                }
            },
            "metadata": {"thread_id": "worker-1", "process_id": 4242, "service_name": "bank"},
        }
    ],
}


def with_events(document: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return an OpenAPI document with `POST /events` and its schemas added."""
    components = document["components"]
    return {
        **document,
        "paths": {PATH: {"post": _operation()}, **document["paths"]},
        "components": {**components, "schemas": {**components["schemas"], **_schemas()}},
    }


def _operation() -> dict[str, JsonValue]:
    return {
        "tags": ["Events"],
        "summary": "Take in a batch of events",
        "description": _DESCRIPTION,
        "operationId": "PostEvents",
        "requestBody": {
            "required": True,
            "content": {form: {"schema": _reference(Batch), "example": EXAMPLE} for form in _FORMS},
        },
        "responses": {str(status): _response(*answer) for status, answer in _ANSWERS.items()},
    }


def _response(meaning: str, types: tuple[type[msgspec.Struct], ...]) -> dict[str, JsonValue]:
    references = [_reference(each) for each in types]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    return {"description": meaning, "content": {"application/json": {"schema": schema}}}


def _reference(struct: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(name=struct.__name__)}


@cache
def _schemas() -> Mapping[str, JsonValue]:
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template=_REFERENCE)
    schemas["Kind"] |= {"minProperties": 1, "maxProperties": 1}  # what no annotation of a struct can say
    return {f"events.{name}": schema for name, schema in schemas.items()}
