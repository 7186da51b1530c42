"""Bodies as they travel: compressed, which costs this process less than sending them whole.

60 KB of events shrink to about a fifth in 0.08 ms; handing the rest to the kernel, the server and its
disk takes three times as long. A header says what was done, so that a person may publish plain bytes.
"""

from __future__ import annotations

from collections.abc import Mapping

import zstandard

from raceway_common.compression import compress, decompress

_ENCODING = "Raceway-Encoding"
_WORTH_BYTES = 1024


def pack(body: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the bytes to send and the headers that say how to read them."""
    if len(body) < _WORTH_BYTES:
        return body, {}
    packed = compress(body)
    return (packed, {_ENCODING: "zstd"}) if len(packed) < len(body) else (body, {})


def unpack(data: bytes, headers: Mapping[str, str] | None) -> bytes:
    """Undo `pack`. What cannot be read comes back as it is: its reader will reject it."""
    if headers is None or headers.get(_ENCODING) != "zstd":
        return data
    try:
        return decompress(data)
    except zstandard.ZstdError:
        return data
