"""What `start` was told, completed from the environment.

Nothing here raises: a value that cannot be used is reported in the log, and its default is used.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from raceway.location import is_application
from raceway.value import SECRET

LOG = logging.getLogger("raceway")
DEFAULT_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True)
class Settings:
    """How a process records and sends. Times are in seconds."""

    service: str
    url: str = DEFAULT_URL
    key: str | None = None
    environment: str = ""
    root: str = ""
    sample: float = 1.0
    secret: re.Pattern[str] = SECRET
    queue_size: int = 16_384
    batch_size: int = 512
    flush_every: float = 0.15
    give_up_after: float = 60.0
    exit_within: float = 2.0


def is_disabled() -> bool:
    """Whether the environment switches Raceway off: `RACEWAY_DISABLED` is set, and not to 0."""
    return os.environ.get("RACEWAY_DISABLED", "0").lower() not in {"", "0", "false", "no"}


def read_settings(
    service: str,
    *,
    url: str | None,
    key: str | None,
    root: str | None,
    environment: str | None,
    sample: float | None,
    redact: str | None,
    queue_size: int,
) -> Settings:
    """Return the settings: an argument wins over the environment, and that over the default."""
    return Settings(
        service=service or "unnamed",
        url=_usable_url(url or os.environ.get("RACEWAY_URL") or DEFAULT_URL),
        key=key or os.environ.get("RACEWAY_API_KEY") or None,
        environment=environment or os.environ.get("RACEWAY_ENVIRONMENT", ""),
        root=os.path.realpath(root or _root_of_program()),
        sample=_ratio(sample if sample is not None else os.environ.get("RACEWAY_SAMPLE", "1")),
        secret=_secret(redact),
        queue_size=max(1, queue_size),
    )


def _root_of_program() -> str:
    """Return the working directory, or where the program's main file is if that is elsewhere."""
    main_file = getattr(sys.modules.get("__main__"), "__file__", None)
    here = os.path.realpath(".")
    if main_file is None or not is_application[main_file]:
        return here
    directory = str(Path(main_file).resolve().parent)
    return here if os.path.commonpath([here, directory]) == here else directory


def _usable_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_usable = False
    if is_usable:
        return url
    LOG.warning("RACEWAY_URL %r is no http:// or https:// address; using %s", url, DEFAULT_URL)
    return DEFAULT_URL


def _ratio(value: float | str) -> float:
    try:
        ratio = float(value)
    except ValueError:
        ratio = -1.0
    if 0 <= ratio <= 1:
        return ratio
    LOG.warning("RACEWAY_SAMPLE %r is no number from 0 to 1; recording every trace", value)
    return 1.0


def _secret(redact: str | None) -> re.Pattern[str]:
    if not redact:
        return SECRET
    try:
        return re.compile(f"{SECRET.pattern}|{redact}", re.IGNORECASE)
    except re.error as error:
        LOG.warning("redact=%r is no regular expression (%s); hiding the usual names only", redact, error)
        return SECRET
