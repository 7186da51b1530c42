"""A msgpack body as the JSON text that says the same, so that one set of rules reads both.

msgpack can say what JSON cannot. NaN and infinity become null, binary data base64 text, extension
values base64 text of their bytes, and keys that are no text the text that shows them.
"""

from __future__ import annotations

from base64 import b64encode

import msgspec

from raceway_core.event import JsonValue


def _extension_as_text(_code: int, data: memoryview) -> str:
    return b64encode(data).decode()


_decoder = msgspec.msgpack.Decoder(ext_hook=_extension_as_text)
_encoder = msgspec.json.Encoder()


def json_of_msgpack(body: bytes) -> bytes:
    """Return `body` as JSON.

    Raises:
        msgspec.DecodeError: It is not msgpack.
        UnicodeDecodeError: It holds text that is not UTF-8.
        RecursionError: It nests too deep.
    """
    value = _decoder.decode(body)
    try:
        return _encoder.encode(value)
    except TypeError:
        return _encoder.encode(_with_text_keys(value))


def _with_text_keys(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else repr(key): _with_text_keys(item) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_with_text_keys(item) for item in value]
    return value
