"""What a deployment decides, read once by `main` into one frozen object.

A value comes from, first match first: the command line, the environment (`RACEWAY_PORT`), a secret file
(`/run/secrets/raceway_port`), the TOML file (`port = …` in `raceway.toml`, or the file that `--config`
names), the default. `docs/reference/settings.md` is rendered from this module.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from raceway_common.schedule import Pace
from raceway_common.settings_error import explain
from raceway_core.errors import Rejected
from raceway_core.event import Scope
from raceway_core.options import Options

_NS = 1_000_000_000
_DEFAULT_FILE = Path("raceway.toml")
_SECRETS = Path("/run/secrets")
_SCHEMES = {
    "nats_url": ("nats", "tls", "ws", "wss"),
    "database_url": ("postgresql", "sqlite"),
    "redis_url": ("redis", "rediss", "unix"),
}

LogFormat = Literal["auto", "console", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(BaseSettings):
    """All settings of all roles; each role reads those it needs."""

    model_config = SettingsConfigDict(
        env_prefix="RACEWAY_", env_ignore_empty=True, frozen=True, extra="forbid"
    )

    host: str = Field(
        default="127.0.0.1", description="Address to listen on. Others than loopback need `api_key`."
    )
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Names, separated by commas, under which the server may be reached besides its own.",
    )
    api_key: SecretStr | None = Field(
        default=None, min_length=16, description="Key that every request must carry, 16 characters or more."
    )
    insecure: bool = Field(default=False, description="Listen beyond loopback although there is no key.")

    nats_url: str = Field(
        default="nats://127.0.0.1:4222", description="NATS server of the suite, 2.10 or newer."
    )
    database_url: str = Field(
        default="postgresql://raceway@127.0.0.1:5432/raceway", description="Database of the suite, Postgres."
    )
    redis_url: str = Field(
        default="redis://127.0.0.1:6379/0", description="Redis or Valkey server of the suite."
    )
    data_dir: Path = Field(default=Path("raceway-data"), description="Where the all-in-one keeps its data.")

    bus_name: str = Field(
        default="RACEWAY",
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Begins the names of the streams on the NATS server.",
    )
    bus_max_bytes: int = Field(
        default=4 << 30, ge=64 << 20, description="Size of the stream, beyond which ingest answers 503."
    )
    bus_replicas: int = Field(
        default=1,
        ge=1,
        le=5,
        description="Copies of the stream in a NATS cluster; 3 survive the loss of a server.",
    )

    max_body_bytes: int = Field(default=32 << 20, ge=1 << 10, description="Largest request body, as sent.")
    max_unpacked_bytes: int = Field(
        default=64 << 20, ge=1 << 10, description="Largest request body, decompressed."
    )

    quiet_s: float = Field(
        default=0.4, ge=0, le=60, description="Time without new events after which a trace is analyzed."
    )
    growth: float = Field(
        default=1.5, gt=1, le=10, description="Growth after which a busy trace is analyzed again."
    )
    growth_s: float = Field(
        default=1.5, ge=0, le=600, description="Least time between two analyses of a busy trace."
    )
    claim_size: int = Field(default=512, ge=1, le=4096, description="Traces that an analyzer takes at once.")
    lease_s: float = Field(
        default=30.0,
        ge=1,
        le=3600,
        description="Time after which the traces of a silent analyzer go to others.",
    )
    workers: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="Processes for analysis; without it as many as there are cores.",
    )
    variable_scope: Scope = Field(
        default=Scope.GLOBAL, description="Scope of variables whose events declare none."
    )
    lock_scope: Scope = Field(default=Scope.SERVICE, description="Scope of locks whose events declare none.")

    log_format: LogFormat = Field(
        default="auto", description="`auto` is `console` on a terminal and `json` elsewhere."
    )
    log_level: LogLevel = Field(default="info", description="Least severe level that is logged.")

    @property
    def key(self) -> str | None:
        """The API key as text, where there is one."""
        return self.api_key.get_secret_value() if self.api_key else None

    @property
    def pace(self) -> Pace:
        """How eagerly to analyze."""
        return Pace(quiet_ns=int(self.quiet_s * _NS), growth=self.growth, least_ns=int(self.growth_s * _NS))

    @property
    def lease_ns(self) -> int:
        """How long work is leased."""
        return int(self.lease_s * _NS)

    @property
    def worker_count(self) -> int:
        """How many processes analyze."""
        return self.workers or os.cpu_count() or 1

    @property
    def options(self) -> Options:
        """What the analysis assumes where events declare nothing."""
        return Options(variable_scope=self.variable_scope, lock_scope=self.lock_scope)

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @field_validator("nats_url", "database_url", "redis_url")
    @classmethod
    def _is_url(cls, value: str, info: ValidationInfo) -> str:
        schemes = _SCHEMES[info.field_name or ""]
        if value.partition("://")[0] not in schemes:
            raise ValueError(
                f"expected a URL that begins with {' or '.join(f'{name}://' for name in schemes)}"
            )
        return value


def load_settings(
    *, config: Path | None = None, overrides: Mapping[str, object] | None = None, secrets: Path = _SECRETS
) -> Settings:
    """Read the settings; `overrides` are those given on the command line, None where not given.

    Raises:
        Rejected: A value or a key is wrong; the message names each key and what to write instead.
    """
    file = _config_file(config)
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    try:
        return _bound_to(given, secrets if secrets.is_dir() else None, file)()
    except ValidationError as error:
        raise Rejected(explain(error, tuple(Settings.model_fields), file)) from error
    except SettingsError as error:
        raise Rejected(f"settings: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Rejected(f"{file} is not TOML: {error}") from error


def _config_file(named: Path | None) -> Path | None:
    if named is not None and not named.is_file():
        raise Rejected(f"--config: there is no file {named}")
    return named or (_DEFAULT_FILE if _DEFAULT_FILE.is_file() else None)


def _bound_to(given: dict[str, object], secrets: Path | None, file: Path | None) -> type[Settings]:
    """Return the settings class bound to its sources; pydantic asks the class for them."""

    class Bound(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            *_: PydanticBaseSettingsSource,
            **__: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (
                InitSettingsSource(settings_cls, init_kwargs=given),
                EnvSettingsSource(settings_cls),
                SecretsSettingsSource(settings_cls, secrets_dir=secrets),
                TomlConfigSettingsSource(settings_cls, toml_file=file),
            )

    return Bound
